package core_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
)

// A token that has a claim of the library's twice is refused, though its
// signature is right and both say the same: readers differ in which they take.
// The case of a name and its escapes do not hide it (RFC 7519, section 4).
func TestClaimTwice(t *testing.T) {
	w := newWorld(t)
	pair := w.issue(t, core.Login{Subject: "alice", Claims: map[string]any{"nested": map[string]any{"sub": "bob", "sid": 1}}})
	w.wantAccess(t, pair.AccessToken, nil) // nested, a name is the application's
	for kind, token := range map[string]struct {
		text, secret string
		names        []string
		present      func(string) error
		want         error
	}{
		"access": {pair.AccessToken, hmacSecret, []string{"iss", "aud", "sub", "iat", "exp", "jti", "sid", "gen", "auth_time"}, func(s string) error {
			_, err := w.Verify(t.Context(), s)
			return err
		}, core.ErrTokenInvalid},
		"refresh": {pair.RefreshToken, refreshSecret(hmacSecret), []string{"iss", "aud", "sub", "exp", "sid", "gen", "seed", "auth_time"}, func(s string) error {
			_, err := w.Reissue(t.Context(), s)
			return err
		}, core.ErrRefreshInvalid},
	} {
		for _, name := range token.names {
			t.Run(kind+" "+name, func(t *testing.T) {
				once := field(t, token.text, name)
				for _, spelling := range []string{name, strings.ToUpper(name), fmt.Sprintf(`\u%04x`, name[0]) + name[1:]} {
					again := strings.Replace(once, `"`+name+`"`, `"`+spelling+`"`, 1)
					for _, twice := range []string{once + "," + again, again + "," + once} {
						forged := forge(t, token.text, token.secret, once, twice)
						wantError(t, twice, token.present(forged), token.want)
					}
				}
			})
		}
	}
	w.wantAlive(t, pair)
}
