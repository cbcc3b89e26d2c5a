package echoauth_test

import (
	"net/http"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func TestTable(t *testing.T) { facetest.Run(t, newHandler) }

func TestAccounts(t *testing.T) { facetest.RunAccounts(t, newHandler) }

// newHandler mounts the routes of the table.
func newHandler(_ testing.TB, a *core.Authority, l facetest.Layout) http.Handler {
	auth := echoauth.New(a, echoauth.Options{Transport: l.Transport})
	e := echo.New()
	e.HTTPErrorHandler = auth.HTTPErrorHandler
	r := e.Group(l.Prefix)

	r.POST("/auth/login", func(c echo.Context) error {
		login, err := facetest.ReadLogin(c.Request())
		if err != nil {
			return auth.Error(c, err)
		}
		return auth.Login(c, login)
	})
	claims := func(c echo.Context) error {
		facetest.WriteClaims(c.Response(), echoauth.Claims(c))
		return nil
	}
	read := []string{http.MethodGet, http.MethodHead}
	r.Match(read, "/api/me", claims, auth.Require)
	r.GET("/api/maybe", claims, auth.Optional)
	r.Match([]string{http.MethodPut, http.MethodPost}, "/api/write", claims, auth.Require)
	r.GET("/api/fail", func(c echo.Context) error { return facetest.Fault(c.Request()) })
	r.POST("/api/read", func(c echo.Context) error {
		var note facetest.Note
		if err := echoauth.ReadJSON(c, &note); err != nil {
			return auth.Error(c, err)
		}
		facetest.WriteNote(c.Response(), note)
		return nil
	})
	r.GET("/api/panic", func(c echo.Context) error { facetest.Panic(c.Response(), c.Request()); return nil }, auth.Recover)
	r.PUT("/admin/users/:user/block", auth.Block, auth.Require)
	r.DELETE("/admin/users/:user/block", auth.Unblock, auth.Require)
	r.DELETE("/admin/users/:user/sessions", auth.RevokeAll, auth.Require)

	if l.AnyMethod {
		r.Any("/healthz", auth.Health)
		r.Any("/auth/reissue", auth.Reissue)
		r.Any("/auth/logout", auth.Logout)
		r.Any("/auth/logout-all", auth.LogoutAll)
		r.Any("/auth/sessions", auth.Sessions)
		r.Any("/auth/sessions/:id", auth.RevokeSession)
		r.Any("/.well-known/jwks.json", auth.JWKS)
		return e
	}
	r.Match(read, "/healthz", auth.Health)
	r.POST("/auth/reissue", auth.Reissue)
	r.POST("/auth/logout", auth.Logout)
	r.POST("/auth/logout-all", auth.LogoutAll, auth.Require)
	r.Match(read, "/auth/sessions", auth.Sessions, auth.Require)
	r.DELETE("/auth/sessions/:id", auth.RevokeSession, auth.Require)
	r.Match(read, "/.well-known/jwks.json", auth.JWKS)
	return e
}
