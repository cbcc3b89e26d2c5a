package attacks

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func faultRows() []row {
	return []row{
		{"29_store_down_before_the_commit", storeDown},
		{"29_outcome_unknown", outcomeUnknown},
		{"29_client_gone", clientGone},
		{"29_client_gone_before_the_commit", clientGoneEarly},
		{"29_process_killed", processKilled},
		{"29_store_hangs", storeHangs},
	}
}

// A store that cannot be reached costs nobody anything: the token is good
// when it is back, however late that is.
func storeDown(t *testing.T, d deployment) {
	s := d.start(t)
	s.sibling()
	pair := s.Login("alice")
	s.takeEvents()
	s.Store.Before(failing("Rotate", "Create"))
	for _, w := range ways() {
		s.wantError("reissue "+w.name, w.send(s.Client, pair.RefreshToken), core.ErrUnavailable)
		s.wantEvents(told{core.StoreFailed, pair.SessionID, "reissue"})
	}
	s.wantError("login", s.TryLogin("alice"), core.ErrUnavailable)
	if events := s.takeEvents(); len(events) != 1 || events[0].Type != core.StoreFailed || events[0].Reason != "issue" || events[0].Level().String() != "ERROR" {
		t.Errorf("login: got events %+v, want one failure of the store", events)
	}
	s.Store.Heal()
	s.Clock.Advance(24 * time.Hour)
	next := s.reissue(pair.RefreshToken)
	s.wantEvents(told{core.SessionReissued, pair.SessionID, "rotated"})
	s.wantIDs(next.AccessToken, next)
	s.wantAlive(next)
}

// A failure says nothing about whether the step was made. A login that may
// have been made is another session; a reissue is repeated.
func outcomeUnknown(t *testing.T, d deployment) {
	eachWay(t, func(t *testing.T, w way) {
		s := d.start(t)
		s.sibling()
		pair := s.Login("alice")
		for range 3 { // the answers to the retries are lost too
			s.Store.After(failing("Rotate"))
			s.wantError("reissue", w.send(s.Client, pair.RefreshToken), core.ErrUnavailable)
		}
		s.Store.Heal()
		s.takeEvents()
		child := s.issued(w.send(s.last().Client, pair.RefreshToken))
		s.wantEvents(told{core.SessionReplayed, pair.SessionID, "replayed"})
		s.Store.After(failing("Create"))
		s.wantError("login", s.TryLogin("alice"), core.ErrUnavailable)
		s.Store.Heal()
		s.Store.After(failing("End"))
		s.wantError("logout", s.Logout(child.AccessToken), core.ErrUnavailable)
		s.Store.Heal()
		s.want("logout again", s.Logout(child.AccessToken), loggedOut())
		s.takeEvents()
		s.wantDead(pair, child)
	})
}

// gone sends a reissue whose client goes away when leave is called, waits until
// the server is done with it, and checks that nobody got an answer.
func (s *scene) gone(refreshToken string, hook func(request context.Context, leave context.CancelFunc) facetest.Hook) {
	s.t.Helper()
	ctx, leave := context.WithCancel(s.t.Context())
	defer leave()
	done := make(chan struct{})
	s.spy.setAround(func(next http.Handler, w http.ResponseWriter, r *http.Request) {
		defer close(done)
		s.Store.Before(hook(r.Context(), leave))
		next.ServeHTTP(w, r)
	})
	request, err := http.NewRequestWithContext(ctx, "POST", s.URL()+"/auth/reissue", strings.NewReader(member("refresh_token", refreshToken)))
	s.must(err)
	request.Header.Set("Content-Type", "application/json")
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	if response, err := transport.RoundTrip(request); err == nil {
		response.Body.Close()
		s.t.Errorf("reissue: got %d, want no answer", response.StatusCode)
	}
	await(s.t, "the end of the request", done)
	s.spy.setAround(nil)
	s.Store.Heal()
}

// await waits for something that comes by itself.
func await(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Errorf("waited a minute for %s", what)
	}
}

// A commit is not cancelled with its request, so that a client that goes away
// leaves nothing open; but it is bounded.
func clientGone(t *testing.T, d deployment) {
	s := d.start(t)
	s.sibling()
	pair := s.Login("alice")
	s.takeEvents()
	s.gone(pair.RefreshToken, func(request context.Context, leave context.CancelFunc) facetest.Hook {
		return func(commit context.Context, method string) error {
			if method != "Rotate" {
				return nil
			}
			leave()
			await(t, "the server to notice that the client has gone", request.Done())
			if _, bounded := commit.Deadline(); !bounded {
				t.Error("the commit has no deadline")
			}
			return commit.Err()
		}
	})
	s.wantEvents(told{core.SessionReissued, pair.SessionID, "rotated"})
	child := s.issued(s.last().Reissue(pair.RefreshToken))
	s.wantEvents(told{core.SessionReplayed, pair.SessionID, "replayed"})
	s.wantAlive(child)
}

// A client that goes while its claims are loaded has not used its token, and
// nobody is told that something failed.
func clientGoneEarly(t *testing.T, d deployment) {
	var loader claimsLoader
	s := d.start(t, loader.configure)
	pair := s.Login("alice")
	s.takeEvents()
	s.gone(pair.RefreshToken, func(request context.Context, leave context.CancelFunc) facetest.Hook {
		loader.set(func(ctx context.Context) (any, error) {
			leave()
			await(t, "the loader's context", ctx.Done())
			return nil, ctx.Err()
		})
		return nil
	})
	if n := s.Store.Calls("Rotate"); n != 0 {
		t.Errorf("Rotate: got %d calls, want none", n)
	}
	s.wantEvents()
	loader.set(nil)
	s.Clock.Advance(time.Hour)
	s.wantAlive(s.reissue(pair.RefreshToken))
}

// What one process has committed and not answered the next one answers.
func processKilled(t *testing.T, d deployment) {
	s := d.start(t, withGrace(core.Strict))
	two := s.sibling()
	pair := s.Login("alice")
	const key = "Idempotency-Key: one"
	s.spy.setAround(func(next http.Handler, _ http.ResponseWriter, r *http.Request) {
		s.Store.After(func(_ context.Context, method string) error { panic(http.ErrAbortHandler) }) // nothing more runs
		next.ServeHTTP(httptest.NewRecorder(), r)
	})
	s.wantNoAnswer(pair.RefreshToken, key)
	s.spy.setAround(nil)
	s.Store.Heal()
	s.takeEvents()
	s.Clock.Advance(time.Hour)
	child := s.issued(two.Reissue(pair.RefreshToken, key))
	s.wantEvents(told{core.SessionReplayed, pair.SessionID, "same_attempt"})
	s.wantAlive(child)
}

// bubble runs a test on a server without sockets, by a clock of its own that
// moves when nobody else does. It returns what a request comes to and how long
// that took.
func bubble(t *testing.T, d deployment, configure func(*core.Config), test func(t *testing.T, store *facetest.Store, send func(path, body string, header ...string) (facetest.Answer, time.Duration))) {
	synctest.Test(t, func(t *testing.T) {
		store := facetest.NewStore(core.NewMemoryStore(core.MemoryOptions{}))
		c := core.Config{Issuer: "facetest", Audience: []string{"api"}, Keys: []core.Key{hmacKey(t, "first", accessSecret)}, Store: store, Logger: slog.New(slog.DiscardHandler)}
		configure(&c)
		a, err := core.New(c)
		if err != nil {
			t.Fatal(err)
		}
		handler := d.newHandler(t, a, facetest.Layout{})
		test(t, store, func(path, body string, header ...string) (facetest.Answer, time.Duration) {
			method := http.MethodPost
			if body == "" {
				method = http.MethodGet
			}
			r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
			for _, line := range header {
				name, value, _ := strings.Cut(line, ": ")
				r.Header.Set(name, value)
			}
			w, start := httptest.NewRecorder(), time.Now()
			handler.ServeHTTP(w, r)
			return facetest.Answer{Status: w.Code, Header: w.Header(), Body: w.Body.String()}, time.Since(start)
		})
	})
}

// A store that does not answer is given up after 3 seconds, so that every
// request that changes something has its answer within 4.
func storeHangs(t *testing.T, d deployment) {
	bubble(t, d, func(*core.Config) {}, func(t *testing.T, store *facetest.Store, send func(string, string, ...string) (facetest.Answer, time.Duration)) {
		a, _ := send("/auth/login", member("username", "alice"), facetest.JSON)
		pair := a.Pair()
		hang := func(ctx context.Context, _ string) error { <-ctx.Done(); return errors.Join(errStore, ctx.Err()) }
		requests := []struct {
			path, body string
			header     []string
		}{
			{"/auth/reissue", member("refresh_token", pair.RefreshToken), []string{facetest.JSON}},
			{"/auth/reissue", "grant_type=refresh_token&refresh_token=" + pair.RefreshToken, []string{facetest.Form}},
			{"/auth/logout", member("token", pair.RefreshToken), []string{facetest.JSON}},
			{"/auth/login", member("username", "alice"), []string{facetest.JSON}},
		}
		for _, r := range requests {
			store.Before(hang)
			got, took := send(r.path, r.body, r.header...)
			store.Heal()
			if got.Code() != "store_unavailable" || got.Status != 503 || got.Header.Get("Retry-After") != "1" || strings.Contains(got.Body, "dial") {
				t.Errorf("%s: got %s\nwant store_unavailable", r.path, render(got))
			}
			if took > 4*time.Second {
				t.Errorf("%s: the answer took %v, want 4s at most", r.path, took)
			}
		}
		if a, _ := send("/auth/reissue", member("refresh_token", pair.RefreshToken), facetest.JSON); a.Pair().SessionID != pair.SessionID {
			t.Errorf("the retry: got %s\nwant the next pair", render(a))
		}
	})
}
