package httpauth_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// TestRolesAndScopes checks who passes, and what the others are told.
func TestRolesAndScopes(t *testing.T) {
	s := newServer(t)
	auth := facetest.Must(httpauth.New(s.Authority, httpauth.Options{}))
	const realm = `Bearer realm="auth.example"`
	const lacks = realm + `, error="insufficient_scope", error_description="the caller may not do this"`
	for _, tt := range []struct {
		name       string
		claims     any // nil: no token
		middleware func(http.Handler) http.Handler
		status     int
		challenge  string
	}{
		{"one of two roles", map[string]any{"roles": []string{"user", "support"}}, auth.RequireRole("admin", "support"), 204, ""},
		{"another role", map[string]any{"roles": []string{"user"}}, auth.RequireRole("admin"), 403, lacks},
		{"a part of a role", map[string]any{"roles": []string{"administrator"}}, auth.RequireRole("admin"), 403, lacks},
		{"no roles", map[string]any{"x": 1}, auth.RequireRole("admin"), 403, lacks},
		{"nobody has one of no roles", map[string]any{"roles": []string{"admin"}}, auth.RequireRole(), 403, lacks},
		{"an empty role", map[string]any{"roles": []string{}}, auth.RequireRole(""), 403, lacks},
		{"roles that are no array", map[string]any{"roles": "admin"}, auth.RequireRole("admin"), 500, ""},
		{"no token", nil, auth.RequireRole("admin"), 401, realm},
		{"all scopes", map[string]any{"scope": "read  write admin"}, auth.RequireScope("write", "read"), 204, ""},
		{"one of two scopes", map[string]any{"scope": "read"}, auth.RequireScope("read", "write"), 403, lacks + `, scope="read write"`},
		{"a part of a scope", map[string]any{"scope": "reader"}, auth.RequireScope("read"), 403, lacks + `, scope="read"`},
		{"no scope", map[string]any{"x": 1}, auth.RequireScope("read"), 403, lacks + `, scope="read"`},
		{"no scopes let nobody pass", map[string]any{"scope": "read"}, auth.RequireScope(), 403, lacks},
		{"no token for a scope", nil, auth.RequireScope("read"), 401, realm},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			if tt.claims != nil {
				tokens, err := s.Authority.Issue(t.Context(), core.Login{Subject: "alice", Claims: tt.claims})
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Authorization", "Bearer "+tokens.AccessToken)
			}
			w := httptest.NewRecorder()
			auth.Optional(tt.middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusNoContent)
			}))).ServeHTTP(w, r)
			if got := w.Header().Get("WWW-Authenticate"); w.Code != tt.status || got != tt.challenge {
				t.Errorf("got %d and the challenge %q, want %d and %q", w.Code, got, tt.status, tt.challenge)
			}
			if want := `"error":"insufficient_scope"`; w.Code == 403 && (!strings.Contains(w.Body.String(), want) || answerOf(w).Code() != "forbidden") {
				t.Errorf("got the body %s, want %s and the code forbidden", w.Body, want)
			}
		})
	}
}

// TestLogNamesTheMember checks that an operator finds in the log why a request was
// malformed, and no token beside it.
func TestLogNamesTheMember(t *testing.T) {
	for body, want := range map[string]string{
		`{"refresh_token":1}`: "refresh_token",
		`{"refresh_token":"SECRET","refresh_token":"SECRET"}`: "refresh_token",
		`{"refresh_token":`: "JSON",
	} {
		s := newServer(t)
		auth := facetest.Must(httpauth.New(s.Authority, httpauth.Options{}))
		r := httptest.NewRequest("POST", "/auth/reissue", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		auth.Reissue(w, r)
		log := s.Log()
		if w.Code != 400 || !strings.Contains(log, want) || !strings.Contains(log, "path=/auth/reissue") || strings.Contains(log, "SECRET") {
			t.Errorf("%s: got %d and the log %q, want it to name %s", body, w.Code, log, want)
		}
	}
}

// TestLogNamesTheUser checks that the log says whose claims have grown too large.
func TestLogNamesTheUser(t *testing.T) {
	s := newServer(t)
	tokens, err := s.Authority.Issue(t.Context(), core.Login{Subject: "carol", Limits: core.TokenLimits{Access: 100}})
	if err == nil || !strings.Contains(err.Error(), `"carol"`) || errors.Is(err, core.ErrUnavailable) {
		t.Errorf("got %v and the error %v, want it to name the user", tokens, err)
	}
}
