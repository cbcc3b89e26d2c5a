package redisstore_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// stormers is how many goroutines log one user in without pause.
const stormers = 60

// storm is one user's logins without pause, until the user is blocked or the
// test ends. The two authorities are two processes: the storm is at one of them,
// and the other, admin, is not held up by its crowded pool.
type storm struct {
	t      *testing.T
	admin  *core.Authority
	limit  int
	logins sync.WaitGroup

	mu     sync.Mutex
	issued []core.Tokens
}

// issue logs alice in.
func issue(a *core.Authority) (tokens core.Tokens, err error) {
	err = patiently(func() (err error) {
		tokens, err = a.Issue(context.Background(), core.Login{Subject: "alice"})
		return err
	})
	return tokens, err
}

// sessions lists alice's sessions.
func sessions(a *core.Authority) (list []driver.Session, err error) {
	err = patiently(func() (err error) {
		list, err = a.Sessions(context.Background(), "alice")
		return err
	})
	return list, err
}

// verify checks an access token.
func verify(a *core.Authority, tokens core.Tokens) error {
	return patiently(func() error {
		_, err := a.Verify(context.Background(), tokens.AccessToken)
		return err
	})
}

// startStorm returns once as many logins as make the limit have been answered.
// It calls use with the tokens of each.
func startStorm(t *testing.T, limit int, use func(*core.Authority, core.Tokens)) *storm {
	t.Helper()
	server := redistest.Start(t)
	var both [2]*core.Authority
	for i := range both {
		store := newStore(t, server.Client(t), redisstore.Options{})
		both[i] = newAuthority(t, store, func(c *core.Config) { c.MaxSessions = limit })
	}
	s := &storm{t: t, admin: both[1], limit: limit}
	ctx, stop := context.WithCancel(context.Background())
	for range stormers {
		s.logins.Go(func() {
			for ctx.Err() == nil {
				tokens, err := issue(both[0])
				if errors.Is(err, core.ErrUserBlocked) {
					return
				}
				if err != nil {
					t.Errorf("a login in the storm: %v", err)
					return
				}
				s.mu.Lock()
				s.issued = append(s.issued, tokens)
				s.mu.Unlock()
				use(both[0], tokens)
			}
		})
	}
	t.Cleanup(func() {
		stop()
		s.logins.Wait()
	})
	s.await(limit)
	return s
}

// await waits until the storm has had so many logins in all.
func (s *storm) await(logins int) {
	s.t.Helper()
	for n := s.count(); n < logins && !s.t.Failed(); n = s.count() { // however slowly
		await(s.t, "a further login", func() bool { return s.count() > n || s.t.Failed() })
	}
}

func (s *storm) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.issued)
}

// expectRevoked checks the last of the first n logins, among which are all of
// them that can still stand.
func (s *storm) expectRevoked(n int) {
	s.t.Helper()
	s.mu.Lock()
	last := slices.Clone(s.issued[max(0, n-s.limit-stormers):n])
	s.mu.Unlock()
	var checks sync.WaitGroup
	for _, tokens := range last {
		checks.Go(func() {
			if err := verify(s.admin, tokens); !errors.Is(err, core.ErrTokenRevoked) {
				s.t.Errorf("a token from before: got %v, want %v", err, core.ErrTokenRevoked)
			}
		})
	}
	checks.Wait()
}

// Every one of 200 logins at once of a user who stands at the limit succeeds,
// and none takes the user over it.
func TestLoginStorm(t *testing.T) {
	t.Parallel()
	const limit = 100
	store := newStore(t, redistest.Start(t).Client(t), redisstore.Options{})
	a := newAuthority(t, store, func(c *core.Config) { c.MaxSessions = limit })
	for range limit {
		login(t, a, "alice")
	}
	tokens, errs := make([]core.Tokens, 200), make([]error, 200)
	var wg sync.WaitGroup
	for i := range tokens {
		wg.Go(func() { tokens[i], errs[i] = issue(a) })
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			t.Fatalf("login %d: %v", i, err)
		}
	}
	list, err := a.Sessions(t.Context(), "alice")
	if err != nil || len(list) != limit {
		t.Fatalf("got %d sessions, %v, want %d", len(list), err, limit)
	}
	standing := make(map[string]bool)
	for _, s := range list {
		standing[s.ID] = true
	}
	for i, x := range tokens {
		err := verify(a, x)
		if standing[x.SessionID] && err != nil || !standing[x.SessionID] && !errors.Is(err, core.ErrTokenRevoked) {
			t.Errorf("login %d: it stands: %t, its access token: %v", i, standing[x.SessionID], err)
		}
	}
}

// However fast a user logs in, revoke-all ends what was there before it.
func TestRevokeAllInAStorm(t *testing.T) {
	t.Parallel()
	s := startStorm(t, 100, func(*core.Authority, core.Tokens) {})
	for range 3 {
		before := s.count()
		attempts, ended := 0, 0
		err := patiently(func() (err error) {
			attempts++
			ended, err = s.admin.RevokeAll(t.Context(), "alice")
			return err
		})
		if err != nil || ended == 0 && attempts == 1 || ended > s.limit {
			t.Fatalf("got %d, %v, want some and %d at most", ended, err, s.limit)
		}
		s.expectRevoked(before)
		s.await(before + 2*s.limit)
	}
}

// However fast a user logs in, a block ends it: not one login comes after it,
// and nothing of those before it is left.
func TestBlockInAStorm(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{100, 1000} {
		s := startStorm(t, limit, func(*core.Authority, core.Tokens) {})
		if err := patiently(func() error { return s.admin.Block(t.Context(), "alice", time.Time{}) }); err != nil {
			t.Fatalf("limit %d: Block: %v", limit, err)
		}
		s.logins.Wait() // each has found the user blocked
		s.expectRevoked(s.count())
		if list, err := sessions(s.admin); err != nil || len(list) != 0 {
			t.Errorf("limit %d: got %d sessions, %v, want none", limit, len(list), err)
		}
	}
}

// However fast others of the user's sessions come and go, the list holds each
// that stands all the while.
func TestSessionsInAStorm(t *testing.T) {
	t.Parallel()
	const limit = 100
	s := startStorm(t, limit, func(a *core.Authority, tokens core.Tokens) {
		if err := patiently(func() error { return a.Logout(context.Background(), tokens.AccessToken) }); err != nil {
			t.Errorf("a logout in the storm: %v", err)
		}
	})
	standing := make(map[string]bool)
	for range limit - stormers { // evicting none
		tokens, err := issue(s.admin)
		mustSucceed(t, err)
		standing[tokens.SessionID] = true
	}
	for range 20 {
		before := s.count()
		list, err := sessions(s.admin)
		mustSucceed(t, err)
		found := 0
		for _, session := range list {
			if standing[session.ID] {
				found++
			}
		}
		if found != len(standing) || len(list) > limit {
			t.Fatalf("got %d sessions with %d that stood, want all %d, and %d at most", len(list), found, len(standing), limit)
		}
		s.await(before + stormers)
	}
}

// A login that comes right before each script that a process runs keeps it
// from nothing.
func TestLoginBeforeEachScript(t *testing.T) {
	for _, test := range []struct {
		name  string
		limit int
		act   func(*testing.T, *core.Authority) (dead func(core.Tokens) bool)
	}{
		{"revoke all", 100, func(t *testing.T, a *core.Authority) func(core.Tokens) bool {
			if ended, err := a.RevokeAll(t.Context(), "alice"); err != nil || ended < 5 {
				t.Fatalf("got %d, %v, want 5 at least", ended, err)
			}
			return func(core.Tokens) bool { return true }
		}},
		{"block", 100, func(t *testing.T, a *core.Authority) func(core.Tokens) bool {
			mustSucceed(t, a.Block(t.Context(), "alice", time.Time{}))
			return func(core.Tokens) bool { return true }
		}},
		{"list", 100, func(t *testing.T, a *core.Authority) func(core.Tokens) bool {
			list, err := a.Sessions(t.Context(), "alice")
			mustSucceed(t, err)
			return func(tokens core.Tokens) bool {
				if !slices.ContainsFunc(list, func(s driver.Session) bool { return s.ID == tokens.SessionID }) {
					t.Error("a session that stood before is not on the list")
				}
				return false
			}
		}},
		{"login at the limit", 5, func(t *testing.T, a *core.Authority) func(core.Tokens) bool {
			login(t, a, "alice")
			list, err := a.Sessions(t.Context(), "alice")
			if err != nil || len(list) != 5 {
				t.Fatalf("got %d sessions, %v, want 5", len(list), err)
			}
			return func(tokens core.Tokens) bool {
				return !slices.ContainsFunc(list, func(s driver.Session) bool { return s.ID == tokens.SessionID })
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			limit := func(c *core.Config) { c.MaxSessions = test.limit }
			other := newAuthority(t, newStore(t, server.Client(t), redisstore.Options{}), limit)
			client := server.Client(t)
			a := newAuthority(t, newStore(t, client, redisstore.Options{}), limit)
			var before []core.Tokens // ever more of them
			for range 5 {
				before = append(before, login(t, a, "alice"))
			}
			scripts := 0
			client.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
				if cmd.Name() == "evalsha" {
					scripts++
					tokens, err := other.Issue(context.WithoutCancel(ctx), core.Login{Subject: "alice"})
					if err != nil {
						return err
					}
					before = append(before, tokens)
				}
				return next(ctx, cmd)
			}))
			dead := test.act(t, a)
			if scripts == 0 {
				t.Fatal("no login came before a script")
			}
			for _, tokens := range before {
				_, err := other.Verify(t.Context(), tokens.AccessToken)
				if want := dead(tokens); want != errors.Is(err, core.ErrTokenRevoked) || !want && err != nil {
					t.Errorf("a token from before: got %v, want it revoked: %t", err, want)
				}
			}
		})
	}
}
