package echoauth_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// TestRequireAllocs compares with middleware that does nothing: Echo applies
// the middleware of a route anew for each request, which has its price whatever
// the middleware does.
func TestRequireAllocs(t *testing.T) {
	facetest.CheckAllocs(t, func(a *core.Authority) (bare, required http.Handler) {
		auth := echoauth.New(a, echoauth.Options{})
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

// TestChainStops checks that a refusal is whole: the next handler does not
// run, and there is no error for which another answer would be written.
func TestChainStops(t *testing.T) {
	auth := echoauth.New(newAuthority(), echoauth.Options{})
	for name, middleware := range map[string]echo.MiddlewareFunc{"Require": auth.Require, "Optional": auth.Optional} {
		t.Run(name, func(t *testing.T) {
			e := echo.New()
			e.HTTPErrorHandler = func(err error, _ echo.Context) { t.Errorf("error: got %v, want none", err) }
			e.GET("/", func(echo.Context) error { t.Error("the next handler ran"); return nil }, middleware)
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Authorization", "Bearer rubbish")
			e.ServeHTTP(w, r)
			if w.Code != http.StatusUnauthorized {
				t.Errorf("status: got %d, want 401", w.Code)
			}
		})
	}
}

// TestRequireForEverything checks middleware that Echo also runs for paths and
// methods that have no route.
func TestRequireForEverything(t *testing.T) {
	auth := echoauth.New(newAuthority(), echoauth.Options{})
	for name, middleware := range map[string]echo.MiddlewareFunc{"Require": auth.Require, "Optional": auth.Optional} {
		t.Run(name, func(t *testing.T) {
			e := echo.New()
			e.HTTPErrorHandler = auth.HTTPErrorHandler
			e.Use(middleware)
			e.GET("/me", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) })
			for _, tt := range []struct {
				method, path string
				status       int
				allow        string
			}{
				{"GET", "/me", 401, ""},
				{"POST", "/me", 405, "OPTIONS, GET"},
				{"OPTIONS", "/me", 401, ""},
				{"GET", "/other", 401, ""},
			} {
				w := httptest.NewRecorder()
				r := httptest.NewRequest(tt.method, tt.path, nil)
				r.Header.Set("Authorization", "Bearer rubbish")
				e.ServeHTTP(w, r)
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

func TestHTTPErrorHandler(t *testing.T) {
	auth := echoauth.New(newAuthority(), echoauth.Options{})
	tests := []struct {
		name   string
		err    error
		status int
		body   string // a part of it
	}{
		{"core.Error", core.ErrForbidden, 403, `"code":"forbidden"`},
		{"wrapped", fmt.Errorf("detail: %w", core.ErrForbidden), 403, `"code":"forbidden"`},
		{"any other", errors.New("detail"), 500, `"code":"internal"`},
		{"cause with a status of its own", fmt.Errorf("%w: %w", core.ErrUnavailable, echo.ErrNotFound), 503, `"code":"store_unavailable"`},
		{"no route", echo.ErrNotFound, 404, `"code":"not_found"`},
		{"no method", echo.ErrMethodNotAllowed, 405, `"code":"method_not_allowed"`},
		{"application's 404", echo.NewHTTPError(404, "no such article"), 404, `{"message":"no such article"}`},
		{"application's 400", echo.NewHTTPError(400, "no name"), 400, `{"message":"no name"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := echo.New()
			e.HTTPErrorHandler = auth.HTTPErrorHandler
			e.GET("/", func(echo.Context) error { return tt.err })
			w := httptest.NewRecorder()
			e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.body) {
				t.Errorf("answer: got %d %s, want %d %s", w.Code, w.Body, tt.status, tt.body)
			}
			if strings.Contains(w.Body.String(), "detail") {
				t.Errorf("answer: got the detail: %s", w.Body)
			}
		})
	}
}

// TestHTTPErrorHandlerCommitted checks an error that comes after an answer.
func TestHTTPErrorHandlerCommitted(t *testing.T) {
	auth := echoauth.New(newAuthority(), echoauth.Options{})
	e := echo.New()
	e.HTTPErrorHandler = auth.HTTPErrorHandler
	e.GET("/", func(c echo.Context) error { return errors.Join(c.String(200, "done"), core.ErrForbidden) })
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != 200 || w.Body.String() != "done" {
		t.Errorf("answer: got %d %s, want 200 done", w.Code, w.Body)
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
