package echoauth

import (
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/ratchetauth/ratchet/core"
)

// Login starts a session and answers with its tokens. The application calls it
// at the end of its login handler, once it knows who the user is. Login fills
// in the device's user agent and address where they are empty. Behind a proxy
// that address is the proxy's: the application sets it, to c.RealIP() once an
// [echo.IPExtractor] says which proxies to trust.
//
// Login answers a blocked user with 403, and one with too many sessions, under
// [core.RejectNew], with 409.
func (a *Auth) Login(c echo.Context, l core.Login) error {
	a.wire.Login(c.Response(), c.Request(), l)
	return nil
}

// Reissue is the handler of POST /auth/reissue. It exchanges the refresh token
// in the body for the next pair: JSON {"refresh_token"}, or the form of RFC
// 6749, section 6. With [core.Config.BindAccessToken] the access token comes
// along, as "access_token" in the body or in the Authorization header.
//
// A client that sends an Idempotency-Key header, and the same one when it
// tries again, may repeat a reissue whose answer was lost at any time.
func (a *Auth) Reissue(c echo.Context) error {
	a.wire.Reissue(c.Response(), c.Request())
	return nil
}

// Logout is the handler of POST /auth/logout. It ends the session of every
// token in the Authorization header and in the body: JSON with
// "refresh_token", "access_token" or "token", or the form of RFC 7009, section
// 2.1. The answer is {}, also for a token that is good for nothing or none.
func (a *Auth) Logout(c echo.Context) error {
	a.wire.Logout(c.Response(), c.Request())
	return nil
}

// LogoutAll is the handler of POST /auth/logout-all. It ends all of the
// caller's sessions, with ?keep=current all but the caller's own, and answers
// {"ended":n}. Without Require before it, it authenticates by itself.
func (a *Auth) LogoutAll(c echo.Context) error {
	a.wire.LogoutAll(c.Response(), c.Request())
	return nil
}

// Sessions is the handler of GET and HEAD /auth/sessions. It lists the
// caller's sessions. Without Require before it, it authenticates by itself.
func (a *Auth) Sessions(c echo.Context) error {
	a.wire.Sessions(c.Response(), c.Request())
	return nil
}

// RevokeSession is the handler of DELETE /auth/sessions/:id. It ends one of
// the caller's sessions and answers 204, or 404 for another user's session or
// none. The route's parameter is called id. Without Require before it, it
// authenticates by itself.
func (a *Auth) RevokeSession(c echo.Context) error {
	a.wire.RevokeSession(c.Response(), c.Request(), param(c, "id"))
	return nil
}

// param returns a parameter of the route. Echo routes by the escaped path
// where a client has escaped what need not be, and leaves the escapes in.
func param(c echo.Context, name string) string {
	value := c.Param(name)
	if c.Request().URL.RawPath == "" {
		return value
	}
	unescaped, err := url.PathUnescape(value)
	if err != nil {
		return value
	}
	return unescaped
}

// JWKS is the handler of GET and HEAD /.well-known/jwks.json. It answers with
// the public keys that verify access tokens, for services that verify them on
// their own. Caches may keep the answer for 5 minutes.
func (a *Auth) JWKS(c echo.Context) error {
	a.wire.JWKS(c.Response(), c.Request())
	return nil
}
