package echoauth

import "github.com/labstack/echo/v4"

// Error answers an error as the library does and returns nil: a [core.Error],
// wrapped or not, with its own status, words and challenge, any other as
// [core.ErrInternal], which is logged; a deadline that has passed as
// [core.ErrUnavailable], logged as a warning. What is around a core.Error is never
// shown. [core.ErrBadCredentials] is for a wrong password, [core.ErrForbidden]
// for a caller without the role.
func (a *Auth) Error(c echo.Context, err error) error {
	a.wire.Error(c.Response(), c.Request(), err)
	return nil
}

// MethodNotAllowed answers as the library's own handlers do. Allow is what
// Echo's router has found.
func (a *Auth) MethodNotAllowed(c echo.Context) error {
	if methods := allowed(c); methods != "" {
		c.Response().Header().Set(echo.HeaderAllow, methods)
	}
	a.wire.MethodNotAllowed(c.Response(), c.Request())
	return nil
}

// NotFound answers with a 404 in the library's form, with the code
// "not_found".
func (a *Auth) NotFound(c echo.Context) error {
	a.wire.NotFound(c.Response(), c.Request())
	return nil
}

// HTTPErrorHandler is for [echo.Echo.HTTPErrorHandler]. It answers the errors
// that handlers return as [Auth.Error] does, the 404 and 405 of Echo's router
// as [Auth.NotFound] and [Auth.MethodNotAllowed] do, and leaves any other
// [echo.HTTPError] to Echo's own handler.
func (a *Auth) HTTPErrorHandler(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	// As in Echo's own handler a wrapped HTTPError is not looked for: it may
	// be the cause of a core.Error, which then is the one to answer.
	switch err := err.(type) {
	case *echo.HTTPError:
		switch err {
		case echo.ErrNotFound:
			a.NotFound(c)
		case echo.ErrMethodNotAllowed:
			a.MethodNotAllowed(c)
		default:
			c.Echo().DefaultHTTPErrorHandler(err, c)
		}
	default:
		a.Error(c, err)
	}
}
