package ginauth

import (
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/wire"
)

// Transport says where tokens travel. The zero value is the bearer transport:
// the access token in the Authorization header, both tokens in JSON bodies.
// [Hybrid] and [Cookie] make the others. A value may serve any number of Auths
// and both frameworks.
type Transport = wire.Transport

// CookieOptions configures [Hybrid] and [Cookie]. The zero value is ready to
// use over https.
type CookieOptions = wire.CookieOptions

// Hybrid returns the transport with the access token in the body and in the
// Authorization header of the answer, and the refresh token in a cookie that
// no script can read.
func Hybrid(o CookieOptions) (Transport, error) { return wire.NewHybrid(o) }

// Cookie returns the transport with both tokens in cookies that no script can
// read and none in a body, for applications that a browser shows. Requests
// with a Bearer header are served as well.
func Cookie(o CookieOptions) (Transport, error) { return wire.NewCookie(o) }

// Options configures [New]. The zero value is ready to use: the bearer
// transport.
type Options struct {
	// Transport says where tokens travel. Default: bearer.
	Transport Transport

	// Logger receives the faults that clients are not told, those answered
	// with 500. Default: the Authority's logger.
	Logger *slog.Logger
}

// Auth is the middleware and the handlers. It is safe for concurrent use.
type Auth struct{ wire *wire.Auth }

// New returns an Auth for the Authority.
func New(a *core.Authority, o Options) *Auth {
	return &Auth{wire: wire.New(a, wire.Options(o))}
}

// Claims returns the claims of the request's access token, nil if neither
// [Auth.Require] nor [Auth.Optional] has found a good one.
func Claims(c *gin.Context) *core.Claims {
	claims, _ := core.FromContext(c.Request.Context())
	return claims
}

// Require is middleware that lets only requests with a good access token pass,
// with the claims in the context of the request. It answers any other with 401
// and stops the chain.
func (a *Auth) Require(c *gin.Context) { a.admit(c, (*wire.Auth).Require) }

// Optional is middleware that lets requests with a good access token pass, as
// Require does, and requests without a credential, for which [Claims] is nil.
// It answers a bad header with 401 and stops the chain; a bad cookie is as
// none, because a browser sends what it has.
func (a *Auth) Optional(c *gin.Context) { a.admit(c, (*wire.Auth).Optional) }

// check is a method of wire.Auth.
type check func(*wire.Auth, http.ResponseWriter, *http.Request) (wire.Admission, bool)

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
	if admission.Reissued {
		w := noStoreWriter{c.Writer}
		c.Writer = w
		defer w.keep() // for a handler that has written nothing, or panics
		c.Next()
	}
}
