package attacks

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func hookRows() []row {
	return []row{{"65_panic_in_on_event", panicInHook}}
}

// trap is an OnEvent that panics at the events of one type while it is set.
type trap struct {
	mu    sync.Mutex
	event core.EventType
	value any
	fired int
}

func (x *trap) set(event core.EventType, value any) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.event, x.value, x.fired = event, value, 0
}

func (x *trap) configure(c *core.Config) {
	c.OnEvent = func(_ context.Context, e core.Event) {
		x.mu.Lock()
		hit, value := e.Type == x.event, x.value
		if hit {
			x.fired++
		}
		x.mu.Unlock()
		if hit {
			panic(value)
		}
	}
}

// hooked is a case of the panic: at an event, in a request, after which the
// state is what the request made of it.
type hooked struct {
	event     core.EventType
	name      string
	configure func(*core.Config)
	// prepare returns the request that panics and what must hold after it.
	prepare func(s *scene) (request func() facetest.Answer, then func())
}

// panicInHook checks that a hook that panics fails its request and only that:
// the answer is a 500, what was done stands, and the process goes on.
func panicInHook(t *testing.T, d deployment) {
	for i, h := range hookedCases() {
		t.Run(string(h.event)+" "+h.name, func(t *testing.T) {
			var x trap
			configure := []func(*core.Config){x.configure}
			if h.configure != nil {
				configure = append(configure, h.configure)
			}
			s := d.start(t, configure...)
			bob := s.Login("bob")
			request, then := h.prepare(s)
			// An error that is a refusal is none when it is a panic's value.
			x.set(h.event, []any{"boom", core.ErrTokenInvalid, http.ErrAbortHandler, fmt.Errorf("boom: %w", core.ErrUserGone)}[i%4])
			got := request()
			fired := x.fired
			x.set("", nil)
			s.wantError("the request", got, core.ErrInternal)
			if fired == 0 || !strings.Contains(s.Log(), "panicked at "+string(h.event)) {
				t.Errorf("the hook panicked %d times, want it in the log:\n%s", fired, s.Log())
			}
			s.Store.Heal()
			s.takeEvents()
			then()
			s.wantAlive(bob)
			s.wantWholeLog()
		})
	}
}

// direct makes a request of a call that has no route.
func (s *scene) direct(call func(ctx context.Context) error) func() facetest.Answer {
	return func() facetest.Answer {
		e := core.AsError(call(s.t.Context()))
		if e == nil {
			return facetest.Answer{}
		}
		return refusal(e)
	}
}

func hookedCases() []hooked {
	reissue := func(s *scene, token string) func() facetest.Answer {
		return func() facetest.Answer { return s.Reissue(token) }
	}
	login := func(s *scene) func() facetest.Answer {
		return func() facetest.Answer { return s.TryLogin("alice") }
	}
	return append(revokedCases(), []hooked{
		{core.SessionEstablished, "", nil, func(s *scene) (func() facetest.Answer, func()) {
			return login(s), func() {
				pair := s.Login("alice")
				if n := len(s.ids(pair.AccessToken)); n != 2 {
					s.t.Errorf("got %d sessions, want the one that nobody got and the next", n)
				}
				s.wantAlive(pair)
			}
		}},
		{core.SessionReissued, "", nil, func(s *scene) (func() facetest.Answer, func()) {
			pair := s.Login("alice")
			return reissue(s, pair.RefreshToken), func() { s.wantAlive(s.reissue(pair.RefreshToken)) }
		}},
		{core.SessionReplayed, "", nil, func(s *scene) (func() facetest.Answer, func()) {
			pair := s.Login("alice")
			child := s.reissue(pair.RefreshToken)
			return reissue(s, pair.RefreshToken), func() {
				s.wantSame(s.reissue(pair.RefreshToken), child)
				s.wantAlive(child)
			}
		}},
		{core.SessionRecovered, "", nil, func(s *scene) (func() facetest.Answer, func()) {
			ahead := s.generation(s.Login("alice").RefreshToken, "7")
			return reissue(s, ahead), func() { s.wantAlive(s.reissue(ahead)) }
		}},
		{core.RefreshRefused, "", nil, func(s *scene) (func() facetest.Answer, func()) {
			pair := s.Login("alice")
			s.Logout(pair.AccessToken)
			return reissue(s, pair.RefreshToken), func() { s.wantDead(pair) }
		}},
		{core.RefreshForged, "", nil, func(s *scene) (func() facetest.Answer, func()) {
			pair := s.Login("alice")
			forged := s.forgeRefresh(pair.RefreshToken, s.field(pair.RefreshToken, "seed"), `"seed":"AAAAAAAAAAAAAAAAAAAAAA"`)
			return reissue(s, forged), func() { s.wantAlive(pair) }
		}},
		{core.RefreshForged, "logout", nil, func(s *scene) (func() facetest.Answer, func()) {
			pair := s.Login("alice")
			forged := s.forgeRefresh(pair.RefreshToken, s.field(pair.RefreshToken, "seed"), `"seed":"AAAAAAAAAAAAAAAAAAAAAA"`)
			return func() facetest.Answer { return s.Logout(forged) }, func() { s.wantAlive(pair) }
		}},
		{core.LoginRefused, "", nil, func(s *scene) (func() facetest.Answer, func()) {
			s.must(s.Authority.Block(s.t.Context(), "alice", time.Time{}))
			return login(s), func() {
				s.wantError("login", s.TryLogin("alice"), core.ErrUserBlocked)
				s.wantEvents(told{core.LoginRefused, "", "blocked"})
			}
		}},
		{core.StoreFailed, "access", nil, func(s *scene) (func() facetest.Answer, func()) {
			pair := s.Login("alice")
			s.Store.Before(failing())
			return func() facetest.Answer { return s.Me(pair.AccessToken) }, func() { s.wantAlive(pair) }
		}},
		{core.StoreFailed, "reissue", nil, func(s *scene) (func() facetest.Answer, func()) {
			pair := s.Login("alice")
			s.Store.Before(failing())
			return reissue(s, pair.RefreshToken), func() { s.wantAlive(pair) }
		}},
		{core.AccessUnchecked, "", func(c *core.Config) { c.OnStoreFailure = core.FailOpen }, func(s *scene) (func() facetest.Answer, func()) {
			pair := s.Login("alice")
			s.Store.Before(failing())
			return func() facetest.Answer { return s.Me(pair.AccessToken) }, func() { s.wantAlive(pair) }
		}},
		{core.TokenBlacklisted, "", nil, func(s *scene) (func() facetest.Answer, func()) {
			pair := s.Login("alice")
			return s.direct(func(ctx context.Context) error { return s.Authority.Blacklist(ctx, pair.AccessToken) }), func() {
				s.wantError("access", s.Me(pair.AccessToken), core.ErrTokenRevoked)
				s.wantAlive(s.reissue(pair.RefreshToken))
			}
		}},
		{core.UserBlocked, "", nil, func(s *scene) (func() facetest.Answer, func()) {
			pair := s.Login("alice")
			return s.direct(func(ctx context.Context) error { return s.Authority.Block(ctx, "alice", time.Time{}) }), func() {
				s.wantDead(pair)
				s.wantError("login", s.TryLogin("alice"), core.ErrUserBlocked)
			}
		}},
		{core.UserUnblocked, "", nil, func(s *scene) (func() facetest.Answer, func()) {
			s.must(s.Authority.Block(s.t.Context(), "alice", time.Time{}))
			return s.direct(func(ctx context.Context) error { return s.Authority.Unblock(ctx, "alice") }), func() {
				pair := s.Login("alice")
				s.wantAlive(pair)
			}
		}},
	}...)
}

// revokedCases are those of the end of a session, by what ends it.
func revokedCases() []hooked {
	one := func(end func(s *scene, parent, child facetest.Pair) facetest.Answer, after func(s *scene, child facetest.Pair)) func(*scene) (func() facetest.Answer, func()) {
		return func(s *scene) (func() facetest.Answer, func()) {
			parent := s.Login("alice")
			child := s.reissue(parent.RefreshToken)
			return func() facetest.Answer { return end(s, parent, child) }, func() {
				s.wantDead(parent, child)
				after(s, child)
			}
		}
	}
	nothing := func(*scene, facetest.Pair) {}
	var loader claimsLoader
	return []hooked{
		{core.SessionRevoked, "reuse", nil, one(func(s *scene, parent, _ facetest.Pair) facetest.Answer {
			s.Clock.Advance(time.Minute)
			return s.Reissue(parent.RefreshToken)
		}, nothing)},
		{core.SessionRevoked, "logout", nil, one(func(s *scene, _, child facetest.Pair) facetest.Answer { return s.Logout(child.AccessToken) },
			func(s *scene, child facetest.Pair) { s.want("again", s.Logout(child.AccessToken), loggedOut()) })},
		{core.SessionRevoked, "logout of all", nil, one(func(s *scene, _, child facetest.Pair) facetest.Answer {
			s.Login("alice")
			s.Login("alice")
			return s.LogoutAll(child.AccessToken, false)
		}, func(s *scene, _ facetest.Pair) {
			pair := s.Login("alice")
			s.wantIDs(pair.AccessToken, pair)
		})},
		{core.SessionRevoked, "the end of a session", nil, one(func(s *scene, _, child facetest.Pair) facetest.Answer {
			return s.RevokeSession(child.AccessToken, child.SessionID)
		}, nothing)},
		{core.SessionRevoked, "block", nil, one(func(s *scene, _, _ facetest.Pair) facetest.Answer {
			return s.direct(func(ctx context.Context) error { return s.Authority.Block(ctx, "alice", time.Time{}) })()
		}, nothing)},
		{core.SessionRevoked, "user gone", loader.configure, one(func(s *scene, _, child facetest.Pair) facetest.Answer {
			loader.set(core.ErrUserGone)
			defer loader.set(nil)
			return s.Reissue(child.RefreshToken)
		}, nothing)},
		{core.SessionRevoked, "evicted", func(c *core.Config) { c.MaxSessions = 1 }, one(func(s *scene, _, _ facetest.Pair) facetest.Answer { return s.TryLogin("alice") },
			func(s *scene, _ facetest.Pair) {
				pair := s.Login("alice")
				s.wantIDs(pair.AccessToken, pair)
				s.wantAlive(pair)
			})},
	}
}
