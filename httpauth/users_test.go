package httpauth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// userHandlers are what acts on any user, with the method of each, and the Allow
// header.
var userHandlers = []struct {
	name, method, allow string
	handle              func(*httpauth.Auth, http.ResponseWriter, *http.Request, string)
}{
	{"BlockUser", http.MethodPut, "PUT", (*httpauth.Auth).BlockUser},
	{"UnblockUser", http.MethodDelete, "DELETE", (*httpauth.Auth).UnblockUser},
	{"RefreshClaims", http.MethodPost, "POST", (*httpauth.Auth).RefreshClaims},
	{"RevokeUser", http.MethodDelete, "DELETE", (*httpauth.Auth).RevokeUser},
	{"UserSessions", http.MethodGet, "GET, HEAD", (*httpauth.Auth).UserSessions},
	{"RevokeUserSession", http.MethodDelete, "DELETE", revokeUserSession},
}

func revokeUserSession(a *httpauth.Auth, w http.ResponseWriter, r *http.Request, user string) {
	a.RevokeUserSession(w, r, user, "AAAAAAAAAAAAAAAAAAAAAA")
}

// TestUnguarded checks that what acts on any user serves nobody whom no
// middleware has admitted, a good token or not, and tells the operator.
func TestUnguarded(t *testing.T) {
	for _, h := range userHandlers {
		t.Run(h.name, func(t *testing.T) {
			s := newServer(t)
			bearer := facetest.Must(httpauth.New(s.Authority, httpauth.Options{}))
			byCookie, tokens := newCookieAuth(t, s, httpauth.CookieOptions{SilentReissue: true})
			for _, tt := range []struct {
				name, header, value string
				auth                *httpauth.Auth
				optional            bool
			}{
				{"no token", "", "", bearer, false},
				{"a good token", "Authorization", "Bearer " + tokens.AccessToken, bearer, false},
				{"a good cookie", "Cookie", "__Host-access=" + tokens.AccessToken, byCookie, false},
				{"a refresh cookie", "Cookie", "__Host-refresh=" + tokens.RefreshToken, byCookie, false},
				{"no token, behind Optional", "", "", bearer, true},
				{"a bad cookie, behind Optional", "Cookie", "__Host-access=rubbish", byCookie, true},
			} {
				r := httptest.NewRequest(h.method, "/", nil)
				if tt.header != "" {
					r.Header.Set(tt.header, tt.value)
				}
				w := httptest.NewRecorder()
				if tt.optional {
					admission, ok := through(tt.auth.Optional, w, r)
					if !ok {
						t.Fatalf("%s: Optional refused it: %d %s", tt.name, w.Code, w.Body)
					}
					r = admission.Request
				}
				before, told := s.Store.Calls(), len(s.Log())
				h.handle(tt.auth, w, r, "bob")
				if got := answerOf(w); got.Status != http.StatusInternalServerError || got.Code() != "internal" {
					t.Errorf("%s: got %d %s, want 500", tt.name, got.Status, got.Body)
				}
				if n := s.Store.Calls() - before; n != 0 {
					t.Errorf("%s: got %d calls of the store, want none", tt.name, n)
				}
				if !strings.Contains(s.Log()[told:], "Require") {
					t.Errorf("%s: got the log %q, want what is missing", tt.name, s.Log()[told:])
				}
			}
		})
	}
}

// TestUserMethods checks that another method is refused before it is looked
// who asks.
func TestUserMethods(t *testing.T) {
	s := newServer(t)
	auth := facetest.Must(httpauth.New(s.Authority, httpauth.Options{}))
	tokens, err := s.Authority.Issue(t.Context(), core.Login{Subject: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	claims, err := s.Authority.Verify(t.Context(), tokens.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range userHandlers {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "NEW"} {
			if slices.Contains(strings.Split(h.allow, ", "), method) {
				continue
			}
			r := httptest.NewRequest(method, "/", nil)
			for _, r := range []*http.Request{r, r.WithContext(core.NewContext(r.Context(), claims))} {
				w := httptest.NewRecorder()
				before := s.Store.Calls()
				h.handle(auth, w, r, "bob")
				if got := answerOf(w); got.Code() != "method_not_allowed" || got.Header.Get("Allow") != h.allow || s.Store.Calls() != before {
					t.Errorf("%s %s: got %d %s, Allow %q, want 405 and %s", method, h.name, got.Status, got.Body, got.Header.Get("Allow"), h.allow)
				}
			}
		}
	}
}

// TestUserWait checks that a request whose check has taken nearly all of its 2
// seconds waits no longer than 3.9 in all for a store that then does not answer.
func TestUserWait(t *testing.T) {
	for _, h := range userHandlers {
		synctest.Test(t, func(t *testing.T) {
			s, _ := newSlow(t, 0)
			auth := facetest.Must(httpauth.New(s.Authority, httpauth.Options{}))
			tokens, err := s.Authority.Issue(t.Context(), core.Login{Subject: "alice", Claims: map[string]any{}})
			if err != nil {
				t.Fatal(err)
			}
			s.Store.Before(func(ctx context.Context, method string) error {
				if method == "Revoked" {
					return slow(1900*time.Millisecond)(ctx, method)
				}
				return slow(time.Hour)(ctx, method)
			})
			r := httptest.NewRequest(h.method, "/", nil)
			r.Header.Set("Authorization", "Bearer "+tokens.AccessToken)
			w := httptest.NewRecorder()
			start := time.Now()
			if admission, ok := through(auth.Require, w, r); ok {
				h.handle(auth, w, admission.Request, "bob")
			}
			if took := time.Since(start); took != patience || w.Code != http.StatusServiceUnavailable {
				t.Errorf("%s: got %d after %v, want 503 after 3.9s", h.name, w.Code, took)
			}
		})
	}
}
