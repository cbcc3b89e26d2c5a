package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth"
)

// app answers the requests.
type app struct {
	authority *core.Authority
	auth      *echoauth.Auth
	users     *users
}

func newHandler(authority *core.Authority, o echoauth.Options, users *users) http.Handler {
	a := &app{authority: authority, auth: echoauth.New(authority, o), users: users}
	e := echo.New()
	e.IPExtractor = echo.ExtractIPDirect()
	e.HTTPErrorHandler = a.auth.HTTPErrorHandler
	e.Use(recovered)

	read := []string{http.MethodGet, http.MethodHead}
	mountPage(func(path string, h http.Handler) { e.Match(read, path, echo.WrapHandler(h)) })
	e.Match(read, "/healthz", a.healthz)
	e.Match(read, "/.well-known/jwks.json", a.auth.JWKS)

	e.POST("/auth/login", a.login)
	e.POST("/auth/reissue", a.auth.Reissue)
	e.POST("/auth/logout", a.auth.Logout)
	e.POST("/auth/logout-all", a.auth.LogoutAll, a.auth.Require)
	e.Match(read, "/auth/sessions", a.auth.Sessions, a.auth.Require)
	e.DELETE("/auth/sessions/:id", a.auth.RevokeSession, a.auth.Require)

	e.Match(read, "/api/me", a.me, a.auth.Require)
	e.POST("/api/ping", a.ping, a.auth.Require)

	// Middleware is given to each route: a group that has any answers 401 or
	// 404 where 405 is right.
	e.PUT("/admin/users/:user/block", a.block, a.auth.Require, a.requireAdmin)
	e.DELETE("/admin/users/:user/block", a.unblock, a.auth.Require, a.requireAdmin)
	e.DELETE("/admin/users/:user/sessions", a.endSessions, a.auth.Require, a.requireAdmin)
	return e
}

// login checks the password. The rest is the library's.
func (a *app) login(c echo.Context) error {
	name, password, err := readCredentials(c.Response(), c.Request())
	if err == nil && !a.users.authenticate(name, password) {
		err = core.ErrBadCredentials
	}
	if err != nil {
		return err
	}
	return a.auth.Login(c, core.Login{Subject: name})
}

// me answers from the access token alone.
func (a *app) me(c echo.Context) error {
	token := echoauth.Claims(c)
	custom, err := core.ClaimsAs[claims](token)
	if err != nil {
		return err
	}
	return answer(c, struct {
		User      string    `json:"user"`
		Session   string    `json:"session"`
		Roles     []string  `json:"roles"`
		ExpiresAt time.Time `json:"expires_at"`
	}{token.Subject(), token.SessionID(), custom.Roles, token.ExpiresAt()})
}

func (a *app) ping(c echo.Context) error {
	return answer(c, struct {
		OK bool `json:"ok"`
	}{true})
}

func (a *app) healthz(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), 2*time.Second)
	defer cancel()
	if err := a.authority.Ping(ctx); err != nil {
		return err
	}
	return answer(c, struct {
		Status string `json:"status"`
	}{"ok"})
}

// requireAdmin is middleware that comes after Require.
func (a *app) requireAdmin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		custom, err := core.ClaimsAs[claims](echoauth.Claims(c))
		if err != nil {
			return err
		}
		if !custom.has("admin") {
			return core.ErrForbidden
		}
		return next(c)
	}
}

// block ends a user's sessions and refuses logins, until a time or for ever.
func (a *app) block(c echo.Context) error {
	until, err := readUntil(c.Response(), c.Request())
	if err == nil {
		ctx, cancel := change(c.Request())
		defer cancel()
		err = a.authority.Block(ctx, subject(c), until)
	}
	return done(c, err)
}

func (a *app) unblock(c echo.Context) error {
	ctx, cancel := change(c.Request())
	defer cancel()
	return done(c, a.authority.Unblock(ctx, subject(c)))
}

func (a *app) endSessions(c echo.Context) error {
	ctx, cancel := change(c.Request())
	defer cancel()
	ended, err := a.authority.RevokeAll(ctx, subject(c))
	if err != nil {
		return err
	}
	return answer(c, struct {
		Ended int `json:"ended"`
	}{ended})
}

// subject returns the user whom the path names. Echo matches the path as it
// came if it has unusual escapes, so that "a%2Fb" is one name, and unescaped
// otherwise.
func subject(c echo.Context) string {
	name := c.Param("user")
	if c.Request().URL.RawPath == "" {
		return name
	}
	name, err := url.PathUnescape(name)
	if err != nil {
		return "" // which is nobody's name: 400
	}
	return name
}

// answer writes a JSON answer.
func answer(c echo.Context, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return c.JSONBlob(http.StatusOK, text)
}

// done answers a request that has no result.
func done(c echo.Context, err error) error {
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// recovered is middleware that answers 500 for a handler that panics.
func recovered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch p := recover(); {
			case p == nil:
			case p == http.ErrAbortHandler, c.Response().Committed:
				panic(p) // net/http cuts the connection
			default:
				err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			}
		}()
		return next(c)
	}
}
