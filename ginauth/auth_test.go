package ginauth_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/ginauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func TestRequireAllocs(t *testing.T) {
	facetest.CheckAllocs(t, func(a *core.Authority) (bare, required http.Handler) {
		auth := ginauth.New(a, ginauth.Options{})
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
	auth := ginauth.New(newAuthority(), ginauth.Options{})
	for name, h := range map[string]gin.HandlerFunc{
		"Require":          auth.Require,
		"Optional":         auth.Optional,
		"Login":            func(c *gin.Context) { auth.Login(c, core.Login{Subject: "alice"}) },
		"Reissue":          auth.Reissue,
		"Logout":           auth.Logout,
		"LogoutAll":        auth.LogoutAll,
		"Sessions":         auth.Sessions,
		"RevokeSession":    auth.RevokeSession,
		"JWKS":             auth.JWKS,
		"Block":            auth.Block,
		"Unblock":          auth.Unblock,
		"RevokeAll":        auth.RevokeAll,
		"Health":           auth.Health,
		"Error":            func(c *gin.Context) { auth.Error(c, core.ErrForbidden) },
		"MethodNotAllowed": auth.MethodNotAllowed,
		"NotFound":         auth.NotFound,
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
	auth := ginauth.New(newAuthority(), ginauth.Options{})
	for name, middleware := range map[string]gin.HandlerFunc{"Require": auth.Require, "Optional": auth.Optional} {
		t.Run(name, func(t *testing.T) {
			engine := gin.New()
			engine.HandleMethodNotAllowed = true
			engine.Use(middleware)
			engine.NoMethod(auth.MethodNotAllowed)
			engine.NoRoute(auth.NotFound)
			engine.GET("/me", func(c *gin.Context) { c.Status(http.StatusNoContent) })
			for _, tt := range []struct {
				method, path string
				status       int
				allow        string
			}{
				{"GET", "/me", 401, ""},
				{"POST", "/me", 405, "GET"},
				{"GET", "/other", 401, ""},
			} {
				w := httptest.NewRecorder()
				r := httptest.NewRequest(tt.method, tt.path, nil)
				r.Header.Set("Authorization", "Bearer rubbish")
				engine.ServeHTTP(w, r)
				if w.Code != tt.status || w.Header().Get("Allow") != tt.allow {
					t.Errorf("%s %s: got %d, Allow %q, want %d, %q", tt.method, tt.path, w.Code, w.Header().Get("Allow"), tt.status, tt.allow)
				}
				if n := strings.Count(w.Body.String(), `"code"`); n != 1 {
					t.Errorf("%s %s: got %d bodies, want 1: %s", tt.method, tt.path, n, w.Body)
				}
			}
		})
	}
}

// TestRequireTrustsNoStatus checks that a status that an earlier handler has
// set lets nobody past Require.
func TestRequireTrustsNoStatus(t *testing.T) {
	auth := ginauth.New(newAuthority(), ginauth.Options{})
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
