package suite_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// holdUnit is the unit of how long Redis serves nobody else.
const holdUnit = "hold-ns"

// BenchmarkHold measures for how long one operation for one user keeps Redis
// from all others: the longest of its commands, and of the records that are
// read a part at a time the part. The user has 1000 live sessions, and has had
// 12 000 others, which ended within the last ten minutes. For operations that end
// all sessions it is the time for each live one.
func BenchmarkHold(b *testing.B) {
	const limit = 1_000
	live, ended := pick(limit, 100), pick(12_000, 200)
	server := redistest.Start(b)
	client := newClient(b, server)
	var passed atomic.Int64
	store := newStore(b, server, func(o *redisstore.Options) {
		began := time.Now()
		o.Now = func() time.Time { return began.Add(time.Duration(passed.Load())) }
	})
	made := 0
	create := func(b *testing.B, idle time.Duration, most int) {
		made++
		r, err := store.Create(b.Context(), driver.CreateRequest{
			Subject: subject, SessionID: madeUpID(made), AccessTTL: 10 * time.Minute, IdleTTL: idle, SessionTTL: driver.NoLimit, MaxSessions: most,
		})
		if err != nil || r.Outcome != driver.Created {
			b.Fatalf("a login: got %+v, %v", r, err)
		}
	}
	fill := func(b *testing.B, ended int) {
		client.FlushAll(b.Context())
		for range ended {
			create(b, time.Second, limit)
			passed.Add(int64(10 * time.Millisecond))
		}
		passed.Add(int64(2 * time.Second))
		for range live {
			create(b, 7*24*time.Hour, limit)
			passed.Add(int64(time.Millisecond))
		}
	}
	for _, c := range []struct {
		name    string
		ended   int
		each    int
		operate func(b *testing.B)
	}{
		{"list", ended, 1, func(b *testing.B) {
			if list, err := store.Sessions(b.Context(), subject); err != nil || len(list) < live {
				b.Fatalf("got %d sessions, %v, want %d", len(list), err, live)
			}
		}},
		{"login", ended, 1, func(b *testing.B) { create(b, time.Hour, live) }},
		{"revoke-all", 0, live, func(b *testing.B) {
			endAll(b, store, live)
		}},
		{"revoke-all-ended", ended, live, func(b *testing.B) {
			endAll(b, store, live)
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var longest []time.Duration
			for i := range b.N {
				if i == 0 || c.each > 1 {
					b.StopTimer()
					fill(b, c.ended)
					b.StartTimer()
				}
				passed.Add(int64(time.Millisecond))
				longest = append(longest, hold(b, client, func() { c.operate(b) }))
			}
			slices.Sort(longest)
			b.ReportMetric(float64(percentile(longest, 50))/float64(c.each), holdUnit)
		})
	}
}

func endAll(b *testing.B, store *redisstore.Store, live int) {
	r, err := store.EndAll(b.Context(), driver.EndAllRequest{Operation: driver.OperationID{byte(time.Now().UnixNano()), 1}, Subject: subject})
	if err != nil || len(r.Ended) != live {
		b.Fatalf("got %d sessions ended, %v, want %d", len(r.Ended), err, live)
	}
}

// hold returns for how long the longest of the commands of f took, by Redis's own
// log, and at most the processor time that all took, which other load on the machine
// does not lengthen. Those that read a record come in parts of about 50.
func hold(b *testing.B, client *redis.Client, f func()) time.Duration {
	b.Helper()
	ctx := context.WithoutCancel(b.Context())
	set := func(name string, value any) {
		if err := client.ConfigSet(ctx, name, fmt.Sprint(value)).Err(); err != nil {
			b.Fatal(err)
		}
	}
	set("slowlog-max-len", 100_000)
	set("slowlog-log-slower-than", 0)
	client.Do(ctx, "slowlog", "reset")
	before := serverTime(b, client)
	f()
	used := serverTime(b, client) - before
	set("slowlog-log-slower-than", -1)
	entries, err := client.SlowLogGet(ctx, -1).Result()
	if err != nil {
		b.Fatal(err)
	}
	var longest, reads time.Duration
	n := 0
	for _, e := range entries {
		switch e.Args[0] {
		case "hmget":
			reads += e.Duration
			n++
		case "slowlog", "config", "CONFIG", "SLOWLOG":
		default:
			longest = max(longest, e.Duration)
		}
	}
	const part = 50
	return min(used, max(longest, reads/time.Duration(max(1, (n+part-1)/part))))
}
