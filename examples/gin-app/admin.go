package main

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/ginauth"
	"github.com/ratchetauth/ratchet/httpauth"
)

// mountAdmin mounts what administrators may do to a user.
func (a *app) mountAdmin(r *gin.RouterGroup) {
	r.Match([]string{http.MethodGet, http.MethodHead}, "", a.account)
	r.PUT("/block", func(c *gin.Context) { a.auth.BlockUser(c, param(c, "user")) })
	r.DELETE("/block", func(c *gin.Context) { a.auth.UnblockUser(c, param(c, "user")) })
	r.POST("/refresh-claims", func(c *gin.Context) { a.auth.RefreshClaims(c, param(c, "user")) })
	r.DELETE("/sessions", func(c *gin.Context) { a.auth.RevokeUser(c, param(c, "user")) })
	r.DELETE("/sessions/:id", func(c *gin.Context) { a.auth.RevokeUserSession(c, param(c, "user"), param(c, "id")) })
}

// account answers whether a user is blocked, and with the user's sessions.
func (a *app) account(c *gin.Context) {
	all, err := accountOf(c.Request.Context(), a.authority, param(c, "user"), ginauth.Claims(c))
	if err != nil {
		a.auth.Error(c, err)
		return
	}
	httpauth.NoStore(c.Writer.Header())
	writeJSON(c.Writer, all)
}

// param returns a parameter of the route, which Gin leaves escaped. A bad escape
// is the empty name, which is refused with 400.
func param(c *gin.Context, name string) string {
	value, _ := url.PathUnescape(c.Param(name))
	return value
}
