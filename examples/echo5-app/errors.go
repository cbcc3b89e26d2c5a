package main

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/labstack/echo/v5"

	"github.com/ratchetauth/ratchet/core"
)

// errorHandler gives the 404 and 405 of Echo's router the library's format, and
// answers what handlers return.
func (a *app) errorHandler(c *echo.Context, err error) {
	switch {
	case errors.Is(err, echo.ErrNotFound):
		err = core.ErrNotFound
	case errors.Is(err, echo.ErrMethodNotAllowed): // with Allow set
		err = core.ErrMethodNotAllowed
	}
	a.auth.HTTPErrorHandler(c, err)
}

// recovered answers 500 for a handler that panics, and leaves the stack in the
// log. http.ErrAbortHandler and a panic after the answer has begun go on to
// net/http, which cuts the connection: half an answer must not look like a whole
// one, as it does with Echo's own Recover.
func (a *app) recovered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c *echo.Context) (err error) {
		defer func() {
			value := recover()
			if value == nil {
				return
			}
			r, _ := echo.UnwrapResponse(c.Response())
			if value == http.ErrAbortHandler || r == nil || r.Committed {
				panic(value)
			}
			err = fmt.Errorf("panic: %v\n%s", value, debug.Stack())
		}()
		return next(c)
	}
}
