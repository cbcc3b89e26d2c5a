package facetest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
)

// Guard is middleware that looks further at what Optional has found.
type Guard struct {
	Scope bool // RequireScope, otherwise RequireRole
	Names []string
}

// CheckGuards checks who passes RequireRole and RequireScope, and what the others are
// told. mount returns a handler that has GET /, which is Optional, then the guard,
// then [Passed].
func CheckGuards(t *testing.T, mount func(*core.Authority, Guard) http.Handler) {
	role := func(names ...string) Guard { return Guard{Names: names} }
	scope := func(names ...string) Guard { return Guard{Scope: true, Names: names} }
	const realm = `Bearer realm="auth.example"`
	const lacks = realm + `, error="insufficient_scope", error_description="the caller may not do this"`
	for _, tt := range []struct {
		name      string
		claims    any // nil: no token
		guard     Guard
		status    int
		code      string
		challenge string
	}{
		{"one of two roles", map[string]any{"roles": []string{"user", "support"}}, role("admin", "support"), 200, "", ""},
		{"another role", map[string]any{"roles": []string{"user"}}, role("admin"), 403, "forbidden", lacks},
		{"a part of a role", map[string]any{"roles": []string{"administrator"}}, role("admin"), 403, "forbidden", lacks},
		{"a role in another case", map[string]any{"roles": []string{"Admin"}}, role("admin"), 403, "forbidden", lacks},
		{"no roles", map[string]any{"x": 1}, role("admin"), 403, "forbidden", lacks},
		{"no claims of its own", map[string]any{}, role("admin"), 403, "forbidden", lacks},
		{"nobody has one of no roles", map[string]any{"roles": []string{"admin"}}, role(), 403, "forbidden", lacks},
		{"an empty role", map[string]any{"roles": []string{}}, role(""), 403, "forbidden", lacks},
		{"roles that are no array", map[string]any{"roles": "admin"}, role("admin"), 500, "internal", ""},
		{"no token", nil, role("admin"), 401, "token_missing", realm},
		{"no token and no roles", nil, role(), 401, "token_missing", realm},
		{"all scopes", map[string]any{"scope": "read  write admin"}, scope("write", "read"), 200, "", ""},
		{"one of two scopes", map[string]any{"scope": "read"}, scope("read", "write"), 403, "forbidden", lacks + `, scope="read write"`},
		{"a part of a scope", map[string]any{"scope": "reader"}, scope("read"), 403, "forbidden", lacks + `, scope="read"`},
		{"no scope", map[string]any{"x": 1}, scope("read"), 403, "forbidden", lacks + `, scope="read"`},
		{"no scopes let nobody pass", map[string]any{"scope": "read"}, scope(), 403, "forbidden", lacks},
		{"an empty scope", map[string]any{"scope": " "}, scope(""), 403, "forbidden", lacks},
		{"no token for a scope", nil, scope("read"), 401, "token_missing", realm},
		{"no token and no scopes", nil, scope(), 401, "token_missing", realm},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := NewServer(t, func(_ testing.TB, a *core.Authority, _ Layout) http.Handler { return mount(a, tt.guard) }, Layout{})
			var header []string
			if tt.claims != nil {
				tokens, err := s.Authority.Issue(t.Context(), core.Login{Subject: "alice", Claims: tt.claims})
				if err != nil {
					t.Fatal(err)
				}
				header = []string{bearer(tokens.AccessToken)}
			}
			got := s.Do(get("/", header...))
			if challenge := got.Header.Get("WWW-Authenticate"); got.Status != tt.status || got.Code() != tt.code || challenge != tt.challenge {
				t.Errorf("got %d %s and the challenge %q, want %d with the code %q and %q", got.Status, got.Body, challenge, tt.status, tt.code, tt.challenge)
			}
			if passed := strings.Contains(got.Body, "passed"); passed != (tt.status == 200) {
				t.Errorf("got the body %s: the handler ran: %t", got.Body, passed)
			}
			if tt.status == 403 && !strings.Contains(got.Body, `"error":"insufficient_scope"`) {
				t.Errorf("got the body %s, want the error insufficient_scope", got.Body)
			}
		})
	}
}

// Passed is the handler behind a [Guard].
func Passed(w http.ResponseWriter) { w.Write([]byte("passed")) }
