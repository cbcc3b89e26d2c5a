package ginauth

import (
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/wire"
)

// Options configures [New]. The zero value is ready to use: the bearer
// transport.
type Options struct {
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
// It answers a bad credential with 401 and stops the chain.
func (a *Auth) Optional(c *gin.Context) { a.admit(c, (*wire.Auth).Optional) }

// check is a method of wire.Auth.
type check func(*wire.Auth, http.ResponseWriter, *http.Request) (*http.Request, bool)

func (a *Auth) admit(c *gin.Context, check check) {
	// Middleware of the whole engine runs before NoMethod too, for which Gin
	// has set the status, and 405 comes before 401.
	if c.FullPath() == "" && c.Writer.Status() == http.StatusMethodNotAllowed {
		a.MethodNotAllowed(c)
		return
	}
	r, ok := check(a.wire, c.Writer, c.Request)
	if !ok {
		c.Abort()
		return
	}
	c.Request = r
}
