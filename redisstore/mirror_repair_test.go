package redisstore

import (
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
)

// Whether history was lost is judged by the longest denial read, not by the
// last: that one may have run out before.
func TestLossIsJudgedByTheLongestDenial(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client(t)
	now := time.Now()
	s := newQuietStore(t, client, Options{Shards: 1, Now: func() time.Time { return now }})
	m, p := idleMirror(s, time.Minute)
	deny := func(n byte, life time.Duration) driver.RevokedRequest {
		t.Helper()
		err := s.Deny(t.Context(), driver.DenyRequest{
			Operation: driver.OperationID{n}, Subject: "alice", SessionID: sid(n), ExpiresAt: now.Add(life),
		})
		if err != nil {
			t.Fatal(err)
		}
		return driver.RevokedRequest{Subject: "alice", SessionID: sid(n)}
	}
	poll := func(breaks int64) {
		t.Helper()
		if err := p.poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := m.shards[0].breaks.Load(); got != breaks {
			t.Errorf("got %d breaks, want %d", got, breaks)
		}
		if !p.serverTime.Equal(now.Truncate(time.Millisecond)) {
			t.Errorf("got the server's time %v, want %v", p.serverTime, now)
		}
	}
	flush := func() {
		t.Helper()
		if err := client.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	lasting := deny(1, time.Hour)
	deny(2, time.Minute)
	poll(0)
	now = now.Add(10 * time.Minute)
	flush()
	poll(1)
	if r, err := s.Revoked(t.Context(), lasting); err != nil || !r.Revoked {
		t.Errorf("got %v, %v: what was lost was not put back", r.Revoked, err)
	}
	poll(1)
	now = now.Add(2 * time.Hour)
	flush() // as it would have expired
	poll(1)
	if len(p.repairs) != 0 {
		t.Errorf("got %d repairs, want none", len(p.repairs))
	}
}

// A second loss before the first has been repaired does not double the work.
func TestRepairsAreNotRepeated(t *testing.T) {
	m, p := idleMirror(&Store{layout: layout{shards: []string{"a", "b"}}}, time.Second)
	for i := range 100 {
		m.shards[i%2].set.add(sessionKey{byte(i)}, 0, 1000)
	}
	for range 10 {
		p.plan(0)
		p.plan(1)
	}
	if len(p.repairs) != 100 {
		t.Errorf("got %d repairs, want 100", len(p.repairs))
	}
}
