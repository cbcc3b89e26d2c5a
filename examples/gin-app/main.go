// Command gin-app is a complete program with login sessions for Gin, to copy.
// It runs with nothing set; the config package documents the environment
// variables it reads.
package main

import (
	"context"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/crypto/bcrypt"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
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
}

// newHandler returns the program's routes.
func newHandler(ctx context.Context, s *config.Settings) (_ http.Handler, err error) {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.ForwardedByClientIP = false // no proxy is trusted: see docs/guides/reverse-proxy.md
	r.HandleMethodNotAllowed = true
	r.RedirectTrailingSlash = false
	r.UseEscapedPath = true // a user's name may have a slash

	a := &app{users: newUsers()}
	r.Use(func(c *gin.Context) { a.auth.Recover(c) }) // for all routes; a.auth is made below

	a.mountDemo(ctx, r, &s.Core) // the page at /: to do without, delete this line and the files that demo.go names
	s.Core.LoadClaims = a.users.load
	if a.authority, err = core.New(s.Core); err != nil {
		return nil, err
	}
	a.auth = ginauth.New(a.authority, ginauth.Options{Transport: s.Transport})

	r.NoMethod(a.auth.MethodNotAllowed)
	r.NoRoute(a.auth.NotFound)
	read := []string{http.MethodGet, http.MethodHead}
	r.Match(read, "/healthz", a.auth.Health)
	r.Match(read, "/.well-known/jwks.json", a.auth.JWKS)
	r.POST("/auth/login", a.login)
	r.POST("/auth/reissue", a.auth.Reissue)
	r.POST("/auth/logout", a.auth.Logout)
	r.POST("/auth/logout-all", a.auth.Require, a.auth.LogoutAll)
	r.Match(read, "/auth/sessions", a.auth.Require, a.auth.Sessions)
	r.DELETE("/auth/sessions/:id", a.auth.Require, a.auth.RevokeSession)
	r.Match(read, "/api/me", a.auth.Require, a.me)
	r.POST("/api/ping", a.auth.Require, func(c *gin.Context) { c.Data(200, "application/json", []byte(`{"ok":true}`)) })
	admin := r.Group("/admin/users/:user", a.auth.Require, a.requireAdmin)
	admin.PUT("/block", a.auth.Block)
	admin.DELETE("/block", a.auth.Unblock)
	admin.DELETE("/sessions", a.auth.RevokeAll)
	return r, nil
}

// login checks the password. The rest is the library's. A limit on attempts
// belongs before it.
func (a *app) login(c *gin.Context) {
	var in struct{ Username, Password string }
	err := ginauth.ReadJSON(c, &in)
	if err == nil && !a.users.authenticate(in.Username, in.Password) {
		err = core.ErrBadCredentials
	}
	if err != nil {
		a.auth.Error(c, err)
		return
	}
	a.auth.Login(c, core.Login{Subject: in.Username})
}

// me answers from the access token alone.
func (a *app) me(c *gin.Context) {
	token := ginauth.Claims(c)
	custom, err := core.ClaimsAs[claims](token)
	if err != nil {
		a.auth.Error(c, err)
		return
	}
	c.Header("Content-Type", "application/json")
	c.JSON(http.StatusOK, struct {
		User      string    `json:"user"`
		Session   string    `json:"session"`
		Roles     []string  `json:"roles"`
		ExpiresAt time.Time `json:"expires_at"`
	}{token.Subject(), token.SessionID(), custom.Roles, token.ExpiresAt()})
}

// requireAdmin is middleware that comes after Require.
func (a *app) requireAdmin(c *gin.Context) {
	custom, err := core.ClaimsAs[claims](ginauth.Claims(c))
	if err == nil && !slices.Contains(custom.Roles, "admin") {
		err = core.ErrForbidden
	}
	if err != nil {
		a.auth.Error(c, err)
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
