package main

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

// mountForm mounts a login form for browsers without scripts. It needs cookies: in
// the bearer transport nothing would carry the tokens to the next page.
func (a *app) mountForm(r *gin.Engine) {
	r.Match([]string{http.MethodGet, http.MethodHead}, "/auth/form", a.auth.Optional, func(c *gin.Context) {
		a.showForm(c, http.StatusOK, newPage(c.Request))
	})
	r.POST("/auth/form", a.formLogin)
	r.POST("/auth/form/logout", a.formLogout)
}

// formLogin checks the password, as login does, and goes on to the next page.
func (a *app) formLogin(c *gin.Context) {
	name, password, remember, err := readForm(c.Writer, c.Request)
	if err == nil && !a.users.authenticate(name, password) {
		err = core.ErrBadCredentials
	}
	if err == nil {
		_, err = a.auth.Issue(c, core.Login{Subject: name, BrowserSession: !remember})
	}
	if err == nil {
		http.Redirect(c.Writer, c.Request, httpauth.Next(c.Request), http.StatusSeeOther)
		return
	}
	if page, shown := refusedPage(c.Request, name, err); shown {
		a.showForm(c, core.AsError(err).Status(), page)
		return
	}
	a.auth.Error(c, err)
}

func (a *app) formLogout(c *gin.Context) {
	if err := a.auth.End(c); err != nil {
		a.auth.Error(c, err)
		return
	}
	http.Redirect(c.Writer, c.Request, "/auth/form", http.StatusSeeOther)
}

func (a *app) showForm(c *gin.Context, status int, page formPage) {
	if err := writePage(c.Writer, a.form, status, page); err != nil {
		a.auth.Error(c, err)
	}
}
