package ginauth

import (
	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/core"
)

// The handlers are those of package httpauth, which documents them. Each stops
// the chain: what a later handler wrote would be appended to a whole answer.

// answered stops the chain behind an operation, and answers its refusal.
func (a *Auth) answered(c *gin.Context, err error) {
	c.Abort()
	if err != nil {
		a.Error(c, err)
	}
}

// Login answers as [httpauth.Auth.Login] does. Behind a proxy the application sets
// the device's address, to c.ClientIP() once the engine knows which proxies to
// trust.
func (a *Auth) Login(c *gin.Context, l core.Login, options ...CallOption) {
	a.answered(c, a.face.Login(c.Writer, c.Request, l, options...))
}

// Issue is the silent twin of Login: see [httpauth.Auth.Issue]. It does not stop
// the chain.
func (a *Auth) Issue(c *gin.Context, l core.Login, options ...CallOption) (core.Tokens, error) {
	return a.face.Issue(c.Writer, c.Request, l, options...)
}

// Reissue is the handler of POST /auth/reissue: see [httpauth.Auth.Reissue].
func (a *Auth) Reissue(c *gin.Context) { a.answered(c, a.face.Reissue(c.Writer, c.Request)) }

// Renew is the silent twin of Reissue: see [httpauth.Auth.Renew]. It does not stop
// the chain.
func (a *Auth) Renew(c *gin.Context) (core.Tokens, error) { return a.face.Renew(c.Writer, c.Request) }

// Logout is the handler of POST /auth/logout: see [httpauth.Auth.Logout].
func (a *Auth) Logout(c *gin.Context) { a.answered(c, a.face.Logout(c.Writer, c.Request)) }

// End is the silent twin of Logout: see [httpauth.Auth.End]. It does not stop the
// chain.
func (a *Auth) End(c *gin.Context) error { return a.face.End(c.Writer, c.Request) }

// LogoutAll is the handler of POST /auth/logout-all: see [httpauth.Auth.LogoutAll].
func (a *Auth) LogoutAll(c *gin.Context) { a.answered(c, a.face.LogoutAll(c.Writer, c.Request)) }

// Sessions is the handler of GET and HEAD /auth/sessions: see
// [httpauth.Auth.Sessions].
func (a *Auth) Sessions(c *gin.Context) { a.answered(c, a.face.Sessions(c.Writer, c.Request)) }

// RevokeSession answers DELETE /auth/sessions/:id, with c.Param("id") as the id: see
// [httpauth.Auth.RevokeSession].
func (a *Auth) RevokeSession(c *gin.Context, id string) {
	a.answered(c, a.face.RevokeSession(c.Writer, c.Request, id))
}

// JWKS is the handler of GET and HEAD /.well-known/jwks.json: see
// [httpauth.Auth.JWKS].
func (a *Auth) JWKS(c *gin.Context) { a.answered(c, a.face.JWKS(c.Writer, c.Request)) }

// Health is the handler of GET and HEAD /healthz: see [httpauth.Auth.Health].
func (a *Auth) Health(c *gin.Context) { a.answered(c, a.face.Health(c.Writer, c.Request)) }

// BlockUser answers PUT /admin/users/:user/block behind [Auth.Require] and the
// application's check of the caller's rights: see [httpauth.Auth.BlockUser]. The
// package comment says when c.Param("user") is the user's name.
func (a *Auth) BlockUser(c *gin.Context, user string) {
	a.answered(c, a.face.BlockUser(c.Writer, c.Request, user))
}

// UnblockUser answers DELETE /admin/users/:user/block: see
// [httpauth.Auth.UnblockUser].
func (a *Auth) UnblockUser(c *gin.Context, user string) {
	a.answered(c, a.face.UnblockUser(c.Writer, c.Request, user))
}

// RevokeUser answers DELETE /admin/users/:user/sessions: see
// [httpauth.Auth.RevokeUser].
func (a *Auth) RevokeUser(c *gin.Context, user string) {
	a.answered(c, a.face.RevokeUser(c.Writer, c.Request, user))
}

// RefreshClaims answers POST /admin/users/:user/refresh-claims and nothing else: see
// [httpauth.Auth.RefreshClaims].
func (a *Auth) RefreshClaims(c *gin.Context, user string) {
	a.answered(c, a.face.RefreshClaims(c.Writer, c.Request, user))
}

// UserSessions answers GET and HEAD /admin/users/:user/sessions: see
// [httpauth.Auth.UserSessions].
func (a *Auth) UserSessions(c *gin.Context, user string) {
	a.answered(c, a.face.UserSessions(c.Writer, c.Request, user))
}

// RevokeUserSession answers DELETE /admin/users/:user/sessions/:id: see
// [httpauth.Auth.RevokeUserSession].
func (a *Auth) RevokeUserSession(c *gin.Context, user, id string) {
	a.answered(c, a.face.RevokeUserSession(c.Writer, c.Request, user, id))
}

// recorded is a refusal as c.Error records it. It wraps the cause, but says no more
// than the client may be told: middleware such as [gin.ErrorLogger] sends what is
// recorded.
type recorded struct {
	answer *core.Error
	cause  error
}

func (e *recorded) Error() string   { return e.answer.Error() }
func (e *recorded) Unwrap() []error { return []error{e.answer, e.cause} }
