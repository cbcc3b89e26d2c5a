package httpauth_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// TestHealthWait checks that a health check does not wait longer than 2 seconds
// for a store that does not answer, and as long for one that is slow.
func TestHealthWait(t *testing.T) {
	for _, tt := range []struct {
		delay  time.Duration
		status int
	}{
		{1900 * time.Millisecond, http.StatusOK},
		{2100 * time.Millisecond, http.StatusServiceUnavailable},
		{time.Hour, http.StatusServiceUnavailable},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, _ := newSlow(t, 0)
			s.Store.Before(slow(tt.delay))
			start := time.Now()
			w := httptest.NewRecorder()
			facetest.Must(httpauth.New(s.Authority, httpauth.Options{})).Health(w, httptest.NewRequest("GET", "/", nil))
			if took := time.Since(start); took > 2*time.Second || w.Code != tt.status {
				t.Errorf("a call takes %v: got %d after %v, want %d within 2s", tt.delay, w.Code, took, tt.status)
			}
		})
	}
}
