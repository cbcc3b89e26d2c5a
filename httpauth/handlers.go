package httpauth

import (
	"net/http"

	"github.com/ratchetauth/ratchet/core"
)

// Login starts a session and answers with its tokens, as the transport says:
// 200 with the body of RFC 6749, section 5.1, and "refresh_token_expires_in" and
// "session_id"; a token that goes out in a cookie is not in the body. The
// application calls it at the end of its login handler, once it knows who the
// user is. Login fills in the device's user agent and address where they are
// empty. Behind a proxy that address is the proxy's, and the application sets it.
//
// With cookies the browser's previous session ends once the new one stands.
//
// Login answers a blocked user with 403 ("user_blocked"), one with too many
// sessions, under [core.RejectNew], with 409 ("session_limit"), with cookies a
// request from another origin with 403 ("cross_origin"), and with 503 if the
// store failed. A login that [core.Authority.Issue] cannot accept, for example
// without a Subject or with claims that are too large, is the application's
// fault: 500, and the reason is in the log.
func (a *Auth) Login(w http.ResponseWriter, r *http.Request, l core.Login, options ...CallOption) {
	a.answered(w, r, a.face.Login(w, r, l, options...))
}

// Issue is [Auth.Login] for an application that answers by itself, with a
// redirect, a page or a body of its own: it starts the session and sets the
// cookies and headers of the transport, but writes neither a status nor a body.
// The error is for [Auth.Error].
func (a *Auth) Issue(w http.ResponseWriter, r *http.Request, l core.Login, options ...CallOption) (core.Tokens, error) {
	return a.face.Issue(w, r, l, options...)
}

// Reissue is the handler of POST /auth/reissue. It exchanges a refresh token
// for the next pair and answers as [Auth.Login] does. With bearer the refresh
// token is in the body: JSON {"refresh_token"}, or the form of RFC 6749, section
// 6, with grant_type=refresh_token. With cookies it is the cookie's alone: the
// body may be empty, and one that names another refresh token is 400.
//
// With [core.Config].BindAccessToken an access token of the same session comes
// along, which may have expired: as "access_token" in the body, in the
// Authorization header or in its cookie.
//
// A client that sends an Idempotency-Key header, and the same one when it
// tries again, may repeat a reissue whose answer was lost at any time, without
// one within core.Config.ReuseGrace.
//
// Every refused refresh token is answered with 401 and the code
// "refresh_invalid", whatever the reason, and none with 401 and
// "refresh_missing"; to a form the status is 400, without a challenge (RFC
// 6749, section 5.2). No refusal clears a cookie. A malformed body is 400, one
// over 16 KiB 413, one that is neither JSON nor a form 415. With cookies a
// request from another origin is 403. A store that failed is 503: the client
// keeps its token and tries again.
func (a *Auth) Reissue(w http.ResponseWriter, r *http.Request) {
	a.answered(w, r, a.face.Reissue(w, r))
}

// Renew is [Auth.Reissue] for an application that answers by itself: it moves the
// session on and sets the cookies and headers of the transport, but writes
// neither a status nor a body. The error is for [Auth.Error].
func (a *Auth) Renew(w http.ResponseWriter, r *http.Request) (core.Tokens, error) {
	return a.face.Renew(w, r)
}

// Logout is the handler of POST /auth/logout. It ends the session of every
// token in the Authorization header, in the cookies and in the body: JSON with
// "refresh_token", "access_token" or "token", or the form of RFC 7009, section
// 2.1. The answer is {}, also for a worthless token or none, and clears the
// cookies.
//
// If the store failed the answer is 503, and the cookies stay for another try.
// A body that cannot be read and, with cookies, a request from another origin
// are refused as [Auth.Reissue] refuses them.
func (a *Auth) Logout(w http.ResponseWriter, r *http.Request) {
	a.answered(w, r, a.face.Logout(w, r))
}

// End is [Auth.Logout] for an application that answers by itself: it ends the
// sessions and clears the cookies, but writes neither a status nor a body. The
// error is for [Auth.Error].
func (a *Auth) End(w http.ResponseWriter, r *http.Request) error { return a.face.End(w, r) }

// LogoutAll is the handler of POST /auth/logout-all. It ends all of the
// caller's sessions and clears the cookies, with ?keep=current it ends all but
// the caller's own; any other value of keep is 400. It answers {"ended":n}.
// Without [Auth.Require] before it, it authenticates by itself and refuses as
// Require does.
func (a *Auth) LogoutAll(w http.ResponseWriter, r *http.Request) {
	a.answered(w, r, a.face.LogoutAll(w, r))
}

// Sessions is the handler of GET and HEAD /auth/sessions. It lists the caller's
// live sessions, the most recently used first:
//
//	{"sessions":[{"id","current","created_at","last_used_at","expires_at",
//	"device":{"name","user_agent","ip"},"last_ip"}]}
//
// The member last_ip is the address of the last reissue; it is left out if that is
// the login's. Times are RFC 3339 in UTC. Without [Auth.Require] before it, it authenticates
// by itself and refuses as Require does.
func (a *Auth) Sessions(w http.ResponseWriter, r *http.Request) {
	a.answered(w, r, a.face.Sessions(w, r))
}

// RevokeSession answers DELETE /auth/sessions/{id}. It ends the caller's session
// with that id and answers 204, or 404 ("session_not_found") for another user's
// session or none. To end the caller's own clears the cookies. Without
// [Auth.Require] before it, it authenticates by itself and refuses as Require
// does.
func (a *Auth) RevokeSession(w http.ResponseWriter, r *http.Request, id string) {
	a.answered(w, r, a.face.RevokeSession(w, r, id))
}

// JWKS is the handler of GET and HEAD /.well-known/jwks.json. It answers with
// the public keys that verify access tokens as a JWK Set (RFC 7517, section 5),
// for services that verify them on their own. Caches may keep the answer for 5
// minutes, so a new key should verify for longer than that before it signs.
func (a *Auth) JWKS(w http.ResponseWriter, r *http.Request) {
	a.answered(w, r, a.face.JWKS(w, r))
}

// Health is the handler of GET and HEAD /healthz, for what balances load and
// watches over the process. It answers {"status":"ok"} with 200, or 503
// ("store_unavailable") if the store cannot be reached within 2 seconds. It
// asks for no token.
func (a *Auth) Health(w http.ResponseWriter, r *http.Request) {
	a.answered(w, r, a.face.Health(w, r))
}

// BlockUser answers PUT /admin/users/{user}/block. It ends all sessions of the
// user and refuses their logins: until the time in the body, JSON {"until"} in
// RFC 3339, or forever if until is absent or null or the body is empty. It
// replaces an earlier block and answers 204. To block oneself clears the cookies.
//
// Like the other handlers about any user it does not check what rights the
// caller has: it serves everyone whom the middleware before it lets pass. Before
// it come [Auth.Require] and then the application's own check that the caller is
// an administrator. A request in which neither Require nor [Auth.Optional] has
// found a good token is not served: that nobody has looked is a fault of the
// program, answered with 500 ("internal") and logged.
//
// Any name will do, whether or not somebody has it. One that is empty, longer
// than 256 bytes or not UTF-8 is 400, and so are a time that has passed and a
// malformed body, all "request_invalid"; a body over 16 KiB is 413
// ("request_too_large"), one that is not JSON 415 ("unsupported_media_type"),
// another method 405 ("method_not_allowed"). A store that failed is 503
// ("store_unavailable"); whether the user is blocked is then open, and the
// request is sent again.
func (a *Auth) BlockUser(w http.ResponseWriter, r *http.Request, user string) {
	a.answered(w, r, a.face.BlockUser(w, r, user))
}

// UnblockUser answers DELETE /admin/users/{user}/block. It lets the user log in
// again and answers 204, also for one who is not blocked. The sessions that the
// block ended stay ended. What comes before it, and its errors, are those of
// [Auth.BlockUser].
func (a *Auth) UnblockUser(w http.ResponseWriter, r *http.Request, user string) {
	a.answered(w, r, a.face.UnblockUser(w, r, user))
}

// RevokeUser answers DELETE /admin/users/{user}/sessions. It ends all sessions of
// the user, who may log in again, and answers {"ended":n}. [Auth.LogoutAll] is for
// the caller's own; where the user is the caller, RevokeUser clears the cookies
// too. What comes before it, and its errors, are those of [Auth.BlockUser].
func (a *Auth) RevokeUser(w http.ResponseWriter, r *http.Request, user string) {
	a.answered(w, r, a.face.RevokeUser(w, r, user))
}

// RefreshClaims answers POST /admin/users/{user}/refresh-claims with 204. The user's
// access tokens are refused from then on, and each session lives: its next reissue
// loads the claims anew. It is a whole route: in one of your own, that changes the
// roles, call [core.Authority.RefreshClaims]. What comes before it, and its errors,
// are those of [Auth.BlockUser].
func (a *Auth) RefreshClaims(w http.ResponseWriter, r *http.Request, user string) {
	a.answered(w, r, a.face.RefreshClaims(w, r, user))
}

// UserSessions answers GET and HEAD /admin/users/{user}/sessions. It lists the
// live sessions of the user as [Auth.Sessions] does. What comes before it, and
// its errors, are those of [Auth.BlockUser].
func (a *Auth) UserSessions(w http.ResponseWriter, r *http.Request, user string) {
	a.answered(w, r, a.face.UserSessions(w, r, user))
}

// RevokeUserSession answers DELETE /admin/users/{user}/sessions/{id}. It ends the
// session of the user and answers 204, or 404 ("session_not_found") if the user
// has no such live session. What comes before it, and its errors, are those of
// [Auth.BlockUser].
func (a *Auth) RevokeUserSession(w http.ResponseWriter, r *http.Request, user, id string) {
	a.answered(w, r, a.face.RevokeUserSession(w, r, user, id))
}
