package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/ginauth"
)

// app answers the requests.
type app struct {
	authority *core.Authority
	auth      *ginauth.Auth
	users     *users
}

func newHandler(authority *core.Authority, o ginauth.Options, users *users) (http.Handler, error) {
	a := &app{authority: authority, auth: ginauth.New(authority, o), users: users}
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	if err := r.SetTrustedProxies(nil); err != nil {
		return nil, err
	}
	r.HandleMethodNotAllowed = true
	r.RedirectTrailingSlash = false
	r.UseEscapedPath, r.UnescapePathValues = true, false // a user's name may have a slash
	r.Use(a.recovered)
	r.NoMethod(a.auth.MethodNotAllowed)
	r.NoRoute(a.auth.NotFound)

	read := []string{http.MethodGet, http.MethodHead}
	mountPage(func(path string, h http.Handler) { r.Match(read, path, gin.WrapH(h)) })
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
	name, password, err := readCredentials(c.Writer, c.Request)
	if err == nil && !a.users.authenticate(name, password) {
		err = core.ErrBadCredentials
	}
	if err != nil {
		a.auth.Error(c, err)
		return
	}
	a.auth.Login(c, core.Login{Subject: name})
}

// me answers from the access token alone.
func (a *app) me(c *gin.Context) {
	token := ginauth.Claims(c)
	custom, err := core.ClaimsAs[claims](token)
	if err != nil {
		a.auth.Error(c, err)
		return
	}
	a.answer(c, struct {
		User      string    `json:"user"`
		Session   string    `json:"session"`
		Roles     []string  `json:"roles"`
		ExpiresAt time.Time `json:"expires_at"`
	}{token.Subject(), token.SessionID(), custom.Roles, token.ExpiresAt()})
}

func (a *app) ping(c *gin.Context) {
	a.answer(c, struct {
		OK bool `json:"ok"`
	}{true})
}

func (a *app) healthz(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), 2*time.Second)
	defer cancel()
	if err := a.authority.Ping(ctx); err != nil {
		a.auth.Error(c, err)
		return
	}
	a.answer(c, struct {
		Status string `json:"status"`
	}{"ok"})
}

// requireAdmin is middleware that comes after Require.
func (a *app) requireAdmin(c *gin.Context) {
	custom, err := core.ClaimsAs[claims](ginauth.Claims(c))
	if err == nil && !custom.has("admin") {
		err = core.ErrForbidden
	}
	if err != nil {
		a.auth.Error(c, err)
	}
}

// block ends a user's sessions and refuses logins, until a time or for ever.
func (a *app) block(c *gin.Context) {
	until, err := readUntil(c.Writer, c.Request)
	if err == nil {
		ctx, cancel := change(c.Request)
		defer cancel()
		err = a.authority.Block(ctx, subject(c), until)
	}
	a.done(c, err)
}

func (a *app) unblock(c *gin.Context) {
	ctx, cancel := change(c.Request)
	defer cancel()
	a.done(c, a.authority.Unblock(ctx, subject(c)))
}

func (a *app) endSessions(c *gin.Context) {
	ctx, cancel := change(c.Request)
	defer cancel()
	ended, err := a.authority.RevokeAll(ctx, subject(c))
	if err != nil {
		a.auth.Error(c, err)
		return
	}
	a.answer(c, struct {
		Ended int `json:"ended"`
	}{ended})
}

// subject returns the user whom the path names. The router matches the
// escaped path, so that "a%2Fb" is one name.
func subject(c *gin.Context) string {
	name, err := url.PathUnescape(c.Param("user"))
	if err != nil {
		return "" // which is nobody's name: 400
	}
	return name
}

// answer writes a JSON answer.
func (a *app) answer(c *gin.Context, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		a.auth.Error(c, err)
		return
	}
	c.Data(http.StatusOK, "application/json", text)
}

// done answers a request that has no result.
func (a *app) done(c *gin.Context, err error) {
	if err != nil {
		a.auth.Error(c, err)
		return
	}
	c.Status(http.StatusNoContent)
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
