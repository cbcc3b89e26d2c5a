package main

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// tolerance is by how much a constant of memory may be off: the share that
// Redis's tables have in it depends on how full they are.
const tolerance = 0.15

// TestMemory measures the constants of memory again, roughly.
func TestMemory(t *testing.T) {
	// Two keys each: the tables are then about three quarters full, as P7 has it.
	const n = 6_000
	server := redistest.Start(t)
	client := newClient(t, server)
	a := newAuthority(t, newStore(t, client, redisstore.Options{Shards: 1}))
	login(t, a, n) // connections, scripts and their buffers are not to count
	flush := func() int64 { client.FlushAll(t.Context()); return settledMemory(t, client) }
	c := measured()

	empty := flush()
	each(t, n, func(ctx context.Context, i int) error {
		tokens, err := a.Issue(ctx, core.Login{Subject: fmt.Sprintf("user-%06d", i)})
		if err == nil {
			_, err = a.Reissue(ctx, tokens.RefreshToken)
		}
		return err
	})
	compare(t, c.session, settledMemory(t, client)-empty, n)

	// Without their sessions, so that what a logout leaves is all there is.
	empty = flush()
	const denials = 2 * n
	store := newStore(t, client, redisstore.Options{Shards: 1})
	each(t, denials, func(ctx context.Context, i int) error {
		return store.Deny(ctx, driver.DenyRequest{
			Subject: "alice", SessionID: sessionID(i), Generation: 1, Operation: driver.OperationID{byte(i), byte(i >> 8), 1},
			ExpiresAt: time.Now().Add(10 * time.Minute),
		})
	})
	whole := settledMemory(t, client)
	compare(t, c.denial, whole-empty, denials)
	keys, err := client.Keys(t.Context(), "*feed").Result()
	if err != nil || len(keys) != 1 {
		t.Fatalf("got the feeds %v, %v, want one", keys, err)
	}
	if err := client.Del(t.Context(), keys[0]).Err(); err != nil {
		t.Fatal(err)
	}
	compare(t, c.feedEntry, whole-settledMemory(t, client), denials)

	flush()
	login(t, a, n)
	each(t, n, func(ctx context.Context, i int) error {
		_, err := a.RevokeAll(ctx, fmt.Sprintf("some-%d", i))
		return err
	})
	done, err := client.Keys(t.Context(), "*}done:*").Result()
	if err != nil || len(done) != n {
		t.Fatalf("got %d answers kept, %v, want %d", len(done), err, n)
	}
	whole = settledMemory(t, client)
	for len(done) > 0 {
		some := done[:min(1000, len(done))]
		if err := client.Del(t.Context(), some...).Err(); err != nil {
			t.Fatal(err)
		}
		done = done[len(some):]
	}
	compare(t, c.done, whole-settledMemory(t, client), n)
}

// TestMirrorMemory measures the memory of an entry of a process's mirror.
func TestMirrorMemory(t *testing.T) {
	const n = 30_000
	server := redistest.Start(t)
	client := newClient(t, server)
	deny(t, newStore(t, client, redisstore.Options{}), n)
	before := heap()
	store := newStore(t, newClient(t, server), redisstore.Options{Mirror: redisstore.MirrorOptions{Staleness: time.Second}})
	awaitEntries(t, store, n)
	perEntry := float64(heap()-before) / n
	t.Logf("%s: %.0f B, with the client's own", measured().mirrorEntry.what, perEntry)
	// Small maps are emptier, and the client is in it.
	if want := measured().mirrorEntry.value; perEntry < want/2 || perEntry > 2*want {
		t.Errorf("got %.0f bytes an entry, want about %.0f", perEntry, want)
	}
	runtime.KeepAlive(store)
}

// TestWire measures what polls and pages take on the wire.
func TestWire(t *testing.T) {
	const entries = 10_000
	server := redistest.Start(t)
	client := newClient(t, server)
	deny(t, newStore(t, client, redisstore.Options{Shards: 1}), entries)
	readFeed(t, client, entries) // the scripts are loaded
	before := infoNumber(t, client, "stats", "total_net_output_bytes")
	readFeed(t, client, entries)
	// A fifth of the entries come with the poll, which says less of each.
	compare(t, measured().entryBytes, infoNumber(t, client, "stats", "total_net_output_bytes")-before, entries)

	// A poll a shard and 200 ms, none of which finds anything new.
	idle := newStore(t, newClient(t, server), redisstore.Options{Shards: 1, Mirror: redisstore.MirrorOptions{Staleness: 100 * time.Millisecond}})
	awaitEntries(t, idle, entries)
	both := func() int64 {
		return infoNumber(t, client, "stats", "total_net_output_bytes") + infoNumber(t, client, "stats", "total_net_input_bytes")
	}
	// What it costs to ask is in both and so in neither.
	asking := both()
	asking = both() - asking
	polled, bytes := polls(t, []*redisstore.Store{idle}), both()
	for deadline := time.Now().Add(time.Minute); polls(t, []*redisstore.Store{idle})-polled < 50; <-time.After(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no polls")
		}
	}
	compare(t, measured().pollBytes, both()-bytes-asking, polls(t, []*redisstore.Store{idle})-polled)
}

// compare fails if what n of something take is not about the constant.
func compare(t *testing.T, c figure, total, n int64) {
	t.Helper()
	got := float64(total) / float64(n)
	t.Logf("%s: %.1f %s, %.0f computed with", c.what, got, c.unit, c.value)
	if math.Abs(got-c.value) > tolerance*c.value {
		t.Errorf("%s: got %.1f %s, want %.0f within %.0f %%", c.what, got, c.unit, c.value, 100*tolerance)
	}
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
