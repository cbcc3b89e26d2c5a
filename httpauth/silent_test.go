package httpauth_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// strictly makes every second use of a refresh token a theft, once the clock has
// moved.
func strictly(c *core.Config) { c.ReuseGrace = time.Millisecond }

// newSilent returns a server, an Auth that reissues silently, and a request
// with the cookies of a session whose access token has expired.
func newSilent(t *testing.T, configure ...func(*core.Config)) (*facetest.Server, *httpauth.Auth, *http.Request, core.Tokens) {
	t.Helper()
	s := facetest.NewServer(t, func(testing.TB, *core.Authority, facetest.Layout) http.Handler { return http.NotFoundHandler() },
		facetest.Layout{}, configure...)
	auth, tokens := newCookieAuth(t, s, httpauth.CookieOptions{SilentReissue: true})
	s.Clock.Advance(time.Hour)
	r := httptest.NewRequest("POST", "/", nil)
	r.Header.Set("Cookie", "theme=dark; __Host-access="+tokens.AccessToken+"; __Host-refresh="+tokens.RefreshToken)
	return s, auth, r, tokens
}

// TestSilentOnce checks that what handles a request after a silent reissue
// sees the new cookies: middleware that is there twice, and the library's own
// handlers behind it, present no refresh token a second time, which without
// a grace would be a theft.
func TestSilentOnce(t *testing.T) {
	for name, behind := range map[string]func(*httpauth.Auth, http.ResponseWriter, *http.Request){
		"Require":  func(a *httpauth.Auth, w http.ResponseWriter, r *http.Request) { through(a.Require, w, r) },
		"Optional": func(a *httpauth.Auth, w http.ResponseWriter, r *http.Request) { through(a.Optional, w, r) },
		"Reissue":  (*httpauth.Auth).Reissue,
		"Logout":   (*httpauth.Auth).Logout,
		"Login": func(a *httpauth.Auth, w http.ResponseWriter, r *http.Request) {
			a.Login(w, r, core.Login{Subject: "alice"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, auth, r, _ := newSilent(t, strictly)
			header := r.Header.Clone()
			w := httptest.NewRecorder()
			admission, ok := through(auth.Optional, w, r)
			if !ok || !admission.renewed {
				t.Fatalf("got %d %s, want a silent reissue", w.Code, w.Body)
			}
			s.Clock.Advance(time.Second)
			behind(auth, w, admission.Request)
			if w.Code != http.StatusOK {
				t.Errorf("answer: got %d %s, want 200", w.Code, w.Body)
			}
			for _, e := range s.Events() {
				if e.Reason == driver.Reuse.String() {
					t.Errorf("got the event %+v", e)
				}
			}
			names := make(map[string]bool)
			for _, c := range w.Result().Cookies() {
				if names[c.Name] {
					t.Errorf("the cookie %s is set twice: %q", c.Name, w.Header()["Set-Cookie"])
				}
				names[c.Name] = true
			}
			if got := strings.Join(r.Header["Cookie"], "\n"); got != header.Get("Cookie") {
				t.Errorf("the request that came: got its cookies changed to %s", got)
			}
		})
	}
}

// TestSilentRequest checks the request that goes on.
func TestSilentRequest(t *testing.T) {
	_, auth, r, tokens := newSilent(t)
	r.Header["Cookie"] = append(r.Header["Cookie"], "  a=b ;; c", "")
	w := httptest.NewRecorder()
	admission, ok := through(auth.Require, w, r)
	if !ok || !admission.renewed {
		t.Fatalf("got %d %s, want a silent reissue", w.Code, w.Body)
	}
	access, refresh := cookie(w, "__Host-access"), cookie(w, "__Host-refresh")
	want := "theme=dark; a=b; c; __Host-access=" + access + "; __Host-refresh=" + refresh
	if got := strings.Join(admission.Request.Header["Cookie"], "\n"); got != want || access == tokens.AccessToken || refresh == tokens.RefreshToken {
		t.Errorf("Cookie:\n got %s\nwant %s", got, want)
	}
	if c, ok := core.FromContext(admission.Request.Context()); !ok || c.Subject() != "alice" || c.Generation() != 1 {
		t.Errorf("claims: got %v, want alice's of generation 1", c)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control: got %q, want no-store", got)
	}
}

// TestSilentBurst checks requests in parallel of which each finds the access
// token expired before any has reissued.
func TestSilentBurst(t *testing.T) {
	s, auth, r, tokens := newSilent(t)
	const n = 12
	var arrived, done sync.WaitGroup
	arrived.Add(n)
	answers := make([]*httptest.ResponseRecorder, n)
	for i := range n {
		answers[i] = httptest.NewRecorder()
		done.Go(func() {
			arrived.Done()
			arrived.Wait()
			if _, ok := through(auth.Require, answers[i], r.Clone(r.Context())); !ok {
				t.Errorf("request %d: got %d %s", i, answers[i].Code, answers[i].Body)
			}
		})
	}
	done.Wait()
	rotations := 0
	for _, e := range s.Events() {
		if e.Type == core.SessionReissued {
			rotations++
		}
	}
	if rotations != 1 {
		t.Errorf("rotations: got %d, want 1", rotations)
	}
	for i, w := range answers {
		claims, err := s.Authority.Verify(t.Context(), cookie(w, "__Host-access"))
		if err != nil || claims.Generation() != 1 || claims.SessionID() != tokens.SessionID {
			t.Errorf("request %d: got the claims %v, %v, want generation 1", i, claims, err)
		}
		if _, err := s.Authority.Reissue(t.Context(), cookie(w, "__Host-refresh")); err != nil {
			t.Errorf("request %d: reissue of its refresh token: %v", i, err)
		}
	}
}

// TestSilentWithRetiredKey checks a browser that comes back after the key of
// its access token has been retired, which it may be once the token has
// expired. The browser has dropped that cookie by then.
func TestSilentWithRetiredKey(t *testing.T) {
	key := func(id string) []core.Key {
		k, err := core.NewHMACKey(id, []byte(strings.Repeat(id[:1], 32)))
		if err != nil {
			t.Fatal(err)
		}
		return []core.Key{k}
	}
	s, auth, _, _ := newSilent(t, func(c *core.Config) { c.Keys, c.RefreshKeys = key("old"), key("refresh") })
	w := login(auth)
	s.Clock.Advance(10 * time.Minute)
	r := httptest.NewRequest("GET", "/", nil)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge > 600 {
			r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
		}
	}
	if err := s.Authority.SetKeys(key("new"), key("refresh")); err != nil {
		t.Fatal(err)
	}
	w = httptest.NewRecorder()
	if admission, ok := through(auth.Require, w, r); !ok || !admission.renewed {
		t.Errorf("got %d %s, want a silent reissue", w.Code, w.Body)
	}
}

// TestLastIP checks that the list of sessions tells from where a session was last
// reissued, by the handler or silently, if it was not from where it began.
func TestLastIP(t *testing.T) {
	s, auth, _, _ := newSilent(t)
	from := func(r *http.Request, ip string, cookies []*http.Cookie) *http.Request {
		r.RemoteAddr = ip + ":4711"
		for _, c := range cookies {
			r.AddCookie(c)
		}
		return r
	}
	w := httptest.NewRecorder()
	auth.Login(w, from(httptest.NewRequest("POST", "/", nil), "192.0.2.7", nil), core.Login{Subject: "bob"})
	for _, step := range []struct {
		ip     string
		silent bool
		want   string
	}{{"192.0.2.7", false, ""}, {"198.51.100.1", false, "198.51.100.1"}, {"198.51.100.2", true, "198.51.100.2"}, {"192.0.2.7", true, ""}} {
		s.Clock.Advance(time.Hour)
		cookies := w.Result().Cookies()
		w = httptest.NewRecorder()
		r := from(httptest.NewRequest("POST", "/", nil), step.ip, cookies)
		if step.silent {
			through(auth.Require, w, r)
		} else {
			auth.Reissue(w, r)
		}
		list := httptest.NewRecorder()
		auth.Sessions(list, from(httptest.NewRequest("GET", "/", nil), step.ip, w.Result().Cookies()))
		_, got, there := strings.Cut(list.Body.String(), `"ip":"192.0.2.7"},"last_ip":"`)
		got, _, _ = strings.Cut(got, `"`)
		if list.Code != http.StatusOK || got != step.want || there != (step.want != "") {
			t.Errorf("%+v: got %d %s", step, list.Code, list.Body)
		}
	}
}
