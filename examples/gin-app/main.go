// Command gin-app is a complete program with login sessions for Gin, to copy.
// It runs with nothing set; the config package documents the environment
// variables it reads.
package main

import (
	"context"
	"html/template"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/examples/demo"
	"github.com/ratchetauth/ratchet/ginauth"
)

func main() {
	os.Exit(config.Main("gin-app", config.Defaults{Addr: "127.0.0.1:8080"}, newHandler))
}

// app is what the handlers share.
type app struct {
	authority *core.Authority
	auth      *ginauth.Auth
	users     users
	form      *template.Template
}

// newHandler returns the program's routes.
func newHandler(ctx context.Context, s *config.Settings) (_ http.Handler, err error) {
	a := &app{users: newUsers(), form: newForm()}
	r := newEngine()
	r.Use(a.recovered)
	r.NoRoute(func(c *gin.Context) { a.auth.Error(c, core.ErrNotFound) })
	r.NoMethod(func(c *gin.Context) { a.auth.Error(c, core.ErrMethodNotAllowed) })
	read := []string{http.MethodGet, http.MethodHead}

	// The page at /. To do without it, delete the next line and its import.
	demo.Mount(ctx, s, &a.authority, isAdmin, func(path string, h http.Handler) { r.Match(read, path, gin.WrapH(h)) })

	s.Core.LoadClaims = a.users.load
	if a.authority, err = core.New(s.Core); err != nil {
		return nil, config.Invalid(err)
	}
	if a.auth, err = ginauth.New(a.authority, s.Options()); err != nil {
		return nil, config.Invalid(err)
	}

	r.Match(read, "/healthz", a.auth.Health)
	r.Match(read, "/.well-known/jwks.json", a.auth.JWKS)
	r.POST("/auth/login", a.login)
	r.POST("/auth/reissue", a.auth.Reissue)
	r.POST("/auth/logout", a.auth.Logout)
	r.POST("/auth/logout-all", a.auth.Require, a.auth.LogoutAll)
	r.Match(read, "/auth/sessions", a.auth.Require, a.auth.Sessions)
	r.DELETE("/auth/sessions/:id", a.auth.Require, func(c *gin.Context) { a.auth.RevokeSession(c, param(c, "id")) })
	r.Match(read, "/api/me", a.auth.Require, a.me)
	r.POST("/api/ping", a.auth.Require, func(c *gin.Context) { writeJSON(c.Writer, gin.H{"ok": true}) })
	if s.Transport != (ginauth.Transport{}) {
		a.mountForm(r)
	}
	a.mountAdmin(r.Group("/admin/users/:user", a.auth.Require, a.auth.RequireRole("admin")))
	return r, nil
}

// newEngine returns an engine without routes.
func newEngine() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.ForwardedByClientIP = false // no proxy is trusted: see docs/guides/reverse-proxy.md
	r.HandleMethodNotAllowed = true
	r.RedirectTrailingSlash = false
	r.UseEscapedPath = true // a user's name may have a slash
	r.UnescapePathValues = false
	return r
}

// login checks the password. The rest is the library's. A limit on attempts
// belongs before it.
func (a *app) login(c *gin.Context) {
	name, password, remember := "", "", true
	err := readJSON(c.Request, map[string]any{"username": &name, "password": &password, "remember": &remember}, "remember")
	if err == nil && !a.users.authenticate(name, password) {
		err = core.ErrBadCredentials
	}
	if err != nil {
		a.auth.Error(c, err)
		return
	}
	a.auth.Login(c, core.Login{Subject: name, BrowserSession: !remember})
}

// me answers from the access token alone.
func (a *app) me(c *gin.Context) {
	p, err := profileOf(ginauth.Claims(c))
	if err != nil {
		a.auth.Error(c, err)
		return
	}
	writeJSON(c.Writer, p)
}
