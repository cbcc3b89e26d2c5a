package echoauth

import (
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

// Options configures [New]. The zero value is ready to use: the bearer
// transport.
type Options struct {
	// Transport says where tokens travel. The default is bearer; [Hybrid] and
	// [Cookie] make the others.
	Transport Transport

	// Logger receives the faults that clients are not told, those answered
	// with 500. Default: the Authority's logger.
	Logger *slog.Logger
}

// Auth is the middleware and the handlers of one transport. It is safe for
// concurrent use.
type Auth struct{ wire *httpauth.Auth }

// New returns an Auth for the Authority. Any number of Auths may share one.
func New(a *core.Authority, o Options) *Auth {
	return &Auth{wire: httpauth.New(a, httpauth.Options(o))}
}

// Claims returns the claims of the request's access token, nil if neither
// [Auth.Require] nor [Auth.Optional] has found a good one.
func Claims(c echo.Context) *core.Claims {
	claims, _ := core.FromContext(c.Request().Context())
	return claims
}

// Require is middleware that lets only requests with a good access token pass,
// with the claims in the context of the request: see [Claims]. It answers any
// other with an error and does not call the next handler:
//
//   - 401 without a token ("token_missing"), or with one that is bad
//     ("token_invalid"), has expired ("token_expired") or has been revoked
//     ("token_revoked"). WWW-Authenticate has the challenge of RFC 6750,
//     section 3: a bare Bearer if there was no token, otherwise with error and
//     error_description.
//   - 400 with two credentials ("request_invalid"), such as a header and a
//     cookie.
//   - 403 for a request from another origin that would change something by a
//     cookie ("cross_origin").
//   - 503 with Retry-After if the store could not be asked
//     ("store_unavailable"), unless core.Config.OnStoreFailure is
//     [core.FailOpen]. It says nothing about the token.
//   - 500 for a fault of the program ("internal"), which is logged.
//
// With [CookieOptions].SilentReissue a request whose access token is missing or
// has expired, but whose refresh cookie is good, passes too. Its answer has the
// new cookies, and Cache-Control: no-store whatever the handler says; the
// handler finds the new cookies in the request. If the refresh token is
// refused, the answer is the 401 of the access token, and no cookie is
// cleared. A navigation that another origin has caused reissues nothing: it is
// answered with a page that loads itself again. A prefetch that would reissue
// is answered with 503.
func (a *Auth) Require(next echo.HandlerFunc) echo.HandlerFunc {
	return a.admit(next, (*httpauth.Auth).Require)
}

// Optional is as Require, but also lets requests without a credential pass,
// for which [Claims] is nil. A bad Bearer header is refused with 401: its
// sender should learn that it is bad. A bad cookie is as none, because a
// browser sends what it has.
func (a *Auth) Optional(next echo.HandlerFunc) echo.HandlerFunc {
	return a.admit(next, (*httpauth.Auth).Optional)
}

// check is a method of httpauth.Auth, as an expression: Echo applies middleware anew
// for each request, and a method value would be allocated each time.
type check func(*httpauth.Auth, http.ResponseWriter, *http.Request) (httpauth.Admission, bool)

func (a *Auth) admit(next echo.HandlerFunc, check check) echo.HandlerFunc {
	return func(c echo.Context) error {
		// Middleware of the whole Echo runs before the router's 405 too, and
		// 405 comes before 401.
		if isMethodNotAllowed(c) {
			return a.MethodNotAllowed(c)
		}
		admission, ok := check(a.wire, c.Response(), c.Request())
		if !ok {
			return nil
		}
		c.SetRequest(admission.Request)
		if admission.Renewal != nil {
			defer keepFromCaches(c.Response(), admission.Renewal)()
		}
		return next(c)
	}
}

// isMethodNotAllowed reports whether Echo's router found the path for other
// methods only. It answers OPTIONS by itself.
func isMethodNotAllowed(c echo.Context) bool {
	return allowed(c) != "" && c.Request().Method != http.MethodOptions
}

// allowed returns the methods that Echo's router found instead of the
// request's.
func allowed(c echo.Context) string {
	methods, _ := c.Get(echo.ContextKeyHeaderAllow).(string)
	return methods
}
