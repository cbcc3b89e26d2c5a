package httpauth_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// TestReissueBehindOptional checks tabs that reissue at once where middleware
// for all routes has reissued on the way: each request moves the session on by
// one, so that none of them looks like theft.
func TestReissueBehindOptional(t *testing.T) {
	for range 20 {
		s, auth, r, _ := newSilent(t)
		var arrived, done sync.WaitGroup
		const tabs = 4
		arrived.Add(tabs)
		for range tabs {
			done.Go(func() {
				arrived.Done()
				arrived.Wait()
				if w := reissueBehindOptional(auth, r); w.Code != http.StatusOK {
					t.Errorf("got %d %s, want 200", w.Code, w.Body)
				}
			})
		}
		done.Wait()
		for _, e := range s.Events() {
			if e.Reason == driver.Reuse.String() {
				t.Fatalf("got the event %+v", e)
			}
		}
	}
}

func reissueBehindOptional(auth *httpauth.Auth, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	if admission, ok := through(auth.Optional, w, r.Clone(r.Context())); ok {
		auth.Reissue(w, admission.Request)
	}
	return w
}

// TestRetryBehindOptional checks that the Idempotency-Key of a reissue counts
// where middleware reissues in its place.
func TestRetryBehindOptional(t *testing.T) {
	s, auth, r, _ := newSilent(t)
	r.Header.Set("Idempotency-Key", "one")
	for range 2 { // the first answer is lost
		if w := reissueBehindOptional(auth, r); w.Code != http.StatusOK {
			t.Errorf("got %d %s, want 200", w.Code, w.Body)
		}
		s.Clock.Advance(time.Hour)
	}
}

// TestBodyBehindOptional checks that a body which contradicts the cookie does
// so behind middleware, too.
func TestBodyBehindOptional(t *testing.T) {
	for body, want := range map[string]string{`{"refresh_token":"another"}`: "request_invalid", "": ""} {
		_, auth, r, tokens := newSilent(t)
		w := httptest.NewRecorder()
		admission, ok := through(auth.Optional, w, r)
		if !ok {
			t.Fatal(w.Body)
		}
		if body == "" {
			body = `{"refresh_token":"` + tokens.RefreshToken + `"}`
		}
		behind := admission.Request
		behind.Body, behind.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		behind.Header.Set("Content-Type", "application/json")
		auth.Reissue(w, behind)
		if got := answerOf(w).Code(); got != want {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
}

// TestWorkBetween checks that the application's own time between middleware and
// handler, for a password hash, say, takes nothing of the time for the store, and
// that the store's time before counts wherever it was spent.
func TestWorkBetween(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newSlow(t, 0)
		auth := facetest.Must(httpauth.New(s.Authority, httpauth.Options{}))
		r := httptest.NewRequest("POST", "/", nil)
		tokens, err := s.Authority.Issue(t.Context(), core.Login{Subject: "alice", Claims: map[string]any{}})
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+tokens.AccessToken)
		s.Store.Before(slow(time.Second))
		p, ok := through(auth.Optional, httptest.NewRecorder(), r)
		if !ok {
			t.Fatal("Optional refused it")
		}
		time.Sleep(time.Minute) // in the bubble's time
		for _, tt := range []struct {
			delay  time.Duration
			status int
		}{{2800 * time.Millisecond, 200}, {3000 * time.Millisecond, 503}} {
			s.Store.Before(slow(tt.delay))
			w := httptest.NewRecorder()
			start := time.Now()
			auth.Login(w, p.Request, core.Login{Subject: "alice", Claims: map[string]any{}})
			if took := time.Since(start); w.Code != tt.status || took != min(tt.delay, patience-time.Second) {
				t.Errorf("a call takes %v: got %d after %v, want %d within 2.9s", tt.delay, w.Code, took, tt.status)
			}
		}
	})
}

// TestWorkBehindSilentReissue checks that what the application does takes
// nothing of the time for the store.
func TestWorkBehindSilentReissue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newSlow(t, 0)
		auth, tokens := newCookieAuth(t, s, httpauth.CookieOptions{SilentReissue: true})
		s.Clock.Advance(time.Hour)
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Cookie", "__Host-access="+tokens.AccessToken+"; __Host-refresh="+tokens.RefreshToken)
		w := httptest.NewRecorder()
		admission, ok := through(auth.Require, w, r)
		if !ok {
			t.Fatal(w.Body)
		}
		time.Sleep(time.Minute)
		s.Store.Before(func(ctx context.Context, _ string) error { return ctx.Err() }) // as a Redis client does
		auth.LogoutAll(w, admission.Request)
		if w.Code != http.StatusOK {
			t.Errorf("got %d %s, want 200", w.Code, w.Body)
		}
	})
}

// TestRevokedOnTheWay checks a session that is killed between a silent reissue
// and the check of its new token: the request passes Optional as anonymous, and
// its answer is kept from caches, for it has cookies.
func TestRevokedOnTheWay(t *testing.T) {
	s, auth, r, tokens := newSilent(t)
	s.Store.After(func(ctx context.Context, method string) error {
		if method == "Rotate" {
			s.Store.Heal()
			return s.Authority.Revoke(ctx, "alice", tokens.SessionID)
		}
		return nil
	})
	admission, ok := through(auth.Optional, httptest.NewRecorder(), r)
	if _, known := core.FromContext(admission.Request.Context()); !ok || known || !admission.renewed {
		t.Errorf("got %v, %+v, want it to pass without claims and with a renewal", ok, admission)
	}
}
