package httpauth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// errorHandler is the type of Options.ErrorHandler.
type errorHandler = func(http.ResponseWriter, *http.Request, error)

// TestErrorHandler checks what becomes of a refusal that the application answers.
func TestErrorHandler(t *testing.T) {
	tests := []struct {
		name   string
		handle errorHandler
		status int
		body   string
	}{
		{"writes nothing", func(http.ResponseWriter, *http.Request, error) {}, 401, ""},
		{"writes a body", func(w http.ResponseWriter, _ *http.Request, _ error) { io.WriteString(w, "no") }, 401, "no"},
		{"writes an empty body", func(w http.ResponseWriter, _ *http.Request, _ error) { w.Write(nil) }, 401, ""},
		{"changes the status", func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(404) }, 404, ""},
		{"changes the status and writes", func(w http.ResponseWriter, r *http.Request, _ error) { http.Error(w, "gone", http.StatusGone) }, 410, "gone\n"},
		{"writes a status twice", func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(418); w.WriteHeader(500) }, 418, ""},
		{"writes a status late", func(w http.ResponseWriter, _ *http.Request, _ error) { io.WriteString(w, "no"); w.WriteHeader(500) }, 401, "no"},
		{"redirects", func(w http.ResponseWriter, r *http.Request, _ error) {
			http.Redirect(w, r, "/login", http.StatusSeeOther)
		}, 303, ""},
		{"hints early", func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusEarlyHints) }, 401, ""},
		{"flushes", func(w http.ResponseWriter, _ *http.Request, _ error) { http.NewResponseController(w).Flush() }, 401, ""},
		{"copies", func(w http.ResponseWriter, _ *http.Request, _ error) { io.Copy(w, strings.NewReader("copy")) }, 401, "copy"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			seen := make(http.Header)
			auth := facetest.Must(httpauth.New(s.Authority, httpauth.Options{ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
				seen = w.Header().Clone()
				if !errors.Is(err, core.ErrTokenMissing) || r.URL.Path != "/x" {
					t.Errorf("handler: got %v of %s", err, r.URL.Path)
				}
				tt.handle(w, r, err)
			}}))
			server := httptest.NewServer(auth.Require(http.NotFoundHandler()))
			defer server.Close()
			answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(httptest.NewRequest("POST", server.URL+"/x", nil))
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			if body, err := io.ReadAll(answer.Body); answer.StatusCode != tt.status || string(body) != tt.body || err != nil {
				t.Errorf("answer: got %d %q, %v, want %d %q", answer.StatusCode, body, err, tt.status, tt.body)
			}
			for _, h := range []http.Header{seen, answer.Header} {
				if h.Get("WWW-Authenticate") == "" || h.Get("Cache-Control") != "no-store" {
					t.Errorf("header: got %v, want the challenge and no-store", h)
				}
			}
		})
	}
}

// TestErrorHandlerHeaders checks that the handler may take the headers away that
// it finds.
func TestErrorHandlerHeaders(t *testing.T) {
	auth := facetest.Must(httpauth.New(newServer(t).Authority, httpauth.Options{ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
		w.Header().Del("WWW-Authenticate")
		w.Header().Set("Cache-Control", "private")
	}}))
	w := httptest.NewRecorder()
	auth.Require(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if h := w.Header(); h.Get("WWW-Authenticate") != "" || h.Get("Cache-Control") != "private" || w.Code != 401 {
		t.Errorf("answer: got %d %v", w.Code, h)
	}
}

// TestErrorHandlerPanics checks that a panic is the application's, and that the
// status is still open for whoever recovers from it.
func TestErrorHandlerPanics(t *testing.T) {
	auth := facetest.Must(httpauth.New(newServer(t).Authority, httpauth.Options{ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic("mine") }}))
	w := &silentWriter{header: make(http.Header)}
	defer func() {
		if p := recover(); p != "mine" || w.written {
			t.Errorf("got the panic %v, written %v, want the application's and nothing", p, w.written)
		}
	}()
	auth.Require(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
}

// TestErrorHandlerError checks that what the handler gets says what the status
// says, and keeps the cause.
func TestErrorHandlerError(t *testing.T) {
	cause := errors.New("cause")
	for _, tt := range []struct {
		given error
		want  *core.Error
	}{
		{fmt.Errorf("%w: %w", core.ErrForbidden, cause), core.ErrForbidden},
		{cause, core.ErrInternal},
		{nil, core.ErrInternal},
		{fmt.Errorf("%w: %w", context.DeadlineExceeded, cause), core.ErrUnavailable},
	} {
		w := httptest.NewRecorder()
		facetest.Must(httpauth.New(newServer(t).Authority, httpauth.Options{ErrorHandler: func(_ http.ResponseWriter, _ *http.Request, err error) {
			if core.AsError(err) != tt.want || errors.Is(tt.given, cause) && !errors.Is(err, cause) {
				t.Errorf("%v: got %v, want %v and the cause", tt.given, err, tt.want)
			}
		}})).Error(w, httptest.NewRequest("GET", "/", nil), tt.given)
		if w.Code != tt.want.Status() {
			t.Errorf("%v: got %d, want %d", tt.given, w.Code, tt.want.Status())
		}
	}
}

// TestEveryRefusal checks that the answer to every kind of refusal of every handler
// and middleware is the application's, without a byte of the library's.
func TestEveryRefusal(t *testing.T) {
	s := newServer(t)
	const format = "application/problem+json"
	auth := facetest.Must(httpauth.New(s.Authority, httpauth.Options{
		Transport: httpauth.Cookie(httpauth.CookieOptions{SilentReissue: true}),
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			if got := w.Header().Get("Content-Type"); got != "" {
				t.Errorf("Content-Type before the handler: got %q, want none", got)
			}
			w.Header().Set("Content-Type", format)
			io.WriteString(w, core.AsError(err).Code())
		},
	}))
	claims := facetest.Must(s.Authority.Verify(t.Context(), issue(t, s).AccessToken))
	admitted := func(r *http.Request) *http.Request { return r.WithContext(core.NewContext(r.Context(), claims)) }
	user := func(handle func(http.ResponseWriter, *http.Request, string)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { handle(w, r, "bob") }
	}
	type handler struct {
		method string
		serve  http.HandlerFunc
	}
	login := handler{"POST", func(w http.ResponseWriter, r *http.Request) { auth.Login(w, r, core.Login{Subject: "alice"}) }}
	require := handler{"POST", auth.Require(http.NotFoundHandler()).ServeHTTP}
	optional := handler{"POST", auth.Optional(http.NotFoundHandler()).ServeHTTP}
	reissue, logout := handler{"POST", auth.Reissue}, handler{"POST", auth.Logout}
	logoutAll, sessions := handler{"POST", auth.LogoutAll}, handler{"GET", auth.Sessions}
	const id = "AAAAAAAAAAAAAAAAAAAAAA"
	revoke := handler{"DELETE", func(w http.ResponseWriter, r *http.Request) { auth.RevokeSession(w, r, id) }}
	jwks, health := handler{"GET", auth.JWKS}, handler{"GET", auth.Health}
	block, unblock := handler{"PUT", user(auth.BlockUser)}, handler{"DELETE", user(auth.UnblockUser)}
	revokeUser, userSessions := handler{"DELETE", user(auth.RevokeUser)}, handler{"GET", user(auth.UserSessions)}
	revokeUserSession := handler{"DELETE", func(w http.ResponseWriter, r *http.Request) { auth.RevokeUserSession(w, r, "bob", id) }}
	own := []handler{logoutAll, sessions, revoke}
	admin := []handler{block, unblock, revokeUser, userSessions, revokeUserSession}

	refuse := func(code string, h handler, change func(*http.Request) *http.Request) {
		t.Helper()
		r := change(httptest.NewRequest(h.method, "/", nil))
		w := httptest.NewRecorder()
		h.serve(w, r)
		if w.Body.String() != code || w.Header().Get("Content-Type") != format {
			t.Errorf("%s of a handler of %s: got %d %q, %q", code, h.method, w.Code, w.Body, w.Header())
		}
	}
	as := func(header ...string) func(*http.Request) *http.Request {
		return func(r *http.Request) *http.Request {
			for _, line := range header {
				name, value, _ := strings.Cut(line, ": ")
				r.Header.Add(name, value)
			}
			return r
		}
	}
	with := func(body string) func(*http.Request) *http.Request {
		return func(r *http.Request) *http.Request {
			r = httptest.NewRequest(r.Method, "/?keep=x", strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			return admitted(r)
		}
	}
	bad := as("Authorization: Bearer rubbish")
	for _, h := range append([]handler{require}, own...) {
		refuse("token_missing", h, as())
		refuse("token_invalid", h, bad)
		refuse("request_invalid", h, as("Cookie: __Host-access=a; __Host-access=b"))
	}
	refuse("token_invalid", optional, bad)
	refuse("request_invalid", optional, as("Cookie: __Host-access=a; __Host-access=b"))
	for _, h := range []handler{require, login, reissue, logout} {
		refuse("cross_origin", h, as("Cookie: __Host-access=a", "Sec-Fetch-Site: cross-site"))
	}
	refuse("refresh_missing", reissue, as())
	refuse("refresh_invalid", reissue, as("Cookie: __Host-refresh=a"))
	for _, h := range []handler{reissue, logout, block} {
		refuse("request_invalid", h, with("{"))
		refuse("request_too_large", h, with(strings.Repeat(" ", 16<<10+1)))
		refuse("unsupported_media_type", h, func(r *http.Request) *http.Request {
			r = with("x")(r)
			r.Header.Set("Content-Type", "text/plain")
			return r
		})
	}
	refuse("request_invalid", logoutAll, with(""))
	for _, h := range []handler{revoke, revokeUserSession} {
		refuse("session_not_found", h, admitted)
	}
	for _, h := range append(append([]handler{reissue, logout, jwks, health}, own...), admin...) {
		h.method = "BREW"
		refuse("method_not_allowed", h, as())
	}
	for _, h := range admin {
		refuse("internal", h, as())
	}
	if err := s.Authority.Block(t.Context(), "alice", time.Time{}); err != nil {
		t.Fatal(err)
	}
	refuse("user_blocked", login, as())
	tokens, err := s.Authority.Issue(t.Context(), core.Login{Subject: "bob"})
	if err != nil {
		t.Fatal(err)
	}
	s.Store.Fail(io.ErrUnexpectedEOF)
	for _, h := range append(append([]handler{login, health}, own...), admin...) {
		refuse("store_unavailable", h, admitted)
	}
	for _, h := range []handler{require, optional, reissue, logout} {
		refuse("store_unavailable", h, as("Cookie: __Host-refresh="+tokens.RefreshToken))
	}
}

// TestErrorHandlerStatus checks that one status reaches the writer below, which may
// be a middleware's that takes the last.
func TestErrorHandlerStatus(t *testing.T) {
	auth := facetest.Must(httpauth.New(newServer(t).Authority, httpauth.Options{ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
		w.WriteHeader(418)
		w.WriteHeader(500)
	}}))
	w := &statusWriter{ResponseWriter: httptest.NewRecorder()}
	auth.Error(w, httptest.NewRequest("GET", "/", nil), core.ErrForbidden)
	if len(w.statuses) != 1 || w.statuses[0] != 418 {
		t.Errorf("got the statuses %v, want 418 alone", w.statuses)
	}
}

type statusWriter struct {
	http.ResponseWriter
	statuses []int
}

func (w *statusWriter) WriteHeader(status int) { w.statuses = append(w.statuses, status) }
