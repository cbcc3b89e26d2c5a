package ginauth_test

import (
	"errors"
	"log/slog"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/ginauth"
	"github.com/ratchetauth/ratchet/internal/wire"
	"github.com/ratchetauth/ratchet/internal/wiretest"
)

func TestRecover(t *testing.T) {
	wiretest.CheckRecover(t, func(a *core.Authority, transport wire.Transport, h http.HandlerFunc) http.Handler {
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
