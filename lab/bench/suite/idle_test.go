//go:build unix

package suite_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

const (
	scriptsUnit   = "scripts/s"
	processorUnit = "%core"
)

// BenchmarkMirrorIdle measures what a mirror costs when nothing happens: the
// scripts that Redis runs for it, and the processor time of its process in
// percent of one core. On a cluster each shard is asked for on its own.
func BenchmarkMirrorIdle(b *testing.B) {
	b.Run("server", func(b *testing.B) {
		server := redistest.Start(b)
		newMirror(b, server, 0)
		idle(b, server.Client(b))
	})
	b.Run("cluster", func(b *testing.B) {
		client := redistest.StartCluster(b, 3, 0).Client(b, func(o *redis.ClusterOptions) { o.ContextTimeoutEnabled = true })
		store, err := redisstore.New(client, redisstore.Options{Mirror: redisstore.MirrorOptions{Staleness: time.Second}})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			if err := store.Close(); err != nil {
				b.Error(err)
			}
		})
		awaitMirror(b, store, 0)
		idle(b, client)
	})
}

func idle(b *testing.B, client redis.UniversalClient) {
	for b.Loop() {
		calls, used, began := scripts(b, client), processorTime(b), time.Now()
		<-time.After(time.Duration(pick(4_000, 400)) * time.Millisecond)
		used, elapsed := processorTime(b)-used, time.Since(began).Seconds()
		b.ReportMetric(float64(scripts(b, client)-calls)/elapsed, scriptsUnit)
		b.ReportMetric(100*used.Seconds()/elapsed, processorUnit)
	}
}

// scripts returns how many scripts the servers have run.
func scripts(b *testing.B, client redis.UniversalClient) int64 {
	b.Helper()
	stats := redistest.CommandStats(b, client)
	return stats["evalsha"] + stats["eval"] + stats["evalsha_ro"] + stats["eval_ro"]
}

// processorTime returns what this process has used.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
