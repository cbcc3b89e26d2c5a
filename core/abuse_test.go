package core_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// TestAbuse runs the rows of the list of abuses that only this package can see.
// The others run over HTTP on both stores: lab/attacks.
func TestAbuse(t *testing.T) {
	t.Run("06_headers", rubbish(headers))
	t.Run("13_subject_refused", testSubjectRefused)
	t.Run("14_reserved_claims", testReservedClaims)
	t.Run("15_keys", testKeysRefused)
	t.Run("30_load_claims_takes_30_seconds", testLoadClaimsSlow)
	t.Run("45_session_that_has_ended", testRevokeOfDead)
	t.Run("47_block_until_a_past_time", testBlockUntilPast)
}

// wantRubbish fails the test unless the token is refused everywhere it can be
// presented, without a call of the store, an event or an echo of the token.
func (w *world) wantRubbish(t testing.TB, token string) {
	t.Helper()
	before := w.store.total()
	refused := func(method string, err, want error) {
		t.Helper()
		wantError(t, method, err, want)
		if len(token) > 16 && err != nil && strings.Contains(err.Error(), token) {
			t.Errorf("%s: the error repeats the token", method)
		}
	}
	c, err := w.Verify(t.Context(), token)
	refused("Verify", err, core.ErrTokenInvalid)
	if c != nil {
		t.Errorf("Verify: got claims %v with a refusal", c)
	}
	tokens, err := w.Reissue(t.Context(), token)
	refused("Reissue", err, core.ErrRefreshInvalid)
	if tokens != (core.Tokens{}) {
		t.Error("Reissue: got tokens with a refusal")
	}
	refused("Blacklist", w.Blacklist(t.Context(), token), core.ErrTokenInvalid)
	refused("Logout", w.Logout(t.Context(), token), nil)
	if calls := w.store.total() - before; calls != 0 {
		t.Errorf("the store was called %d times for rubbish", calls)
	}
	w.wantEvents(t)
}

// rubbish makes a world with a session, presents what the function forges from
// its tokens, and checks that the session is none the worse. After a failure
// it goes on in a new world, so that one does not look like many.
func rubbish(forgeries func(t *testing.T, w *world, pair core.Tokens) map[string]string, tweaks ...func(*core.Config)) func(*testing.T) {
	return func(t *testing.T) {
		start := func() (*world, core.Tokens, map[string]string) {
			w := newWorld(t, tweaks...)
			pair := w.login(t, "alice")
			w.wantAccess(t, pair.AccessToken, nil) // which is remembered
			w.events.take()
			return w, pair, forgeries(t, w, pair)
		}
		w, pair, tokens := start()
		names := slices.Sorted(maps.Keys(tokens))
		if len(names) == 0 {
			t.Fatal("nothing was forged")
		}
		for _, name := range names {
			if !t.Run(name, func(t *testing.T) { w.wantRubbish(t, tokens[name]) }) {
				w, pair, tokens = start()
			}
		}
		w.wantAlive(t, pair)
	}
}

// withES256 signs access tokens with the ES256 key and refresh tokens with the
// HMAC key of refresh tokens.
func withES256(t testing.TB) func(*core.Config) {
	return func(c *core.Config) {
		c.Keys = []core.Key{must(core.NewPrivateKey("k1", ecPrivate()))}
		c.RefreshKeys = []core.Key{must(core.NewHMACKey("k1", []byte(refreshSecret(hmacSecret))))}
	}
}

func testSubjectRefused(t *testing.T) {
	w := newWorld(t)
	for name, subject := range map[string]string{
		"empty": "", "257 bytes": strings.Repeat("x", 257), "1 MB": strings.Repeat("x", 1<<20),
		"not UTF-8": "a\xff", "surrogate": "\xed\xa0\x80", "overlong": "\xc0\xaf",
	} {
		t.Run(name, func(t *testing.T) {
			before := w.store.total()
			tokens, err := w.Issue(t.Context(), core.Login{Subject: subject})
			if err == nil || !strings.Contains(err.Error(), "Login.Subject") || len(err.Error()) > 200 {
				t.Errorf("Issue: got error %.300v, want one that names Login.Subject", err)
			}
			if tokens != (core.Tokens{}) {
				t.Error("Issue: got tokens with an error")
			}
			_, err = w.RevokeAll(t.Context(), subject)
			wantError(t, "RevokeAll", err, core.ErrRequestInvalid)
			_, err = w.Sessions(t.Context(), subject)
			wantError(t, "Sessions", err, core.ErrRequestInvalid)
			wantError(t, "Block", w.Block(t.Context(), subject, w.clock.Now().Add(1e9)), core.ErrRequestInvalid)
			wantError(t, "Unblock", w.Unblock(t.Context(), subject), core.ErrRequestInvalid)
			_, _, err = w.BlockedUntil(t.Context(), subject)
			wantError(t, "BlockedUntil", err, core.ErrRequestInvalid)
			wantError(t, "Revoke", w.Revoke(t.Context(), subject, "AAAAAAAAAAAAAAAAAAAAAA"), core.ErrRequestInvalid)
			if calls := w.store.total() - before; calls != 0 {
				t.Errorf("the store was called %d times", calls)
			}
		})
	}
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

// What is not live is not there to be revoked.
func testRevokeOfDead(t *testing.T) {
	w := newWorld(t)
	pair := w.login(t, "alice")
	wantError(t, "Revoke", w.Revoke(t.Context(), "alice", pair.SessionID), nil)
	wantError(t, "Revoke again", w.Revoke(t.Context(), "alice", pair.SessionID), core.ErrSessionNotFound)
}

func testBlockUntilPast(t *testing.T) {
	w := newWorld(t)
	for _, until := range []time.Time{w.clock.Now().Add(-time.Second), w.clock.Now(), time.Unix(0, 0), time.Unix(-5, 0)} {
		wantError(t, "Block until "+until.String(), w.Block(t.Context(), "alice", until), core.ErrRequestInvalid)
	}
	if w.store.total() != 0 {
		t.Error("the store was called")
	}
}
