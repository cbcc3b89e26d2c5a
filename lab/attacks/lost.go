package attacks

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func lostAnswerRows() []row {
	return []row{
		{"26_answer_lost", answerLost},
		{"27_late_retry_with_the_key", lateRetry},
		{"27_late_retry_without_the_key", lateRetryWithoutKey},
		{"27_late_retry_opens_no_window", lateRetryNoWindow},
		{"27_key_once_the_child_is_used", keyOnceUsed},
	}
}

// errStore is what a driver says. No client may read it.
var errStore = errors.New("dial tcp 10.1.2.3:6379: connect: connection refused")

// failing returns a hook that makes the methods of the store fail, all of them
// if none is named.
func failing(methods ...string) facetest.Hook {
	return func(_ context.Context, method string) error {
		for _, m := range methods {
			if m == method {
				return errStore
			}
		}
		if len(methods) == 0 {
			return errStore
		}
		return nil
	}
}

// losses are the ways in which the answer to a reissue that was carried out
// does not arrive.
func losses() map[string]func(s *scene, refreshToken string, header ...string) {
	return map[string]func(s *scene, refreshToken string, header ...string){
		"between store and process": func(s *scene, refreshToken string, header ...string) {
			s.Store.After(failing("Rotate"))
			s.wantError("reissue", s.Reissue(refreshToken, header...), core.ErrUnavailable)
			s.Store.Heal()
			s.wantEvents(told{core.StoreFailed, s.claims(refreshToken)["sid"].(string), "reissue"})
		},
		"between process and client": func(s *scene, refreshToken string, header ...string) {
			s.spy.setAround(func(next http.Handler, _ http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(httptest.NewRecorder(), r)
				panic(http.ErrAbortHandler) // closes the connection
			})
			s.wantNoAnswer(refreshToken, header...)
			s.spy.setAround(nil)
			s.wantEvents(told{core.SessionReissued, s.claims(refreshToken)["sid"].(string), "rotated"})
		},
	}
}

// wantNoAnswer reissues and checks that no answer comes. It keeps no connection,
// because net/http would send a request with an Idempotency-Key again if an old
// one broke.
func (s *scene) wantNoAnswer(refreshToken string, header ...string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), "POST", s.URL()+"/auth/reissue", strings.NewReader(member("refresh_token", refreshToken)))
	s.must(err)
	for _, line := range append(header, facetest.JSON) {
		name, value, _ := strings.Cut(line, ": ")
		request.Header.Add(name, value)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	if response, err := transport.RoundTrip(request); err == nil {
		response.Body.Close()
		s.t.Errorf("reissue: got %d, want no answer", response.StatusCode)
	}
}

// An answer that was lost is repaired by a retry within the window, on the
// same process or on the one that comes after it.
//
// With Zitadel, and with the Matrix Authentication Service before it kept the
// pair, an answer that is lost between the commit and the client logs the user
// out: the old token is used up, the new one never came.
//
//   - https://github.com/zitadel/zitadel/issues/9631
//   - https://github.com/element-hq/matrix-authentication-service/issues/2795
func answerLost(t *testing.T, d deployment) {
	for name, lose := range losses() {
		for i, w := range ways() {
			t.Run(name+" "+w.name, func(t *testing.T) {
				s := d.start(t)
				s.sibling()
				pair := s.Login("alice")
				s.takeEvents()
				lose(s, pair.RefreshToken)
				s.Clock.Advance(30 * time.Second)
				child := s.issued(w.send(s.processes[i].Client, pair.RefreshToken))
				if got, want := s.claims(child.AccessToken)["jti"], pair.SessionID+".1"; got != want {
					t.Errorf("jti: got %v, want %s", got, want)
				}
				s.wantEvents(told{core.SessionReplayed, pair.SessionID, "replayed"})
				s.wantAlive(child)
			})
		}
	}
}

// With its key a client may ask again as late as it likes: as long as the
// child has not been used the answer is the same child, with an access token
// that is good for something. No end moves.
func lateRetry(t *testing.T, d deployment) {
	for name, lose := range losses() {
		t.Run(name, func(t *testing.T) {
			s := d.start(t, withGrace(core.Strict))
			s.sibling()
			pair := s.Login("alice")
			s.takeEvents()
			const key = "Idempotency-Key: one"
			lose(s, pair.RefreshToken, key)
			var child facetest.Pair
			end := s.Clock.Now().Add(7 * 24 * time.Hour)
			for i, wait := range []time.Duration{0, 9*time.Minute + 59*time.Second, time.Second, time.Minute, 24 * time.Hour, 3 * 24 * time.Hour} {
				s.Clock.Advance(wait)
				again := s.issued(ways()[i%2].send(s.processes[i%2].Client, pair.RefreshToken, key))
				s.wantEvents(told{core.SessionReplayed, pair.SessionID, "same_attempt"})
				if again.ExpiresIn < 1 || again.ExpiresIn > 600 {
					t.Errorf("after %v: got expires_in %d, want 1 to 600", wait, again.ExpiresIn)
				}
				if wait > 10*time.Minute && again.ExpiresIn < 599 {
					t.Errorf("after %v: got expires_in %d, want a token that is dated anew", wait, again.ExpiresIn)
				}
				for _, p := range s.processes {
					s.wantOK("access", p.Me(again.AccessToken))
				}
				if got, want := again.RefreshExpiresIn, int64(end.Sub(s.Clock.Now())/time.Second); got != want {
					t.Errorf("after %v: got refresh_token_expires_in %d, want %d", wait, got, want)
				}
				if child.SessionID != "" {
					s.wantSame(again, child)
				}
				child = again
			}
			// A token that was dated anew is a token like any other.
			s.Clock.Advance(time.Minute)
			s.want("logout", s.Logout(pair.RefreshToken), loggedOut())
			s.takeEvents()
			s.Clock.Advance(8 * time.Minute)
			s.wantDead(child)
		})
	}
}

// Late and without the key a retry cannot be told from theft.
func lateRetryWithoutKey(t *testing.T, d deployment) {
	for name, header := range map[string][]string{
		"no key": nil, "another key": {"Idempotency-Key: another"}, "an empty key": {"Idempotency-Key: "},
	} {
		t.Run(name, func(t *testing.T) {
			s := d.start(t)
			s.sibling()
			pair, other := s.Login("alice"), s.Login("alice")
			child := s.reissue(pair.RefreshToken, "Idempotency-Key: one")
			s.takeEvents()
			s.Clock.Advance(time.Minute)
			s.wantError("the retry", s.Reissue(pair.RefreshToken, header...), core.ErrRefreshInvalid)
			s.wantEvents(told{core.SessionRevoked, pair.SessionID, "reuse"})
			s.wantDead(pair, child)
			s.wantAlive(other)
		})
	}
}

// The window opens at the rotation. A late retry, for which the access token
// is dated anew, opens none for whoever has the parent and not the key.
func lateRetryNoWindow(t *testing.T, d deployment) {
	eachWay(t, func(t *testing.T, w way) {
		s := d.start(t)
		pair := s.Login("alice")
		const key = "Idempotency-Key: one"
		s.reissue(pair.RefreshToken, key)
		s.Clock.Advance(time.Hour)
		child := s.reissue(pair.RefreshToken, key)
		s.takeEvents()
		s.want("the parent without the key", w.send(s.Client, pair.RefreshToken), w.refused)
		s.wantEvents(told{core.SessionRevoked, pair.SessionID, "reuse"})
		s.wantDead(child)
	})
}

// The key is no second credential: once the child is used, the parent is a
// stolen token whatever comes along.
func keyOnceUsed(t *testing.T, d deployment) {
	eachWay(t, func(t *testing.T, w way) {
		s := d.start(t)
		pair := s.Login("alice")
		const key = "Idempotency-Key: one"
		child := s.reissue(pair.RefreshToken, key)
		grandchild := s.reissue(child.RefreshToken, key)
		s.takeEvents()
		s.want("the parent", w.send(s.Client, pair.RefreshToken, key), w.refused)
		s.wantEvents(told{core.SessionRevoked, pair.SessionID, "reuse"})
		s.wantDead(pair, child, grandchild)
	})
}
