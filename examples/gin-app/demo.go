package main

import (
	"context"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/ginauth"
)

// mountDemo mounts the demo page and its stream of events, which shows a user
// what concerns them, and an administrator all. It must come before core.New.
// The rest of the program needs nothing of this file, events.go, page.go and
// the files that page.go embeds.
func (a *app) mountDemo(ctx context.Context, r *gin.Engine, c *core.Config) {
	events := newFeed(ctx.Done())
	c.OnEvent = events.publish
	read := []string{http.MethodGet, http.MethodHead}
	mountPage(func(path string, h http.Handler) { r.Match(read, path, gin.WrapH(h)) })

	require := func(c *gin.Context) { a.auth.Require(c) } // there is no auth yet
	r.Match(read, "/events", require, func(c *gin.Context) {
		token := ginauth.Claims(c)
		custom, err := core.ClaimsAs[claims](token)
		if err == nil {
			err = events.serve(c.Writer, c.Request, a.authority, token, slices.Contains(custom.Roles, "admin"))
		}
		if err != nil {
			a.auth.Error(c, err)
		}
	})
}
