package ginauth_test

import (
	"net/http"
	"os"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/ginauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

func TestTable(t *testing.T) { facetest.Run(t, newHandler) }

func TestAccounts(t *testing.T) { facetest.RunAccounts(t, newHandler) }

// newHandler mounts the routes of the table.
func newHandler(_ testing.TB, a *core.Authority, l facetest.Layout) http.Handler {
	auth := ginauth.New(a, ginauth.Options{Transport: l.Transport})
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.UseEscapedPath = true
	engine.NoMethod(auth.MethodNotAllowed)
	engine.NoRoute(auth.NotFound)
	r := engine.Group(l.Prefix)

	r.POST("/auth/login", func(c *gin.Context) {
		login, err := facetest.ReadLogin(c.Request)
		if err != nil {
			auth.Error(c, err)
			return
		}
		auth.Login(c, login)
	})
	claims := func(c *gin.Context) { facetest.WriteClaims(c.Writer, ginauth.Claims(c)) }
	read := []string{http.MethodGet, http.MethodHead}
	r.Match(read, "/api/me", auth.Require, claims)
	r.GET("/api/maybe", auth.Optional, claims)
	r.Match([]string{http.MethodPut, http.MethodPost}, "/api/write", auth.Require, claims)
	r.GET("/api/fail", func(c *gin.Context) { auth.Error(c, facetest.Fault(c.Request)) })
	r.POST("/api/read", func(c *gin.Context) {
		var note facetest.Note
		if err := ginauth.ReadJSON(c, &note); err != nil {
			auth.Error(c, err)
			return
		}
		facetest.WriteNote(c.Writer, note)
	})
	r.GET("/api/panic", auth.Recover, func(c *gin.Context) { facetest.Panic(c.Writer, c.Request) })
	users := r.Group("/admin/users/:user", auth.Require)
	users.PUT("/block", auth.Block)
	users.DELETE("/block", auth.Unblock)
	users.DELETE("/sessions", auth.RevokeAll)

	if l.AnyMethod {
		r.Any("/healthz", auth.Health)
		r.Any("/auth/reissue", auth.Reissue)
		r.Any("/auth/logout", auth.Logout)
		r.Any("/auth/logout-all", auth.LogoutAll)
		r.Any("/auth/sessions", auth.Sessions)
		r.Any("/auth/sessions/:id", auth.RevokeSession)
		r.Any("/.well-known/jwks.json", auth.JWKS)
		return engine
	}
	r.Match(read, "/healthz", auth.Health)
	r.POST("/auth/reissue", auth.Reissue)
	r.POST("/auth/logout", auth.Logout)
	r.POST("/auth/logout-all", auth.Require, auth.LogoutAll)
	r.Match(read, "/auth/sessions", auth.Require, auth.Sessions)
	r.DELETE("/auth/sessions/:id", auth.Require, auth.RevokeSession)
	r.Match(read, "/.well-known/jwks.json", auth.JWKS)
	return engine
}
