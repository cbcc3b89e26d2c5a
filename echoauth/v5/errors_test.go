package echoauth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v5"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth/v5"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// TestErrorHandler checks that the application's own error handler gets every
// refusal.
func TestErrorHandler(t *testing.T) {
	facetest.CheckErrorHandler(t, func(a *core.Authority, l facetest.Layout, h facetest.ErrorHandler) http.Handler {
		auth := newAuth(a, echoauth.Options{Transport: l.Transport})
		e := mount(auth, l)
		e.HTTPErrorHandler = func(c *echo.Context, err error) { h(c.Response(), c.Request(), routed(auth, c, err)) }
		return e
	})
}

// TestError checks what an error handler and middleware of the application, such
// as a logger, get.
func TestError(t *testing.T) {
	plain := errors.New("the database is gone")
	for _, tt := range []struct {
		name string
		err  error
		want *core.Error
	}{
		{"core.Error", core.ErrForbidden, core.ErrForbidden},
		{"wrapped", fmt.Errorf("detail: %w", core.ErrForbidden), core.ErrForbidden},
		{"another", plain, core.ErrInternal},
		{"a deadline", fmt.Errorf("query: %w", context.DeadlineExceeded), core.ErrUnavailable},
		{"Echo's", echo.NewHTTPError(418, "tea"), core.ErrInternal},
		{"Echo's, around ours", echo.NewHTTPError(418, "tea").Wrap(core.ErrForbidden), core.ErrForbidden},
		{"around Echo's", fmt.Errorf("%w: %w", core.ErrUnavailable, echo.ErrNotFound), core.ErrUnavailable},
		{"none", nil, core.ErrInternal},
	} {
		auth := newAuth(newAuthority(), echoauth.Options{})
		e := echo.New()
		e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c *echo.Context) error {
				err := next(c)
				he := new(echo.HTTPError)
				if !errors.As(err, &he) || he.Code != tt.want.Status() || echo.StatusCode(err) != tt.want.Status() || core.AsError(err) != tt.want {
					t.Errorf("%s: got the error %v, want an HTTPError of %v", tt.name, err, tt.want)
				}
				if found := new(core.Error); !errors.As(err, &found) || tt.err != nil && !errors.Is(err, tt.err) {
					t.Errorf("%s: got the error %v, want it to wrap both", tt.name, err)
				}
				return err
			}
		})
		e.GET("/", func(c *echo.Context) error { return auth.Error(c, tt.err) })
		w := send(e, "GET", "/", "", "")
		body, err := tt.want.MarshalJSON()
		if w.Code != tt.want.Status() || w.Body.String() != string(body)+"\n" || err != nil {
			t.Errorf("%s: got %d %s, want %d %s", tt.name, w.Code, w.Body, tt.want.Status(), body)
		}
	}
}

// TestErrorSent checks middleware that has errors answered before it looks at the
// status, as Echo's loggers do.
func TestErrorSent(t *testing.T) {
	auth := newAuth(newAuthority(), echoauth.Options{})
	e := echo.New()
	e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			err := next(c)
			_, before := echo.ResolveResponseStatus(c.Response(), err)
			c.Echo().HTTPErrorHandler(c, err)
			_, after := echo.ResolveResponseStatus(c.Response(), err)
			if before != 401 || after != 401 || core.AsError(err) != core.ErrTokenMissing {
				t.Errorf("got %d, then %d, of %v, want 401 token_missing", before, after, err)
			}
			return err
		}
	})
	e.GET("/", func(*echo.Context) error { return nil }, auth.Require)
	if w := send(e, "GET", "/", "", ""); w.Code != 401 || strings.Count(w.Body.String(), "token_missing") != 1 {
		t.Errorf("got %d %s, want one 401", w.Code, w.Body)
	}
}

// TestErrorBare checks a core.Error that a handler returns as it is: Echo's own error
// handler writes its status and its body, but sets no headers.
func TestErrorBare(t *testing.T) {
	e := echo.New()
	e.GET("/", func(*echo.Context) error { return fmt.Errorf("detail: %w", core.ErrTokenMissing) })
	w := send(e, "GET", "/", "", "")
	body, err := core.ErrTokenMissing.MarshalJSON()
	if w.Code != 401 || w.Body.String() != string(body)+"\n" || err != nil {
		t.Errorf("got %d %s, want 401 %s", w.Code, w.Body, body)
	}
}

// newContext returns a Context of some request.
func newContext() *echo.Context {
	return echo.New().NewContext(httptest.NewRequest("GET", "/", nil), httptest.NewRecorder())
}

func TestHTTPErrorHandler(t *testing.T) {
	auth := newAuth(newAuthority(), echoauth.Options{})
	tests := []struct {
		name   string
		err    error
		status int
		body   string // a part of it
	}{
		{"core.Error", core.ErrTokenMissing, 401, `"code":"token_missing"`},
		{"wrapped", fmt.Errorf("detail: %w", core.ErrForbidden), 403, `"code":"forbidden"`},
		{"any other", errors.New("detail"), 500, `"code":"internal"`},
		{"cause with a status of its own", fmt.Errorf("%w: %w", core.ErrUnavailable, echo.ErrNotFound), 503, `"code":"store_unavailable"`},
		{"no route", echo.ErrNotFound, 404, `{"message":"Not Found"}`},
		{"sentinel, wrapped", fmt.Errorf("detail: %w", echo.ErrNotFound), 404, `{"message":"Not Found"}`},
		{"no method", echo.ErrMethodNotAllowed, 405, `{"message":"Method Not Allowed"}`},
		{"application's 404", echo.NewHTTPError(404, "no such article"), 404, `{"message":"no such article"}`},
		{"application's 404 of ours", echo.NewHTTPError(404, "no such article").Wrap(core.ErrForbidden), 404, `{"message":"no such article"}`},
		{"a refusal, wrapped", fmt.Errorf("detail: %w", auth.Error(newContext(), core.ErrForbidden)), 403, `"code":"forbidden"`},
		{"application's 400", echo.NewHTTPError(400, "no name"), 400, `{"message":"no name"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := echo.New()
			e.HTTPErrorHandler = auth.HTTPErrorHandler
			e.GET("/", func(*echo.Context) error { return tt.err })
			w := send(e, "GET", "/", "", "")
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.body) {
				t.Errorf("answer: got %d %s, want %d %s", w.Code, w.Body, tt.status, tt.body)
			}
			if (w.Header().Get("WWW-Authenticate") != "") != (tt.status == 401) {
				t.Errorf("answer: got the header %v", w.Header())
			}
			if strings.Contains(w.Body.String(), "detail") {
				t.Errorf("answer: got the detail: %s", w.Body)
			}
		})
	}
}

// TestHTTPErrorHandlerOfTheRouter checks that paths and methods without a route stay
// what they are.
func TestHTTPErrorHandlerOfTheRouter(t *testing.T) {
	e := echo.New()
	e.HTTPErrorHandler = newAuth(newAuthority(), echoauth.Options{}).HTTPErrorHandler
	e.GET("/", func(c *echo.Context) error { return c.NoContent(204) })
	for path, status := range map[string]int{"/": 405, "/other": 404} {
		if w := send(e, "POST", path, "", ""); w.Code != status || !strings.Contains(w.Body.String(), "message") {
			t.Errorf("%s: got %d %s, want %d of Echo's", path, w.Code, w.Body, status)
		}
	}
}

// TestHTTPErrorHandlerCommitted checks an error that comes after an answer.
func TestHTTPErrorHandlerCommitted(t *testing.T) {
	auth := newAuth(newAuthority(), echoauth.Options{})
	e := echo.New()
	e.HTTPErrorHandler = auth.HTTPErrorHandler
	e.GET("/", func(c *echo.Context) error { return errors.Join(c.String(200, "done"), core.ErrForbidden) })
	w := send(e, "GET", "/", "", "")
	if w.Code != 200 || w.Body.String() != "done" || w.Header().Get("Cache-Control") != "" {
		t.Errorf("answer: got %d %s %v, want 200 done", w.Code, w.Body, w.Header())
	}
}
