// Command http-app is a complete program with login sessions for net/http, to copy.
// It runs with nothing set; the config package documents the environment
// variables it reads.
package main

import (
	"context"
	"html/template"
	"net/http"
	"os"
	"strings"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/examples/demo"
	"github.com/ratchetauth/ratchet/httpauth"
)

func main() {
	os.Exit(config.Main("http-app", config.Defaults{Addr: "127.0.0.1:8082"}, newHandler))
}

// app is what the handlers share.
type app struct {
	authority *core.Authority
	auth      *httpauth.Auth
	users     users
	form      *template.Template
}

// newHandler returns the program's routes.
func newHandler(ctx context.Context, s *config.Settings) (_ http.Handler, err error) {
	a := &app{users: newUsers(), form: newForm()}
	mux := http.NewServeMux()

	// The page at /. To do without it, delete the next line and its import.
	demo.Mount(ctx, s, &a.authority, isAdmin, func(path string, h http.Handler) { mux.Handle("GET "+exactly(path), h) })

	s.Core.LoadClaims = a.users.load
	if a.authority, err = core.New(s.Core); err != nil {
		return nil, config.Invalid(err)
	}
	if a.auth, err = httpauth.New(a.authority, s.Options()); err != nil {
		return nil, config.Invalid(err)
	}
	require := func(h http.HandlerFunc) http.Handler { return a.auth.Require(h) }

	mux.HandleFunc("GET /healthz", a.auth.Health) // GET stands for HEAD too
	mux.HandleFunc("GET /.well-known/jwks.json", a.auth.JWKS)
	mux.HandleFunc("POST /auth/login", a.login)
	mux.HandleFunc("POST /auth/reissue", a.auth.Reissue)
	mux.HandleFunc("POST /auth/logout", a.auth.Logout)
	mux.Handle("POST /auth/logout-all", require(a.auth.LogoutAll))
	mux.Handle("GET /auth/sessions", require(a.auth.Sessions))
	mux.Handle("DELETE /auth/sessions/{id}", require(func(w http.ResponseWriter, r *http.Request) {
		a.auth.RevokeSession(w, r, r.PathValue("id"))
	}))
	mux.Handle("GET /api/me", require(a.me))
	mux.Handle("POST /api/ping", require(func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, map[string]bool{"ok": true})
	}))
	if s.Transport != (httpauth.Transport{}) {
		a.mountForm(mux)
	}
	a.mountAdmin(mux)
	return a.recovered(a.routed(mux)), nil
}

// exactly returns the pattern of one path: one that ends with a slash would match
// all below it.
func exactly(path string) string {
	if strings.HasSuffix(path, "/") {
		return path + "{$}"
	}
	return path
}

// login checks the password. The rest is the library's. A limit on attempts
// belongs before it.
func (a *app) login(w http.ResponseWriter, r *http.Request) {
	name, password, remember := "", "", true
	err := readJSON(r, map[string]any{"username": &name, "password": &password, "remember": &remember}, "remember")
	if err == nil && !a.users.authenticate(name, password) {
		err = core.ErrBadCredentials
	}
	if err != nil {
		a.auth.Error(w, r, err)
		return
	}
	a.auth.Login(w, r, core.Login{Subject: name, BrowserSession: !remember})
}

// me answers from the access token alone.
func (a *app) me(w http.ResponseWriter, r *http.Request) {
	p, err := profileOf(httpauth.Claims(r))
	if err != nil {
		a.auth.Error(w, r, err)
		return
	}
	writeJSON(w, p)
}
