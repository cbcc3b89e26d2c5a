package core_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// A token that has been verified is not parsed again, unless there is no
// cache, and then nothing else differs.
func TestCache(t *testing.T) {
	for _, size := range []int{0, 1 << 20, -1} {
		t.Run(fmt.Sprint("size ", size), func(t *testing.T) {
			w := newWorld(t, func(c *core.Config) { c.CacheSize = size })
			pair := w.login(t, "alice")
			first, second := w.claims(t, pair.AccessToken), w.claims(t, pair.AccessToken)
			if remembered := first == second; remembered != (size >= 0) {
				t.Errorf("the claims were remembered: %t", remembered)
			}
			// What time changes is looked at each time.
			w.store.fail(errStore)
			w.wantAccess(t, pair.AccessToken, core.ErrUnavailable)
			w.store.heal()
			w.wantAccess(t, pair.AccessToken, nil)
			other := w.login(t, "alice")
			w.wantAccess(t, other.AccessToken, nil)
			if err := w.Logout(t.Context(), other.RefreshToken); err != nil {
				t.Fatal(err)
			}
			w.wantAccess(t, other.AccessToken, core.ErrTokenRevoked)
			w.clock.advance(10 * time.Minute)
			w.wantAccess(t, pair.AccessToken, core.ErrTokenExpired)
		})
	}
}

// What has been refused is not remembered as good, and what another key has
// verified goes with it.
func TestCacheForgets(t *testing.T) {
	w := newWorld(t)
	pair := w.login(t, "alice")
	forged := pair.AccessToken[:len(pair.AccessToken)-4] + "AAAA"
	for range 2 {
		w.wantAccess(t, pair.AccessToken, nil)
		w.wantAccess(t, forged, core.ErrTokenInvalid)
	}
	// The same kid, another secret: the token's text is known and means
	// nothing any more.
	if err := w.SetKeys([]core.Key{hmacKey(t, "k1", strings.ToUpper(hmacSecret))}, nil); err != nil {
		t.Fatal(err)
	}
	w.wantAccess(t, pair.AccessToken, core.ErrTokenInvalid)
}

// A cache that is much too small, under all sizes of tokens and many readers,
// never mistakes one token for another.
func TestCacheUnderPressure(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.CacheSize = 20 << 10 })
	type login struct {
		subject string
		size    int // of a custom claim
	}
	logins := make(map[string]login) // by token
	for i := range 30 {
		l := login{fmt.Sprintf("user%0*d", i*6, i), i * 32}
		pair := w.issue(t, core.Login{Subject: l.subject, Claims: map[string]string{"x": strings.Repeat("x", l.size)}})
		logins[pair.AccessToken] = l
	}
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			for range 3 {
				for token, want := range logins { // in an order of its own
					c, err := w.Verify(t.Context(), token)
					if err != nil || c.Subject() != want.subject {
						t.Errorf("got %v, %v, want the claims of %s", c, err, want.subject)
						return
					}
					if custom, err := core.ClaimsAs[map[string]string](c); err != nil || len(custom["x"]) != want.size {
						t.Errorf("got claims %v, %v", custom, err)
					}
				}
			}
		})
	}
	group.Wait()
}
