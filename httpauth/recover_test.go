package httpauth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

// TestRecovered checks which panics are answered and which go on.
func TestRecovered(t *testing.T) {
	for _, tt := range []struct {
		name  string
		value any
		begun bool
		on    bool
	}{
		{"text", "boom", false, false},
		{"text, half an answer", "boom", true, true},
		{"abort", http.ErrAbortHandler, false, true},
		{"abort, half an answer", http.ErrAbortHandler, true, true},
		{"a refusal", core.ErrForbidden, false, false},
		{"what cannot be compared", []int{1}, false, false},
		{"a wrapped abort", fmt.Errorf("x: %w", http.ErrAbortHandler), false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			auth := httpauth.New(s.Authority, httpauth.Options{})
			w := httptest.NewRecorder()
			w.Header().Set("Content-Length", "3")
			w.Header().Set("X-Kept", "1")
			on := func() (value any) {
				defer func() { value = recover() }()
				auth.Recovered(w, httptest.NewRequest("GET", "/", nil), tt.value, tt.begun)
				return nil
			}()
			if tt.on {
				if fmt.Sprint(on) != fmt.Sprint(tt.value) || w.Body.Len() > 0 || s.Log() != "" {
					t.Errorf("got the panic %v, the answer %q and the log %q, want the panic alone", on, w.Body, s.Log())
				}
				return
			}
			if got := answerOf(w); on != nil || got.Status != 500 || got.Code() != "internal" || got.Header.Get("Content-Length") != "" || got.Header.Get("X-Kept") != "1" {
				t.Errorf("got the panic %v, %d %v %s, want 500", on, got.Status, got.Header, got.Body)
			}
			if log := s.Log(); !strings.Contains(log, fmt.Sprint(tt.value)) || !strings.Contains(log, "recover_test.go") {
				t.Errorf("got the log %q, want the value and the stack", log)
			}
		})
	}
}
