package shop

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/ginauth"
	"github.com/ratchetauth/ratchet/httpauth"
)

func mountGin(s *shop) (http.Handler, error) {
	auth, err := ginauth.New(s.authority, s.options())
	if err != nil {
		return nil, err
	}
	fail := func(c *gin.Context, p problem) { c.Data(p.Status, problemMedia, p.text()) }
	auth.ErrorHandler = func(c *gin.Context, err error) { fail(c, problemOf(err, http.StatusInternalServerError)) }
	show := func(c *gin.Context, status int, page string) {
		c.Data(status, "text/html; charset=utf-8", []byte(page))
	}
	callback := func(c *gin.Context) {
		user, next, err := s.finish(c.Request)
		if err == nil {
			_, err = auth.Issue(c, core.Login{Subject: user}, ginauth.FromOrigin(s.provider.origin()))
		}
		if err != nil {
			auth.Error(c, err)
			return
		}
		c.Redirect(http.StatusSeeOther, next)
	}
	api := func(c *gin.Context) { c.String(http.StatusOK, `{"orders":[1]}`) }

	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.NoRoute(func(c *gin.Context) { fail(c, problemOf(nil, http.StatusNotFound)) })
	r.GET("/", auth.Optional, func(c *gin.Context) { show(c, http.StatusOK, front(ginauth.Claims(c))) })
	r.GET("/orders", auth.Require, func(c *gin.Context) { show(c, http.StatusOK, orders(ginauth.Claims(c).Subject())) })
	r.GET("/login", func(c *gin.Context) { show(c, http.StatusOK, loginForm(c.Request, "")) })
	r.POST("/login", func(c *gin.Context) {
		name := c.PostForm("username")
		if !authenticate(name, c.PostForm("password")) {
			show(c, http.StatusUnauthorized, loginForm(c.Request, wrong))
			return
		}
		if _, err := auth.Issue(c, core.Login{Subject: name}); err != nil {
			auth.Error(c, err)
			return
		}
		c.Redirect(http.StatusSeeOther, httpauth.Next(c.Request))
	})
	r.POST("/logout", func(c *gin.Context) {
		if err := auth.End(c); err != nil {
			auth.Error(c, err)
			return
		}
		c.Redirect(http.StatusSeeOther, "/")
	})
	r.GET("/oauth/start", func(c *gin.Context) {
		address, cookie := s.begin(c.Request)
		http.SetCookie(c.Writer, cookie)
		c.Redirect(http.StatusSeeOther, address)
	})
	r.GET("/oauth/callback", callback)
	r.POST("/oauth/callback", callback)
	r.GET("/api/orders", auth.Require, api)
	r.POST("/api/orders", auth.Require, auth.RequireScope("orders:write"), api)
	r.DELETE("/api/orders", auth.Require, auth.RequireRole("admin"), api)
	r.POST("/api/session", func(c *gin.Context) {
		if _, err := auth.Renew(c); err != nil {
			auth.Error(c, err)
			return
		}
		c.String(http.StatusOK, `{"session":"renewed"}`)
	})
	return r, nil
}
