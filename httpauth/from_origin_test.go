package httpauth_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

// TestFromOrigin checks which logins pass that another origin has posted.
func TestFromOrigin(t *testing.T) {
	const apple, other = "https://appleid.apple.com", "https://idp.example:8443"
	foreign := func(origin string) string { return "Sec-Fetch-Site: cross-site\nOrigin: " + origin }
	tests := []struct {
		name   string
		header string
		from   []string
		code   string
	}{
		{"the provider's", foreign(apple), []string{apple}, ""},
		{"the provider's, by an old browser", "Origin: " + apple, []string{apple}, ""},
		{"one of two", foreign(other), []string{apple, other}, ""},
		{"the own origin's", "Sec-Fetch-Site: same-origin\nOrigin: https://example.com", []string{apple}, ""},
		{"of no browser", "", []string{apple}, ""},
		{"without the option", foreign(apple), nil, "cross_origin"},
		{"another's", foreign("https://evil.example"), []string{apple}, "cross_origin"},
		{"another port's", foreign(apple + ":8443"), []string{apple}, "cross_origin"},
		{"a longer host's", foreign(apple + ".evil.example"), []string{apple}, "cross_origin"},
		{"another scheme's", foreign("http://appleid.apple.com"), []string{apple}, "cross_origin"},
		{"in capitals", foreign(strings.ToUpper(apple)), []string{apple}, "cross_origin"},
		{"opaque", foreign("null"), []string{apple}, "cross_origin"},
		{"without an Origin", "Sec-Fetch-Site: cross-site", []string{apple}, "cross_origin"},
		{"null as an option", foreign("null"), []string{"null"}, "internal"},
		{"a path in the option", foreign(apple), []string{apple + "/"}, "internal"},
		{"capitals in the option", foreign(apple), []string{"https://AppleID.apple.com"}, "internal"},
		{"an empty option", "", []string{""}, "internal"},
		{"a bad option beside a good one", foreign(apple), []string{apple, "*"}, "internal"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			auth, _ := newCookieAuth(t, s, httpauth.CookieOptions{})
			r := httptest.NewRequest("POST", "https://example.com/callback", nil)
			if tt.header != "" {
				for line := range strings.SplitSeq(tt.header, "\n") {
					name, value, _ := strings.Cut(line, ": ")
					r.Header.Set(name, value)
				}
			}
			var options []httpauth.CallOption
			for _, origin := range tt.from {
				options = append(options, httpauth.FromOrigin(origin))
			}
			calls := s.Store.Calls()
			w := httptest.NewRecorder()
			auth.Login(w, r, core.Login{Subject: "alice"}, options...)
			if got := answerOf(w); got.Code() != tt.code || (cookie(w, "__Host-refresh") != "") != (tt.code == "") {
				t.Errorf("Login: got %d %s with %q, want the code %q", got.Status, got.Body, w.Header()["Set-Cookie"], tt.code)
			}
			if n := s.Store.Calls() - calls; tt.code != "" && n != 0 {
				t.Errorf("calls of the store: got %d, want none", n)
			}
			if bad := tt.from; tt.code == "internal" && !strings.Contains(s.Log(), "FromOrigin") {
				t.Errorf("log: got %q, want it to name FromOrigin(%q)", s.Log(), bad)
			}
		})
	}
}

// TestFromOriginOnly checks that the option of one call opens nothing else.
func TestFromOriginOnly(t *testing.T) {
	s := newServer(t)
	auth, tokens := newCookieAuth(t, s, httpauth.CookieOptions{})
	for name, handle := range map[string]http.HandlerFunc{
		"Login":   func(w http.ResponseWriter, r *http.Request) { auth.Login(w, r, core.Login{Subject: "alice"}) },
		"Reissue": auth.Reissue, "Logout": auth.Logout,
	} {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Origin", "https://appleid.apple.com")
		auth.Login(httptest.NewRecorder(), r.Clone(t.Context()), core.Login{Subject: "bob"}, httpauth.FromOrigin("https://appleid.apple.com"))
		r.Header.Set("Cookie", "__Host-refresh="+tokens.RefreshToken)
		w := httptest.NewRecorder()
		handle(w, r)
		if got := answerOf(w); got.Code() != "cross_origin" {
			t.Errorf("%s: got %d %s, want cross_origin", name, got.Status, got.Body)
		}
	}
}
