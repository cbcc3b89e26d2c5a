package ginauth_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/ginauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func TestOptions(t *testing.T) { facetest.CheckOptions(t, ginauth.New) }

func TestRequireAllocs(t *testing.T) {
	facetest.CheckAllocs(t, func(a *core.Authority) (bare, required http.Handler) {
		auth := newAuth(a, ginauth.Options{})
		done := func(c *gin.Context) { c.Status(http.StatusNoContent) }
		without, with := gin.New(), gin.New()
		without.GET("/", done)
		with.GET("/", auth.Require, done)
		return without, with
	})
}

// TestChainStops checks that nothing after a handler or a refusal runs: what
// it wrote would be appended to an answer that is whole.
func TestChainStops(t *testing.T) {
	auth := newAuth(newAuthority(), ginauth.Options{})
	for name, h := range map[string]gin.HandlerFunc{
		"Require":           auth.Require,
		"Optional":          auth.Optional,
		"Login":             func(c *gin.Context) { auth.Login(c, core.Login{Subject: "alice"}) },
		"Reissue":           auth.Reissue,
		"Logout":            auth.Logout,
		"LogoutAll":         auth.LogoutAll,
		"Sessions":          auth.Sessions,
		"RevokeSession":     func(c *gin.Context) { auth.RevokeSession(c, "id") },
		"JWKS":              auth.JWKS,
		"BlockUser":         func(c *gin.Context) { auth.BlockUser(c, "bob") },
		"UnblockUser":       func(c *gin.Context) { auth.UnblockUser(c, "bob") },
		"RefreshClaims":     func(c *gin.Context) { auth.RefreshClaims(c, "bob") },
		"RevokeUser":        func(c *gin.Context) { auth.RevokeUser(c, "bob") },
		"UserSessions":      func(c *gin.Context) { auth.UserSessions(c, "bob") },
		"RevokeUserSession": func(c *gin.Context) { auth.RevokeUserSession(c, "bob", "id") },
		"Health":            auth.Health,
		"Error":             func(c *gin.Context) { auth.Error(c, core.ErrForbidden) },
	} {
		t.Run(name, func(t *testing.T) {
			engine := gin.New()
			engine.Any("/", h, func(*gin.Context) { t.Error("the next handler ran") })
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Authorization", "Bearer rubbish")
			engine.ServeHTTP(httptest.NewRecorder(), r)
		})
	}
}

// TestRequireForTheEngine checks middleware that Gin also runs for paths and
// methods that have no route.
func TestRequireForTheEngine(t *testing.T) {
	facetest.CheckEverywhere(t, func(a *core.Authority, transport ginauth.Transport, optional bool) http.Handler {
		auth := newAuth(a, ginauth.Options{Transport: transport})
		engine := gin.New()
		engine.HandleMethodNotAllowed = true
		engine.Use(map[bool]gin.HandlerFunc{false: auth.Require, true: auth.Optional}[optional])
		engine.NoMethod(func(c *gin.Context) { auth.Error(c, core.ErrMethodNotAllowed) })
		engine.NoRoute(func(c *gin.Context) { auth.Error(c, core.ErrNotFound) })
		engine.GET("/me", func(c *gin.Context) { c.Status(http.StatusNoContent) })
		return engine
	})
}

// TestRequireTrustsNoStatus checks that a status that an earlier handler has
// set lets nobody past Require.
func TestRequireTrustsNoStatus(t *testing.T) {
	auth := newAuth(newAuthority(), ginauth.Options{})
	engine := gin.New()
	engine.GET("/", func(c *gin.Context) { c.Status(http.StatusMethodNotAllowed) }, auth.Require,
		func(*gin.Context) { t.Error("the next handler ran") })
	w := httptest.NewRecorder()
	engine.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != http.StatusUnauthorized {
		t.Errorf("status: got %d, want 401", w.Code)
	}
}

func TestClaimsWithoutMiddleware(t *testing.T) {
	engine := gin.New()
	engine.GET("/", func(c *gin.Context) {
		if got := ginauth.Claims(c); got != nil {
			t.Errorf("Claims: got %v, want nil", got)
		}
	})
	engine.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
}

// TestSilentTwins checks that what answers nothing lets the chain go on, and leaves
// the answer to the application.
func TestSilentTwins(t *testing.T) {
	auth := newAuth(newAuthority(), ginauth.Options{})
	for name, twin := range map[string]func(*gin.Context) error{
		"Issue": func(c *gin.Context) error { _, err := auth.Issue(c, core.Login{Subject: "alice"}); return err },
		"Renew": func(c *gin.Context) error { _, err := auth.Renew(c); return err },
		"End":   auth.End,
	} {
		engine := gin.New()
		refused := false
		engine.POST("/", func(c *gin.Context) { refused = twin(c) != nil }, func(c *gin.Context) { c.String(http.StatusTeapot, "tea") })
		if w := send(engine, "POST", "/", "", ""); w.Code != http.StatusTeapot || w.Body.String() != "tea" || refused != (name == "Renew") {
			t.Errorf("%s: got %d %q, refused %t, want the application's answer", name, w.Code, w.Body, refused)
		}
	}
}

func TestGuards(t *testing.T) {
	facetest.CheckGuards(t, func(a *core.Authority, g facetest.Guard) http.Handler {
		auth := newAuth(a, ginauth.Options{})
		guard := auth.RequireRole(g.Names...)
		if g.Scope {
			guard = auth.RequireScope(g.Names...)
		}
		engine := gin.New()
		engine.GET("/", auth.Optional, guard, func(c *gin.Context) { facetest.Passed(c.Writer) })
		return engine
	})
}
