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

func newHandler(_ testing.TB, a *core.Authority, l facetest.Layout) http.Handler {
	return mount(newAuth(a, ginauth.Options{Transport: l.Transport}), l)
}

// mount mounts the routes of the table.
func mount(auth *ginauth.Auth, l facetest.Layout) *gin.Engine {
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.UseEscapedPath, engine.UnescapePathValues = true, false // see param
	engine.NoMethod(func(c *gin.Context) { auth.Error(c, core.ErrMethodNotAllowed) })
	engine.NoRoute(func(c *gin.Context) { auth.Error(c, core.ErrNotFound) })
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
	mountUsers(r.Group("/admin/users/:user", auth.Require), auth)

	revoke := func(c *gin.Context) { auth.RevokeSession(c, param(c, "id")) }
	if l.AnyMethod {
		r.Any("/healthz", auth.Health)
		r.Any("/auth/reissue", auth.Reissue)
		r.Any("/auth/logout", auth.Logout)
		r.Any("/auth/logout-all", auth.LogoutAll)
		r.Any("/auth/sessions", auth.Sessions)
		r.Any("/auth/sessions/:id", revoke)
		r.Any("/.well-known/jwks.json", auth.JWKS)
		return engine
	}
	r.Match(read, "/healthz", auth.Health)
	r.POST("/auth/reissue", auth.Reissue)
	r.POST("/auth/logout", auth.Logout)
	r.POST("/auth/logout-all", auth.Require, auth.LogoutAll)
	r.Match(read, "/auth/sessions", auth.Require, auth.Sessions)
	r.DELETE("/auth/sessions/:id", auth.Require, revoke)
	r.Match(read, "/.well-known/jwks.json", auth.JWKS)
	return engine
}

// mountUsers mounts what acts on the user that the path names.
func mountUsers(users *gin.RouterGroup, auth *ginauth.Auth) {
	user := func(handle func(*gin.Context, string)) gin.HandlerFunc {
		return func(c *gin.Context) { handle(c, param(c, "user")) }
	}
	users.PUT("/block", user(auth.BlockUser))
	users.DELETE("/block", user(auth.UnblockUser))
	users.Match([]string{http.MethodGet, http.MethodHead}, "/sessions", user(auth.UserSessions))
	users.POST("/refresh-claims", user(auth.RefreshClaims))
	users.DELETE("/sessions", user(auth.RevokeUser))
	users.DELETE("/sessions/:id", func(c *gin.Context) { auth.RevokeUserSession(c, param(c, "user"), param(c, "id")) })
}
