package redisstore_test

import (
	"encoding/base64"
	"encoding/binary"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
)

// A user may have more sessions on record than may live: those that have ended
// and whose last access tokens have not. To end them all takes more than a
// script can hand over to one command.
func TestEndAllOfThousands(t *testing.T) {
	t.Parallel()
	const sessions = 3000
	client := redistest.Start(t).Client(t)
	clock := newClock()
	s := newStore(t, client, redisstore.Options{Now: clock.Now})
	id := func(n int) string {
		var b [16]byte
		binary.BigEndian.PutUint64(b[:], uint64(n+1))
		return base64.RawURLEncoding.EncodeToString(b[:])
	}
	for n := range sessions {
		if n == sessions-1 {
			clock.Advance(2 * time.Second) // all but the last have ended
		}
		r, err := s.Create(t.Context(), driver.CreateRequest{
			Subject: "alice", SessionID: id(n), AccessTTL: time.Hour, IdleTTL: time.Second, SessionTTL: driver.NoLimit, MaxSessions: 2 * sessions,
		})
		if err != nil || r.Outcome != driver.Created {
			t.Fatalf("session %d: got %+v, %v", n, r, err)
		}
	}
	for range 2 { // the second run answers as the first
		got, err := s.EndAll(t.Context(), driver.EndAllRequest{Operation: driver.OperationID{1}, Subject: "alice"})
		if err != nil || len(got.Ended) != 1 || got.Ended[0] != id(sessions-1) {
			t.Fatalf("EndAll: got %v, %v, want the last session", got.Ended, err)
		}
	}
	for n := range sessions {
		got, err := s.Revoked(t.Context(), driver.RevokedRequest{Subject: "alice", SessionID: id(n)})
		if err != nil || !got.Revoked {
			t.Fatalf("session %d: revoked = %v, %v, want true", n, got.Revoked, err)
		}
	}
}
