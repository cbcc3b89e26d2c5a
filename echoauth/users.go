package echoauth

import (
	"net/url"

	"github.com/labstack/echo/v4"
)

// Block is the handler of PUT /admin/users/:user/block. It ends all sessions of
// the user whom the route's parameter user names and refuses their logins:
// until the time in the body, JSON {"until"} in RFC 3339, or for ever if until
// is absent or null or the body is empty. It replaces an earlier block and
// answers 204. To block oneself clears the cookies.
//
// Block does not check what rights the caller has: it serves everyone whom the
// middleware before it lets pass. Before it come [Auth.Require] and then the
// application's own check that the caller is an administrator:
//
//	e.PUT("/admin/users/:user/block", auth.Block, auth.Require, requireAdmin)
//
// Where that check minds whom the request is about, it reads the name by
// [Param].
//
// A request in which neither Require nor [Auth.Optional] has found a good token
// is not served: that nobody has looked is a fault of the program, answered with
// 500 ("internal") and logged.
//
// Any name will do, whether or not somebody has it. One that is empty, longer
// than 256 bytes or not UTF-8 is 400, and so are a time that has passed and a
// malformed body, all "request_invalid"; a body over 16 KiB is 413
// ("request_too_large"), one that is not JSON 415 ("unsupported_media_type"),
// another method 405 ("method_not_allowed"). A store that failed is 503
// ("store_unavailable"); whether the user is blocked is then open, and the
// request is sent again.
//
// The name is what the client has escaped in the path; it may have a slash,
// which the client sends as %2F.
func (a *Auth) Block(c echo.Context) error {
	a.wire.Block(c.Response(), c.Request(), Param(c, "user"))
	return nil
}

// Unblock is the handler of DELETE /admin/users/:user/block. It lets the user
// whom the route's parameter user names log in again and answers 204, also for
// one who is not blocked. The sessions that the block ended stay ended.
//
// Unblock does not check what rights the caller has: before it come the same
// two as before [Auth.Block], and its errors are those of Block.
func (a *Auth) Unblock(c echo.Context) error {
	a.wire.Unblock(c.Response(), c.Request(), Param(c, "user"))
	return nil
}

// RevokeAll is the handler of DELETE /admin/users/:user/sessions. It ends all
// sessions of the user whom the route's parameter user names, who may log in
// again, and answers {"ended":n} with 200. [Auth.LogoutAll] is for the caller's
// own; where the user is the caller, RevokeAll clears the cookies too.
//
// RevokeAll does not check what rights the caller has: before it come the same
// two as before [Auth.Block], and its errors are those of Block.
func (a *Auth) RevokeAll(c echo.Context) error {
	a.wire.RevokeAll(c.Response(), c.Request(), Param(c, "user"))
	return nil
}

// Param returns a parameter of the route as [Auth.Block], [Auth.Unblock],
// [Auth.RevokeAll] and [Auth.RevokeSession] read it: as the client has escaped
// it in the path. An application that decides by it, for example whom an
// administrator may block, must not decide by c.Param: Echo routes by the escaped
// path where a client has escaped what need not be, and leaves the escapes in.
// The empty string is for a bad escape.
func Param(c echo.Context, name string) string {
	value := c.Param(name)
	if c.Request().URL.RawPath != "" {
		value, _ = url.PathUnescape(value) // a bad escape leaves the empty string, which names nothing
	}
	return value
}
