package echoauth_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/labstack/echo/v5"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth/v5"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func TestTable(t *testing.T) { facetest.Run(t, newHandler, facetest.BareHead) }

func TestAccounts(t *testing.T) { facetest.RunAccounts(t, newHandler) }

func newHandler(_ testing.TB, a *core.Authority, l facetest.Layout) http.Handler {
	auth := newAuth(a, echoauth.Options{Transport: l.Transport})
	e := mount(auth, l)
	e.HTTPErrorHandler = func(c *echo.Context, err error) { echo.DefaultHTTPErrorHandler(false)(c, routed(auth, c, err)) }
	return e
}

// routed returns an error, but for those of Echo's router the library's.
func routed(auth *echoauth.Auth, c *echo.Context, err error) error {
	switch {
	case errors.Is(err, echo.ErrNotFound):
		return auth.Error(c, core.ErrNotFound)
	case errors.Is(err, echo.ErrMethodNotAllowed):
		return auth.Error(c, core.ErrMethodNotAllowed)
	}
	return err
}

// mount mounts the routes of the table.
func mount(auth *echoauth.Auth, l facetest.Layout) *echo.Echo {
	e := newEcho()
	r := e.Group(l.Prefix)

	r.POST("/auth/login", func(c *echo.Context) error {
		login, err := facetest.ReadLogin(c.Request())
		if err != nil {
			return auth.Error(c, err)
		}
		return auth.Login(c, login)
	})
	claims := func(c *echo.Context) error {
		facetest.WriteClaims(c.Response(), echoauth.Claims(c))
		return nil
	}
	read := []string{http.MethodGet, http.MethodHead}
	r.Match(read, "/api/me", claims, auth.Require)
	r.GET("/api/maybe", claims, auth.Optional)
	r.Match([]string{http.MethodPut, http.MethodPost}, "/api/write", claims, auth.Require)
	r.GET("/api/fail", func(c *echo.Context) error { return auth.Error(c, facetest.Fault(c.Request())) })
	mountUsers(r, auth, auth.Require)

	revoke := func(c *echo.Context) error { return auth.RevokeSession(c, c.Param("id")) }
	if l.AnyMethod {
		r.Any("/healthz", auth.Health)
		r.Any("/auth/reissue", auth.Reissue)
		r.Any("/auth/logout", auth.Logout)
		r.Any("/auth/logout-all", auth.LogoutAll)
		r.Any("/auth/sessions", auth.Sessions)
		r.Any("/auth/sessions/:id", revoke)
		r.Any("/.well-known/jwks.json", auth.JWKS)
		return e
	}
	r.Match(read, "/healthz", auth.Health)
	r.POST("/auth/reissue", auth.Reissue)
	r.POST("/auth/logout", auth.Logout)
	r.POST("/auth/logout-all", auth.LogoutAll, auth.Require)
	r.Match(read, "/auth/sessions", auth.Sessions, auth.Require)
	r.DELETE("/auth/sessions/:id", revoke, auth.Require)
	r.Match(read, "/.well-known/jwks.json", auth.JWKS)
	return e
}

// mountUsers mounts what acts on the user that the path names.
func mountUsers(r *echo.Group, auth *echoauth.Auth, before ...echo.MiddlewareFunc) {
	user := func(handle func(*echo.Context, string) error) echo.HandlerFunc {
		return func(c *echo.Context) error { return handle(c, c.Param("user")) }
	}
	r.PUT("/admin/users/:user/block", user(auth.BlockUser), before...)
	r.DELETE("/admin/users/:user/block", user(auth.UnblockUser), before...)
	r.Match([]string{http.MethodGet, http.MethodHead}, "/admin/users/:user/sessions", user(auth.UserSessions), before...)
	r.POST("/admin/users/:user/refresh-claims", user(auth.RefreshClaims), before...)
	r.DELETE("/admin/users/:user/sessions", user(auth.RevokeUser), before...)
	r.DELETE("/admin/users/:user/sessions/:id", func(c *echo.Context) error {
		return auth.RevokeUserSession(c, c.Param("user"), c.Param("id"))
	}, before...)
}
