package facetest

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

// NewRecovering returns an adapter's handler that serves every GET / by h,
// behind Require and, before that, Recover.
type NewRecovering func(a *core.Authority, t httpauth.Transport, h http.HandlerFunc) http.Handler

// CheckRecover checks what becomes of a handler that panics: an answer that has
// not begun is 500, and one that has is cut off, so that the client knows.
func CheckRecover(t *testing.T, mount NewRecovering) {
	flush := func(w http.ResponseWriter) { http.NewResponseController(w).Flush() }
	for _, tt := range []struct {
		name string
		h    http.HandlerFunc
		cut  bool
	}{
		{"before the answer", func(http.ResponseWriter, *http.Request) { panic("boom") }, false},
		{"before the answer, with a header", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1")
			panic("boom")
		}, false},
		{"after a header that is sent", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK); flush(w); panic("boom") }, true},
		{"after a part of the answer", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "half"); panic("boom") }, true},
		{"after a part that is sent", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "half"); flush(w); panic("boom") }, true},
		{"after a flush", func(w http.ResponseWriter, _ *http.Request) { flush(w); panic("boom") }, true},
		{"abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			transport := must(httpauth.NewCookie(httpauth.CookieOptions{SilentReissue: true}))
			s := NewServer(t, func(testing.TB, *core.Authority, Layout) http.Handler { return http.NotFoundHandler() }, Layout{})
			server := httptest.NewUnstartedServer(mount(s.Authority, transport, tt.h))
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.Start()
			defer server.Close()
			tokens, err := s.Authority.Issue(t.Context(), core.Login{Subject: "alice"})
			if err != nil {
				t.Fatal(err)
			}
			for _, silent := range []bool{false, true} {
				if silent {
					s.Clock.Advance(time.Hour)
				}
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Cookie", "__Host-access="+tokens.AccessToken+"; __Host-refresh="+tokens.RefreshToken)
				told := len(s.Log())
				got, err := receive(server.Client(), r)
				if tt.cut {
					if err == nil {
						t.Errorf("silent reissue %v: got %d %q, want it cut off", silent, got.Status, got.Body)
					}
					if text := s.Log()[told:]; strings.Contains(text, "panic: ") {
						t.Errorf("silent reissue %v: got the log %q of what goes on to net/http", silent, text)
					}
					continue
				}
				if err != nil || got.Status != http.StatusInternalServerError || got.Body != internal {
					t.Errorf("silent reissue %v: got %d %q and the error %v, want 500", silent, got.Status, got.Body, err)
				}
				if cookies := len(got.Header["Set-Cookie"]); silent != (cookies == 2) {
					t.Errorf("silent reissue %v: got %d cookies", silent, cookies)
				}
				if text := s.Log()[told:]; strings.Count(text, "panic: boom") != 1 {
					t.Errorf("silent reissue %v: got the log %q, want the panic once", silent, text)
				}
			}
		})
	}
}

// receive sends a request and reads the whole answer.
func receive(c *http.Client, r *http.Request) (Answer, error) {
	response, err := c.Do(r)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("reading the answer: %w", err)
	}
	return Answer{response.StatusCode, response.Header, string(text)}, nil
}
