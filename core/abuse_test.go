package core_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
)

// TestAbuse runs the rows of the list of abuses that only this package can see.
// The others run over HTTP on both stores: lab/attacks.
func TestAbuse(t *testing.T) {
	t.Run("06_headers", rubbish(headers))
	t.Run("14_reserved_claims", testReservedClaims)
	t.Run("15_keys", testKeysRefused)
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
