package echoauth_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func TestRecover(t *testing.T) {
	facetest.CheckRecover(t, func(a *core.Authority, transport httpauth.Transport, h http.HandlerFunc) http.Handler {
		auth := echoauth.New(a, echoauth.Options{Transport: transport})
		e := echo.New()
		e.Use(auth.Recover)
		e.GET("/", func(c echo.Context) error { h(c.Response(), c.Request()); return nil }, auth.Require)
		return e
	})
}

// TestRecoverError checks that Recover leaves alone what a handler returns.
func TestRecoverError(t *testing.T) {
	auth := echoauth.New(newAuthority(), echoauth.Options{})
	e := echo.New()
	e.HTTPErrorHandler = auth.HTTPErrorHandler
	e.Use(auth.Recover)
	e.GET("/", func(echo.Context) error { return core.ErrForbidden })
	if w := send(e, "GET", "/", "", ""); w.Code != http.StatusForbidden {
		t.Errorf("got %d %s, want 403", w.Code, w.Body)
	}
}

// TestUnguarded checks that a route without Require is served to nobody.
func TestUnguarded(t *testing.T) {
	a := newAuthority()
	auth := echoauth.New(a, echoauth.Options{Logger: slog.New(slog.DiscardHandler)})
	tokens, err := a.Issue(t.Context(), core.Login{Subject: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	r := echo.New()
	r.PUT("/:user/block", auth.Block)
	r.DELETE("/:user/block", auth.Unblock)
	r.DELETE("/:user/sessions", auth.RevokeAll)
	for _, request := range [][2]string{{"PUT", "/alice/block"}, {"DELETE", "/alice/block"}, {"DELETE", "/alice/sessions"}} {
		for _, token := range []string{"", tokens.AccessToken} {
			if w := send(r, request[0], request[1], token, ""); w.Code != http.StatusInternalServerError {
				t.Errorf("%s %s: got %d %s, want 500", request[0], request[1], w.Code, w.Body)
			}
		}
	}
	if _, err := a.Verify(t.Context(), tokens.AccessToken); err != nil {
		t.Errorf("alice's token: got %v, want it good", err)
	}
}

// TestUserParam checks which user a path names.
func TestUserParam(t *testing.T) {
	for _, u := range []struct{ escaped, name string }{
		{"bob", "bob"}, {"%62ob", "bob"}, {"a+b", "a+b"}, {"a%2Bb", "a+b"}, {"a%20b", "a b"}, {"50%25", "50%"}, {"%2541", "%41"}, {"a%252Fb", "a%2Fb"},
		{"%C3%A9", "é"}, {"é", "é"}, {":user", ":user"}, {"a;b=c", "a;b=c"}, {"a%3Fb%23c", "a?b#c"},
		{"a%2Fb", "a/b"}, {"a%2fb+c", "a/b+c"}, {"%2F%252F", "/%2F"}, {"a%2F%2Fb%20", "a//b "},
	} {
		a := newAuthority()
		auth := echoauth.New(a, echoauth.Options{})
		e := echo.New()
		r := e.Group("/v1/:tenant")
		r.PUT("/users/:user/block", auth.Block, auth.Require)
		tokens, err := a.Issue(t.Context(), core.Login{Subject: "admin"})
		if err != nil {
			t.Fatal(err)
		}
		w := send(e, "PUT", "/v1/x%20y/users/"+u.escaped+"/block", tokens.AccessToken, "")
		if w.Code != http.StatusNoContent {
			t.Errorf("%s: got %d %s, want 204", u.escaped, w.Code, w.Body)
		}
		if _, err := a.Issue(t.Context(), core.Login{Subject: u.name}); !errors.Is(err, core.ErrUserBlocked) {
			t.Errorf("%s: got %v of a login of %q, want it blocked", u.escaped, err, u.name)
		}
	}
}

// TestUserParamUnknown checks that a route without the parameter, and one with
// an empty name, name nobody.
func TestUserParamUnknown(t *testing.T) {
	a := newAuthority()
	auth := echoauth.New(a, echoauth.Options{})
	r := echo.New()
	r.PUT("/users/:name/block", auth.Block, auth.Require)
	r.PUT("/people/:user/block", auth.Block, auth.Require)
	tokens, err := a.Issue(t.Context(), core.Login{Subject: "admin"})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/users/bob/block", "/people//block"} {
		if w := send(r, "PUT", path, tokens.AccessToken, ""); w.Code != http.StatusBadRequest {
			t.Errorf("%s: got %d %s, want 400", path, w.Code, w.Body)
		}
	}
}

// TestRecoverBuffered checks that the answer to a panic reaches the client past
// a writer that middleware has put in place and not taken away.
func TestRecoverBuffered(t *testing.T) {
	auth := echoauth.New(newAuthority(), echoauth.Options{Logger: slog.New(slog.DiscardHandler)})
	e := echo.New()
	e.Use(auth.Recover, func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.Response().Writer = httptest.NewRecorder()
			return next(c)
		}
	})
	e.GET("/", func(echo.Context) error { panic("boom") })
	if w := send(e, "GET", "/", "", ""); w.Code != http.StatusInternalServerError || w.Body.Len() == 0 {
		t.Errorf("got %d %q, want 500 with a body", w.Code, w.Body)
	}
}

// TestParam checks that an application which decides by Param decides about the
// user that the handler acts on.
func TestParam(t *testing.T) {
	for _, path := range []string{"root", "%72oot", "%2572oot", "ops+root@x.org", "ops+r%6fot@x.org"} {
		a := newAuthority()
		auth := echoauth.New(a, echoauth.Options{})
		e := echo.New()
		e.HTTPErrorHandler = auth.HTTPErrorHandler
		seen := ""
		look := func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c echo.Context) error {
				seen = echoauth.Param(c, "user")
				return next(c)
			}
		}
		e.PUT("/users/:user/block", auth.Block, auth.Require, look)
		tokens, err := a.Issue(t.Context(), core.Login{Subject: "admin"})
		if err != nil {
			t.Fatal(err)
		}
		if w := send(e, "PUT", "/users/"+path+"/block", tokens.AccessToken, ""); w.Code != http.StatusNoContent {
			t.Fatalf("%s: got %d %s", path, w.Code, w.Body)
		}
		if _, err := a.Issue(t.Context(), core.Login{Subject: seen}); !errors.Is(err, core.ErrUserBlocked) {
			t.Errorf("%s: the application saw %q, and another user is blocked", path, seen)
		}
	}
}

func ExampleParam() {
	e := echo.New()
	e.PUT("/users/:user/block", func(c echo.Context) error {
		fmt.Println(echoauth.Param(c, "user"))
		return nil
	})
	e.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("PUT", "/users/a+b%40x.org/block", nil))
	// Output: a+b@x.org
}
