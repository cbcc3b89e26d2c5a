package ginauth

import (
	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/core"
)

// Login starts a session and answers with its tokens. The application calls it
// at the end of its login handler, once it knows who the user is. Login fills
// in the device's user agent and address where they are empty. Behind a proxy
// that address is the proxy's: the application sets it, to c.ClientIP() once
// the engine knows which proxies to trust.
//
// Login answers a blocked user with 403, and one with too many sessions, under
// [core.RejectNew], with 409.
func (a *Auth) Login(c *gin.Context, l core.Login) {
	a.wire.Login(c.Writer, c.Request, l)
	c.Abort()
}

// Reissue is the handler of POST /auth/reissue. It exchanges the refresh token
// in the body for the next pair: JSON {"refresh_token"}, or the form of RFC
// 6749, section 6. With [core.Config.BindAccessToken] the access token comes
// along, as "access_token" in the body or in the Authorization header.
//
// A client that sends an Idempotency-Key header, and the same one when it
// tries again, may repeat a reissue whose answer was lost at any time.
func (a *Auth) Reissue(c *gin.Context) {
	a.wire.Reissue(c.Writer, c.Request)
	c.Abort()
}

// Logout is the handler of POST /auth/logout. It ends the session of every
// token in the Authorization header and in the body: JSON with
// "refresh_token", "access_token" or "token", or the form of RFC 7009, section
// 2.1. The answer is {}, also for a token that is good for nothing or none.
func (a *Auth) Logout(c *gin.Context) {
	a.wire.Logout(c.Writer, c.Request)
	c.Abort()
}

// LogoutAll is the handler of POST /auth/logout-all. It ends all of the
// caller's sessions, with ?keep=current all but the caller's own, and answers
// {"ended":n}. Without Require before it, it authenticates by itself.
func (a *Auth) LogoutAll(c *gin.Context) {
	a.wire.LogoutAll(c.Writer, c.Request)
	c.Abort()
}

// Sessions is the handler of GET and HEAD /auth/sessions. It lists the
// caller's sessions. Without Require before it, it authenticates by itself.
func (a *Auth) Sessions(c *gin.Context) {
	a.wire.Sessions(c.Writer, c.Request)
	c.Abort()
}

// RevokeSession is the handler of DELETE /auth/sessions/:id. It ends one of
// the caller's sessions and answers 204, or 404 for another user's session or
// none. The route's parameter is called id. Without Require before it, it
// authenticates by itself.
func (a *Auth) RevokeSession(c *gin.Context) {
	a.wire.RevokeSession(c.Writer, c.Request, c.Param("id"))
	c.Abort()
}

// JWKS is the handler of GET and HEAD /.well-known/jwks.json. It answers with
// the public keys that verify access tokens, for services that verify them on
// their own. Caches may keep the answer for 5 minutes.
func (a *Auth) JWKS(c *gin.Context) {
	a.wire.JWKS(c.Writer, c.Request)
	c.Abort()
}

// Error answers an error as the library does and stops the chain: a
// [core.Error], wrapped or not, with its own status and words, any other as
// [core.ErrInternal], which is logged. What is around a core.Error is never
// shown.
func (a *Auth) Error(c *gin.Context, err error) {
	a.wire.Error(c.Writer, c.Request, err)
	c.Abort()
}

// MethodNotAllowed is for [gin.Engine.NoMethod]: it answers as the library's
// own handlers do. Gin sets Allow, if HandleMethodNotAllowed is on.
func (a *Auth) MethodNotAllowed(c *gin.Context) {
	a.wire.MethodNotAllowed(c.Writer, c.Request)
	c.Abort()
}

// NotFound is for [gin.Engine.NoRoute]: a 404 in the library's form, with the
// code "not_found".
func (a *Auth) NotFound(c *gin.Context) {
	a.wire.NotFound(c.Writer, c.Request)
	c.Abort()
}
