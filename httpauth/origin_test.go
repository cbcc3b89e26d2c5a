package httpauth_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// newCookieAuth returns an Auth with the cookie transport and the tokens of a
// session of alice's.
func newCookieAuth(t testing.TB, s *facetest.Server, o httpauth.CookieOptions) (*httpauth.Auth, core.Tokens) {
	t.Helper()
	transport := httpauth.Cookie(o)
	tokens, err := s.Authority.Issue(t.Context(), core.Login{Subject: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	return facetest.Must(httpauth.New(s.Authority, httpauth.Options{Transport: transport})), tokens
}

// TestOrigin checks who may change something by a cookie: what browsers say of
// a request against what Require and Optional make of it.
func TestOrigin(t *testing.T) {
	const host, trusted = "shop.example.com", "https://app.example.org"
	tests := []struct {
		name   string
		method string
		header string // lines
		pass   bool
	}{
		{"own page", "POST", "Sec-Fetch-Site: same-origin\nOrigin: https://shop.example.com", true},
		{"own page, PATCH", "PATCH", "Sec-Fetch-Site: same-origin\nOrigin: https://shop.example.com", true},
		{"typed, or from a bookmark", "POST", "Sec-Fetch-Site: none", true},
		{"no browser", "POST", "", true},
		{"own page, of which a proxy has changed the Host", "POST", "Sec-Fetch-Site: same-origin\nOrigin: https://www.example.net", true},
		{"trusted origin", "POST", "Sec-Fetch-Site: cross-site\nOrigin: " + trusted, true},
		{"trusted origin, DELETE", "DELETE", "Sec-Fetch-Site: cross-site\nOrigin: " + trusted, true},
		{"trusted origin, old browser", "POST", "Origin: " + trusted, true},
		{"old browser, same host", "POST", "Origin: https://shop.example.com", true},
		{"old browser, same host by http", "POST", "Origin: http://shop.example.com", true},

		{"another site", "POST", "Sec-Fetch-Site: cross-site\nOrigin: https://evil.example", false},
		{"another site, PUT", "PUT", "Sec-Fetch-Site: cross-site\nOrigin: https://evil.example", false},
		{"another site, PATCH", "PATCH", "Sec-Fetch-Site: cross-site\nOrigin: https://evil.example", false},
		{"another site, DELETE", "DELETE", "Sec-Fetch-Site: cross-site\nOrigin: https://evil.example", false},
		{"another site, a method of its own", "BREW", "Sec-Fetch-Site: cross-site\nOrigin: https://evil.example", false},
		{"another site, GET in lower case", "get", "Sec-Fetch-Site: cross-site\nOrigin: https://evil.example", false},
		{"another site, CONNECT", "CONNECT", "Sec-Fetch-Site: cross-site\nOrigin: https://evil.example", false},
		{"another site without an Origin", "POST", "Sec-Fetch-Site: cross-site", false},
		{"another site with our Origin", "POST", "Sec-Fetch-Site: cross-site\nOrigin: https://shop.example.com", false},
		{"another site, a form that navigates", "POST", "Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: navigate\nSec-Fetch-Dest: document\nOrigin: null", false},
		{"sibling", "POST", "Sec-Fetch-Site: same-site\nOrigin: https://blog.example.com", false},
		{"sibling by another scheme", "POST", "Sec-Fetch-Site: same-site\nOrigin: http://shop.example.com", false},
		{"unknown word", "POST", "Sec-Fetch-Site: same-galaxy", false},
		{"two words", "POST", "Sec-Fetch-Site: same-origin, cross-site", false},
		{"word in another case", "POST", "Sec-Fetch-Site: Same-Origin", false},
		{"old browser, another host", "POST", "Origin: https://evil.example", false},
		{"old browser, sibling", "POST", "Origin: https://blog.example.com", false},
		{"old browser, another port", "POST", "Origin: https://shop.example.com:8443", false},
		{"old browser, opaque", "POST", "Origin: null", false},
		{"old browser, longer host", "POST", "Origin: https://shop.example.com.evil.example", false},
		{"old browser, host as user", "POST", "Origin: https://shop.example.com@evil.example", false},
		{"trusted origin with a suffix", "POST", "Sec-Fetch-Site: cross-site\nOrigin: " + trusted + ".evil.example", false},
		{"trusted origin with a port", "POST", "Sec-Fetch-Site: cross-site\nOrigin: " + trusted + ":8443", false},
		{"trusted origin in capitals", "POST", "Sec-Fetch-Site: cross-site\nOrigin: " + strings.ToUpper(trusted), false},

		{"GET of another site", "GET", "Sec-Fetch-Site: cross-site\nOrigin: https://evil.example", true},
		{"HEAD of another site", "HEAD", "Sec-Fetch-Site: cross-site", true},
		{"OPTIONS of another site", "OPTIONS", "Sec-Fetch-Site: cross-site", true},
		{"link from another site", "GET", "Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: navigate\nSec-Fetch-Dest: document", true},
		{"upgrade to https asked for", "GET", "Sec-Fetch-Site: cross-site\nUpgrade-Insecure-Requests: 1", true},
		{"WebSocket of the own page", "GET", "Upgrade: websocket\nSec-Fetch-Site: same-origin\nOrigin: https://shop.example.com", true},
		{"WebSocket of a trusted origin", "GET", "Upgrade: websocket\nSec-Fetch-Site: cross-site\nOrigin: " + trusted, true},
		{"WebSocket of no browser", "GET", "Upgrade: websocket", true},
		{"WebSocket of another site", "GET", "Upgrade: websocket\nSec-Fetch-Site: cross-site\nOrigin: https://evil.example", false},
		{"WebSocket of a sibling", "GET", "Upgrade: WebSocket\nSec-Fetch-Site: same-site\nOrigin: https://blog.example.com", false},
		{"WebSocket of another site, old browser", "GET", "Upgrade: websocket\nOrigin: https://evil.example", false},
	}
	s := newServer(t)
	auth, tokens := newCookieAuth(t, s, httpauth.CookieOptions{TrustedOrigins: []string{trusted}, SameSite: http.SameSiteNoneMode})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			request := func(credential string) *http.Request {
				r := httptest.NewRequest(tt.method, "https://"+host+"/", nil)
				for _, line := range strings.Split(strings.TrimSpace(tt.header+"\n"+credential), "\n") {
					name, value, _ := strings.Cut(line, ": ")
					r.Header.Add(name, value)
				}
				return r
			}
			for name, check := range map[string]func(http.Handler) http.Handler{
				"Require": auth.Require, "Optional": auth.Optional,
			} {
				before := s.Store.Calls()
				w := httptest.NewRecorder()
				_, ok := through(check, w, request("Cookie: __Host-access="+tokens.AccessToken))
				if ok != tt.pass {
					t.Errorf("%s by cookie: got %v, %d %s, want %v", name, ok, w.Code, w.Body, tt.pass)
				}
				if calls := s.Store.Calls() - before; !tt.pass && (answerOf(w).Code() != "cross_origin" || calls != 0) {
					t.Errorf("%s by cookie: got %d %s and %d calls of the store, want cross_origin and none", name, w.Code, w.Body, calls)
				}
				w = httptest.NewRecorder()
				if _, ok := through(check, w, request("Authorization: Bearer "+tokens.AccessToken)); !ok {
					t.Errorf("%s by header: got %d %s, want it to pass from anywhere", name, w.Code, w.Body)
				}
			}
		})
	}
}

// TestOptionalAnonymous checks that a request without a credential passes
// Optional from anywhere: there is nothing to misuse.
func TestOptionalAnonymous(t *testing.T) {
	auth, _ := newCookieAuth(t, newServer(t), httpauth.CookieOptions{SilentReissue: true})
	r := httptest.NewRequest("POST", "/", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	r.Header.Set("Cookie", "theme=dark")
	w := httptest.NewRecorder()
	admission, ok := through(auth.Optional, w, r)
	if !ok || admission.Request != r || admission.renewed {
		t.Errorf("Optional: got %+v, %v, %s, want the request as it is", admission, ok, w.Body)
	}
}
