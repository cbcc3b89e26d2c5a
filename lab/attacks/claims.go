package attacks

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func claimsRows() []row {
	return []row{
		{"14_reserved_claims_loaded", reservedClaims},
		{"30_load_claims_fails", loadClaimsFails},
		{"30_load_claims_takes_30_seconds", loadClaimsSlow},
		{"31_user_gone", userGone},
		{"31_user_gone_store_down", userGoneStoreDown},
		{"37_roles_changed", rolesChanged},
	}
}

// claimsLoader answers LoadClaims with what was last set: claims, an error, or
// a function to call.
type claimsLoader struct {
	mu     sync.Mutex
	answer any
}

func (l *claimsLoader) set(answer any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answer = answer
}

func (l *claimsLoader) configure(c *core.Config) {
	c.LoadClaims = func(ctx context.Context, _ core.ClaimsRequest) (any, error) {
		l.mu.Lock()
		answer := l.answer
		l.mu.Unlock()
		switch v := answer.(type) {
		case error:
			return nil, v
		case func(context.Context) (any, error):
			return v(ctx)
		}
		return answer, nil
	}
}

// wantUnburnt checks that reissue and login answer that they cannot, each with
// one event, before the store is asked.
func (s *scene) wantUnburnt(what string, pair facetest.Pair) {
	s.t.Helper()
	failed := told{core.StoreFailed, "", "load claims"}
	s.noCalls(what, func() {
		for _, w := range ways() {
			s.wantError(what+": reissue "+w.name, w.send(s.Client, pair.RefreshToken), core.ErrUnavailable)
			s.wantEvents(failed)
		}
		s.wantError(what+": login", s.TryLogin("alice"), core.ErrUnavailable)
		s.wantEvents(failed)
	})
}

// Claims that are named as the library's own would be two of one name in a
// token. They are the application's fault, and the user loses nothing.
func reservedClaims(t *testing.T, d deployment) {
	var loader claimsLoader
	s := d.start(t, loader.configure)
	pair := s.Login("alice")
	s.takeEvents()
	for _, name := range []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "sid", "gen", "auth_time", "seed", "typ"} {
		for _, spelled := range []string{name, strings.ToUpper(name), strings.Replace(name, "s", "\u017f", 1)} {
			loader.set(map[string]any{spelled: "x", "role": "user"})
			s.wantUnburnt(spelled, pair)
		}
	}
	loader.set(map[string]any{"roles": []string{"user"}, "issuer": 1, "scope": "a"}) // which only look like them
	s.wantAlive(pair)
}

// panicking panics when it is marshalled.
type panicking struct{}

// MarshalJSON implements [json.Marshaler].
func (panicking) MarshalJSON() ([]byte, error) { panic("boom") }

// A loader that fails, however it does, burns no token and takes no process
// down.
func loadClaimsFails(t *testing.T, d deployment) {
	call := func(f func() (any, error)) func(context.Context) (any, error) {
		return func(context.Context) (any, error) { return f() }
	}
	var loader claimsLoader
	s := d.start(t, loader.configure)
	pair := s.Login("alice")
	for name, failure := range map[string]any{
		"error":               errors.New("database down"),
		"a refusal":           fmt.Errorf("wrapped: %w", core.ErrRefreshInvalid),
		"another refusal":     core.ErrUserBlocked,
		"deadline":            context.DeadlineExceeded,
		"panic":               call(func() (any, error) { panic("boom") }),
		"panic with an error": call(func() (any, error) { panic(core.ErrUserGone) }),
		"nil dereference":     call(func() (any, error) { var p *int; return *p, nil }),
		"goroutine ended":     call(func() (any, error) { runtime.Goexit(); return nil, nil }),
		"text":                "admin",
		"list":                []string{"admin"},
		"no JSON":             call(func() (any, error) { return make(chan int), nil }),
		"panic in JSON":       panicking{},
	} {
		s.takeEvents()
		loader.set(failure)
		s.wantUnburnt(name, pair)
		s.wantOK(name+": access", s.Me(pair.AccessToken))
		loader.set(nil)
		s.Clock.Advance(time.Hour)
		pair = s.reissue(pair.RefreshToken)
	}
	s.wantAlive(pair)
}

// A loader has 3 seconds, and no request waits for one that ignores its
// context.
func loadClaimsSlow(t *testing.T, d deployment) {
	for _, heeds := range []bool{true, false} {
		t.Run(fmt.Sprintf("heeds its context %t", heeds), func(t *testing.T) {
			var loader claimsLoader
			bubble(t, d, loader.configure, func(t *testing.T, store *facetest.Store, send func(string, string, ...string) (facetest.Answer, time.Duration)) {
				a, _ := send("/auth/login", member("username", "alice"), facetest.JSON)
				pair := a.Pair()
				loader.set(func(ctx context.Context) (any, error) {
					timer := time.NewTimer(30 * time.Second)
					defer timer.Stop()
					if !heeds {
						<-timer.C
						return nil, nil
					}
					select {
					case <-timer.C:
					case <-ctx.Done():
					}
					return nil, ctx.Err()
				})
				got, took := send("/auth/reissue", member("refresh_token", pair.RefreshToken), facetest.JSON)
				if got.Code() != "store_unavailable" || got.Header.Get("Retry-After") != "1" || took > 4*time.Second {
					t.Errorf("reissue: got %s\nafter %v, want store_unavailable within 4s", render(got), took)
				}
				if n := store.Calls("Rotate"); n != 0 {
					t.Errorf("Rotate: got %d calls, want none", n)
				}
				time.Sleep(time.Minute) // of the bubble, so that the loader's goroutine ends
				loader.set(nil)
				if a, _ := send("/auth/reissue", member("refresh_token", pair.RefreshToken), facetest.JSON); a.Pair().SessionID != pair.SessionID {
					t.Errorf("the retry: got %s\nwant the next pair", render(a))
				}
			})
		})
	}
}

// A user who is gone is logged out everywhere, and a login is refused as any
// other.
func userGone(t *testing.T, d deployment) {
	for name, gone := range map[string]error{"itself": core.ErrUserGone, "wrapped": fmt.Errorf("user 7: %w", core.ErrUserGone)} {
		for _, w := range ways() {
			t.Run(name+" "+w.name, func(t *testing.T) {
				var loader claimsLoader
				s := d.start(t, loader.configure)
				s.sibling()
				first, second, bob := s.Login("alice"), s.Login("alice"), s.Login("bob")
				s.takeEvents()
				loader.set(gone)
				s.want("reissue", w.send(s.Client, first.RefreshToken), w.refused)
				s.wantCounts(map[told]int{{core.SessionRevoked, first.SessionID, "user_gone"}: 1, {core.SessionRevoked, second.SessionID, "user_gone"}: 1})
				s.want("again", w.send(s.Client, second.RefreshToken), w.refused)
				s.wantError("login", s.TryLogin("alice"), core.ErrBadCredentials)
				s.wantEvents()
				loader.set(nil)
				s.Clock.Advance(memoryOfRefusals) // until then the reason is that the user is gone
				s.wantDead(first, second)
				s.wantAlive(bob)
			})
		}
	}
}

// memoryOfRefusals is longer than a process remembers how it has refused a token.
const memoryOfRefusals = 6 * time.Second

// If the sessions could not be ended nobody is told that they were.
func userGoneStoreDown(t *testing.T, d deployment) {
	var loader claimsLoader
	s := d.start(t, loader.configure)
	pair := s.Login("alice")
	s.takeEvents()
	loader.set(core.ErrUserGone)
	s.Store.Before(failing("EndAll"))
	s.wantError("reissue", s.Reissue(pair.RefreshToken), core.ErrUnavailable)
	s.wantEvents(told{core.StoreFailed, "", "user_gone"})
	s.Store.Heal()
	s.wantError("reissue", s.Reissue(pair.RefreshToken), core.ErrRefreshInvalid)
	s.wantEvents(told{core.SessionRevoked, pair.SessionID, "user_gone"})
	loader.set(nil)
	s.Clock.Advance(memoryOfRefusals)
	s.wantDead(pair)
}

// The roles are those at the reissue, at a replay too, and no refresh token
// carries them.
func rolesChanged(t *testing.T, d deployment) {
	var loader claimsLoader
	s := d.start(t, loader.configure)
	roles := func(what string, pair facetest.Pair, want ...string) {
		t.Helper()
		if got := s.me(pair.AccessToken).Roles; !slices.Equal(got, want) {
			t.Errorf("%s: got the roles %q, want %q", what, got, want)
		}
		if claims, ok := s.claims(pair.RefreshToken)["claims"]; ok {
			t.Errorf("%s: the refresh token carries %v", what, claims)
		}
	}
	set := func(roles ...string) { loader.set(map[string]any{"roles": roles}) }
	set("admin", "user")
	login := s.Login("alice")
	roles("login", login, "admin", "user")
	set("user")
	child := s.reissue(login.RefreshToken)
	roles("reissue", child, "user")
	for _, w := range ways() {
		set("auditor " + w.name)
		again := s.issued(w.send(s.Client, login.RefreshToken))
		s.wantSame(again, child)
		roles("replay "+w.name, again, "auditor "+w.name)
	}
	loader.set(nil)
	next := s.reissue(child.RefreshToken)
	roles("removed", next)
	roles("the token of before", login, "admin", "user")
	s.wantAlive(next)
}
