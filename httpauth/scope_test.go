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

func TestGuards(t *testing.T) {
	facetest.CheckGuards(t, func(a *core.Authority, g facetest.Guard) http.Handler {
		auth := facetest.Must(httpauth.New(a, httpauth.Options{}))
		guard := auth.RequireRole(g.Names...)
		if g.Scope {
			guard = auth.RequireScope(g.Names...)
		}
		return auth.Optional(guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { facetest.Passed(w) })))
	})
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
