package core_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

func faultRows() []abuseCase {
	return []abuseCase{
		{"26_answer_lost", testAnswerLost},
		{"27_late_retry_with_the_key", testLateRetry},
		{"27_late_retry_without_the_key", testLateRetryWithoutKey},
		{"28_run_twice", testRunTwice},
		{"28_run_twice_at_the_limit", testRunTwiceAtLimit},
		{"30_load_claims_fails", testLoadClaimsFails},
		{"30_load_claims_takes_30_seconds", testLoadClaimsSlow},
		{"31_user_gone", testUserGone},
		{"31_user_gone_store_down", testUserGoneStoreDown},
	}
}

var errStore = errors.New("connection refused")

// An answer that was lost after the commit burns nothing.
func testAnswerLost(t *testing.T) {
	for _, grace := range []time.Duration{30 * time.Second, core.Strict} {
		t.Run(grace.String(), func(t *testing.T) {
			w := newWorld(t, withGrace(grace))
			pair := w.login(t, "alice")
			w.events.take()
			w.store.loseAnswer(errStore, "Rotate")
			_, err := w.Reissue(t.Context(), pair.RefreshToken, core.WithIdempotencyKey("1"))
			wantError(t, "Reissue", err, core.ErrUnavailable)
			w.wantEvents(t, told{core.StoreFailed, pair.SessionID, "reissue"})
			w.store.heal()
			w.clock.advance(30 * time.Second)
			child := w.reissue(t, pair.RefreshToken, core.WithIdempotencyKey("1"))
			if got, want := payloadOf(t, child.AccessToken)["jti"], pair.SessionID+".1"; got != want {
				t.Errorf("got jti %v, want %s", got, want)
			}
			w.wantEvents(t, told{core.SessionReplayed, pair.SessionID, "same_attempt"})
			w.wantAlive(t, child)
		})
	}
	t.Run("without a key", func(t *testing.T) {
		w := newWorld(t)
		pair := w.login(t, "alice")
		w.store.loseAnswer(errStore, "Rotate")
		_, err := w.Reissue(t.Context(), pair.RefreshToken)
		wantError(t, "Reissue", err, core.ErrUnavailable)
		w.store.heal()
		w.wantAlive(t, w.reissue(t, pair.RefreshToken))
	})
}

func testLateRetry(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.ReuseGrace = core.Strict })
	pair := w.login(t, "alice")
	key := core.WithIdempotencyKey("one attempt")
	w.store.loseAnswer(errStore, "Rotate")
	_, err := w.Reissue(t.Context(), pair.RefreshToken, key)
	wantError(t, "Reissue", err, core.ErrUnavailable)
	w.store.heal()

	idleEnd := w.sessions(t, "alice")[0].ExpiresAt
	var child core.Tokens
	for _, wait := range []time.Duration{0, 9*time.Minute + 59*time.Second, time.Minute, day, 3 * day} {
		w.clock.advance(wait)
		again := w.reissue(t, pair.RefreshToken, key)
		if left := again.AccessExpiresAt.Sub(w.clock.Now()); left <= 0 || left > 10*time.Minute {
			t.Errorf("after %v: the access token has %v left", wait, left)
		}
		w.wantAccess(t, again.AccessToken, nil)
		if child != (core.Tokens{}) {
			wantSamePair(t, again, child)
		}
		child = again
		if got := w.sessions(t, "alice")[0].ExpiresAt; !got.Equal(idleEnd) {
			t.Errorf("a retry moved the idle end to %v, want %v", got, idleEnd)
		}
	}
	// The access token of the retry is a token like any other: it dies too.
	w.clock.advance(time.Minute)
	if err := w.Logout(t.Context(), pair.RefreshToken); err != nil {
		t.Fatal(err)
	}
	w.clock.advance(8 * time.Minute)
	w.wantAccess(t, child.AccessToken, core.ErrTokenRevoked)
}

func testLateRetryWithoutKey(t *testing.T) {
	for name, opts := range map[string][]core.ReissueOption{
		"no key": nil, "another key": {core.WithIdempotencyKey("another")}, "empty key": {core.WithIdempotencyKey("")},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			pair := w.login(t, "alice")
			child := w.reissue(t, pair.RefreshToken, core.WithIdempotencyKey("one attempt"))
			w.clock.advance(time.Minute)
			w.wantRefused(t, pair.RefreshToken, opts...)
			w.wantDead(t, "alice", child)
		})
	}
	t.Run("the key once the child is used", func(t *testing.T) {
		w := newWorld(t)
		pair := w.login(t, "alice")
		key := core.WithIdempotencyKey("one attempt")
		child := w.reissue(t, pair.RefreshToken, key)
		grandchild := w.reissue(t, child.RefreshToken, key)
		w.wantRefused(t, pair.RefreshToken, key)
		w.wantDead(t, "alice", grandchild)
	})
}

// A driver that runs each call a second time, because the answer to the first
// was lost, gets the same answers.
func testRunTwice(t *testing.T) {
	for _, grace := range []time.Duration{30 * time.Second, core.Strict} {
		t.Run(grace.String(), func(t *testing.T) {
			w := newWorld(t, withGrace(grace))
			w.store.twice = true
			pair := w.login(t, "alice")
			if got := len(w.sessions(t, "alice")); got != 1 {
				t.Errorf("a login run twice made %d sessions", got)
			}
			child := w.reissue(t, pair.RefreshToken)
			if got, want := payloadOf(t, child.AccessToken)["jti"], pair.SessionID+".1"; got != want {
				t.Errorf("got jti %v, want %s", got, want)
			}
			w.wantAlive(t, child)

			w.login(t, "alice")
			if ended, err := w.RevokeAll(t.Context(), "alice"); ended != 2 || err != nil {
				t.Errorf("RevokeAll: got %d, %v, want 2", ended, err)
			}
			first := w.login(t, "alice")
			w.events.take()
			if err := w.Revoke(t.Context(), "alice", first.SessionID); err != nil {
				t.Errorf("Revoke: %v", err)
			}
			w.wantEvents(t, told{core.SessionRevoked, first.SessionID, "revoked"})
			second := w.login(t, "alice")
			w.events.take()
			if err := w.Logout(t.Context(), second.RefreshToken); err != nil {
				t.Errorf("Logout: %v", err)
			}
			w.wantEvents(t, told{core.SessionRevoked, second.SessionID, "logout"})

			third := w.login(t, "alice")
			stale := w.reissue(t, third.RefreshToken)
			w.clock.advance(time.Minute)
			w.events.take()
			w.wantRefused(t, third.RefreshToken)
			w.wantEvents(t, told{core.SessionRevoked, third.SessionID, "reuse"})
			w.wantDead(t, "alice", stale)

			fourth := w.login(t, "alice")
			w.events.take()
			if err := w.Block(t.Context(), "alice", time.Time{}); err != nil {
				t.Errorf("Block: %v", err)
			}
			w.wantEvents(t, told{core.UserBlocked, "", ""}, told{core.SessionRevoked, fourth.SessionID, "blocked"})
		})
	}
}

func testRunTwiceAtLimit(t *testing.T) {
	for _, policy := range []core.LimitPolicy{core.EvictIdlest, core.RejectNew} {
		w := newWorld(t, func(c *core.Config) { c.MaxSessions, c.OnLimit = 2, policy })
		w.store.twice = true
		first := w.login(t, "alice")
		w.clock.advance(time.Second)
		second := w.login(t, "alice")
		w.events.take()
		_, err := w.Issue(t.Context(), core.Login{Subject: "alice"})
		if policy == core.RejectNew {
			wantError(t, "Issue", err, core.ErrSessionLimit)
			w.wantEvents(t, told{core.LoginRefused, "", "session_limit"})
			w.wantAlive(t, first)
			w.wantAlive(t, second)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		evicted := 0
		for _, e := range w.events.take() {
			if e.Reason == "evicted" {
				evicted++
			}
		}
		if evicted != 1 {
			t.Errorf("got %d evictions, want 1", evicted)
		}
		w.wantDead(t, "alice", first)
		w.wantAlive(t, second)
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

func (l *claimsLoader) load(ctx context.Context, _ core.ClaimsRequest) (any, error) {
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

func withClaims(l *claimsLoader) func(*core.Config) {
	return func(c *core.Config) { c.LoadClaims = l.load }
}

// wantUnburnt fails the test unless a reissue is answered ErrUnavailable, with
// one event, before the store is asked, and the token is as good as before.
func wantUnburnt(t *testing.T, w *world, pair core.Tokens) {
	t.Helper()
	before := w.store.total()
	tokens, err := w.Reissue(t.Context(), pair.RefreshToken)
	wantError(t, "Reissue", err, core.ErrUnavailable)
	if errors.Is(err, core.ErrUserGone) {
		t.Errorf("Reissue: the error %v is %v", err, core.ErrUserGone)
	}
	if tokens != (core.Tokens{}) {
		t.Error("Reissue: got tokens with an error")
	}
	if calls := w.store.total() - before; calls != 0 {
		t.Errorf("the store was called %d times", calls)
	}
	w.wantEvents(t, told{core.StoreFailed, "", "load claims"})
}

func testLoadClaimsFails(t *testing.T) {
	for name, failure := range map[string]any{
		"error":           errors.New("database down"),
		"a refusal":       fmt.Errorf("wrapped: %w", core.ErrRefreshInvalid),
		"another refusal": core.ErrUserBlocked,
		"deadline":        context.DeadlineExceeded,
		"panic":           func(context.Context) (any, error) { panic("boom") },
		"panic with an error": func(context.Context) (any, error) {
			panic(core.ErrUserGone)
		},
		"nil dereference": func(context.Context) (any, error) {
			var p *int
			return *p, nil
		},
		"goroutine ended": func(context.Context) (any, error) { runtime.Goexit(); return nil, nil },
		"no object":       "admin",
		"list":            []string{"admin"},
		"no JSON":         func(context.Context) (any, error) { return make(chan int), nil },
		"panic in JSON":   func(context.Context) (any, error) { return panicking{}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			var claims claimsLoader
			w := newWorld(t, withClaims(&claims))
			pair := w.login(t, "alice")
			w.events.take()
			claims.set(failure)
			wantUnburnt(t, w, pair)
			w.wantAccess(t, pair.AccessToken, nil)

			before := w.store.total()
			_, err := w.Issue(t.Context(), core.Login{Subject: "alice"})
			wantError(t, "Issue", err, core.ErrUnavailable)
			if calls := w.store.total() - before; calls != 0 {
				t.Errorf("Issue: the store was called %d times", calls)
			}
			claims.set(nil)
			w.clock.advance(day)
			w.reissue(t, pair.RefreshToken)
		})
	}
}

// panicking panics when it is marshalled.
type panicking struct{}

func (panicking) MarshalJSON() ([]byte, error) { panic("boom") }

// A loader has 3 seconds, and the request does not wait for one that ignores
// its context.
func testLoadClaimsSlow(t *testing.T) {
	for _, heeds := range []bool{true, false} {
		t.Run(fmt.Sprintf("heeds its context %t", heeds), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var claims claimsLoader
				w := newWorld(t, withClaims(&claims))
				pair := w.login(t, "alice")
				w.events.take()
				release := make(chan struct{})
				claims.set(func(ctx context.Context) (any, error) {
					if heeds {
						<-ctx.Done()
						return nil, ctx.Err()
					}
					<-release
					return map[string]string{"role": "too late"}, nil
				})
				start := time.Now()
				wantUnburnt(t, w, pair)
				if took := time.Since(start); took != 3*time.Second {
					t.Errorf("the answer took %v, want 3s", took)
				}
				close(release)
				synctest.Wait()
				claims.set(nil)
				w.wantAlive(t, pair)
			})
		})
	}
}

func testUserGone(t *testing.T) {
	for name, gone := range map[string]error{"itself": core.ErrUserGone, "wrapped": fmt.Errorf("user 7: %w", core.ErrUserGone)} {
		t.Run(name, func(t *testing.T) {
			var claims claimsLoader
			w := newWorld(t, withClaims(&claims))
			first, second, bob := w.login(t, "alice"), w.login(t, "alice"), w.login(t, "bob")
			w.events.take()
			claims.set(gone)
			_, err := w.Reissue(t.Context(), first.RefreshToken)
			wantError(t, "Reissue", err, core.ErrRefreshInvalid)
			list := w.events.take()
			if len(list) != 2 {
				t.Errorf("got events %+v, want one a session", list)
			}
			for _, e := range list {
				if e.Type != core.SessionRevoked || e.Reason != "user_gone" {
					t.Errorf("got event %+v", e)
				}
			}
			claims.set(nil)
			w.wantDead(t, "alice", first)
			w.wantDead(t, "alice", second)
			w.wantAlive(t, bob)
		})
	}
}

// If the sessions could not be ended the client is not told that they are,
// whatever words the store finds for it.
func testUserGoneStoreDown(t *testing.T) {
	for _, failure := range []error{errStore, fmt.Errorf("store: %w", core.ErrUserGone), fmt.Errorf("store: %w", core.ErrRefreshInvalid)} {
		var claims claimsLoader
		w := newWorld(t, withClaims(&claims))
		pair := w.login(t, "alice")
		w.events.take()
		claims.set(core.ErrUserGone)
		w.store.fail(failure, "EndAll")
		_, err := w.Reissue(t.Context(), pair.RefreshToken)
		wantError(t, "Reissue", err, core.ErrUnavailable)
		w.wantEvents(t, told{core.StoreFailed, "", "user_gone"})
		w.store.heal()
		w.wantRefused(t, pair.RefreshToken)
		w.wantEvents(t, told{core.SessionRevoked, pair.SessionID, "user_gone"})
		claims.set(nil)
		w.wantDead(t, "alice", pair)
	}
}
