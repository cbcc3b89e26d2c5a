package main

import (
	"context"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth"
)

// mountDemo mounts the demo page and its stream of events, which shows a user
// what concerns them, and an administrator all. It must come before core.New.
// The rest of the program needs nothing of this file, events.go, page.go and
// the files that page.go embeds.
func (a *app) mountDemo(ctx context.Context, e *echo.Echo, c *core.Config) {
	events := newFeed(ctx.Done())
	c.OnEvent = events.publish
	read := []string{http.MethodGet, http.MethodHead}
	mountPage(func(path string, h http.Handler) { e.Match(read, path, echo.WrapHandler(h)) })

	stream := func(c echo.Context) error {
		token := echoauth.Claims(c)
		custom, err := core.ClaimsAs[claims](token)
		if err != nil {
			return err
		}
		return events.serve(c.Response(), c.Request(), a.authority, token, slices.Contains(custom.Roles, "admin"))
	}
	e.Match(read, "/events", func(c echo.Context) error { return a.auth.Require(stream)(c) }) // there is no auth yet
}
