package echoauth_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func TestOptions(t *testing.T) { facetest.CheckOptions(t, echoauth.New) }

// TestRequireAllocs compares with middleware that does nothing: Echo applies
// the middleware of a route anew for each request, which has its price whatever
// the middleware does.
func TestRequireAllocs(t *testing.T) {
	facetest.CheckAllocs(t, func(a *core.Authority) (bare, required http.Handler) {
		auth := newAuth(a, echoauth.Options{})
		done := func(c echo.Context) error { return c.NoContent(http.StatusNoContent) }
		nothing := func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c echo.Context) error { return next(c) }
		}
		without, with := echo.New(), echo.New()
		without.GET("/", done, nothing)
		with.GET("/", done, auth.Require)
		return without, with
	})
}

// TestChainStops checks that the next handler does not run behind a refusal.
func TestChainStops(t *testing.T) {
	auth := newAuth(newAuthority(), echoauth.Options{})
	for name, middleware := range map[string]echo.MiddlewareFunc{"Require": auth.Require, "Optional": auth.Optional} {
		t.Run(name, func(t *testing.T) {
			e := echo.New()
			e.GET("/", func(echo.Context) error { t.Error("the next handler ran"); return nil }, middleware)
			if w := send(e, "GET", "/", "rubbish", ""); w.Code != http.StatusUnauthorized {
				t.Errorf("status: got %d, want 401", w.Code)
			}
		})
	}
}

// TestRequireForEverything checks middleware that Echo also runs for paths and
// methods that have no route.
func TestRequireForEverything(t *testing.T) {
	facetest.CheckEverywhere(t, func(a *core.Authority, transport echoauth.Transport, optional bool) http.Handler {
		return everywhere(newAuth(a, echoauth.Options{Transport: transport}), optional)
	})
}

// everywhere returns an Echo with GET /me and middleware before everything.
func everywhere(auth *echoauth.Auth, optional bool) *echo.Echo {
	e := echo.New()
	e.Use(map[bool]echo.MiddlewareFunc{false: auth.Require, true: auth.Optional}[optional])
	e.GET("/me", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) })
	return e
}

// TestOptionsMethod checks that OPTIONS, which Echo answers by itself for every path that
// has a route, is no method that the path does not have.
func TestOptionsMethod(t *testing.T) {
	e := everywhere(newAuth(newAuthority(), echoauth.Options{}), false)
	if w := send(e, "OPTIONS", "/me", "", ""); w.Code != http.StatusUnauthorized {
		t.Errorf("got %d %s, want 401", w.Code, w.Body)
	}
	if w := send(e, "POST", "/me", "", ""); w.Header().Get("Allow") != "OPTIONS, GET" {
		t.Errorf("got %d %v, want what Echo allows", w.Code, w.Header())
	}
}

func TestClaimsWithoutMiddleware(t *testing.T) {
	e := echo.New()
	e.GET("/", func(c echo.Context) error {
		if got := echoauth.Claims(c); got != nil {
			t.Errorf("Claims: got %v, want nil", got)
		}
		return nil
	})
	e.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
}

// TestSilentTwins checks that what answers nothing leaves the answer to the
// application.
func TestSilentTwins(t *testing.T) {
	auth := newAuth(newAuthority(), echoauth.Options{})
	for name, twin := range map[string]func(echo.Context) error{
		"Issue": func(c echo.Context) error { _, err := auth.Issue(c, core.Login{Subject: "alice"}); return err },
		"Renew": func(c echo.Context) error { _, err := auth.Renew(c); return err },
		"End":   auth.End,
	} {
		e := echo.New()
		refused := false
		e.POST("/", func(c echo.Context) error {
			refused = twin(c) != nil
			return c.String(http.StatusTeapot, "tea")
		})
		if w := send(e, "POST", "/", "", ""); w.Code != http.StatusTeapot || w.Body.String() != "tea" || refused != (name == "Renew") {
			t.Errorf("%s: got %d %q, refused %t, want the application's answer", name, w.Code, w.Body, refused)
		}
	}
}

// TestGroup checks what the package comment says of groups.
func TestGroup(t *testing.T) {
	auth := newAuth(newAuthority(), echoauth.Options{})
	e := echo.New()
	api := e.Group("/api")
	api.GET("/me", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) }, auth.Require)
	for _, tt := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/api/me", 401}, {"POST", "/api/me", 405}, {"GET", "/api/other", 404}, {"GET", "/api", 404},
	} {
		if w := send(e, tt.method, tt.path, "", ""); w.Code != tt.status {
			t.Errorf("%s %s: got %d, want %d", tt.method, tt.path, w.Code, tt.status)
		}
	}
}

func TestGuards(t *testing.T) {
	facetest.CheckGuards(t, func(a *core.Authority, g facetest.Guard) http.Handler {
		auth := newAuth(a, echoauth.Options{})
		guard := auth.RequireRole(g.Names...)
		if g.Scope {
			guard = auth.RequireScope(g.Names...)
		}
		e := echo.New()
		e.GET("/", func(c echo.Context) error { facetest.Passed(c.Response()); return nil }, auth.Optional, guard)
		return e
	})
}
