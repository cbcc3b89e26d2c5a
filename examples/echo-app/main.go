// Command echo-app is a complete program with login sessions for Echo, to copy.
// It runs with nothing set; the config package documents the environment
// variables it reads.
package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/crypto/bcrypt"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth"
)

func main() {
	os.Exit(config.Main("echo-app", config.Defaults{Addr: "127.0.0.1:8081"}, newHandler))
}

// app is what the handlers share.
type app struct {
	authority *core.Authority
	auth      *echoauth.Auth
	users     users
}

// newHandler returns the program's routes.
func newHandler(ctx context.Context, s *config.Settings) (_ http.Handler, err error) {
	e := echo.New()
	e.IPExtractor = echo.ExtractIPDirect() // no proxy is trusted: see docs/guides/reverse-proxy.md

	a := &app{users: newUsers()}
	a.mountDemo(ctx, e, &s.Core) // the page at /: to do without, delete this line and the files that demo.go names
	s.Core.LoadClaims = a.users.load
	if a.authority, err = core.New(s.Core); err != nil {
		return nil, err
	}
	a.auth = echoauth.New(a.authority, echoauth.Options{Transport: s.Transport})

	e.Use(a.auth.Recover)
	e.HTTPErrorHandler = a.auth.HTTPErrorHandler
	read := []string{http.MethodGet, http.MethodHead}
	e.Match(read, "/healthz", a.auth.Health)
	e.Match(read, "/.well-known/jwks.json", a.auth.JWKS)
	e.POST("/auth/login", a.login)
	e.POST("/auth/reissue", a.auth.Reissue)
	e.POST("/auth/logout", a.auth.Logout)
	e.POST("/auth/logout-all", a.auth.LogoutAll, a.auth.Require)
	e.Match(read, "/auth/sessions", a.auth.Sessions, a.auth.Require)
	e.DELETE("/auth/sessions/:id", a.auth.RevokeSession, a.auth.Require)
	e.Match(read, "/api/me", me, a.auth.Require)
	e.POST("/api/ping", func(c echo.Context) error { return c.JSONBlob(200, []byte(`{"ok":true}`)) }, a.auth.Require)
	// A group that has middleware answers 401 or 404 where 405 is right.
	e.PUT("/admin/users/:user/block", a.auth.Block, a.auth.Require, requireAdmin)
	e.DELETE("/admin/users/:user/block", a.auth.Unblock, a.auth.Require, requireAdmin)
	e.DELETE("/admin/users/:user/sessions", a.auth.RevokeAll, a.auth.Require, requireAdmin)
	return e, nil
}

// login checks the password. The rest is the library's. A limit on attempts
// belongs before it.
func (a *app) login(c echo.Context) error {
	var in struct{ Username, Password string }
	if err := echoauth.ReadJSON(c, &in); err != nil {
		return err
	}
	if !a.users.authenticate(in.Username, in.Password) {
		return core.ErrBadCredentials
	}
	return a.auth.Login(c, core.Login{Subject: in.Username})
}

// me answers from the access token alone.
func me(c echo.Context) error {
	token := echoauth.Claims(c)
	custom, err := core.ClaimsAs[claims](token)
	if err != nil {
		return err
	}
	text, err := json.Marshal(struct {
		User      string    `json:"user"`
		Session   string    `json:"session"`
		Roles     []string  `json:"roles"`
		ExpiresAt time.Time `json:"expires_at"`
	}{token.Subject(), token.SessionID(), custom.Roles, token.ExpiresAt()})
	if err != nil {
		return err
	}
	return c.JSONBlob(http.StatusOK, text)
}

// requireAdmin is middleware that comes after Require.
func requireAdmin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		custom, err := core.ClaimsAs[claims](echoauth.Claims(c))
		if err != nil {
			return err
		}
		if !slices.Contains(custom.Roles, "admin") {
			return core.ErrForbidden
		}
		return next(c)
	}
}

// claims are the application's own claims in an access token.
type claims struct {
	Roles []string `json:"roles"`
}

// users stands for the application's database: the library knows no users.
type users map[string]struct{ hash, role string }

func newUsers() users {
	return users{
		"alice": {"$2a$10$vuym3CNjLMWjEvFB3/1XKu6XSuXHWMi0PEhPVUtUdseZ1w8eiEf.i", "user"},  // wonderland
		"bob":   {"$2a$10$A7ks4jOshouORFKzJ5VOFugQ9Xu.BmG2vcCmu53AN0F6vOJ/nFdZ.", "user"},  // builder
		"admin": {"$2a$10$kjxS16iHHnABg5DroUbuqeMu2QUVUo./09qbSWk.rO5tOPl5H79bW", "admin"}, // correct-horse
	}
}

// authenticate reports whether the password is the user's. For a name that
// nobody has it takes as long, so that names cannot be guessed by the clock.
func (u users) authenticate(name, password string) bool {
	known, ok := u[name]
	if !ok {
		known.hash = "$2a$10$KjmmvFFI5NtdCcQF4jhLp.JvkxQ/dltK6X9BuXmL10DH54B/a2Hca" // was random and is forgotten
	}
	return bcrypt.CompareHashAndPassword([]byte(known.hash), []byte(password)) == nil && ok
}

// load is core.Config.LoadClaims: each login and each reissue gets the roles
// that the user has by then.
func (u users) load(_ context.Context, name string) (any, error) {
	known, ok := u[name]
	if !ok {
		return nil, core.ErrUserGone
	}
	return claims{Roles: []string{known.role}}, nil
}
