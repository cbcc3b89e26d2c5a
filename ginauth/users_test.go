package ginauth_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/ginauth"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func TestRecover(t *testing.T) {
	facetest.CheckRecover(t, func(a *core.Authority, transport httpauth.Transport, h http.HandlerFunc) http.Handler {
		auth := ginauth.New(a, ginauth.Options{Transport: transport})
		engine := gin.New()
		engine.Use(func(c *gin.Context) { c.Next() }, auth.Recover) // what is before goes on with the chain, if it is not stopped
		engine.GET("/", auth.Require, func(c *gin.Context) { h(c.Writer, c.Request) },
			func(*gin.Context) { t.Error("the handler after the one that panicked ran") })
		return engine
	})
}

// TestUnguarded checks that a route without Require is served to nobody.
func TestUnguarded(t *testing.T) {
	a := newAuthority()
	auth := ginauth.New(a, ginauth.Options{Logger: slog.New(slog.DiscardHandler)})
	tokens, err := a.Issue(t.Context(), core.Login{Subject: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	r := gin.New()
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

// TestUserParam checks which user a path names, however the engine is set.
func TestUserParam(t *testing.T) {
	type user struct{ escaped, name string }
	plain := []user{
		{"bob", "bob"}, {"%62ob", "bob"}, {"a+b", "a+b"}, {"a%2Bb", "a+b"}, {"a%20b", "a b"}, {"50%25", "50%"}, {"%2541", "%41"}, {"a%252Fb", "a%2Fb"},
		{"%C3%A9", "é"}, {"é", "é"}, {":user", ":user"}, {"a;b=c", "a;b=c"}, {"a%3Fb%23c", "a?b#c"},
	}
	slashes := []user{{"a%2Fb", "a/b"}, {"a%2fb+c", "a/b+c"}, {"%2F%252F", "/%2F"}, {"a%2F%2Fb%20", "a//b "}}
	for _, tt := range []struct {
		name    string
		set     func(*gin.Engine)
		slashes bool
	}{
		{"as it is", func(*gin.Engine) {}, false},
		{"UseRawPath", func(e *gin.Engine) { e.UseRawPath = true }, true},
		{"UseRawPath, not unescaped", func(e *gin.Engine) { e.UseRawPath, e.UnescapePathValues = true, false }, true},
		{"UseEscapedPath", func(e *gin.Engine) { e.UseEscapedPath = true }, true},
		{"UseEscapedPath, not unescaped", func(e *gin.Engine) { e.UseEscapedPath, e.UnescapePathValues = true, false }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			users := plain
			if tt.slashes {
				users = append(users[:len(users):len(users)], slashes...)
			}
			for _, u := range users {
				a := newAuthority()
				auth := ginauth.New(a, ginauth.Options{})
				engine := gin.New()
				tt.set(engine)
				r := engine.Group("/v1/:tenant")
				r.PUT("/users/:user/block", auth.Require, auth.Block)
				tokens, err := a.Issue(t.Context(), core.Login{Subject: "admin"})
				if err != nil {
					t.Fatal(err)
				}
				w := send(engine, "PUT", "/v1/x%20y/users/"+u.escaped+"/block", tokens.AccessToken, "")
				if w.Code != http.StatusNoContent {
					t.Errorf("%s: got %d %s, want 204", u.escaped, w.Code, w.Body)
				}
				if _, err := a.Issue(t.Context(), core.Login{Subject: u.name}); !errors.Is(err, core.ErrUserBlocked) {
					t.Errorf("%s: got %v of a login of %q, want it blocked", u.escaped, err, u.name)
				}
			}
		})
	}
}

// TestUserParamUnknown checks that a route without the parameter, and one with
// an empty name, name nobody.
func TestUserParamUnknown(t *testing.T) {
	a := newAuthority()
	auth := ginauth.New(a, ginauth.Options{})
	r := gin.New()
	r.PUT("/users/:name/block", auth.Require, auth.Block)
	r.PUT("/people/:user/block", auth.Require, auth.Block)
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
	auth := ginauth.New(newAuthority(), ginauth.Options{Logger: slog.New(slog.DiscardHandler)})
	r := gin.New()
	r.Use(auth.Recover, func(c *gin.Context) {
		c.Writer = buffer{c.Writer}
		c.Next()
	})
	r.GET("/", func(*gin.Context) { panic("boom") })
	if w := send(r, "GET", "/", "", ""); w.Code != http.StatusInternalServerError || w.Body.Len() == 0 {
		t.Errorf("got %d %q, want 500 with a body", w.Code, w.Body)
	}
}

// buffer is a writer from which nothing comes out.
type buffer struct{ gin.ResponseWriter }

func (buffer) Write(b []byte) (int, error) { return len(b), nil }
func (buffer) WriteHeader(int)             {}

// TestParam checks that an application which decides by Param decides about the
// user that the handler acts on, however the engine is set.
func TestParam(t *testing.T) {
	for name, set := range map[string]func(*gin.Engine){
		"as it is":                  func(*gin.Engine) {},
		"UseEscapedPath":            func(e *gin.Engine) { e.UseEscapedPath = true },
		"UseRawPath":                func(e *gin.Engine) { e.UseRawPath = true },
		"UseRawPath, not unescaped": func(e *gin.Engine) { e.UseRawPath, e.UnescapePathValues = true, false },
		"RemoveExtraSlash":          func(e *gin.Engine) { e.RemoveExtraSlash = true },
		"RemoveExtraSlash, escaped": func(e *gin.Engine) { e.RemoveExtraSlash, e.UseEscapedPath = true, true },
	} {
		for _, path := range []string{
			"root", "%72oot", "%2572oot", "ops+root@x.org", "ops+r%6fot@x.org", "%72oot/..%2F%2572oot%2Fblock", "%72oot/../%2572oot/block",
		} {
			a := newAuthority()
			auth := ginauth.New(a, ginauth.Options{})
			engine := gin.New()
			set(engine)
			seen := ""
			engine.PUT("/users/:user/block", auth.Require, func(c *gin.Context) { seen = ginauth.Param(c, "user") }, auth.Block)
			tokens, err := a.Issue(t.Context(), core.Login{Subject: "admin"})
			if err != nil {
				t.Fatal(err)
			}
			if w := send(engine, "PUT", "/users/"+path+"/block", tokens.AccessToken, ""); w.Code != http.StatusNoContent {
				continue // no such route
			}
			if _, err := a.Issue(t.Context(), core.Login{Subject: seen}); !errors.Is(err, core.ErrUserBlocked) {
				t.Errorf("%s, %s: the application saw %q, and another user is blocked", name, path, seen)
			}
		}
	}
}

// A cleaned path is not mixed up with the one that the client has sent.
func TestParamOfCleanedPath(t *testing.T) {
	a := newAuthority()
	auth := ginauth.New(a, ginauth.Options{})
	engine := gin.New()
	engine.RemoveExtraSlash = true
	engine.PUT("/users/:user/block", auth.Require, auth.Block)
	tokens, err := a.Issue(t.Context(), core.Login{Subject: "admin"})
	if err != nil {
		t.Fatal(err)
	}
	send(engine, "PUT", "/users/%72oot/..%2F%2572oot%2Fblock", tokens.AccessToken, "")
	if _, err := a.Issue(t.Context(), core.Login{Subject: "root"}); err != nil {
		t.Errorf("root, whom no path has named: got %v", err)
	}
}

func ExampleParam() {
	r := gin.New()
	r.PUT("/users/:user/block", func(c *gin.Context) { fmt.Println(ginauth.Param(c, "user")) })
	r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("PUT", "/users/a+b%40x.org/block", nil))
	// Output: a+b@x.org
}
