package main

import (
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/labstack/echo/v4"

	"github.com/ratchetauth/ratchet/core"
)

// errorHandler gives the 404 and 405 of Echo's router the library's format, and
// answers what handlers return.
func (a *app) errorHandler(err error, c echo.Context) {
	switch err {
	case echo.ErrNotFound:
		err = core.ErrNotFound
	case echo.ErrMethodNotAllowed: // with Allow set
		err = core.ErrMethodNotAllowed
	}
	a.auth.HTTPErrorHandler(err, c)
}

// recovered answers 500 for a handler that panics, and leaves the stack in the
// log. http.ErrAbortHandler and a panic after the answer has begun go on to
// net/http, which cuts the connection: half an answer must not look like a whole
// one, as it does with Echo's own Recover.
func (a *app) recovered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			value := recover()
			if value == nil {
				return
			}
			if value == http.ErrAbortHandler || c.Response().Committed {
				panic(value)
			}
			err = fmt.Errorf("panic: %v\n%s", value, debug.Stack())
		}()
		return next(c)
	}
}
