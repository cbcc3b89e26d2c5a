package echoauth

import (
	"net/http"

	"github.com/ratchetauth/ratchet/httpauth"
)

// Transport says where tokens travel. It is opaque and immutable, and one value
// may serve any number of Auths, of both frameworks.
//
// The zero value is the bearer transport: the access token comes in the
// Authorization header, the refresh token in a body, and both go out in the
// JSON body of a login or a reissue. [Hybrid] and [Cookie] make the others;
// the config package makes any of them from the environment.
type Transport = httpauth.Transport

// CookieOptions configures [Hybrid] and [Cookie]. The zero value is ready to
// use over https.
type CookieOptions struct {
	// AccessName and RefreshName name the cookies, in 64 bytes at most.
	// Default "__Host-access" and "__Host-refresh", without the prefix if
	// Insecure. Hybrid has no access cookie and refuses an AccessName.
	AccessName  string
	RefreshName string

	// SameSite is the cookies' attribute. Default Strict with Hybrid; Lax
	// with Cookie, because Strict would greet everyone who follows a link as
	// a stranger. None is for a single-page application on another site,
	// together with TrustedOrigins.
	SameSite http.SameSite

	// TrustedOrigins are the other origins, such as "https://app.example.com",
	// whose requests may use the cookies, as browsers write them: in lower
	// case, without a path and without the scheme's own port. Default none.
	// The headers of CORS stay the application's business.
	TrustedOrigins []string

	// SilentReissue, with Cookie only, reissues on the way: a request whose
	// access token is missing or has expired, but whose refresh token is
	// good, is served and answered with new cookies. Default false. Of
	// requests in parallel each presents the same refresh token, so it needs
	// a ReuseGrace and does not go together with [core.Strict].
	SilentReissue bool

	// Insecure drops Secure and the prefix "__Host-", which browsers refuse
	// on plain http. It is for development: whoever is on the network between
	// can then read and plant the cookies. Default false.
	Insecure bool
}

// Hybrid returns the transport with the access token in the JSON body and in
// the Authorization header of the answer, and the refresh token in a cookie
// that no script can read. The access token comes in the Authorization header,
// as with bearer. It is for single-page applications.
//
// An error names each field at fault.
func Hybrid(o CookieOptions) (Transport, error) {
	t, err := httpauth.NewHybrid(httpauth.CookieOptions(o))
	return t, httpauth.InPackage("echoauth", err)
}

// Cookie returns the transport with both tokens in cookies that no script can
// read and none in a body, for applications that a browser shows. Requests
// with a Bearer header are served as well.
//
// A cookie has 3800 bytes at most, its name included: custom claims have less
// room than in a header.
//
// An error names each field at fault.
func Cookie(o CookieOptions) (Transport, error) {
	t, err := httpauth.NewCookie(httpauth.CookieOptions(o))
	return t, httpauth.InPackage("echoauth", err)
}
