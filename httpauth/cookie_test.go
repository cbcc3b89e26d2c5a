package httpauth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// sized makes a server whose access tokens carry a claim of so many bytes.
func sized(t *testing.T, bytes *int, configure ...func(*core.Config)) *facetest.Server {
	load := func(c *core.Config) {
		c.LoadClaims = func(context.Context, core.ClaimsRequest) (any, error) {
			return map[string]string{"x": strings.Repeat("x", *bytes)}, nil
		}
	}
	return facetest.NewServer(t, func(testing.TB, *core.Authority, facetest.Layout) http.Handler { return http.NotFoundHandler() },
		facetest.Layout{}, append(configure, load)...)
}

// login runs Login for alice and returns the answer.
func login(auth *httpauth.Auth) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	auth.Login(w, httptest.NewRequest("POST", "/", nil), core.Login{Subject: "alice"})
	return w
}

// TestCookieSize checks that no cookie is longer than 3800 bytes, however often
// its session is reissued, and that a login whose token would be fails and ends
// no other session, though there is room for one only.
func TestCookieSize(t *testing.T) {
	bytes := 2400
	s := sized(t, &bytes, func(c *core.Config) { c.MaxSessions = 1 })
	auth, _ := newCookieAuth(t, s, httpauth.CookieOptions{})
	var longest *httptest.ResponseRecorder
	for {
		w := login(auth)
		if w.Code != http.StatusOK {
			if answerOf(w).Code() != "internal" || len(w.Header()["Set-Cookie"]) > 0 {
				t.Errorf("%d bytes: got %d %s with %q, want internal and no cookie", bytes, w.Code, w.Body, w.Header()["Set-Cookie"])
			}
			break
		}
		longest = w
		bytes++
	}
	access := cookie(longest, "__Host-access")
	if _, err := s.Authority.Verify(t.Context(), access); err != nil {
		t.Errorf("the session before the login that failed: got %v, want it alive", err)
	}
	if !strings.Contains(s.Log(), "Login.Claims or Config.LoadClaims") {
		t.Errorf("log: got %q, want the reason", s.Log())
	}
	// A generation is in gen and in jti. It may grow from 1 digit to 16, and
	// base64 makes 4 bytes of 3.
	if got := len("__Host-access") + len(access) + 2*15*4/3; got > 3800 || got < 3750 {
		t.Errorf("longest cookie with the highest generation: got %d bytes, want just under 3800", got)
	}
}

// TestHybridSize checks that only the token that travels in a cookie has less
// room.
func TestHybridSize(t *testing.T) {
	bytes := 2600
	s := sized(t, &bytes)
	transport := httpauth.Hybrid(httpauth.CookieOptions{})
	w := login(facetest.Must(httpauth.New(s.Authority, httpauth.Options{Transport: transport})))
	if token := strings.TrimPrefix(w.Header().Get("Authorization"), "Bearer "); w.Code != http.StatusOK || len(token) < 3500 {
		t.Errorf("got %d with an access token of %d bytes, want a long one", w.Code, len(token))
	}
}

// TestCookieOutgrown checks a session whose claims have become too large for a
// cookie: the requests fail and burn nothing, so that the session goes on once
// the claims fit again.
func TestCookieOutgrown(t *testing.T) {
	for _, silent := range []bool{false, true} {
		bytes := 10
		s := sized(t, &bytes, strictly)
		auth, _ := newCookieAuth(t, s, httpauth.CookieOptions{SilentReissue: silent})
		refresh := cookie(login(auth), "__Host-refresh")
		send := func() *httptest.ResponseRecorder {
			w, r := httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil)
			r.Header.Set("Cookie", "__Host-refresh="+refresh)
			if silent {
				through(auth.Require, w, r)
			} else {
				auth.Reissue(w, r)
			}
			return w
		}
		bytes = 2600
		for range 3 {
			s.Clock.Advance(time.Hour)
			if w := send(); answerOf(w).Code() != "internal" || len(w.Result().Cookies()) > 0 {
				t.Fatalf("silent %v: got %d %s with %v, want internal without a cookie", silent, w.Code, w.Body, w.Result().Cookies())
			}
		}
		bytes = 10
		if w := send(); w.Code != http.StatusOK || cookie(w, "__Host-access") == "" {
			t.Errorf("silent %v: got %d %s, want the session to go on", silent, w.Code, w.Body)
		}
	}
}

// TestCookieAge checks how long cookies live: the session's end as the store
// knows it, never 0, which would delete them, nor more than fits.
func TestCookieAge(t *testing.T) {
	tests := []struct {
		name string
		c    func(*core.Config)
		want int
	}{
		{"default", func(*core.Config) {}, 7 * 86400},
		{"absolute end first", func(c *core.Config) { c.SessionTTL = 90 * time.Second }, 90},
		{"no absolute end", func(c *core.Config) { c.SessionTTL = core.NoLimit }, 7 * 86400},
		{"no idle end", func(c *core.Config) { c.IdleTTL = core.NoLimit }, 30 * 86400},
		{"centuries", func(c *core.Config) { c.IdleTTL, c.SessionTTL = core.NoLimit, 250*365*24*time.Hour }, 1<<31 - 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bytes := 1
			s := sized(t, &bytes, tt.c)
			auth, _ := newCookieAuth(t, s, httpauth.CookieOptions{})
			for _, c := range login(auth).Result().Cookies() {
				if c.MaxAge != tt.want {
					t.Errorf("Max-Age of %s: got %d, want %d", c.Name, c.MaxAge, tt.want)
				}
			}
		})
	}
}

// TestCookieAgeOverTime checks that reissuing moves no cookie past the
// session's end.
func TestCookieAgeOverTime(t *testing.T) {
	bytes := 1
	s := sized(t, &bytes, func(c *core.Config) { c.SessionTTL = time.Hour })
	auth, _ := newCookieAuth(t, s, httpauth.CookieOptions{})
	w := login(auth)
	for minute := 1; minute < 60; minute++ {
		s.Clock.Advance(time.Minute)
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Cookie", "__Host-refresh="+cookie(w, "__Host-refresh"))
		w = httptest.NewRecorder()
		auth.Reissue(w, r)
		if w.Code != http.StatusOK {
			t.Fatalf("minute %d: got %d %s", minute, w.Code, w.Body)
		}
		for _, c := range w.Result().Cookies() {
			if want := (60 - minute) * 60; c.MaxAge != want {
				t.Errorf("minute %d: Max-Age of %s: got %d, want %d", minute, c.Name, c.MaxAge, want)
			}
		}
	}
}

// TestOtherCookies checks that the application's own cookies stay in an answer
// that sets or clears ours.
func TestOtherCookies(t *testing.T) {
	auth, _ := newCookieAuth(t, newServer(t), httpauth.CookieOptions{})
	for name, endpoint := range map[string]http.HandlerFunc{
		"Login":  func(w http.ResponseWriter, r *http.Request) { auth.Login(w, r, core.Login{Subject: "alice"}) },
		"Logout": auth.Logout,
	} {
		w := httptest.NewRecorder()
		http.SetCookie(w, &http.Cookie{Name: "__Host-access-log", Value: "1"})
		http.SetCookie(w, &http.Cookie{Name: "theme", Value: "__Host-access=x"})
		endpoint(w, httptest.NewRequest("POST", "/", nil))
		if got := len(w.Header()["Set-Cookie"]); got != 4 || cookie(w, "theme") == "" || cookie(w, "__Host-access-log") == "" {
			t.Errorf("%s: got %q, want the application's cookies and ours", name, w.Header()["Set-Cookie"])
		}
	}
}

// cookie returns the value of a cookie that an answer sets, the empty string
// if it does not.
func cookie(w *httptest.ResponseRecorder, name string) string {
	for _, c := range w.Result().Cookies() {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// TestCookieCount checks how many cookies a request may have: net/http would
// find none among too many, and a logout would then end nothing.
func TestCookieCount(t *testing.T) {
	for others, want := range map[int]int{1023: http.StatusOK, 1024: http.StatusBadRequest} {
		auth, tokens := newCookieAuth(t, newServer(t), httpauth.CookieOptions{})
		r := httptest.NewRequest("POST", "/", nil)
		r.Header["Cookie"] = []string{strings.Repeat("a=b;", others/2) + "a=b", strings.Repeat("a=b;", others-others/2-1) + "__Host-refresh=" + tokens.RefreshToken}
		w := httptest.NewRecorder()
		auth.Logout(w, r)
		if w.Code != want {
			t.Errorf("%d others: got %d %s, want %d", others, w.Code, w.Body, want)
		}
	}
}

// TestOriginLength checks that an origin longer than any is not read, though the
// browser is said to have found it the same.
func TestOriginLength(t *testing.T) {
	for length, want := range map[int]int{512: http.StatusOK, 513: http.StatusForbidden} {
		auth, tokens := newCookieAuth(t, newServer(t), httpauth.CookieOptions{})
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Cookie", "__Host-refresh="+tokens.RefreshToken)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Origin", "https://"+strings.Repeat("a", length-len("https://")))
		w := httptest.NewRecorder()
		auth.Logout(w, r)
		if w.Code != want {
			t.Errorf("%d bytes: got %d %s, want %d", length, w.Code, w.Body, want)
		}
	}
}
