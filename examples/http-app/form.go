package main

import (
	"net/http"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

// mountForm mounts a login form for browsers without scripts. It needs cookies: in
// the bearer transport nothing would carry the tokens to the next page.
func (a *app) mountForm(mux *http.ServeMux) {
	mux.Handle("GET /auth/form", a.auth.Optional(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.showForm(w, r, http.StatusOK, newPage(r))
	})))
	mux.HandleFunc("POST /auth/form", a.formLogin)
	mux.HandleFunc("POST /auth/form/logout", a.formLogout)
}

// formLogin checks the password, as login does, and goes on to the next page.
func (a *app) formLogin(w http.ResponseWriter, r *http.Request) {
	name, password, remember, err := readForm(w, r)
	if err == nil && !a.users.authenticate(name, password) {
		err = core.ErrBadCredentials
	}
	if err == nil {
		_, err = a.auth.Issue(w, r, core.Login{Subject: name, BrowserSession: !remember})
	}
	if err == nil {
		http.Redirect(w, r, httpauth.Next(r), http.StatusSeeOther)
		return
	}
	if page, shown := refusedPage(r, name, err); shown {
		a.showForm(w, r, core.AsError(err).Status(), page)
		return
	}
	a.auth.Error(w, r, err)
}

func (a *app) formLogout(w http.ResponseWriter, r *http.Request) {
	if err := a.auth.End(w, r); err != nil {
		a.auth.Error(w, r, err)
		return
	}
	http.Redirect(w, r, "/auth/form", http.StatusSeeOther)
}

func (a *app) showForm(w http.ResponseWriter, r *http.Request, status int, page formPage) {
	if err := writePage(w, a.form, status, page); err != nil {
		a.auth.Error(w, r, err)
	}
}
