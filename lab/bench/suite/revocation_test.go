package suite_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth"
	"github.com/ratchetauth/ratchet/ginauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/lab/bench/fixture"
)

// What is measured of ours revokes: in the set-up of each benchmark a token
// that has just been served is refused after the logout.
func TestWhatIsMeasuredRevokes(t *testing.T) {
	algorithm := fixture.HS256(t)
	mirror := fixture.Authority(t, mirrorOf(t, 1_000), algorithm)
	cold := fixture.Authority(t, embedded(t, 1_000), algorithm, withoutCache)
	remote := fixture.Authority(t, newStore(t, redistest.Start(t)), algorithm)

	for _, c := range []struct {
		name      string
		authority *core.Authority
		passes    func(token string) bool
	}{
		{"Gin", mirror, overHTTP(ginRoute(facetest.Must(ginauth.New(mirror, ginauth.Options{})).Require))},
		{"Echo", mirror, overHTTP(echoRoute(facetest.Must(echoauth.New(mirror, echoauth.Options{})).Require))},
		{"warm Verify", mirror, verifies(t, mirror)},
		{"cold Verify", cold, verifies(t, cold)},
		{"Verify on Redis", remote, verifies(t, remote)},
	} {
		t.Run(c.name, func(t *testing.T) {
			tokens := fixture.Login(t, c.authority, subject)
			for range 2 { // a cache is filled by the first
				if !c.passes(tokens.AccessToken) {
					t.Fatal("a good token was refused")
				}
			}
			if c.passes("") {
				t.Error("no token passed")
			}
			if err := c.authority.Logout(t.Context(), tokens.RefreshToken); err != nil {
				t.Fatal(err)
			}
			if c.passes(tokens.AccessToken) {
				t.Error("the token passed after the logout")
			}
		})
	}
}

// The rotation that is measured refuses an ancestor.
func TestWhatIsMeasuredRotates(t *testing.T) {
	authority := fixture.Authority(t, newStore(t, redistest.Start(t)), fixture.HS256(t))
	first := fixture.Login(t, authority, subject)
	last := first
	for range 2 {
		var err error
		if last, err = authority.Reissue(t.Context(), last.RefreshToken); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := authority.Reissue(t.Context(), first.RefreshToken); !errors.Is(err, core.ErrRefreshInvalid) {
		t.Errorf("an ancestor: got %v, want %v", err, core.ErrRefreshInvalid)
	}
}

func overHTTP(h http.Handler) func(token string) bool {
	return func(token string) bool {
		w := &writer{header: make(http.Header)}
		h.ServeHTTP(w, request(token))
		return w.status == http.StatusNoContent
	}
}

func verifies(t *testing.T, authority *core.Authority) func(token string) bool {
	return func(token string) bool {
		_, err := authority.Verify(t.Context(), token)
		return err == nil
	}
}
