package httpauth_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// twins are the operations that leave the answer to the application. Each begins
// with a session of alice's that the request presents.
var twins = map[string]func(*httpauth.Auth, http.ResponseWriter, *http.Request) error{
	"Issue": func(a *httpauth.Auth, w http.ResponseWriter, r *http.Request) error {
		_, err := a.Issue(w, r, core.Login{Subject: "alice"})
		return err
	},
	"Renew": func(a *httpauth.Auth, w http.ResponseWriter, r *http.Request) error {
		_, err := a.Renew(w, r)
		return err
	},
	"End": (*httpauth.Auth).End,
}

// transports are the three, each with the cookies that it sets.
var transports = map[string]struct {
	transport httpauth.Transport
	cookies   []string
}{
	"bearer": {httpauth.Transport{}, nil},
	"hybrid": {httpauth.Hybrid(httpauth.CookieOptions{}), []string{"__Host-refresh"}},
	"cookie": {httpauth.Cookie(httpauth.CookieOptions{}), []string{"__Host-access", "__Host-refresh"}},
}

// presenting returns a request that presents the refresh token where the transport
// has it.
func presenting(transport string, tokens core.Tokens) *http.Request {
	if transport != "bearer" {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Cookie", "__Host-refresh="+tokens.RefreshToken)
		return r
	}
	r := httptest.NewRequest("POST", "/", strings.NewReader(`{"refresh_token":"`+tokens.RefreshToken+`"}`))
	r.Header.Set("Content-Type", "application/json")
	return r
}

// TestTwins checks that what Issue, Renew and End set arrives whatever the
// application does next, and that nothing else of the answer is the library's.
func TestTwins(t *testing.T) {
	nexts := map[string]struct {
		serve  http.HandlerFunc
		status int
		body   string
	}{
		"redirect": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/home", http.StatusSeeOther) }, 303, ""},
		"page": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<p>welcome")
		}, 200, "<p>welcome"},
		"JSON": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusCreated)
			json.NewEncoder(w).Encode(1)
		}, 201, "1\n"},
		"nothing": {func(http.ResponseWriter, *http.Request) {}, 200, ""},
	}
	for twin, operate := range twins {
		for name, tr := range transports {
			for next, want := range nexts {
				t.Run(twin+"/"+name+"/"+next, func(t *testing.T) {
					s := newServer(t)
					auth := facetest.Must(httpauth.New(s.Authority, httpauth.Options{Transport: tr.transport}))
					tokens := issue(t, s)
					server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if err := operate(auth, w, presenting(name, tokens)); err != nil {
							t.Errorf("%s: %v", twin, err)
						}
						want.serve(w, r)
					}))
					defer server.Close()
					client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
					answer, err := client.Post(server.URL, "", nil)
					if err != nil {
						t.Fatal(err)
					}
					defer answer.Body.Close()
					body, err := io.ReadAll(answer.Body)
					if err != nil || answer.StatusCode != want.status || string(body) != want.body {
						t.Errorf("answer: got %d %q, %v, want %d %q", answer.StatusCode, body, err, want.status, want.body)
					}
					var names []string
					for _, c := range answer.Cookies() {
						names = append(names, c.Name)
						if cleared := c.MaxAge < 0; cleared != (twin == "End") || (c.Value == "") != cleared {
							t.Errorf("cookie: got %v", c)
						}
					}
					slices.Sort(names)
					if !slices.Equal(names, tr.cookies) {
						t.Errorf("cookies: got %q, want %q", names, tr.cookies)
					}
					if got := answer.Header.Get("Cache-Control"); got != "no-store" {
						t.Errorf("Cache-Control: got %q, want no-store", got)
					}
					if got := answer.Header.Get("Authorization"); (got != "") != (name == "hybrid" && twin != "End") {
						t.Errorf("Authorization: got %q", got)
					}
				})
			}
		}
	}
}

// TestTwinsSilent checks that the twins write neither status nor body, also where
// they refuse, and that a refusal sets no cookie.
func TestTwinsSilent(t *testing.T) {
	for twin, operate := range twins {
		for name, tr := range transports {
			t.Run(twin+"/"+name, func(t *testing.T) {
				s := newServer(t)
				auth := facetest.Must(httpauth.New(s.Authority, httpauth.Options{Transport: tr.transport}))
				tokens := issue(t, s)
				for _, fails := range []bool{true, false} {
					s.Store.Heal()
					if fails {
						s.Store.Fail(io.ErrUnexpectedEOF)
					}
					w := &silentWriter{header: make(http.Header)}
					err := operate(auth, w, presenting(name, tokens))
					if (err != nil) != fails || w.written {
						t.Errorf("store fails %v: got %v, written %v", fails, err, w.written)
					}
					if fails && len(w.header) > 0 {
						t.Errorf("refusal: got the headers %v, want none", slices.Collect(maps.Keys(w.header)))
					}
				}
			})
		}
	}
}

// silentWriter notes that something has been written.
type silentWriter struct {
	header  http.Header
	written bool
}

func (w *silentWriter) Header() http.Header         { return w.header }
func (w *silentWriter) WriteHeader(int)             { w.written = true }
func (w *silentWriter) Write(p []byte) (int, error) { w.written = true; return len(p), nil }

// TestTwinsEnd checks that Issue ends the browser's previous session and End all
// that the request names.
func TestTwinsEnd(t *testing.T) {
	for _, twin := range []string{"Issue", "End"} {
		s := newServer(t)
		auth, tokens := newCookieAuth(t, s, httpauth.CookieOptions{})
		if err := twins[twin](auth, httptest.NewRecorder(), presenting("cookie", tokens)); err != nil {
			t.Errorf("%s: %v", twin, err)
		}
		if _, err := s.Authority.Verify(t.Context(), tokens.AccessToken); err == nil {
			t.Errorf("%s: the previous session lives", twin)
		}
	}
}

// TestTwinTokens checks that Issue and Renew return the tokens that they have set.
func TestTwinTokens(t *testing.T) {
	s := newServer(t)
	auth, first := newCookieAuth(t, s, httpauth.CookieOptions{})
	w := httptest.NewRecorder()
	second, err := auth.Renew(w, presenting("cookie", first))
	if err != nil || second.SessionID != first.SessionID || cookie(w, "__Host-refresh") != second.RefreshToken || cookie(w, "__Host-access") != second.AccessToken {
		t.Errorf("Renew: got %v, %v with %v", second.SessionID, err, w.Header())
	}
	w = httptest.NewRecorder()
	third, err := auth.Issue(w, httptest.NewRequest("POST", "/", nil), core.Login{Subject: "alice"})
	if err != nil || third.SessionID == first.SessionID || cookie(w, "__Host-refresh") != third.RefreshToken {
		t.Errorf("Issue: got %v, %v with %v", third.SessionID, err, w.Header())
	}
}

// issue starts a session of alice's.
func issue(t testing.TB, s *facetest.Server) core.Tokens {
	t.Helper()
	tokens, err := s.Authority.Issue(t.Context(), core.Login{Subject: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}
