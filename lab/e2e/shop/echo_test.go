package shop

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth"
	"github.com/ratchetauth/ratchet/httpauth"
)

func mountEcho(s *shop) (http.Handler, error) {
	auth, err := echoauth.New(s.authority, s.options())
	if err != nil {
		return nil, err
	}
	callback := func(c echo.Context) error {
		user, next, err := s.finish(c.Request())
		if err != nil {
			return auth.Error(c, err)
		}
		if _, err := auth.Issue(c, core.Login{Subject: user}, echoauth.FromOrigin(s.provider.origin())); err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, next)
	}
	api := func(c echo.Context) error { return c.String(http.StatusOK, `{"orders":[1]}`) }

	e := echo.New()
	e.HTTPErrorHandler = func(err error, c echo.Context) {
		status := http.StatusInternalServerError
		var he *echo.HTTPError
		if errors.As(err, &he) {
			status = he.Code
		}
		p := problemOf(err, status)
		c.Blob(p.Status, problemMedia, p.text())
	}
	e.GET("/", func(c echo.Context) error { return c.HTML(http.StatusOK, front(echoauth.Claims(c))) }, auth.Optional)
	e.GET("/orders", func(c echo.Context) error { return c.HTML(http.StatusOK, orders(echoauth.Claims(c).Subject())) }, auth.Require)
	e.GET("/login", func(c echo.Context) error { return c.HTML(http.StatusOK, loginForm(c.Request(), "")) })
	e.POST("/login", func(c echo.Context) error {
		name := c.FormValue("username")
		if !authenticate(name, c.FormValue("password")) {
			return c.HTML(http.StatusUnauthorized, loginForm(c.Request(), wrong))
		}
		if _, err := auth.Issue(c, core.Login{Subject: name}); err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, httpauth.Next(c.Request()))
	})
	e.POST("/logout", func(c echo.Context) error {
		if err := auth.End(c); err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, "/")
	})
	e.GET("/oauth/start", func(c echo.Context) error {
		address, cookie := s.begin(c.Request())
		c.SetCookie(cookie)
		return c.Redirect(http.StatusSeeOther, address)
	})
	e.GET("/oauth/callback", callback)
	e.POST("/oauth/callback", callback)
	e.GET("/api/orders", api, auth.Require)
	e.POST("/api/orders", api, auth.Require, auth.RequireScope("orders:write"))
	e.DELETE("/api/orders", api, auth.Require, auth.RequireRole("admin"))
	e.POST("/api/session", func(c echo.Context) error {
		if _, err := auth.Renew(c); err != nil {
			return err
		}
		return c.String(http.StatusOK, `{"session":"renewed"}`)
	})
	return e, nil
}
