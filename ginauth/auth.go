package ginauth

import (
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"

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
func Claims(c *gin.Context) *core.Claims {
	claims, _ := core.FromContext(c.Request.Context())
	return claims
}

// Require is middleware that lets only requests with a good access token pass,
// with the claims in the context of the request: see [Claims]. It answers any
// other with an error and stops the chain:
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
func (a *Auth) Require(c *gin.Context) { a.admit(c, (*httpauth.Auth).Require) }

// Optional is as Require, but also lets requests without a credential pass,
// for which [Claims] is nil. A bad Bearer header is refused with 401: its
// sender should learn that it is bad. A bad cookie is as none, because a
// browser sends what it has.
func (a *Auth) Optional(c *gin.Context) { a.admit(c, (*httpauth.Auth).Optional) }

// check is a method of httpauth.Auth.
type check func(*httpauth.Auth, http.ResponseWriter, *http.Request) (httpauth.Admission, bool)

func (a *Auth) admit(c *gin.Context, check check) {
	// Middleware of the whole engine runs before NoMethod too, for which Gin
	// has set the status, and 405 comes before 401.
	if c.FullPath() == "" && c.Writer.Status() == http.StatusMethodNotAllowed {
		a.MethodNotAllowed(c)
		return
	}
	admission, ok := check(a.wire, c.Writer, c.Request)
	if !ok {
		c.Abort()
		return
	}
	c.Request = admission.Request
	if admission.Renewal != nil {
		w := noStoreWriter{c.Writer, admission.Renewal}
		c.Writer = w
		defer w.keep() // for a handler that has written nothing, or panics
		c.Next()
	}
}
