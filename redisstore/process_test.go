package redisstore_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
)

// processes returns two authorities that share nothing but the server, as two
// processes of a fleet do.
func processes(t *testing.T, server *redistest.Server, clock *fakeClock, configure ...func(*core.Config)) [2]*core.Authority {
	t.Helper()
	var both [2]*core.Authority
	for i := range both {
		s := newStore(t, server.Client(t), redisstore.Options{Now: clock.Now})
		both[i] = newAuthority(t, s, append(configure, func(c *core.Config) { c.Now = clock.Now })...)
	}
	return both
}

// parallel reissues one token n times at once, alternating between the
// processes, and returns what each call got.
func parallel(t *testing.T, both [2]*core.Authority, token string, n int) (tokens []core.Tokens, errs []error) {
	t.Helper()
	tokens, errs = make([]core.Tokens, n), make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			tokens[i], errs[i] = both[i%2].Reissue(t.Context(), token)
		})
	}
	close(start)
	wg.Wait()
	return tokens, errs
}

// 64 parallel reissues of one token over two processes: one child, nobody is
// refused, and the child goes on.
func TestParallelReissueOverTwoProcesses(t *testing.T) {
	both := processes(t, redistest.Start(t), newClock())
	for range 20 {
		first := login(t, both[0], "alice")
		tokens, errs := parallel(t, both, first.RefreshToken, 64)
		ids := make(map[string]bool)
		for i, err := range errs {
			if err != nil {
				t.Fatalf("reissue %d: %v", i, err)
			}
			claims, err := both[(i+1)%2].Verify(t.Context(), tokens[i].AccessToken)
			if err != nil {
				t.Fatal(err)
			}
			ids[claims.TokenID()] = true
		}
		if len(ids) != 1 || !ids[first.SessionID+".1"] {
			t.Fatalf("got the children %v, want the one", ids)
		}
		reissue(t, both[1], tokens[63])
	}
}

// In strict mode exactly one succeeds and the session is killed: all others
// present a used token.
func TestParallelReissueStrict(t *testing.T) {
	both := processes(t, redistest.Start(t), newClock(), func(c *core.Config) { c.ReuseGrace = driver.Strict })
	for range 20 {
		first := login(t, both[0], "alice")
		tokens, errs := parallel(t, both, first.RefreshToken, 64)
		var won []core.Tokens
		for i, err := range errs {
			switch {
			case err == nil:
				won = append(won, tokens[i])
			case !errors.Is(err, core.ErrRefreshInvalid):
				t.Fatalf("reissue %d: got %v, want %v", i, err, core.ErrRefreshInvalid)
			}
		}
		if len(won) != 1 {
			t.Fatalf("%d reissues succeeded, want 1", len(won))
		}
		expectDead(t, both, won[0])
	}
}

// An ancestor of any age after the window ends everything of its session on
// both processes, and nothing of the user's other sessions.
func TestAncestorAfterTheWindow(t *testing.T) {
	clock := newClock()
	both := processes(t, redistest.Start(t), clock)
	for _, age := range []int{1, 2, 3, 1000} {
		other := login(t, both[1], "alice")
		family := []core.Tokens{login(t, both[0], "alice")}
		for range age {
			family = append(family, reissue(t, both[len(family)%2], family[len(family)-1]))
		}
		clock.Advance(31 * time.Second)
		if _, err := both[1].Reissue(t.Context(), family[0].RefreshToken); !errors.Is(err, core.ErrRefreshInvalid) {
			t.Fatalf("ancestor at distance %d: got %v, want %v", age, err, core.ErrRefreshInvalid)
		}
		for _, tokens := range family[max(0, len(family)-3):] {
			expectDead(t, both, tokens)
		}
		for _, a := range both {
			if _, err := a.Verify(t.Context(), other.AccessToken); err != nil {
				t.Errorf("the other session's access token: %v", err)
			}
		}
		reissue(t, both[0], other)
	}
}

// expectDead checks that neither token of the pair is good on either process.
func expectDead(t *testing.T, both [2]*core.Authority, tokens core.Tokens) {
	t.Helper()
	for i, a := range both {
		if _, err := a.Verify(t.Context(), tokens.AccessToken); !errors.Is(err, core.ErrTokenRevoked) {
			t.Errorf("process %d: Verify: got %v, want %v", i, err, core.ErrTokenRevoked)
		}
		if _, err := a.Reissue(t.Context(), tokens.RefreshToken); !errors.Is(err, core.ErrRefreshInvalid) {
			t.Errorf("process %d: Reissue: got %v, want %v", i, err, core.ErrRefreshInvalid)
		}
	}
}
