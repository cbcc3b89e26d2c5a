// Command gin-app is a complete program with login sessions for Gin, to copy.
// It runs with nothing set; the config package documents the environment
// variables it reads.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/ginauth"
)

func main() {
	settings, err := config.FromEnv(os.Getenv, config.Defaults{Addr: "127.0.0.1:8080"})
	if err == nil {
		settings.Core.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
		err = settings.Run(context.Background(), newHandler)
	}
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "gin-app:", err)
	if errors.Is(err, config.ErrInvalid) {
		os.Exit(2)
	}
	os.Exit(1)
}

// app is what the handlers share.
type app struct {
	authority *core.Authority
	auth      *ginauth.Auth
	users     users
}

// newHandler returns the program's routes.
func newHandler(ctx context.Context, s *config.Settings) (http.Handler, error) {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.ForwardedByClientIP = false // no proxy is trusted
	r.HandleMethodNotAllowed = true
	r.RedirectTrailingSlash = false
	r.UseEscapedPath, r.UnescapePathValues = true, false // a user's name may have a slash

	a := &app{users: newUsers()}
	r.Use(a.recovered)
	a.mountDemo(ctx, r, &s.Core) // the page at /: to do without, delete this line and the files that demo.go names
	s.Core.LoadClaims = a.users.load
	var err error
	if a.authority, err = core.New(s.Core); err != nil {
		return nil, err
	}
	a.auth = ginauth.New(a.authority, ginauth.Options{Transport: s.Transport})

	r.NoMethod(a.auth.MethodNotAllowed)
	r.NoRoute(a.auth.NotFound)
	read := []string{http.MethodGet, http.MethodHead}
	r.Match(read, "/healthz", a.healthz)
	r.Match(read, "/.well-known/jwks.json", a.auth.JWKS)
	r.POST("/auth/login", a.login)
	r.POST("/auth/reissue", a.auth.Reissue)
	r.POST("/auth/logout", a.auth.Logout)
	r.POST("/auth/logout-all", a.auth.Require, a.auth.LogoutAll)
	r.Match(read, "/auth/sessions", a.auth.Require, a.auth.Sessions)
	r.DELETE("/auth/sessions/:id", a.auth.Require, a.auth.RevokeSession)
	r.Match(read, "/api/me", a.auth.Require, a.me)
	r.POST("/api/ping", a.auth.Require, a.ping)
	admin := r.Group("/admin/users/:user", a.auth.Require, a.requireAdmin)
	admin.PUT("/block", a.block)
	admin.DELETE("/block", a.unblock)
	admin.DELETE("/sessions", a.endSessions)
	return r, nil
}

// login checks the password. The rest is the library's.
func (a *app) login(c *gin.Context) {
	var in struct{ Username, Password string }
	err := config.ReadJSON(c.Writer, c.Request, &in)
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
	a.answer(c, struct {
		User      string    `json:"user"`
		Session   string    `json:"session"`
		Roles     []string  `json:"roles"`
		ExpiresAt time.Time `json:"expires_at"`
	}{token.Subject(), token.SessionID(), custom.Roles, token.ExpiresAt()}, err)
}

func (a *app) ping(c *gin.Context) {
	a.answer(c, gin.H{"ok": true}, nil)
}

func (a *app) healthz(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), 2*time.Second)
	defer cancel()
	a.answer(c, gin.H{"status": "ok"}, a.authority.Ping(ctx))
}

// requireAdmin is middleware that comes after Require, whose check may have
// taken 2 of the 4 seconds that a request may wait for the store.
func (a *app) requireAdmin(c *gin.Context) {
	custom, err := core.ClaimsAs[claims](ginauth.Claims(c))
	if err == nil && !custom.has("admin") {
		err = core.ErrForbidden
	}
	if err != nil {
		a.auth.Error(c, err)
		return
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), 1900*time.Millisecond)
	defer cancel()
	c.Request = c.Request.WithContext(ctx)
	c.Next()
}

// block ends a user's sessions and refuses logins, until a time or for ever.
func (a *app) block(c *gin.Context) {
	var in struct{ Until *time.Time }
	err := config.ReadJSON(c.Writer, c.Request, &in)
	if in.Until == nil {
		in.Until = new(time.Time)
	} else if in.Until.IsZero() {
		err = fmt.Errorf("%w: until is in the year 1", core.ErrRequestInvalid)
	}
	if err == nil {
		err = a.authority.Block(c.Request.Context(), subject(c), *in.Until)
	}
	a.answer(c, nil, err)
}

func (a *app) unblock(c *gin.Context) {
	a.answer(c, nil, a.authority.Unblock(c.Request.Context(), subject(c)))
}

func (a *app) endSessions(c *gin.Context) {
	ended, err := a.authority.RevokeAll(c.Request.Context(), subject(c))
	a.answer(c, gin.H{"ended": ended}, err)
}

// subject returns the user whom the path names. The router matches the
// escaped path, so that "a%2Fb" is one name.
func subject(c *gin.Context) string {
	name, _ := url.PathUnescape(c.Param("user")) // a bad escape leaves nobody's name: 400
	return name
}

// answer writes a JSON answer, 204 if there is nothing to say.
func (a *app) answer(c *gin.Context, body any, err error) {
	switch {
	case err != nil:
		a.auth.Error(c, err)
	case body == nil:
		c.Status(http.StatusNoContent)
	default:
		c.Header("Content-Type", "application/json")
		c.JSON(http.StatusOK, body)
	}
}

// recovered is middleware that answers 500 for a handler that panics.
func (a *app) recovered(c *gin.Context) {
	defer func() {
		switch p := recover(); {
		case p == nil:
		case p == http.ErrAbortHandler, c.Writer.Written():
			panic(p) // net/http cuts the connection
		default:
			a.auth.Error(c, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	c.Next()
}
