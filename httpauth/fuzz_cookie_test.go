package httpauth_test

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/httpauth"
)

// cookieHeaders are what browsers, attackers and broken clients send.
func cookieHeaders() []string {
	return []string{
		"", ";", "=", "a", "a=b", "__Host-access", "__Host-access=", "__Host-access=x", "__Host-refresh=x; __Host-access=y",
		"__Host-access=x; __Host-access=y", `__Host-access="x"`, ` __Host-access =x`, "\t__Host-refresh=x", "__host-access=x",
		"=__Host-access=x", "\u00a0__Host-access=x", "\u00a0a=b", "\u2000__Host-refresh=x", "$Version=1; __Host-access=x; $Path=/",
		"__Host-access=x, __Host-access=y", "a=\"; __Host-access=x; b=\"", "__Host-access=\x01; __Host-refresh=\x7f",
		strings.Repeat("a=b; ", 4000), "__Host-refresh=eyJhbGciOiJub25lIiwidHlwIjoicnQrand0In0.e30.",
	}
}

// FuzzCookie checks that no cookies but those with a good token pass Require,
// and that what is no token never reaches the store.
func FuzzCookie(f *testing.F) {
	for _, h := range cookieHeaders() {
		f.Add(h, "")
		f.Add(h, h)
	}
	s := newServer(f)
	auth, _ := newCookieAuth(f, s, httpauth.CookieOptions{SilentReissue: true})
	before := s.Store.Calls()
	f.Fuzz(func(t *testing.T, first, second string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Cookie"] = []string{first, second}
		w := httptest.NewRecorder()
		if _, ok := through(auth.Require, w, r); ok {
			t.Fatal("Require let it pass")
		}
		if w.Code != 400 && w.Code != 401 {
			t.Errorf("status: got %d %s, want 400 or 401", w.Code, w.Body)
		}
		if calls := s.Store.Calls() - before; calls != 0 {
			t.Errorf("calls of the store: got %d, want none", calls)
		}
		if lines := w.Header()["Set-Cookie"]; len(lines) > 0 {
			t.Errorf("Set-Cookie: got %q, want none", lines)
		}
	})
}

// FuzzSilentRequest checks the request that goes on after a silent reissue:
// whatever came beside the refresh token, there is one cookie of each name, the
// new one, and the application's are as they were.
func FuzzSilentRequest(f *testing.F) {
	for _, h := range cookieHeaders() {
		f.Add(h)
	}
	s := newServer(f)
	f.Fuzz(func(t *testing.T, beside string) {
		auth, tokens := newCookieAuth(t, s, httpauth.CookieOptions{SilentReissue: true})
		s.Clock.Advance(time.Hour)
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Cookie"] = []string{beside, "__Host-refresh=" + tokens.RefreshToken}
		w := httptest.NewRecorder()
		admission, ok := through(auth.Require, w, r)
		if !ok {
			return
		}
		for _, name := range []string{"__Host-access", "__Host-refresh"} {
			found := admission.Request.CookiesNamed(name)
			if len(found) != 1 || found[0].Value != cookie(w, name) || found[0].Value == "" {
				t.Errorf("%s: got %v, want the new cookie alone", name, found)
			}
		}
		others := func(lines []string) []string {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header["Cookie"] = lines
			var list []string
			for _, c := range r.Cookies() {
				if !strings.HasPrefix(c.Name, "__Host-") {
					list = append(list, c.Name+"="+c.Value)
				}
			}
			return list
		}
		if got, want := others(admission.Request.Header["Cookie"]), others(r.Header["Cookie"]); !slices.Equal(got, want) {
			t.Errorf("other cookies: got %q, want %q", got, want)
		}
	})
}
