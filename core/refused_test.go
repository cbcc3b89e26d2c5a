package core_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
)

// A refresh token of a session that has ended, presented again and again, asks
// neither LoadClaims nor the store, whichever of the session's tokens it is. It
// is told of each time, and asked about anew after some seconds.
func TestRefusedAgain(t *testing.T) {
	for name, x := range map[string]struct {
		end  func(t *testing.T, w *world, pair core.Tokens)
		told []told // of one refusal
	}{
		"revoked": {
			func(t *testing.T, w *world, pair core.Tokens) { must(0, w.Logout(t.Context(), pair.AccessToken)) },
			[]told{{core.RefreshRefused, "", "revoked"}},
		},
		"expired": {
			func(_ *testing.T, w *world, _ core.Tokens) { w.clock.advance(7 * day) },
			[]told{{core.RefreshRefused, "", "expired"}},
		},
		"missing, 20 days after the end": {
			func(t *testing.T, w *world, pair core.Tokens) {
				must(0, w.Logout(t.Context(), pair.AccessToken))
				w.clock.advance(20 * day)
			},
			[]told{{core.RefreshRefused, "", "missing"}},
		},
		"reuse": {
			func(*testing.T, *world, core.Tokens) {},
			[]told{{core.RefreshRefused, "", "revoked"}},
		},
		"user gone": {
			func(*testing.T, *world, core.Tokens) {},
			[]told{{core.RefreshRefused, "", "user_gone"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			loads, gone := 0, name == "user gone"
			w := newWorld(t, func(c *core.Config) {
				c.LoadClaims = func(context.Context, core.ClaimsRequest) (any, error) {
					loads++
					if gone && loads > 3 {
						return nil, core.ErrUserGone
					}
					return nil, nil
				}
			})
			grandparent := w.login(t, "alice")
			parent := w.reissue(t, grandparent.RefreshToken)
			child := w.reissue(t, parent.RefreshToken)
			x.end(t, w, child)
			if name == "reuse" {
				w.wantRefused(t, grandparent.RefreshToken) // the session ends here
			} else {
				w.wantRefused(t, child.RefreshToken)
			}
			w.events.take()
			before, calls := loads, w.store.total()
			for range 100 {
				for _, token := range []string{grandparent.RefreshToken, parent.RefreshToken, child.RefreshToken} {
					_, err := w.Reissue(t.Context(), token)
					wantError(t, "Reissue", err, core.ErrRefreshInvalid)
					if errors.Is(err, core.ErrUserGone) != gone {
						t.Fatalf("got %v", err)
					}
					for i := range x.told {
						x.told[i].Session = child.SessionID
					}
					w.wantEvents(t, x.told...)
				}
			}
			if loads != before || w.store.total() != calls {
				t.Errorf("got %d calls of LoadClaims and %d of the store, want none", loads-before, w.store.total()-calls)
			}
			w.clock.advance(time.Minute)
			w.wantRefused(t, child.RefreshToken)
			if loads == before || w.store.total() == calls {
				t.Error("the end is remembered for ever")
			}
		})
	}
	t.Run("logout", func(t *testing.T) {
		w := newWorld(t)
		pair := w.login(t, "alice")
		for _, token := range []string{pair.AccessToken, pair.RefreshToken} {
			w.store.fail(errStore, "End")
			wantError(t, "Logout", w.Logout(t.Context(), token), core.ErrUnavailable)
			w.store.heal()
			before := w.store.total()
			for range 100 {
				must(0, w.Logout(t.Context(), token))
			}
			if calls := w.store.total() - before; calls > 2 {
				t.Errorf("100 logouts by one token called the store %d times, want two at most", calls)
			}
		}
		w.wantDead(t, "alice", pair)
	})
}

// What is no end is asked about each time: a block is lifted, a store that
// failed knows nothing, and a forged seed is to be told of.
func TestRefusalsThatAreNoEnd(t *testing.T) {
	t.Run("blocked", func(t *testing.T) {
		clock := newFakeClock()
		store := core.NewMemoryStore(core.MemoryOptions{Now: clock.Now})
		w := newWorld(t, func(c *core.Config) { c.Store, c.Now = store, clock.Now })
		pair := w.login(t, "alice")
		store.BlockAlone("alice", time.Time{})
		w.wantRefused(t, pair.RefreshToken)
		must(0, w.Unblock(t.Context(), "alice"))
		w.reissue(t, pair.RefreshToken)
	})
	t.Run("store failed", func(t *testing.T) {
		w := newWorld(t)
		pair := w.login(t, "alice")
		w.store.fail(errStore, "Rotate")
		_, err := w.Reissue(t.Context(), pair.RefreshToken)
		wantError(t, "Reissue", err, core.ErrUnavailable)
		w.store.heal()
		w.reissue(t, pair.RefreshToken)
	})
	t.Run("forged", func(t *testing.T) {
		w := newWorld(t)
		pair := w.login(t, "alice")
		w.events.take()
		w.config.Store = forging{w.config.Store}
		a := mustNew(t, w.config)
		for range 3 {
			must(0, a.Logout(t.Context(), pair.RefreshToken))
			w.wantEvents(t, told{core.RefreshForged, pair.SessionID, "logout"})
		}
	})
}

// forging is a store to which every logout's seed is another.
type forging struct{ core.Store }

func (forging) End(context.Context, driver.EndRequest) (driver.EndResult, error) {
	return driver.EndResult{Outcome: driver.EndForged}, nil
}
