package suite_test

import (
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/lab/bench/fixture"
	"github.com/ratchetauth/ratchet/redisstore"
)

const startUnit = "start-ns"

func withMirror(o *redisstore.Options) { o.Mirror.Staleness = time.Second }

// newMirror returns a store whose mirror holds so many entries and answers
// from memory.
func newMirror(t testing.TB, server *redistest.Server, entries int) *redisstore.Store {
	t.Helper()
	store := newStore(t, server, withMirror)
	awaitMirror(t, store, entries)
	return store
}

// awaitMirror waits until the mirror answers from memory for every shard.
func awaitMirror(t testing.TB, store *redisstore.Store, entries int) {
	t.Helper()
	await(t, 5*time.Millisecond, func() bool {
		m, _ := store.Mirror()
		return m.Leased == m.Shards && m.Entries >= entries
	})
}

// await looks at a condition at an interval until it holds, for a minute at
// most.
func await(t testing.TB, interval time.Duration, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); !condition(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("the condition has not come about")
		}
	}
}

// BenchmarkMirrorStart measures how long a mirror of a million entries takes
// to answer from memory, and how much memory it then takes. Until then the
// server answers the checks.
func BenchmarkMirrorStart(b *testing.B) {
	entries := pick(1_000_000, 1_000)
	server := redistest.Start(b)
	fillBlacklist(b, server, newStore(b, server), entries)
	for b.Loop() {
		before, began := heap(), time.Now()
		store := newStore(b, server, withMirror)
		for i := range 10 {
			result, err := store.Revoked(b.Context(), driver.RevokedRequest{Subject: goneSubject(i), SessionID: madeUpID(i)})
			if err != nil {
				b.Fatal(err)
			}
			if !result.Revoked {
				b.Fatal("a denied session passed during the start")
			}
		}
		awaitMirror(b, store, entries)
		b.ReportMetric(float64(time.Since(began)), startUnit)
		b.ReportMetric(float64(heap()-before)/float64(entries), perEntryUnit)
		if err := store.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// heap returns how many bytes of the heap are in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what had a finalizer goes the second time
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkLogoutSpreads measures how long after the acknowledgement of a
// logout another process still lets the session's tokens pass: two stores with
// a mirror each, as two processes have them, and nothing failing.
func BenchmarkLogoutSpreads(b *testing.B) {
	server := redistest.Start(b)
	algorithm := fixture.HS256(b)
	here := fixture.Authority(b, newMirror(b, server, 0), algorithm)
	there := fixture.Authority(b, newMirror(b, server, 0), algorithm)
	for b.Loop() {
		delays := make([]time.Duration, pick(300, 10))
		for i := range delays {
			tokens := fixture.Login(b, here, subject)
			if _, err := there.Verify(b.Context(), tokens.AccessToken); err != nil {
				b.Fatal(err)
			}
			if err := here.Logout(b.Context(), tokens.AccessToken); err != nil {
				b.Fatal(err)
			}
			acknowledged := time.Now()
			await(b, 100*time.Microsecond, func() bool {
				_, err := there.Verify(b.Context(), tokens.AccessToken)
				delays[i] = time.Since(acknowledged)
				return errors.Is(err, core.ErrTokenRevoked)
			})
		}
		slices.Sort(delays)
		b.ReportMetric(float64(percentile(delays, 50)), p50Unit)
		b.ReportMetric(float64(percentile(delays, 99)), p99Unit)
	}
}
