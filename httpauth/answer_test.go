package httpauth_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// newServer returns a server without routes, for its Authority and store.
func newServer(t testing.TB) *facetest.Server {
	return facetest.NewServer(t, func(testing.TB, *core.Authority, facetest.Layout) http.Handler {
		return http.NotFoundHandler()
	}, facetest.Layout{})
}

// TestChallenges checks that what a challenge quotes are characters that RFC
// 6750, section 3, allows there, none of which needs an escape.
func TestChallenges(t *testing.T) {
	auth := facetest.Must(httpauth.New(newServer(t).Authority, httpauth.Options{}))
	for _, e := range []*core.Error{
		core.ErrTokenInvalid, core.ErrTokenExpired, core.ErrTokenRevoked, core.ErrRefreshInvalid, core.ErrBadCredentials,
	} {
		w := httptest.NewRecorder()
		auth.Error(w, httptest.NewRequest("GET", "/", nil), e)
		want := fmt.Sprintf(`Bearer realm="auth.example", error="%s", error_description="%s"`, e.OAuthCode(), e.Description())
		if got := w.Header().Get("WWW-Authenticate"); got != want {
			t.Errorf("%s: got the challenge %q, want %q", e.Code(), got, want)
		}
		outside := func(c rune) bool { return c < ' ' || c > '~' || c == '"' || c == '\\' }
		if strings.ContainsFunc(e.OAuthCode()+e.Description(), outside) {
			t.Errorf("%s: %q, %q have characters that a challenge may not have", e.Code(), e.OAuthCode(), e.Description())
		}
	}
	for _, e := range []*core.Error{core.ErrTokenMissing, core.ErrRefreshMissing} {
		w := httptest.NewRecorder()
		auth.Error(w, httptest.NewRequest("GET", "/", nil), e)
		if got := w.Header().Get("WWW-Authenticate"); got != `Bearer realm="auth.example"` {
			t.Errorf("%s: got the challenge %q, want the realm alone", e.Code(), got)
		}
	}
}

func TestError(t *testing.T) {
	tests := []struct {
		name   string
		err    error
		status int
		code   string
		logged bool
	}{
		{"refusal", core.ErrForbidden, 403, "forbidden", false},
		{"wrapped twice", fmt.Errorf("b: %w", fmt.Errorf("a: %w", core.ErrForbidden)), 403, "forbidden", false},
		{"joined", errors.Join(errors.New("a"), core.ErrForbidden), 403, "forbidden", false},
		{"any other", errors.New("secret detail"), 500, "internal", true},
		{"internal", fmt.Errorf("secret detail: %w", core.ErrInternal), 500, "internal", true},
		{"nil", nil, 500, "internal", true},
		{"client gone", fmt.Errorf("query users: %w", context.Canceled), 503, "store_unavailable", false},
		{"cancelled, client there", fmt.Errorf("query users: %w", context.Canceled), 500, "internal", true},
		{"out of time", fmt.Errorf("query users: %w", context.DeadlineExceeded), 503, "store_unavailable", true},
		{"refused and client gone", fmt.Errorf("%w: %w", core.ErrTokenInvalid, context.Canceled), 401, "token_invalid", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			auth := facetest.Must(httpauth.New(newServer(t).Authority, httpauth.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}))
			w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
			if tt.name == "client gone" {
				ctx, cancel := context.WithCancel(r.Context())
				cancel()
				r = r.WithContext(ctx)
			}
			auth.Error(w, r, tt.err)
			if got := answerOf(w); got.Status != tt.status || got.Code() != tt.code || strings.Contains(got.Body, "secret detail") {
				t.Errorf("answer: got %d %s, want %d %s", got.Status, got.Body, tt.status, tt.code)
			}
			if logged := log.Len() > 0; logged != tt.logged {
				t.Errorf("log: got %q, want something: %v", &log, tt.logged)
			}
		})
	}
}

// TestLogLine checks that a client cannot forge or flood the log.
func TestLogLine(t *testing.T) {
	var log bytes.Buffer
	auth := facetest.Must(httpauth.New(newServer(t).Authority, httpauth.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}))
	r := httptest.NewRequest("GET", "/", nil)
	r.URL.Path = "/\x1b[31m\nlevel=INFO" + strings.Repeat("a", 100_000)
	r.Header.Set("Authorization", "Bearer secret-token")
	auth.Error(httptest.NewRecorder(), r, errors.New("it broke"))
	line := log.String()
	if strings.Count(line, "\n") != 1 || strings.Contains(line, "\x1b") || len(line) > 1000 {
		t.Errorf("log: got %q, want one short line without control characters", line)
	}
	if !strings.Contains(line, "it broke") || !strings.Contains(line, "level=ERROR") || strings.Contains(line, "secret-token") {
		t.Errorf("log: got %q, want the error, and no header", line)
	}
}

// TestDefaultLogger checks that without Options the Authority's logger is used.
func TestDefaultLogger(t *testing.T) {
	s := newServer(t)
	facetest.Must(httpauth.New(s.Authority, httpauth.Options{})).Error(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), errors.New("it broke"))
	if !strings.Contains(s.Log(), "it broke") {
		t.Errorf("log: got %q, want the error", s.Log())
	}
}

// TestClientGone checks a request that is cancelled while the store is asked:
// nobody is told that a token is bad.
func TestClientGone(t *testing.T) {
	s := newServer(t)
	auth := facetest.Must(httpauth.New(s.Authority, httpauth.Options{}))
	tokens, err := s.Authority.Issue(t.Context(), core.Login{Subject: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, method string
		endpoint     http.HandlerFunc
	}{
		{"Require", "GET", func(w http.ResponseWriter, r *http.Request) { through(auth.Require, w, r) }},
		{"Optional", "GET", func(w http.ResponseWriter, r *http.Request) { through(auth.Optional, w, r) }},
		{"Sessions", "GET", auth.Sessions},
		{"LogoutAll", "POST", auth.LogoutAll},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			s.Store.Before(func(ctx context.Context, _ string) error { cancel(); return ctx.Err() })
			defer s.Store.Heal()
			r := httptest.NewRequestWithContext(ctx, tt.method, "/", nil)
			r.Header.Set("Authorization", "Bearer "+tokens.AccessToken)
			w := httptest.NewRecorder()
			tt.endpoint(w, r)
			if got := answerOf(w); got.Code() != "store_unavailable" || w.Header().Get("Retry-After") != "1" {
				t.Errorf("answer: got %d %s, want store_unavailable with Retry-After", got.Status, got.Body)
			}
		})
	}
	if _, err := s.Authority.Verify(t.Context(), tokens.AccessToken); err != nil {
		t.Errorf("Verify: got %v, want no error", err)
	}
}

func answerOf(w *httptest.ResponseRecorder) facetest.Answer {
	return facetest.Answer{Status: w.Code, Header: w.Header(), Body: w.Body.String()}
}

// TestNoStore checks that no field with which a cache may keep an answer
// survives, whoever has set it, and that others do.
func TestNoStore(t *testing.T) {
	for _, name := range []string{
		"Cache-Control", "cache-control", "CDN-Cache-Control", "Cdn-Cache-Control", "Cloudflare-CDN-Cache-Control", "A-Network-Of-2030-Cache-Control",
		"Surrogate-Control", "X-Surrogate-Control", "Edge-Control", "edge-control", "Expires", "EXPIRES", "X-Accel-Expires", "x-accel-expires", "pragma",
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{"ETag": {`"one"`}, "X-Token-Expires": {"60"}, "Access-Control-Max-Age": {"600"}, name: {"max-age=600", "public"}}
			httpauth.NoStore(h)
			want := http.Header{"ETag": {`"one"`}, "X-Token-Expires": {"60"}, "Access-Control-Max-Age": {"600"}, "Cache-Control": {"no-store"}, "Pragma": {"no-cache"}}
			if !reflect.DeepEqual(h, want) {
				t.Errorf("got %q, want %q", h, want)
			}
		})
	}
}

// TestNoStoreAnswers checks it of the library's own answers, behind middleware
// that lets every answer be kept.
func TestNoStoreAnswers(t *testing.T) {
	for name, answer := range map[string]func(*httpauth.Auth, http.ResponseWriter, *http.Request){
		"login": func(a *httpauth.Auth, w http.ResponseWriter, r *http.Request) {
			a.Login(w, r, core.Login{Subject: "alice"})
		},
		"reissue": (*httpauth.Auth).Reissue,
		"logout":  (*httpauth.Auth).Logout,
		"silent":  func(a *httpauth.Auth, w http.ResponseWriter, r *http.Request) { through(a.Require, w, r) },
		"bounce": func(a *httpauth.Auth, w http.ResponseWriter, r *http.Request) {
			r.Method = "GET"
			asNavigation(r)
			through(a.Require, w, r)
		},
	} {
		_, auth, r, _ := newSilent(t)
		w := httptest.NewRecorder()
		w.Header().Set("CDN-Cache-Control", "max-age=600")
		w.Header().Set("Expires", "Thu, 01 Dec 2033 16:00:00 GMT")
		answer(auth, w, r)
		if h := w.Header(); w.Code != http.StatusOK || h.Get("Cdn-Cache-Control") != "" || h.Get("Expires") != "" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: got %d with %q", name, w.Code, h)
		}
	}
}
