package httpauth_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// setCookies returns the Set-Cookie lines of an answer, without the tokens.
func setCookies(w *httptest.ResponseRecorder) (lines []string) {
	for _, line := range w.Header()["Set-Cookie"] {
		name, rest, _ := strings.Cut(line, "=")
		_, attributes, _ := strings.Cut(rest, ";")
		lines = append(lines, name+";"+attributes)
	}
	return lines
}

// TestDomain checks where cookies of a whole domain are set, and that nothing is
// changed where a browser would drop them.
func TestDomain(t *testing.T) {
	s := newServer(t)
	auth := facetest.Must(httpauth.New(s.Authority, httpauth.Options{Transport: httpauth.Cookie(httpauth.CookieOptions{
		Domain: "example.com", Partitioned: true, SameSite: http.SameSiteNoneMode, SilentReissue: true,
	})}))
	for host, good := range map[string]bool{
		"example.com": true, "app.example.com": true, "a.b.example.com:8443": true, "APP.Example.COM": true,
		"example.org": false, "notexample.com": false, "com": false, "example.com.evil.org": false, "192.0.2.1": false, "": false,
	} {
		before := s.Store.Calls()
		w, r := httptest.NewRecorder(), httptest.NewRequest("POST", "/auth/login", nil)
		r.Host = host
		auth.Login(w, r, core.Login{Subject: "alice"})
		lines := setCookies(w)
		if !good {
			if w.Code != http.StatusInternalServerError || len(lines) > 0 || s.Store.Calls() != before || !strings.Contains(s.Log(), "CookieOptions.Domain") {
				t.Errorf("%q: got %d, the cookies %q and %d calls of the store, want 500 and none", host, w.Code, lines, s.Store.Calls()-before)
			}
			continue
		}
		if w.Code != http.StatusOK || len(lines) != 2 {
			t.Fatalf("%q: got %d %s with %q", host, w.Code, w.Body, lines)
		}
		for _, line := range lines {
			if !strings.HasPrefix(line, "__Secure-") || !strings.Contains(line, "; Domain=example.com;") || !strings.Contains(line, "; Partitioned") {
				t.Errorf("%q: got the cookie %q", host, line)
			}
		}
		out, r := httptest.NewRecorder(), httptest.NewRequest("POST", "/auth/logout", nil)
		r.Host = host
		for _, c := range w.Result().Cookies() {
			r.AddCookie(c)
		}
		auth.Logout(out, r)
		for _, line := range setCookies(out) {
			if !strings.Contains(line, "; Domain=example.com; Max-Age=0;") {
				t.Errorf("%q: a logout sets %q, want it gone from the domain", host, line)
			}
		}
	}
}

// TestBrowserSession checks that a login which is not to be remembered never sets
// a cookie that outlives the browser.
func TestBrowserSession(t *testing.T) {
	for _, remember := range []bool{true, false} {
		for _, transport := range []httpauth.Transport{
			httpauth.Hybrid(httpauth.CookieOptions{}), httpauth.Cookie(httpauth.CookieOptions{}), httpauth.Cookie(httpauth.CookieOptions{SilentReissue: true}),
		} {
			s := newServer(t)
			auth := facetest.Must(httpauth.New(s.Authority, httpauth.Options{Transport: transport}))
			w := httptest.NewRecorder()
			auth.Login(w, httptest.NewRequest("POST", "/", nil), core.Login{Subject: "alice", BrowserSession: !remember})
			for i := range 100 {
				lines := setCookies(w)
				if len(lines) == 0 || w.Code >= 300 {
					t.Fatalf("step %d: got %d with %q", i, w.Code, lines)
				}
				for _, line := range lines {
					if strings.Contains(line, "Max-Age") != remember || strings.Contains(line, "Expires") {
						t.Fatalf("step %d, remembered: %v: got the cookie %q", i, remember, line)
					}
				}
				s.Clock.Advance(time.Hour)
				r := httptest.NewRequest("POST", "/auth/reissue", nil)
				for _, c := range w.Result().Cookies() {
					r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
				}
				w = httptest.NewRecorder()
				if i%2 == 0 && strings.Contains(lines[0], "access") {
					through(auth.Optional, w, r)
					if len(w.Header()["Set-Cookie"]) > 0 {
						continue
					}
				}
				auth.Reissue(w, r)
			}
		}
	}
}

// TestOriginPatterns checks which origins a pattern admits.
func TestOriginPatterns(t *testing.T) {
	s := newServer(t)
	auth, tokens := newCookieAuth(t, s, httpauth.CookieOptions{TrustedOrigins: []string{"https://*.preview.example.org", "capacitor://localhost", "http://*.dev.example.org:3000"}})
	for origin, want := range map[string]bool{
		"https://pr-12.preview.example.org":         true,
		"https://pr_12.preview.example.org":         true,
		"http://a.dev.example.org:3000":             true,
		"capacitor://localhost":                     true,
		"https://preview.example.org":               false,
		"https://.preview.example.org":              false,
		"https://a.b.preview.example.org":           false,
		"https://evil.example/.preview.example.org": false,
		"https://evil#.preview.example.org":         false,
		"https://evil@a.preview.example.org":        false,
		"http://a.preview.example.org":              false,
		"https://a.preview.example.org:8443":        false,
		"https://A.preview.example.org":             false,
		"http://a.dev.example.org":                  false,
		"capacitor://localhost:1":                   false,
		"ionic://localhost":                         false,
		"null":                                      false,
	} {
		for _, upgrade := range []bool{false, true} {
			w, r := httptest.NewRecorder(), httptest.NewRequest("PUT", "https://api.example.com/", nil)
			r.Header.Set("Origin", origin)
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Cookie", "__Host-access="+tokens.AccessToken)
			if upgrade {
				r.Method = "GET"
				r.Header.Set("Upgrade", "websocket")
			}
			if _, ok := through(auth.Require, w, r); ok != want {
				t.Errorf("%s, upgrade %v: got %v, %d, want %v", origin, upgrade, ok, w.Code, want)
			}
		}
	}
}

// TestBounceCookie checks that the cookie of a bounce has a name that only this host
// can set, whatever the others are called.
func TestBounceCookie(t *testing.T) {
	for want, o := range map[string]httpauth.CookieOptions{
		"__Host-refresh-bounced": {Domain: "example.com"},
		"__Host-r-bounced":       {RefreshName: "r"},
		"__Host-s-bounced":       {RefreshName: "__Secure-s"},
		"refresh-bounced":        {Insecure: true},
	} {
		o.SilentReissue = true
		s := newServer(t)
		auth := facetest.Must(httpauth.New(s.Authority, httpauth.Options{Transport: httpauth.Cookie(o)}))
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "https://app.example.com/", nil)
		asNavigation(r)
		for _, name := range []string{"__Secure-refresh", "r", "__Secure-s", "refresh"} {
			r.AddCookie(&http.Cookie{Name: name, Value: "x"})
		}
		through(auth.Require, w, r)
		lines := w.Header()["Set-Cookie"]
		if len(lines) != 1 || !strings.HasPrefix(lines[0], want+"=1; Path=/; Max-Age=10; HttpOnly;") || strings.Contains(lines[0], "Domain") {
			t.Errorf("%+v: got %q, want the cookie %s", o, lines, want)
		}
	}
}
