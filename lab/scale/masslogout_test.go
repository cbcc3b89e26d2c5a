package main

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// TestMassLogoutLeaves holds what the calculation takes for granted against
// the store: a session whose last access token has expired for two minutes
// needs no blacklist entry, and only the process that ends it remembers it.
func TestMassLogoutLeaves(t *testing.T) {
	const n = 100
	client := newClient(t, redistest.Start(t))
	var clock atomic.Pointer[time.Time]
	now := time.Now().Truncate(time.Second)
	clock.Store(&now)
	advance := func(d time.Duration) { later := clock.Load().Add(d); clock.Store(&later) }
	options := redisstore.Options{
		Shards: 1, Now: func() time.Time { return *clock.Load() }, Mirror: redisstore.MirrorOptions{Staleness: time.Minute},
	}
	here, there := newStore(t, client, options), newStore(t, client, options)
	a := newAuthority(t, here, func(c *core.Config) { c.Now = options.Now })
	revoke := func(from, end int) {
		t.Helper()
		for i := from; i < end; i++ {
			if ended, err := a.RevokeAll(t.Context(), fmt.Sprintf("some-%d", i)); err != nil || ended != 1 {
				t.Fatalf("got %d sessions ended, %v, want 1", ended, err)
			}
		}
	}

	login(t, a, 2*n+2)
	revoke(0, n)
	if got := feedLength(t, client); got != n {
		t.Errorf("got %d feed entries of %d sessions with an access token", got, n)
	}
	awaitEntries(t, there, n)
	advance(10*time.Minute - time.Second) // the tokens still pass: the feed stays whole
	revoke(2*n, 2*n+1)
	if got := feedLength(t, client); got != n+1 {
		t.Errorf("got %d feed entries while they deny, want %d", got, n+1)
	}
	advance(2*time.Minute + 2*time.Second)
	before := feedLength(t, client)
	revoke(n, 2*n)
	if got := feedLength(t, client); got > before {
		t.Errorf("got %d feed entries of sessions without an access token, want none", got-before)
	}
	if stats, _ := here.Mirror(); stats.Entries != 2*n+1 {
		t.Errorf("the mirror of the process that has ended %d sessions knows %d", 2*n+1, stats.Entries)
	}
	if stats, _ := there.Mirror(); stats.Entries > n+1 {
		t.Errorf("the mirror of another process knows %d sessions, want the %d on the feed at most", stats.Entries, n+1)
	}
}

// TestFeedIsTrimmed holds the trimming of a feed against the store. One that
// has no mirror sends no nudges.
func TestFeedIsTrimmed(t *testing.T) {
	const n = 100
	client := newClient(t, redistest.Start(t))
	var later atomic.Int64 // seconds
	store := newStore(t, client, redisstore.Options{
		Shards: 1, Now: func() time.Time { return time.Now().Add(time.Duration(later.Load()) * time.Second) },
	})
	end := func(i int) {
		t.Helper()
		err := store.Deny(t.Context(), driver.DenyRequest{
			Subject: "alice", SessionID: sessionID(i), Operation: driver.OperationID{byte(i), 1}, ExpiresAt: time.Now().Add(time.Duration(later.Load()+60) * time.Second),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		end(i)
	}
	if got := feedLength(t, client); got != n {
		t.Fatalf("got %d feed entries, want %d", got, n)
	}
	later.Store(1000)
	end(n)
	if got := feedLength(t, client); got != n+1-trimmed {
		t.Errorf("got %d feed entries, want %d to leave with one that comes", got, trimmed)
	}
	stats, err := client.Info(t.Context(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(stats, "cmdstat_xadd:") || strings.Contains(stats, "cmdstat_publish:") {
		t.Errorf("a store without a mirror has sent nudges, or nothing: %s", stats)
	}
}

func feedKey(tb testing.TB, client *redis.Client) string {
	tb.Helper()
	keys := keysOf(tb, client, "*feed")
	if len(keys) != 1 {
		tb.Fatalf("got the feeds %v, want one", keys)
	}
	return keys[0]
}

func feedLength(tb testing.TB, client *redis.Client) int64 {
	tb.Helper()
	n, err := client.XLen(tb.Context(), feedKey(tb, client)).Result()
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// TestNoNudges forbids PUBLISH, as docs/scale.md advises large services: nudges
// fail, logouts do not, and other processes learn of them by their polls.
func TestNoNudges(t *testing.T) {
	server := redistest.Start(t)
	client := newClient(t, server)
	options := redisstore.Options{Mirror: redisstore.MirrorOptions{Staleness: time.Second}}
	here, there := newStore(t, client, options), newStore(t, newClient(t, server), options)
	if err := client.Do(t.Context(), "acl", "setuser", "default", "-publish").Err(); err != nil {
		t.Fatal(err)
	}
	a := newAuthority(t, here)
	tokens := login(t, a, 3)
	for i := range tokens {
		if err := a.Logout(t.Context(), tokens[i].AccessToken); err != nil {
			t.Fatal(err)
		}
	}
	awaitEntries(t, there, len(tokens))
	for deadline := time.Now().Add(time.Minute); ; <-time.After(10 * time.Millisecond) {
		if stats, _ := here.Mirror(); stats.NudgeFailures > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no nudge has failed")
		}
	}
}
