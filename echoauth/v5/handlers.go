package echoauth

import (
	"github.com/labstack/echo/v5"

	"github.com/ratchetauth/ratchet/core"
)

// The handlers are those of package httpauth, which documents them. Each returns
// its refusal, ready for Echo: see [Auth.Error].

// answered returns the refusal of an operation, if it was refused.
func (a *Auth) answered(c *echo.Context, err error) error {
	if err == nil {
		return nil
	}
	return a.Error(c, err)
}

// Login answers as [httpauth.Auth.Login] does. Behind a proxy the application sets
// the device's address, to c.RealIP() once Echo has an IPExtractor.
func (a *Auth) Login(c *echo.Context, l core.Login, options ...CallOption) error {
	return a.answered(c, a.face.Login(c.Response(), c.Request(), l, options...))
}

// Issue is the silent twin of Login: see [httpauth.Auth.Issue].
func (a *Auth) Issue(c *echo.Context, l core.Login, options ...CallOption) (core.Tokens, error) {
	tokens, err := a.face.Issue(c.Response(), c.Request(), l, options...)
	return tokens, a.answered(c, err)
}

// Reissue is the handler of POST /auth/reissue: see [httpauth.Auth.Reissue].
func (a *Auth) Reissue(c *echo.Context) error {
	return a.answered(c, a.face.Reissue(c.Response(), c.Request()))
}

// Renew is the silent twin of Reissue: see [httpauth.Auth.Renew].
func (a *Auth) Renew(c *echo.Context) (core.Tokens, error) {
	tokens, err := a.face.Renew(c.Response(), c.Request())
	return tokens, a.answered(c, err)
}

// Logout is the handler of POST /auth/logout: see [httpauth.Auth.Logout].
func (a *Auth) Logout(c *echo.Context) error {
	return a.answered(c, a.face.Logout(c.Response(), c.Request()))
}

// End is the silent twin of Logout: see [httpauth.Auth.End].
func (a *Auth) End(c *echo.Context) error {
	return a.answered(c, a.face.End(c.Response(), c.Request()))
}

// LogoutAll is the handler of POST /auth/logout-all: see [httpauth.Auth.LogoutAll].
func (a *Auth) LogoutAll(c *echo.Context) error {
	return a.answered(c, a.face.LogoutAll(c.Response(), c.Request()))
}

// Sessions is the handler of GET and HEAD /auth/sessions: see
// [httpauth.Auth.Sessions].
func (a *Auth) Sessions(c *echo.Context) error {
	return a.answered(c, a.face.Sessions(c.Response(), c.Request()))
}

// RevokeSession answers DELETE /auth/sessions/:id, with c.Param("id") as the id: see
// [httpauth.Auth.RevokeSession].
func (a *Auth) RevokeSession(c *echo.Context, id string) error {
	return a.answered(c, a.face.RevokeSession(c.Response(), c.Request(), id))
}

// JWKS is the handler of GET and HEAD /.well-known/jwks.json: see
// [httpauth.Auth.JWKS].
func (a *Auth) JWKS(c *echo.Context) error {
	return a.answered(c, a.face.JWKS(c.Response(), c.Request()))
}

// Health is the handler of GET and HEAD /healthz: see [httpauth.Auth.Health].
func (a *Auth) Health(c *echo.Context) error {
	return a.answered(c, a.face.Health(c.Response(), c.Request()))
}

// BlockUser answers PUT /admin/users/:user/block behind [Auth.Require] and the
// application's check of the caller's rights: see [httpauth.Auth.BlockUser]. The
// package comment says when c.Param("user") is the user's name.
func (a *Auth) BlockUser(c *echo.Context, user string) error {
	return a.answered(c, a.face.BlockUser(c.Response(), c.Request(), user))
}

// UnblockUser answers DELETE /admin/users/:user/block: see
// [httpauth.Auth.UnblockUser].
func (a *Auth) UnblockUser(c *echo.Context, user string) error {
	return a.answered(c, a.face.UnblockUser(c.Response(), c.Request(), user))
}

// RevokeUser answers DELETE /admin/users/:user/sessions: see
// [httpauth.Auth.RevokeUser].
func (a *Auth) RevokeUser(c *echo.Context, user string) error {
	return a.answered(c, a.face.RevokeUser(c.Response(), c.Request(), user))
}

// RefreshClaims answers POST /admin/users/:user/refresh-claims and nothing else: see
// [httpauth.Auth.RefreshClaims].
func (a *Auth) RefreshClaims(c *echo.Context, user string) error {
	return a.answered(c, a.face.RefreshClaims(c.Response(), c.Request(), user))
}

// UserSessions answers GET and HEAD /admin/users/:user/sessions: see
// [httpauth.Auth.UserSessions].
func (a *Auth) UserSessions(c *echo.Context, user string) error {
	return a.answered(c, a.face.UserSessions(c.Response(), c.Request(), user))
}

// RevokeUserSession answers DELETE /admin/users/:user/sessions/:id: see
// [httpauth.Auth.RevokeUserSession].
func (a *Auth) RevokeUserSession(c *echo.Context, user, id string) error {
	return a.answered(c, a.face.RevokeUserSession(c.Response(), c.Request(), user, id))
}
