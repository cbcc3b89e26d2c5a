package ginauth

import (
	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/core"
)

// Login starts a session and answers with its tokens, as the transport says:
// 200 with the body of RFC 6749, section 5.1, and "refresh_token_expires_in" and
// "session_id"; a token that goes out in a cookie is not in the body. The
// application calls it at the end of its login handler, once it knows who the
// user is. Login fills in the device's user agent and address where they are
// empty. Behind a proxy that address is the proxy's: the application sets it, to c.ClientIP() once
// the engine knows which proxies to trust.
//
// With cookies the browser's previous session ends once the new one stands.
//
// Login answers a blocked user with 403 ("user_blocked"), one with too many
// sessions, under [core.RejectNew], with 409 ("session_limit"), with cookies a
// request from another origin with 403 ("cross_origin"), and with 503 if the
// store failed. A login that [core.Authority.Issue] cannot accept, for example
// without a Subject or with claims that are too large, is the application's
// fault: 500, and the reason is in the log.
func (a *Auth) Login(c *gin.Context, l core.Login) {
	a.wire.Login(c.Writer, c.Request, l)
	c.Abort()
}

// Reissue is the handler of POST /auth/reissue. It exchanges a refresh token
// for the next pair and answers as [Auth.Login] does. With bearer the refresh
// token is in the body: JSON {"refresh_token"}, or the form of RFC 6749, section
// 6, with grant_type=refresh_token. With cookies it is the cookie's alone: the
// body may be empty, and one that names another refresh token is 400.
//
// With [core.Config.BindAccessToken] an access token of the same session comes
// along, which may have expired: as "access_token" in the body, in the
// Authorization header or in its cookie.
//
// A client that sends an Idempotency-Key header, and the same one when it
// tries again, may repeat a reissue whose answer was lost at any time, without
// one within [core.Config.ReuseGrace].
//
// Every refused refresh token is answered with 401 and the code
// "refresh_invalid", whatever the reason, and none with 401 and
// "refresh_missing"; to a form the status is 400, without a challenge (RFC
// 6749, section 5.2). No refusal clears a cookie. A malformed body is 400, one
// over 16 KiB 413, one that is neither JSON nor a form 415. With cookies a
// request from another origin is 403. A store that failed is 503: the client
// keeps its token and tries again.
func (a *Auth) Reissue(c *gin.Context) {
	a.wire.Reissue(c.Writer, c.Request)
	c.Abort()
}

// Logout is the handler of POST /auth/logout. It ends the session of every
// token in the Authorization header, in the cookies and in the body: JSON with
// "refresh_token", "access_token" or "token", or the form of RFC 7009, section
// 2.1. The answer is {}, also for a token that is good for nothing or none, and
// clears the cookies.
//
// If the store failed the answer is 503, and the cookies stay for another try.
// A body that cannot be read and, with cookies, a request from another origin
// are refused as [Auth.Reissue] refuses them.
func (a *Auth) Logout(c *gin.Context) {
	a.wire.Logout(c.Writer, c.Request)
	c.Abort()
}

// LogoutAll is the handler of POST /auth/logout-all. It ends all of the
// caller's sessions and clears the cookies, with ?keep=current it ends all but
// the caller's own; any other value of keep is 400. It answers {"ended":n}.
// Without [Auth.Require] before it, it authenticates by itself and refuses as
// Require does.
func (a *Auth) LogoutAll(c *gin.Context) {
	a.wire.LogoutAll(c.Writer, c.Request)
	c.Abort()
}

// Sessions is the handler of GET and HEAD /auth/sessions. It lists the caller's
// live sessions, the most recently used first:
//
//	{"sessions":[{"id","current","created_at","last_used_at","expires_at",
//	"device":{"name","user_agent","ip"}}]}
//
// Times are RFC 3339 in UTC. Without [Auth.Require] before it, it authenticates
// by itself and refuses as Require does.
func (a *Auth) Sessions(c *gin.Context) {
	a.wire.Sessions(c.Writer, c.Request)
	c.Abort()
}

// RevokeSession is the handler of DELETE /auth/sessions/:id. It ends one of the
// caller's sessions and answers 204, or 404 ("session_not_found") for another
// user's session or none. To end the caller's own clears the cookies. The
// route's parameter is called id. Without [Auth.Require] before it, it
// authenticates by itself and refuses as Require does.
func (a *Auth) RevokeSession(c *gin.Context) {
	a.wire.RevokeSession(c.Writer, c.Request, Param(c, "id"))
	c.Abort()
}

// JWKS is the handler of GET and HEAD /.well-known/jwks.json. It answers with
// the public keys that verify access tokens as a JWK Set (RFC 7517, section 5),
// for services that verify them on their own. Caches may keep the answer for 5
// minutes, so a new key should verify for longer than that before it signs.
func (a *Auth) JWKS(c *gin.Context) {
	a.wire.JWKS(c.Writer, c.Request)
	c.Abort()
}

// Health is the handler of GET and HEAD /healthz, for what balances load and
// watches over the process. It answers {"status":"ok"} with 200, or 503
// ("store_unavailable") if the store cannot be reached within 2 seconds. It
// asks for no token.
func (a *Auth) Health(c *gin.Context) {
	a.wire.Health(c.Writer, c.Request)
	c.Abort()
}

// Error answers an error as the library does and stops the chain: a [core.Error],
// wrapped or not, with its own status, words and challenge, any other as
// [core.ErrInternal], which is logged; a deadline that has passed as
// [core.ErrUnavailable], logged as a warning. What is around a core.Error is never
// shown. [core.ErrBadCredentials] is for a wrong password, [core.ErrForbidden]
// for a caller without the role.
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
