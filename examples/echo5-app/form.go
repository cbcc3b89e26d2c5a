package main

import (
	"net/http"

	"github.com/labstack/echo/v5"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

// mountForm mounts a login form for browsers without scripts. It needs cookies: in
// the bearer transport nothing would carry the tokens to the next page.
func (a *app) mountForm(e *echo.Echo) {
	e.Match([]string{http.MethodGet, http.MethodHead}, "/auth/form", func(c *echo.Context) error {
		return writePage(c.Response(), a.form, http.StatusOK, newPage(c.Request()))
	}, a.auth.Optional)
	e.POST("/auth/form", a.formLogin)
	e.POST("/auth/form/logout", a.formLogout)
}

// formLogin checks the password, as login does, and goes on to the next page.
func (a *app) formLogin(c *echo.Context) error {
	name, password, remember, err := readForm(c.Response(), c.Request())
	if err == nil && !a.users.authenticate(name, password) {
		err = core.ErrBadCredentials
	}
	if err == nil {
		_, err = a.auth.Issue(c, core.Login{Subject: name, BrowserSession: !remember})
	}
	if err == nil {
		http.Redirect(c.Response(), c.Request(), httpauth.Next(c.Request()), http.StatusSeeOther)
		return nil
	}
	if page, shown := refusedPage(c.Request(), name, err); shown {
		return writePage(c.Response(), a.form, core.AsError(err).Status(), page)
	}
	return err
}

func (a *app) formLogout(c *echo.Context) error {
	err := a.auth.End(c)
	if err == nil {
		http.Redirect(c.Response(), c.Request(), "/auth/form", http.StatusSeeOther)
	}
	return err
}
