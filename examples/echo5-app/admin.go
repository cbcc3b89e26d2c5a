package main

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v5"

	"github.com/ratchetauth/ratchet/echoauth/v5"
	"github.com/ratchetauth/ratchet/httpauth"
)

// mountAdmin mounts what administrators may do to a user. A group that has
// middleware would answer 401 or 404 where 405 is right.
func (a *app) mountAdmin(e *echo.Echo) {
	const user = "/admin/users/:user"
	admin := a.auth.RequireRole("admin")
	e.Match([]string{http.MethodGet, http.MethodHead}, user, a.account, a.auth.Require, admin)
	for _, route := range []struct {
		method, path string
		handler      func(c *echo.Context, user string) error
	}{
		{http.MethodPut, "/block", a.auth.BlockUser},
		{http.MethodDelete, "/block", a.auth.UnblockUser},
		{http.MethodPost, "/refresh-claims", a.auth.RefreshClaims},
		{http.MethodDelete, "/sessions", a.auth.RevokeUser},
		{http.MethodDelete, "/sessions/:id", func(c *echo.Context, user string) error {
			return a.auth.RevokeUserSession(c, user, param(c, "id"))
		}},
	} {
		e.Add(route.method, user+route.path, func(c *echo.Context) error { return route.handler(c, param(c, "user")) }, a.auth.Require, admin)
	}
}

// account answers whether a user is blocked, and with the user's sessions.
func (a *app) account(c *echo.Context) error {
	all, err := accountOf(c.Request().Context(), a.authority, param(c, "user"), echoauth.Claims(c))
	if err == nil {
		httpauth.NoStore(c.Response().Header())
		writeJSON(c.Response(), all)
	}
	return err
}

// param returns a parameter of the route, which Echo leaves escaped where the
// client has escaped what need not be. A bad escape is the empty name, which is
// refused with 400.
func param(c *echo.Context, name string) string {
	value := c.Param(name)
	if c.Request().URL.RawPath != "" {
		value, _ = url.PathUnescape(value)
	}
	return value
}
