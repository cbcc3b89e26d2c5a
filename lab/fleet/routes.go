package fleet

import (
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/labstack/echo/v4"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth"
	"github.com/ratchetauth/ratchet/ginauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// me is the answer of a protected route.
type me struct {
	User    string `json:"user"`
	Session string `json:"session"`
}

// ginRoutes is the service with Gin. Who is named in the query is logged in:
// passwords are not what is tried here.
func ginRoutes(authority *core.Authority) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	auth := facetest.Must(ginauth.New(authority, ginauth.Options{}))
	r := gin.New()
	r.POST("/auth/login", func(c *gin.Context) { auth.Login(c, core.Login{Subject: c.Query("user")}) })
	r.POST("/auth/reissue", auth.Reissue)
	r.POST("/auth/logout", auth.Logout)
	r.POST("/auth/logout-all", auth.Require, auth.LogoutAll)
	r.GET("/auth/sessions", auth.Require, auth.Sessions)
	r.GET("/api/me", auth.Require, func(c *gin.Context) {
		claims := ginauth.Claims(c)
		c.JSON(http.StatusOK, me{User: claims.Subject(), Session: claims.SessionID()})
	})
	return r
}

// echoRoutes is the same with Echo.
func echoRoutes(authority *core.Authority) http.Handler {
	auth := facetest.Must(echoauth.New(authority, echoauth.Options{}))
	e := echo.New()
	e.POST("/auth/login", func(c echo.Context) error {
		return auth.Login(c, core.Login{Subject: c.QueryParam("user")})
	})
	e.POST("/auth/reissue", auth.Reissue)
	e.POST("/auth/logout", auth.Logout)
	e.POST("/auth/logout-all", auth.LogoutAll, auth.Require)
	e.GET("/auth/sessions", auth.Sessions, auth.Require)
	e.GET("/api/me", func(c echo.Context) error {
		claims := echoauth.Claims(c)
		return c.JSON(http.StatusOK, me{User: claims.Subject(), Session: claims.SessionID()})
	}, auth.Require)
	return e
}
