package facetest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

// ErrorHandler answers a refusal as an application does that has a format of its
// own for errors.
type ErrorHandler func(http.ResponseWriter, *http.Request, error)

// refusal is a request and the code with which it is refused.
type refusal struct {
	request Request
	code    string
}

// refusals are requests that middleware, each handler and the application itself
// refuse, of alice, whose access token is given.
func refusals(access string) []refusal {
	good, bad := bearer(access), "Authorization: Bearer rubbish"
	of := func(method, path string, header ...string) Request {
		return Request{Method: method, Path: path, Header: header}
	}
	bob := usersPath + "bob/"
	all := []refusal{
		{get("/api/me"), "token_missing"},
		{get("/api/me", bad), "token_invalid"},
		{get("/api/me", good, good), "request_invalid"},
		{get("/api/maybe", bad), "token_invalid"},
		{post("/api/write"), "token_missing"},
		{of("PUT", "/api/me", good), "method_not_allowed"},
		{get("/nothing"), "not_found"},
		{postJSON("/auth/login", `{}`), "bad_credentials"},
		{postJSON("/auth/login", `{`), "request_invalid"},
		{postJSON("/auth/login", `{"username":"blocked"}`), "user_blocked"},
		{postJSON(reissuePath, `{}`), "refresh_missing"},
		{postJSON(reissuePath, `{"refresh_token":"rubbish"}`), "refresh_invalid"},
		{postForm(reissuePath, "grant_type=password"), "request_invalid"},
		{postJSON(reissuePath, strings.Repeat(" ", 16<<10)+"{}"), "request_too_large"},
		{Request{Method: "POST", Path: reissuePath, Header: []string{"Content-Type: text/plain"}, Body: "x"}, "unsupported_media_type"},
		{get(reissuePath), "method_not_allowed"},
		{postJSON(logoutPath, `{`), "request_invalid"},
		{post(logoutAllPath), "token_missing"},
		{post(logoutAllPath+"?keep=all", good), "request_invalid"},
		{get(sessionsPath, bad), "token_invalid"},
		{of("DELETE", sessionsPath+"/other", good), "session_not_found"},
		{of("DELETE", sessionsPath+"/other"), "token_missing"},
		{post(jwksPath), "method_not_allowed"},
		{of("PUT", bob+"block"), "token_missing"},
		{Request{Method: "PUT", Path: bob + "block", Header: []string{JSON, good}, Body: "["}, "request_invalid"},
		{of("DELETE", usersPath+"%FF/block", good), "request_invalid"},
		{of("DELETE", bob+"sessions", bad), "token_invalid"},
		{get(bob + "sessions"), "token_missing"},
		{of("DELETE", bob+"sessions/other", good), "session_not_found"},
		{get("/api/fail"), "internal"},
	}
	for _, e := range sentinels() {
		all = append(all, refusal{get("/api/fail?code=" + e.Code()), e.Code()})
	}
	return all
}

// unavailables are requests that a store which fails has refused.
func unavailables(access, refresh string) []Request {
	good := bearer(access)
	return []Request{
		get("/api/me", good), postJSON("/auth/login", `{"username":"alice"}`), postJSON(reissuePath, object("refresh_token", refresh)),
		post(logoutPath, good), post(logoutAllPath, good), get(sessionsPath, good), get("/healthz"),
	}
}

// CheckErrorHandler checks that an application which answers refusals by itself
// does so for all of them: whatever middleware, handler or error it is, it is called
// once, core.AsError finds what is refused, the headers are set, and no byte of the
// answer is the library's. mount returns the routes of [NewHandler], all of whose
// refusals the handler given answers.
func CheckErrorHandler(t *testing.T, mount func(*core.Authority, Layout, ErrorHandler) http.Handler) {
	for _, l := range layouts() {
		var calls atomic.Int32
		own := func(w http.ResponseWriter, _ *http.Request, err error) {
			calls.Add(1)
			w.Header().Del("Set-Cookie")
			w.WriteHeader(http.StatusTeapot)
			io.WriteString(w, core.AsError(err).Code())
		}
		newHandler := func(_ testing.TB, a *core.Authority, l Layout) http.Handler { return mount(a, l, own) }
		check := func(s *Server, r Request, code string) {
			t.Helper()
			calls.Store(0)
			got := s.Do(r)
			if got.Status != http.StatusTeapot || got.Body != code || calls.Load() != 1 {
				t.Errorf("%s: %s %s %q: got %d %q of %d calls, want the handler's %q", l.Name, r.Method, r.Path, r.Header, got.Status, got.Body, calls.Load(), code)
			}
			h := got.Header
			if h.Get("Cache-Control") != "no-store" || (h.Get("Retry-After") != "") != (code == "store_unavailable") ||
				(h.Get("WWW-Authenticate") != "") != challenged(code) || (h.Get("Allow") != "") != (code == "method_not_allowed" && r.Path != "/api/fail?code="+code) {
				t.Errorf("%s: %s %s %q: got the header %v of %s", l.Name, r.Method, r.Path, r.Header, h, code)
			}
		}
		s := NewServer(t, newHandler, l)
		if err := s.Authority.Block(t.Context(), "blocked", time.Time{}); err != nil {
			t.Fatal(err)
		}
		p := s.Login("alice")
		for _, r := range refusals(p.AccessToken) {
			check(s, r.request, r.code)
		}
		s.Store.Fail(errors.New(secretDetail))
		for _, r := range unavailables(p.AccessToken, p.RefreshToken) {
			check(s, r, "store_unavailable")
		}
		l.Transport = httpauth.Cookie(httpauth.CookieOptions{SilentReissue: true})
		s = NewServer(t, newHandler, l)
		tokens, err := s.Authority.Issue(t.Context(), core.Login{Subject: "alice"})
		if err != nil {
			t.Fatal(err)
		}
		cookie := "Cookie: __Host-access=" + tokens.AccessToken + "; __Host-refresh=" + tokens.RefreshToken
		for _, path := range []string{"/api/write", reissuePath, logoutPath, logoutAllPath} {
			check(s, post(path, cookie, "Origin: https://evil.example"), "cross_origin")
		}
		s.Clock.Advance(time.Hour)
		s.Store.Before(func(_ context.Context, method string) error {
			if method == "Revoked" { // of the new access token
				return errors.New(secretDetail)
			}
			return nil
		})
		got := s.Do(get("/api/me", cookie))
		if got.Body != "store_unavailable" || len(got.Header["Set-Cookie"]) != 2 {
			t.Errorf("%s: a refusal after a silent reissue: got %q and %q, want the new cookies", l.Name, got.Body, got.Header["Set-Cookie"])
		}
	}
}

// challenged reports whether a refusal with this code has a challenge.
func challenged(code string) bool {
	for _, e := range sentinels() {
		if e.Code() == code {
			return e.Status() == http.StatusUnauthorized
		}
	}
	return false
}

// CheckOwnAnswers checks what an error handler for which the library has set the
// status may do with it. mount returns a handler that has GET / behind Require,
// with this error handler, and turns no panic into an answer.
func CheckOwnAnswers(t *testing.T, mount func(*core.Authority, ErrorHandler) http.Handler) {
	for _, tt := range []struct {
		name   string
		own    ErrorHandler
		status int // 0 for a panic, which reaches the server
		body   string
	}{
		{"writes nothing", func(http.ResponseWriter, *http.Request, error) {}, 401, ""},
		{"sets headers only", func(w http.ResponseWriter, _ *http.Request, _ error) { w.Header().Set("X-Own", "1") }, 401, ""},
		{"writes a body only", func(w http.ResponseWriter, _ *http.Request, _ error) { io.WriteString(w, "no") }, 401, "no"},
		{"changes the status", func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(404) }, 404, ""},
		{"changes the status and writes", func(w http.ResponseWriter, _ *http.Request, _ error) {
			w.WriteHeader(404)
			io.WriteString(w, "no")
		}, 404, "no"},
		{"answers twice", func(w http.ResponseWriter, _ *http.Request, _ error) {
			w.WriteHeader(404)
			io.WriteString(w, "no")
			w.WriteHeader(500)
		}, 404, "no"},
		{"redirects", func(w http.ResponseWriter, r *http.Request, _ error) {
			w.Header().Del("WWW-Authenticate")
			w.Header().Set("Location", "/login")
			w.WriteHeader(http.StatusSeeOther)
		}, 303, ""},
		{"panics", func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }, 0, ""},
		{"panics after a part", func(w http.ResponseWriter, _ *http.Request, _ error) {
			io.WriteString(w, "no")
			panic(http.ErrAbortHandler)
		}, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var panicked atomic.Bool
			s := NewServer(t, func(_ testing.TB, a *core.Authority, _ Layout) http.Handler {
				h := mount(a, tt.own)
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					defer func() {
						if recover() != nil {
							panicked.Store(true)
						}
					}()
					h.ServeHTTP(w, r)
				})
			}, Layout{})
			got := s.Do(get("/"))
			if panicked.Load() != (tt.status == 0) {
				t.Errorf("got a panic: %t", panicked.Load())
			}
			if tt.status != 0 && (got.Status != tt.status || got.Body != tt.body) || strings.Contains(got.Body, `"code"`) {
				t.Errorf("got %d %q, want %d %q", got.Status, got.Body, tt.status, tt.body)
			}
			if tt.name == "writes nothing" && got.Header.Get("Content-Type") != "" {
				t.Errorf("got the header %v, want no Content-Type of an empty body", got.Header)
			}
		})
	}
}
