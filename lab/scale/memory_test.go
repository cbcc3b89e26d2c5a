package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// BenchmarkServerMemory measures what the data takes of Redis's memory. The
// share of Redis's own tables is in it, which depends on how full they happen
// to be, as the rest does on the allocator: so no test asserts a figure.
func BenchmarkServerMemory(b *testing.B) {
	// Two keys each: the tables are then about three quarters full, as P7 has it.
	const n, denials = 6_000, 12_000
	server := redistest.Start(b)
	client := newClient(b, server)
	store := newStore(b, client, redisstore.Options{Shards: 1})
	a := newAuthority(b, store)
	login(b, a, n) // connections, scripts and their buffers are not to count
	flush := func() int64 { client.FlushAll(b.Context()); return settledMemory(b, client) }
	report := func(bytes int64, entries int, unit string) {
		b.ReportMetric(float64(bytes)/float64(entries), unit)
	}
	for b.Loop() {
		empty := flush()
		each(b, n, func(ctx context.Context, i int) error {
			tokens, err := a.Issue(ctx, core.Login{Subject: fmt.Sprintf("user-%06d", i)})
			if err == nil {
				_, err = a.Reissue(ctx, tokens.RefreshToken)
			}
			return err
		})
		report(settledMemory(b, client)-empty, n, "B/session")

		// Without their sessions, so that what a logout leaves is all there is.
		empty = flush()
		each(b, denials, func(ctx context.Context, i int) error { return store.Deny(ctx, denial(i)) })
		whole := settledMemory(b, client)
		report(whole-empty, denials, "B/denial")
		if err := client.Del(b.Context(), feedKey(b, client)).Err(); err != nil {
			b.Fatal(err)
		}
		report(whole-settledMemory(b, client), denials, "B/feed-entry")

		flush()
		login(b, a, n)
		each(b, n, func(ctx context.Context, i int) error {
			_, err := a.RevokeAll(ctx, fmt.Sprintf("some-%d", i))
			return err
		})
		done := keysOf(b, client, "*}done:*")
		whole = settledMemory(b, client)
		for some := range slices.Chunk(done, 1000) {
			if err := client.Del(b.Context(), some...).Err(); err != nil {
				b.Fatal(err)
			}
		}
		report(whole-settledMemory(b, client), len(done), "B/answer")
	}
}

// BenchmarkMirrorMemory measures the memory of an entry of a process's mirror,
// with the client's own.
func BenchmarkMirrorMemory(b *testing.B) {
	const n = 30_000
	server := redistest.Start(b)
	client := newClient(b, server)
	deny(b, newStore(b, client, redisstore.Options{}), n)
	for b.Loop() {
		before := heap()
		store := newStore(b, newClient(b, server), redisstore.Options{Mirror: redisstore.MirrorOptions{Staleness: time.Second}})
		awaitEntries(b, store, n)
		b.ReportMetric(float64(heap()-before)/n, "B/entry")
		runtime.KeepAlive(store)
	}
}

// BenchmarkWire measures what polls and pages take on the wire.
func BenchmarkWire(b *testing.B) {
	const entries = 10_000
	server := redistest.Start(b)
	client := newClient(b, server)
	deny(b, newStore(b, client, redisstore.Options{Shards: 1}), entries)
	readFeed(b, client, entries) // the scripts are loaded
	idle := newStore(b, newClient(b, server), redisstore.Options{Shards: 1, Mirror: redisstore.MirrorOptions{Staleness: 100 * time.Millisecond}})
	awaitEntries(b, idle, entries)
	out := func() int64 { return infoNumber(b, client, "stats", "total_net_output_bytes") }
	both := func() int64 { return out() + infoNumber(b, client, "stats", "total_net_input_bytes") }
	for b.Loop() {
		// A poll a shard and 20 ms, none of which finds anything new. What it costs
		// to ask is in both and so in neither.
		asking := both()
		asking = both() - asking
		polled, bytes := polls(b, []*redisstore.Store{idle}), both()
		for deadline := time.Now().Add(time.Minute); polls(b, []*redisstore.Store{idle})-polled < 50; <-time.After(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				b.Fatal("no polls")
			}
		}
		bytes = both() - bytes - asking
		polled = polls(b, []*redisstore.Store{idle}) - polled
		b.ReportMetric(float64(bytes)/float64(polled), "B/poll")

		// A fifth of the entries come with the poll, which says less of each.
		before := out()
		readFeed(b, client, entries)
		b.ReportMetric(float64(out()-before)/entries, "B/entry")
	}
}

// TestWhatIsLeft counts the keys and the feed entries of which the constants of
// memory are: a session has its own key and one for its user, a denial has a key
// and an entry of the feed, and a RevokeAll leaves its answer.
func TestWhatIsLeft(t *testing.T) {
	const n = 50
	client := newClient(t, redistest.Start(t))
	store := newStore(t, client, redisstore.Options{Shards: 1})
	a := newAuthority(t, store)
	count := func(what string, want map[string]int) {
		t.Helper()
		for pattern, want := range want {
			if got := len(keysOf(t, client, pattern)); got != want {
				t.Errorf("%s: got %d keys %s, want %d", what, got, pattern, want)
			}
		}
	}
	tokens := login(t, a, n)
	each(t, n, func(ctx context.Context, i int) error {
		_, err := a.Reissue(ctx, tokens[i].RefreshToken)
		return err
	})
	count("sessions", map[string]int{"*{*": 2 * n, "*}session:*": n, "*}user:*": n})
	each(t, n, func(ctx context.Context, i int) error {
		_, err := a.RevokeAll(ctx, fmt.Sprintf("some-%d", i))
		return err
	})
	count("RevokeAll", map[string]int{"*}done:*": n, "*}deny:*": n, "*}feed": 1})

	client.FlushAll(t.Context())
	each(t, n, func(ctx context.Context, i int) error { return store.Deny(ctx, denial(i)) })
	count("denials", map[string]int{"*{*": n + 1, "*}deny:*": n, "*}feed": 1})
	if got := feedLength(t, client); got != n {
		t.Errorf("got %d feed entries, want %d", got, n)
	}
}

// denial is one of a token of a session that has no record.
func denial(i int) driver.DenyRequest {
	return driver.DenyRequest{
		Subject: "alice", SessionID: sessionID(i), Generation: 1, Operation: driver.OperationID{byte(i), byte(i >> 8), 1},
		ExpiresAt: time.Now().Add(10 * time.Minute),
	}
}

func keysOf(tb testing.TB, client *redis.Client, pattern string) []string {
	tb.Helper()
	keys, err := client.Keys(tb.Context(), pattern).Result()
	if err != nil {
		tb.Fatal(err)
	}
	return keys
}

func awaitEntries(tb testing.TB, store *redisstore.Store, entries int) {
	tb.Helper()
	for deadline := time.Now().Add(time.Minute); ; <-time.After(5 * time.Millisecond) {
		if stats, _ := store.Mirror(); stats.Leased == stats.Shards && stats.Entries >= entries {
			return
		}
		if time.Now().After(deadline) {
			tb.Fatal("the mirror has not read the feeds")
		}
	}
}

// settledMemory returns what the data takes once Redis has finished moving it
// between its tables.
func settledMemory(tb testing.TB, client *redis.Client) int64 {
	tb.Helper()
	used := func() int64 {
		return infoNumber(tb, client, "memory", "used_memory") - infoNumber(tb, client, "memory", "mem_clients_normal")
	}
	for last, deadline := used(), time.Now().Add(time.Minute); time.Now().Before(deadline); {
		<-time.After(200 * time.Millisecond)
		now := used()
		if now-last <= 4096 && last-now <= 4096 {
			return now
		}
		last = now
	}
	tb.Fatal("Redis's memory does not settle")
	return 0
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what had a finalizer goes the second time
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
