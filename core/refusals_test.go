package core

import (
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// The table holds no more than its room, forgets what it learned first, and
// nothing that is learned again grows it.
func TestRefusalsAreBounded(t *testing.T) {
	var f refusals
	now := time.Unix(1_800_000_000, 0)
	key := func(i int) refusalKey { return refusalKey{byte(i), byte(i >> 8), byte(i >> 16)} }
	for i := range 3 * refusalRoom {
		f.put(key(i), refusal{at: now, generation: int64(i)})
		f.put(key(i), refusal{at: now, generation: int64(i)})
		if len(f.known) > refusalRoom || len(f.order) > refusalRoom {
			t.Fatalf("got %d sessions in an order of %d, want %d at most", len(f.known), len(f.order), refusalRoom)
		}
	}
	for i := range 3 * refusalRoom {
		e, ok := f.get(key(i), now)
		if want := i >= 2*refusalRoom; ok != want || ok && e.generation != int64(i) {
			t.Fatalf("session %d: got %v, %v, want %v", i, e, ok, want)
		}
	}
}

// A refusal is known for refusalMemory, and not before it came, by a clock that
// is set back.
func TestRefusalsAreForgotten(t *testing.T) {
	var f refusals
	now := time.Unix(1_800_000_000, 0)
	f.put(refusalKey{1}, refusal{at: now})
	for after, want := range map[time.Duration]bool{
		-time.Nanosecond: false, 0: true, refusalMemory - time.Nanosecond: true, refusalMemory: false, 1000 * time.Hour: false,
	} {
		if _, ok := f.get(refusalKey{1}, now.Add(after)); ok != want {
			t.Errorf("after %v: got %v, want %v", after, ok, want)
		}
	}
}

// Only the end of a session is remembered, of that session for that subject and
// that seed.
func TestOnlyAnEndIsRemembered(t *testing.T) {
	want := map[driver.Outcome]driver.Outcome{
		driver.Missing: driver.Missing, driver.Revoked: driver.Revoked, driver.Expired: driver.Expired, driver.Reuse: driver.Revoked,
	}
	r := &refreshClaims{Subject: "alice", SessionID: "sid", Seed: "seed", Generation: 7}
	for outcome := driver.Missing; outcome <= driver.Reuse; outcome++ {
		e, ok := refusalOf(r, driver.RotateResult{Outcome: outcome, Distance: 2}, time.Time{})
		if e.outcome != want[outcome] || ok != (want[outcome] != 0) || ok && e.generation != 9 {
			t.Errorf("%s: got %+v, %v, want %s", outcome, e, ok, want[outcome])
		}
	}
	of := refusalKeyOf(r)
	for _, other := range []*refreshClaims{
		{Subject: "bob", SessionID: "sid", Seed: "seed"}, {Subject: "alice", SessionID: "sid2", Seed: "seed"},
		{Subject: "alice", SessionID: "sid", Seed: "seed2"}, {Subject: "dalice", SessionID: "sid", Seed: "see"},
	} {
		if refusalKeyOf(other) == of {
			t.Errorf("%+v passes for the session", other)
		}
	}
	if refusalKeyOf(&refreshClaims{Subject: "alice", SessionID: "sid", Seed: "seed", Generation: 1}) != of {
		t.Error("another generation is another session")
	}
}
