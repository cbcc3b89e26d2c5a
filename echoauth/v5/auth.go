// Package echoauth puts Ratchet's login sessions into Echo v5 applications: the
// middleware and the handlers of package httpauth, which documents them. It is
// package echoauth, for Echo v4, with another import.
//
//	auth, err := echoauth.New(authority, echoauth.Options{})
//	e := echo.New()
//	e.POST("/auth/login", func(c *echo.Context) error {
//		// check the password, then:
//		return auth.Login(c, core.Login{Subject: user})
//	})
//	e.POST("/auth/reissue", auth.Reissue)
//	e.POST("/auth/logout", auth.Logout)
//	e.GET("/api/me", func(c *echo.Context) error {
//		return c.JSON(200, map[string]any{"user": echoauth.Claims(c).Subject()})
//	}, auth.Require)
//
// # Echo's ways
//
// A refusal is returned as an error, with its headers set, and the application's
// error handler answers it. Echo's own writes the body of package httpauth.
// [echo.StatusCode] and [errors.As], for a *[core.Error] or an *[echo.HTTPError],
// find what was refused. To HEAD Echo's own sends no Content-Type.
//
// Behind an error handler of the application's own, handlers return what [Auth.Error]
// returns, because a bare *[core.Error] has no headers set. The error handler looks
// for a *[core.Error] by [errors.As]: [core.AsError] returns [core.ErrInternal] for
// Echo's own 404.
//
// A group with middleware needs an Echo that registers no routes for it, or unknown
// paths of the group are 401, and wrong methods 401 or 404:
//
//	e := echo.NewWithConfig(echo.Config{NoGroupAutoRegister404Routes: true})
//	api := e.Group("/api", auth.Require)
//
// c.Param is as the client has escaped it, unless RouterConfig.UnescapePathParamValues
// is set. HEAD is routed to GET only with RouterConfig.AutoHandleHEAD.
package echoauth

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v5"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

// What every face shares is declared in package httpauth.
type (
	Options       = httpauth.Options
	Transport     = httpauth.Transport
	CookieOptions = httpauth.CookieOptions
	CallOption    = httpauth.CallOption
)

// Hybrid returns the transport of [httpauth.Hybrid].
func Hybrid(o CookieOptions) Transport { return httpauth.Hybrid(o) }

// Cookie returns the transport of [httpauth.Cookie].
func Cookie(o CookieOptions) Transport { return httpauth.Cookie(o) }

// FromOrigin returns the option of [httpauth.FromOrigin].
func FromOrigin(origin string) CallOption { return httpauth.FromOrigin(origin) }

// Auth is the middleware and the handlers of one transport. It is safe for
// concurrent use.
type Auth struct{ face *httpauth.Face }

// New returns an Auth for the Authority, as [httpauth.New] does. It refuses
// Options.ErrorHandler: Echo's is echo.Echo.HTTPErrorHandler.
func New(a *core.Authority, o Options) (*Auth, error) {
	f, err := httpauth.NewFace(a, o)
	if o.ErrorHandler != nil {
		err = errors.Join(err, errors.New("echoauth: Options.ErrorHandler is set: Echo's is echo.Echo.HTTPErrorHandler"))
	}
	if err != nil {
		return nil, err
	}
	return &Auth{face: f}, nil
}

// Claims returns the claims of the request's access token, nil if neither
// [Auth.Require] nor [Auth.Optional] has found a good one.
func Claims(c *echo.Context) *core.Claims { return httpauth.Claims(c.Request()) }

// ClaimsAs returns the custom claims as [httpauth.ClaimsAs] does.
func ClaimsAs[T any](c *echo.Context) (T, error) { return httpauth.ClaimsAs[T](c.Request()) }

// Require is the middleware of [httpauth.Auth.Require].
func (a *Auth) Require(next echo.HandlerFunc) echo.HandlerFunc {
	return a.admit(next, (*httpauth.Face).Require)
}

// Optional is the middleware of [httpauth.Auth.Optional].
func (a *Auth) Optional(next echo.HandlerFunc) echo.HandlerFunc {
	return a.admit(next, (*httpauth.Face).Optional)
}

// RequireRole is the middleware of [httpauth.Auth.RequireRole].
func (a *Auth) RequireRole(any ...string) echo.MiddlewareFunc {
	return a.further(func(r *http.Request) error { return a.face.RequireRole(r, any...) })
}

// RequireScope is the middleware of [httpauth.Auth.RequireScope].
func (a *Auth) RequireScope(all ...string) echo.MiddlewareFunc {
	return a.further(func(r *http.Request) error { return a.face.RequireScope(r, all...) })
}

// further returns middleware that looks at what Require has found.
func (a *Auth) further(check func(*http.Request) error) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			if err := check(c.Request()); err != nil {
				return a.Error(c, err)
			}
			return next(c)
		}
	}
}

// check is a method of httpauth.Face, as an expression: Echo applies middleware
// anew for each request, and a method value would be allocated each time.
type check func(*httpauth.Face, http.ResponseWriter, *http.Request) (httpauth.Admission, error)

func (a *Auth) admit(next echo.HandlerFunc, check check) echo.HandlerFunc {
	return func(c *echo.Context) error {
		// Middleware of the whole Echo runs before the router's 405 too, and
		// 405 comes before 401. Echo answers OPTIONS by itself.
		if allowed, _ := c.Get(echo.ContextKeyHeaderAllow).(string); allowed != "" && c.Request().Method != http.MethodOptions {
			c.Response().Header().Set(echo.HeaderAllow, allowed)
			return a.Error(c, core.ErrMethodNotAllowed)
		}
		admission, err := check(a.face, c.Response(), c.Request())
		if n := admission.Renewal; n != nil {
			defer keep(c, n)() // for a handler that has written nothing, or panics
		}
		if err != nil || admission.Answered {
			return a.answered(c, err)
		}
		c.SetRequest(admission.Request)
		return next(c)
	}
}

// keep has the new cookies kept in the answer, whatever writes it.
func keep(c *echo.Context, n *httpauth.Renewal) (finish func()) {
	r, err := echo.UnwrapResponse(c.Response())
	if err != nil { // a writer that hides Echo's: ours goes on top
		w, finish := n.Writer(c.Response())
		c.SetResponse(w)
		return finish
	}
	r.ResponseWriter, finish = n.Writer(r.ResponseWriter) // below whatever middleware puts around Echo's
	return finish
}

// Error returns an error for the application's error handler, as every refusal of
// the library's own is. It has set the headers of the refusal and logged what
// [httpauth.Auth.Error] logs. What is around a core.Error is never shown by Echo's
// own error handler.
func (a *Auth) Error(c *echo.Context, err error) error {
	e := a.face.Prepare(c.Response(), c.Request(), err)
	return &refusal{e, httpauth.Cause(e, err)}
}

// refusal is an error that Echo's own error handler answers with a core.Error's body.
type refusal struct {
	answer *core.Error
	cause  error
}

// Error implements error. It is for logs.
func (e *refusal) Error() string {
	return fmt.Sprintf("code=%d, message=%v, err=%v", e.answer.Status(), e.answer, e.cause)
}

// StatusCode implements [echo.HTTPStatusCoder].
func (e *refusal) StatusCode() int { return e.answer.Status() }

// MarshalJSON implements [json.Marshaler]: the body.
func (e *refusal) MarshalJSON() ([]byte, error) { return e.answer.MarshalJSON() }

// Unwrap lets errors.As find an *echo.HTTPError, as request loggers do, and the cause.
func (e *refusal) Unwrap() []error {
	return []error{echo.NewHTTPError(e.answer.Status(), e.answer.Description()), e.cause}
}

// HTTPErrorHandler is for [echo.Echo.HTTPErrorHandler] where handlers return bare
// errors: it answers those as [Auth.Error] would, with the headers of a refusal,
// and leaves what has a status of its own to Echo's own handler.
func (a *Auth) HTTPErrorHandler(c *echo.Context, err error) {
	if r, _ := echo.UnwrapResponse(c.Response()); r != nil && r.Committed {
		return
	}
	var coder echo.HTTPStatusCoder
	errors.As(err, &coder) // as Echo's own handler does
	switch coder.(type) {
	case nil, *core.Error:
		err = a.Error(c, err)
	}
	echo.DefaultHTTPErrorHandler(false)(c, err)
}
