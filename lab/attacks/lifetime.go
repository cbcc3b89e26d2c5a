package attacks

import (
	"fmt"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

func lifetimeRows() []row {
	return []row{
		{"35_session_end_is_constant", sessionEnd},
		{"35_replays_do_not_outlive_the_session", replayAtTheEnd},
		{"36_idle", idle},
	}
}

const day = 24 * time.Hour

// The absolute end of a session does not move, however often it is reissued,
// and nothing that is issued outlives it.
//
// Gin-jwt counts the life of a session anew at each rotation, so who reissues
// in time, thief or user, never has to log in again.
//
//   - https://github.com/appleboy/gin-jwt/blob/v3.5.1/auth_jwt.go
func sessionEnd(t *testing.T, d deployment) {
	s := d.start(t, func(c *core.Config) { c.SessionTTL, c.IdleTTL = 10*day, 2*day })
	end := s.Clock.Now().Add(10 * day)
	pair, other := s.Login("alice"), s.Login("bob")
	wait := day - time.Minute
	for i := range 10 {
		if got, want := fmt.Sprint(s.claims(pair.RefreshToken)["exp"]), fmt.Sprint(end.Unix()); got != want {
			t.Errorf("refresh exp: got %s, want %s", got, want)
		}
		left := end.Sub(s.Clock.Now())
		if got, want := pair.RefreshExpiresIn, int64(min(left, 2*day)/time.Second); got != want {
			t.Errorf("refresh_token_expires_in after %d reissues: got %d, want %d", i, got, want)
		}
		s.Clock.Advance(wait)
		pair = s.issued(ways()[i%2].send(s.Client, pair.RefreshToken))
		other = s.reissue(other.RefreshToken)
	}
	s.Clock.Advance(9*time.Minute + 57*time.Second) // 3 seconds are left, of which the last is not whole
	pair = s.reissue(pair.RefreshToken)
	if got, want := fmt.Sprint(s.claims(pair.AccessToken)["exp"]), fmt.Sprint(end.Unix()); got != want {
		t.Errorf("the last access token: got exp %s, want the session's end, %s", got, want)
	}
	if pair.ExpiresIn != 2 || pair.RefreshExpiresIn != 3 {
		t.Errorf("got expires_in %d and refresh_token_expires_in %d, want 2 and 3", pair.ExpiresIn, pair.RefreshExpiresIn)
	}
	s.Clock.Advance(3 * time.Second)
	s.takeEvents()
	s.wantError("access", s.Me(pair.AccessToken), core.ErrTokenExpired)
	for _, w := range ways() {
		s.want("reissue "+w.name, w.send(s.Client, pair.RefreshToken), w.refused)
	}
	refused := told{core.RefreshRefused, pair.SessionID, "expired"}
	s.wantEvents(refused, refused)
	fresh := s.Login("alice")
	s.wantIDs(fresh.AccessToken, fresh)
	s.wantAlive(fresh)
}

// A late retry with its key gets no token that outlives the session either.
func replayAtTheEnd(t *testing.T, d deployment) {
	s := d.start(t, func(c *core.Config) { c.SessionTTL, c.IdleTTL = time.Hour, time.Hour })
	end := s.Clock.Now().Add(time.Hour)
	pair := s.Login("alice")
	const key = "Idempotency-Key: one"
	s.reissue(pair.RefreshToken, key)
	s.Clock.Advance(time.Hour - 5*time.Second)
	again := s.reissue(pair.RefreshToken, key)
	if got, want := fmt.Sprint(s.claims(again.AccessToken)["exp"]), fmt.Sprint(end.Unix()); got != want {
		t.Errorf("exp: got %s, want the session's end, %s", got, want)
	}
	s.Clock.Advance(5 * time.Second)
	s.wantError("the retry", s.Reissue(pair.RefreshToken, key), core.ErrRefreshInvalid)
	s.wantError("access", s.Me(again.AccessToken), core.ErrTokenExpired)
}

// A session that is reissued in time goes on without an end of its own; one
// that is not is over, and gone from the list.
func idle(t *testing.T, d deployment) {
	s := d.start(t, func(c *core.Config) { c.IdleTTL, c.SessionTTL = day, core.NoLimit })
	pair := s.Login("alice")
	for i := range 20 {
		if exp, ok := s.claims(pair.RefreshToken)["exp"]; ok {
			t.Errorf("the refresh token of a session without an absolute end has the exp %v", exp)
		}
		if got, want := pair.RefreshExpiresIn, int64(day/time.Second); got != want {
			t.Errorf("refresh_token_expires_in: got %d, want %d", got, want)
		}
		s.Clock.Advance(day - time.Millisecond)
		pair = s.issued(ways()[i%2].send(s.Client, pair.RefreshToken))
	}
	s.Clock.Advance(day - time.Millisecond)
	other := s.Login("alice")
	s.wantIDs(other.AccessToken, pair, other)
	s.Clock.Advance(time.Millisecond)
	s.wantIDs(other.AccessToken, other)
	s.takeEvents()
	for _, w := range ways() {
		s.want("reissue "+w.name, w.send(s.Client, pair.RefreshToken), w.refused)
		s.wantEvents(told{core.RefreshRefused, pair.SessionID, "expired"})
	}
	s.wantError("access", s.Me(pair.AccessToken), core.ErrTokenExpired)
	s.wantError("the end of the session", s.RevokeSession(other.AccessToken, pair.SessionID), core.ErrSessionNotFound)
	s.wantEvents()
	s.Clock.Advance(time.Minute)
	s.wantAlive(other)
}
