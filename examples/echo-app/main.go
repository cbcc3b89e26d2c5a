// Command echo-app is a complete program with login sessions for Echo, to copy.
// It runs with nothing set; the config package documents the environment
// variables it reads.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth"
)

func main() {
	settings, err := config.FromEnv(os.Getenv, config.Defaults{Addr: "127.0.0.1:8081"})
	if err == nil {
		settings.Core.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
		err = settings.Run(context.Background(), newHandler)
	}
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "echo-app:", err)
	if errors.Is(err, config.ErrInvalid) {
		os.Exit(2)
	}
	os.Exit(1)
}

// app is what the handlers share.
type app struct {
	authority *core.Authority
	auth      *echoauth.Auth
	users     users
}

// newHandler returns the program's routes.
func newHandler(ctx context.Context, s *config.Settings) (http.Handler, error) {
	a := &app{users: newUsers()}
	e := echo.New()
	e.IPExtractor = echo.ExtractIPDirect() // no proxy is trusted
	e.Use(recovered)
	a.mountDemo(ctx, e, &s.Core) // the page at /: to do without, delete this line and the files that demo.go names
	s.Core.LoadClaims = a.users.load
	var err error
	if a.authority, err = core.New(s.Core); err != nil {
		return nil, err
	}
	a.auth = echoauth.New(a.authority, echoauth.Options{Transport: s.Transport})

	e.HTTPErrorHandler = a.auth.HTTPErrorHandler
	read := []string{http.MethodGet, http.MethodHead}
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
	// A group that has middleware answers 401 or 404 where 405 is right.
	e.PUT("/admin/users/:user/block", a.block, a.auth.Require, requireAdmin)
	e.DELETE("/admin/users/:user/block", a.unblock, a.auth.Require, requireAdmin)
	e.DELETE("/admin/users/:user/sessions", a.endSessions, a.auth.Require, requireAdmin)
	return e, nil
}

// login checks the password. The rest is the library's.
func (a *app) login(c echo.Context) error {
	var in struct{ Username, Password string }
	if err := config.ReadJSON(c.Response(), c.Request(), &in); err != nil {
		return err
	}
	if !a.users.authenticate(in.Username, in.Password) {
		return core.ErrBadCredentials
	}
	return a.auth.Login(c, core.Login{Subject: in.Username})
}

// me answers from the access token alone.
func (a *app) me(c echo.Context) error {
	token := echoauth.Claims(c)
	custom, err := core.ClaimsAs[claims](token)
	return answer(c, struct {
		User      string    `json:"user"`
		Session   string    `json:"session"`
		Roles     []string  `json:"roles"`
		ExpiresAt time.Time `json:"expires_at"`
	}{token.Subject(), token.SessionID(), custom.Roles, token.ExpiresAt()}, err)
}

func (a *app) ping(c echo.Context) error {
	return answer(c, echo.Map{"ok": true}, nil)
}

func (a *app) healthz(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), 2*time.Second)
	defer cancel()
	return answer(c, echo.Map{"status": "ok"}, a.authority.Ping(ctx))
}

// requireAdmin is middleware that comes after Require, whose check may have
// taken 2 of the 4 seconds that a request may wait for the store.
func requireAdmin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		custom, err := core.ClaimsAs[claims](echoauth.Claims(c))
		if err != nil {
			return err
		}
		if !custom.has("admin") {
			return core.ErrForbidden
		}
		ctx, cancel := context.WithTimeout(c.Request().Context(), 1900*time.Millisecond)
		defer cancel()
		c.SetRequest(c.Request().WithContext(ctx))
		return next(c)
	}
}

// block ends a user's sessions and refuses logins, until a time or for ever.
func (a *app) block(c echo.Context) error {
	var in struct{ Until *time.Time }
	if err := config.ReadJSON(c.Response(), c.Request(), &in); err != nil {
		return err
	}
	if in.Until == nil {
		in.Until = new(time.Time)
	} else if in.Until.IsZero() {
		return fmt.Errorf("%w: until is in the year 1", core.ErrRequestInvalid)
	}
	return answer(c, nil, a.authority.Block(c.Request().Context(), subject(c), *in.Until))
}

func (a *app) unblock(c echo.Context) error {
	return answer(c, nil, a.authority.Unblock(c.Request().Context(), subject(c)))
}

func (a *app) endSessions(c echo.Context) error {
	ended, err := a.authority.RevokeAll(c.Request().Context(), subject(c))
	return answer(c, echo.Map{"ended": ended}, err)
}

// subject returns the user whom the path names. Echo matches the path as it
// came if it has unusual escapes, so that "a%2Fb" is one name, and unescaped
// otherwise.
func subject(c echo.Context) string {
	name := c.Param("user")
	if c.Request().URL.RawPath != "" {
		name, _ = url.PathUnescape(name) // a bad escape leaves nobody's name: 400
	}
	return name
}

// answer writes a JSON answer, 204 if there is nothing to say.
func answer(c echo.Context, body any, err error) error {
	if err != nil {
		return err
	}
	if body == nil {
		return c.NoContent(http.StatusNoContent)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return c.JSONBlob(http.StatusOK, text)
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
