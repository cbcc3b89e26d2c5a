// Command echo-app is a complete program with login sessions for Echo v4, to copy.
// It runs with nothing set; the config package documents the environment
// variables it reads.
package main

import (
	"context"
	"html/template"
	"net/http"
	"os"

	"github.com/labstack/echo/v4"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth"
	"github.com/ratchetauth/ratchet/examples/demo"
)

func main() {
	os.Exit(config.Main("echo-app", config.Defaults{Addr: "127.0.0.1:8081"}, newHandler))
}

// app is what the handlers share.
type app struct {
	authority *core.Authority
	auth      *echoauth.Auth
	users     users
	form      *template.Template
}

// newHandler returns the program's routes.
func newHandler(ctx context.Context, s *config.Settings) (_ http.Handler, err error) {
	a := &app{users: newUsers(), form: newForm()}
	e := echo.New()
	e.IPExtractor = echo.ExtractIPDirect() // no proxy is trusted: see docs/guides/reverse-proxy.md
	e.Use(a.recovered)
	e.HTTPErrorHandler = a.errorHandler
	read := []string{http.MethodGet, http.MethodHead}

	// The page at /. To do without it, delete the next line and its import.
	demo.Mount(ctx, s, &a.authority, isAdmin, func(path string, h http.Handler) { e.Match(read, path, echo.WrapHandler(h)) })

	s.Core.LoadClaims = a.users.load
	if a.authority, err = core.New(s.Core); err != nil {
		return nil, config.Invalid(err)
	}
	if a.auth, err = echoauth.New(a.authority, s.Options()); err != nil {
		return nil, config.Invalid(err)
	}

	e.Match(read, "/healthz", a.auth.Health)
	e.Match(read, "/.well-known/jwks.json", a.auth.JWKS)
	e.POST("/auth/login", a.login)
	e.POST("/auth/reissue", a.auth.Reissue)
	e.POST("/auth/logout", a.auth.Logout)
	e.POST("/auth/logout-all", a.auth.LogoutAll, a.auth.Require)
	e.Match(read, "/auth/sessions", a.auth.Sessions, a.auth.Require)
	e.DELETE("/auth/sessions/:id", func(c echo.Context) error { return a.auth.RevokeSession(c, param(c, "id")) }, a.auth.Require)
	e.Match(read, "/api/me", me, a.auth.Require)
	e.POST("/api/ping", ping, a.auth.Require)
	if s.Transport != (echoauth.Transport{}) {
		a.mountForm(e)
	}
	a.mountAdmin(e)
	return e, nil
}

// login checks the password. The rest is the library's. A limit on attempts
// belongs before it.
func (a *app) login(c echo.Context) error {
	name, password, remember := "", "", true
	if err := readJSON(c.Request(), map[string]any{"username": &name, "password": &password, "remember": &remember}, "remember"); err != nil {
		return err
	}
	if !a.users.authenticate(name, password) {
		return core.ErrBadCredentials
	}
	return a.auth.Login(c, core.Login{Subject: name, BrowserSession: !remember})
}

// me answers from the access token alone.
func me(c echo.Context) error {
	p, err := profileOf(echoauth.Claims(c))
	if err == nil {
		writeJSON(c.Response(), p)
	}
	return err
}

func ping(c echo.Context) error {
	writeJSON(c.Response(), map[string]bool{"ok": true})
	return nil
}
