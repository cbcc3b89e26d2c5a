package core_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

func raceRows() []abuseCase {
	return []abuseCase{
		{"41_logout_between_the_halves_of_a_reissue", testLogoutInReissue},
		{"41_logout_against_reissue", testLogoutAgainstReissue},
		{"42_revoke_all_between_the_halves_of_a_login", testRevokeAllInLogin},
		{"42_revoke_all_in_the_second_of_a_login", testRevokeAllSameSecond},
		{"48_session_limit", testSessionLimit},
		{"48_longest_without_a_reissue_goes_first", testEvictionOrder},
		{"48_limit_lowered", testLimitLowered},
	}
}

// A logout at any moment of a reissue leaves nothing of the session alive.
func testLogoutInReissue(t *testing.T) {
	ends := map[string]func(w *world, pair core.Tokens) error{
		"logout by access token":  func(w *world, p core.Tokens) error { return w.Logout(t.Context(), p.AccessToken) },
		"logout by refresh token": func(w *world, p core.Tokens) error { return w.Logout(t.Context(), p.RefreshToken) },
		"revoke":                  func(w *world, p core.Tokens) error { return w.Revoke(t.Context(), "alice", p.SessionID) },
		"revoke all":              func(w *world, _ core.Tokens) error { _, err := w.RevokeAll(t.Context(), "alice"); return err },
		"block":                   func(w *world, _ core.Tokens) error { return w.Block(t.Context(), "alice", time.Time{}) },
	}
	for name, end := range ends {
		for _, moment := range []string{"before the commit", "after the commit"} {
			t.Run(name+" "+moment, func(t *testing.T) {
				w := newWorld(t)
				pair := w.login(t, "alice")
				w.clock.advance(time.Second)
				var endErr error
				once := func(_ context.Context, method string) error {
					if method == "Rotate" {
						w.store.heal()
						endErr = end(w, pair)
					}
					return nil
				}
				if moment == "before the commit" {
					w.store.onCall(once, nil)
				} else {
					w.store.onCall(nil, once)
				}
				child, err := w.Reissue(t.Context(), pair.RefreshToken)
				if endErr != nil {
					t.Fatal(endErr)
				}
				if moment == "before the commit" {
					wantError(t, "Reissue", err, core.ErrRefreshInvalid)
				} else {
					if err != nil {
						t.Fatalf("Reissue: %v", err)
					}
					w.wantDead(t, "alice", child)
				}
				w.wantDead(t, "alice", pair)
			})
		}
	}
}

func testLogoutAgainstReissue(t *testing.T) {
	w := newWorld(t)
	process := w.another(t)
	for round := range 300 {
		pair := w.login(t, "alice")
		var child core.Tokens
		var reissueErr, logoutErr error
		var group sync.WaitGroup
		group.Go(func() { child, reissueErr = process.Reissue(t.Context(), pair.RefreshToken) })
		group.Go(func() {
			logoutErr = w.Logout(t.Context(), []string{pair.AccessToken, pair.RefreshToken}[round%2])
		})
		group.Wait()
		if logoutErr != nil {
			t.Fatalf("Logout: %v", logoutErr)
		}
		w.wantDead(t, "alice", pair)
		if reissueErr == nil {
			w.wantDead(t, "alice", child)
		} else {
			wantError(t, "Reissue", reissueErr, core.ErrRefreshInvalid)
		}
	}
}

// A login that comes after RevokeAll lives and one before it is dead; the
// moment of a login is that of its commit.
func testRevokeAllInLogin(t *testing.T) {
	for _, moment := range []string{"before the commit", "after the commit"} {
		t.Run(moment, func(t *testing.T) {
			w := newWorld(t)
			early := w.login(t, "alice")
			ended := -1
			once := func(_ context.Context, method string) (err error) {
				if method == "Create" {
					w.store.heal()
					ended, err = w.RevokeAll(t.Context(), "alice")
				}
				return err
			}
			want := 1
			if moment == "before the commit" {
				w.store.onCall(once, nil)
			} else {
				w.store.onCall(nil, once)
				want = 2
			}
			late := w.login(t, "alice")
			if ended != want {
				t.Errorf("RevokeAll ended %d sessions, want %d", ended, want)
			}
			w.wantDead(t, "alice", early)
			if moment == "before the commit" {
				w.wantAlive(t, late)
			} else {
				w.wantDead(t, "alice", late)
			}
		})
	}
}

func testRevokeAllSameSecond(t *testing.T) {
	w := newWorld(t) // the clock stands still
	for range 20 {
		before := w.login(t, "alice")
		if ended, err := w.RevokeAll(t.Context(), "alice"); ended != 1 || err != nil {
			t.Fatalf("RevokeAll: got %d, %v, want 1", ended, err)
		}
		after := w.login(t, "alice")
		w.wantDead(t, "alice", before)
		next := w.wantAlive(t, after)
		if err := w.Logout(t.Context(), next.AccessToken); err != nil {
			t.Fatal(err)
		}
	}
}

func testSessionLimit(t *testing.T) {
	for _, limit := range []int{1, 3} {
		for _, policy := range []core.LimitPolicy{core.EvictIdlest, core.RejectNew} {
			t.Run(fmt.Sprint("limit ", limit, " policy ", policy), func(t *testing.T) {
				w := newWorld(t, func(c *core.Config) { c.MaxSessions, c.OnLimit = limit, policy })
				bob := w.login(t, "bob")
				var mu sync.Mutex
				var pairs []core.Tokens
				rejected := 0
				var group sync.WaitGroup
				for range 50 {
					group.Go(func() {
						pair, err := w.Issue(t.Context(), core.Login{Subject: "alice"})
						if list, err := w.Sessions(t.Context(), "alice"); err != nil || len(list) > limit {
							t.Errorf("got %d sessions, %v, want %d at most", len(list), err, limit)
						}
						mu.Lock()
						defer mu.Unlock()
						switch {
						case err == nil:
							pairs = append(pairs, pair)
						case errors.Is(err, core.ErrSessionLimit):
							rejected++
						default:
							t.Errorf("Issue: %v", err)
						}
					})
				}
				group.Wait()
				if policy == core.RejectNew && (len(pairs) != limit || rejected != 50-limit) {
					t.Errorf("got %d logins and %d rejections", len(pairs), rejected)
				}
				if policy == core.EvictIdlest && len(pairs) != 50 {
					t.Errorf("got %d logins, want 50", len(pairs))
				}
				living := w.sessionIDs(t, "alice")
				if len(living) != limit {
					t.Errorf("got %d sessions, want %d", len(living), limit)
				}
				evicted := 0
				for _, e := range w.events.take() {
					if e.Type == core.SessionRevoked && e.Reason == "evicted" {
						evicted++
					}
				}
				if want := len(pairs) - limit; evicted != want {
					t.Errorf("got %d evictions, want %d", evicted, want)
				}
				for _, p := range pairs {
					if slices.Contains(living, p.SessionID) {
						w.wantAlive(t, p)
					} else {
						w.wantDead(t, "alice", p)
					}
				}
				w.wantAlive(t, bob)
			})
		}
	}
}

func testEvictionOrder(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.MaxSessions = 3 })
	first := w.login(t, "alice")
	w.clock.advance(time.Minute)
	second := w.login(t, "alice")
	w.clock.advance(time.Minute)
	third := w.login(t, "alice")
	w.clock.advance(time.Minute)
	first = w.reissue(t, first.RefreshToken) // used last, though the eldest
	w.clock.advance(time.Minute)
	w.events.take()
	fourth := w.login(t, "alice")
	w.wantEvents(t, told{core.SessionEstablished, fourth.SessionID, ""}, told{core.SessionRevoked, second.SessionID, "evicted"})
	w.wantDead(t, "alice", second)
	if got, want := w.sessionIDs(t, "alice"), []string{fourth.SessionID, first.SessionID, third.SessionID}; !slices.Equal(got, want) {
		t.Errorf("got sessions %v, want %v", got, want)
	}
	for _, p := range []core.Tokens{first, third, fourth} {
		w.wantAlive(t, p)
	}
}

func testLimitLowered(t *testing.T) {
	w := newWorld(t)
	for range 5 {
		w.login(t, "alice")
		w.clock.advance(time.Second)
	}
	lowered := w.another(t, func(c *core.Config) { c.MaxSessions = 2 })
	w.events.take()
	if _, err := lowered.Issue(t.Context(), core.Login{Subject: "alice"}); err != nil {
		t.Fatal(err)
	}
	if got := len(w.sessionIDs(t, "alice")); got != 2 {
		t.Errorf("got %d sessions, want 2", got)
	}
	if got := len(w.events.take()); got != 5 {
		t.Errorf("got %d events, want a login and 4 evictions", got)
	}
	// Sessions past their end do not count.
	rejecting := w.another(t, func(c *core.Config) { c.MaxSessions, c.OnLimit = 2, core.RejectNew })
	w.clock.advance(7 * day)
	if _, err := rejecting.Issue(t.Context(), core.Login{Subject: "alice"}); err != nil {
		t.Errorf("Issue after the others' end: %v", err)
	}
}
