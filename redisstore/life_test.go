package redisstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// lives returns how long each key lives, by its kind: session, user, deny,
// feed, done. Of several keys of a kind it is the longest.
func lives(t *testing.T, client *redis.Client) map[string]time.Duration {
	t.Helper()
	left := make(map[string]time.Duration)
	for _, key := range allKeys(t, client) {
		_, name, _ := strings.Cut(key, "}")
		kind, _, _ := strings.Cut(name, ":")
		if kind == "" {
			continue // meta
		}
		ttl, err := client.PTTL(t.Context(), key).Result()
		if err != nil {
			t.Fatal(err)
		}
		if ttl < 0 {
			t.Errorf("%s has no life", key)
		}
		left[kind] = max(left[kind], ttl)
	}
	return left
}

// Keys live as long as they are of use, or an eighth of the idle time longer: a
// record until its session's end, the index as long as any record on it. A tombstone
// lives until the last denial.
func TestKeysLiveAsLongAsNeeded(t *testing.T) {
	const day = 24 * time.Hour
	client := redistest.Start(t).Client(t)
	clock := newClock()
	s := newStore(t, client, redisstore.Options{Now: clock.Now})
	create := func(id string, idle, access time.Duration) {
		t.Helper()
		r, err := s.Create(t.Context(), driver.CreateRequest{
			Subject: "alice", SessionID: id, AccessTTL: access, IdleTTL: idle, SessionTTL: 30 * day, MaxSessions: 10,
		})
		if err != nil || r.Outcome != driver.Created {
			t.Fatalf("Create: got %+v, %v", r, err)
		}
	}
	rotate := func(id string, generation int64, access time.Duration, want driver.Outcome) {
		t.Helper()
		r, err := s.Rotate(t.Context(), driver.RotateRequest{
			Operation: driver.OperationID{byte(generation + 1)}, Attempt: driver.AttemptID{1}, Subject: "alice", SessionID: id,
			Generation: generation, AccessTTL: access, ReuseGrace: time.Minute,
		})
		if err != nil || r.Outcome != want {
			t.Fatalf("Rotate: got %+v, %v, want %v", r, err, want)
		}
	}
	about := func(what string, want time.Duration, kinds ...string) {
		t.Helper()
		left := lives(t, client)
		for _, kind := range kinds {
			if got := left[kind]; got > want+day/8 || got < want-10*time.Minute { // for a slow machine
				t.Errorf("%s: a key %s lives for %v, want %v", what, kind, got, want)
			}
		}
	}
	const long, short, another = "AAAAAAAAAAAAAAAAAAAAAA", "AQAAAAAAAAAAAAAAAAAAAA", "AgAAAAAAAAAAAAAAAAAAAA"
	create(long, day, time.Hour)
	about("a login", day+driver.DenialMargin, "session", "user")
	create(short, 2*time.Hour, time.Hour)
	about("a shorter one beside it", day+driver.DenialMargin, "session", "user")

	// The keys go by the real time, which stands still here.
	clock.Advance(12 * time.Hour)
	if err := client.Expire(t.Context(), keyOf(t, client, "session:"+long), time.Hour).Err(); err != nil {
		t.Fatal(err)
	}
	if err := client.Expire(t.Context(), keyOf(t, client, "user:alice"), time.Hour).Err(); err != nil {
		t.Fatal(err)
	}
	rotate(long, 0, time.Hour, driver.Rotated)
	about("a reissue", day+driver.DenialMargin, "session", "user")
	clock.Advance(day - time.Hour)
	rotate(long, 0, 3*day, driver.SameAttempt) // by a process whose access tokens live longer
	about("a replay whose access token outlives the session", 2*day+time.Hour+driver.DenialMargin, "session", "user")

	create(another, day, time.Hour)
	if r, err := s.End(t.Context(), driver.EndRequest{Operation: driver.OperationID{7}, Subject: "alice", SessionID: long}); err != nil || r.Outcome != driver.Ended {
		t.Fatalf("End: got %+v, %v", r, err)
	}
	about("a logout", 2*day+time.Hour+driver.DenialMargin, "session", "deny", "feed")
	if on := client.ZRange(t.Context(), keyOf(t, client, "user:alice"), 0, -1).Val(); strings.Contains(strings.Join(on, " "), long) {
		t.Errorf("the killed session is still on the list: %v", on)
	}
	if r, err := s.End(t.Context(), driver.EndRequest{Operation: driver.OperationID{8}, Subject: "alice", SessionID: another}); err != nil || r.Outcome != driver.Ended {
		t.Fatalf("End: got %+v, %v", r, err)
	}
	if ttl := client.PTTL(t.Context(), keyOf(t, client, "session:"+another)).Val(); ttl > time.Hour+driver.DenialMargin || ttl < time.Hour {
		t.Errorf("a tombstone lives for %v, want %v", ttl, time.Hour+driver.DenialMargin)
	}
}

// What has expired for every process is put on no blacklist, and what has been
// denied once is not denied for a shorter time, however much is denied after
// it.
func TestDenialsOfOneSession(t *testing.T) {
	const id = "AAAAAAAAAAAAAAAAAAAAAA"
	client := redistest.Start(t).Client(t)
	clock := newClock()
	s := newStore(t, client, redisstore.Options{Now: clock.Now})
	operation := driver.OperationID{}
	deny := func(generation int64, life time.Duration) {
		t.Helper()
		operation[0]++
		mustSucceed(t, s.Deny(t.Context(), driver.DenyRequest{
			Operation: operation, Subject: "alice", SessionID: id, Generation: generation, ExpiresAt: clock.Now().Add(life),
		}))
	}
	deny(0, time.Hour)
	deny(0, time.Minute)
	deny(1, -driver.DenialMargin)
	if n := client.XLen(t.Context(), keyOf(t, client, "feed")).Val(); n != 1 {
		t.Errorf("got %d entries on the feed, want the first denial's alone", n)
	}
	clock.Advance(10 * time.Minute)
	for generation := range int64(20) { // with so many, those of no more use go
		deny(generation+2, time.Minute)
	}
	got, err := s.Revoked(t.Context(), driver.RevokedRequest{Subject: "alice", SessionID: id, Generation: 0})
	if err != nil || !got.Revoked {
		t.Errorf("the first denial: got %v, %v, want true", got.Revoked, err)
	}
}

// keyOf returns the one key with the ending.
func keyOf(t *testing.T, client *redis.Client, ending string) string {
	t.Helper()
	keys, err := client.Keys(t.Context(), "*}"+ending).Result()
	if err != nil || len(keys) != 1 {
		t.Fatalf("the keys that end with %s: got %v, %v, want one", ending, keys, err)
	}
	return keys[0]
}
