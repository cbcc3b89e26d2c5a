package suite_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/lab/bench/fixture"
	"github.com/ratchetauth/ratchet/lab/bench/peer"
	"github.com/redis/go-redis/v9"
)

const (
	perSessionUnit = "B/session"
	perEntryUnit   = "B/entry"
)

// BenchmarkSessionMemory measures what a session takes of Redis's memory, its
// share of the user's index and of Redis's own tables included: of sessions
// that have been reissued once, with a user each and with three to a user.
func BenchmarkSessionMemory(b *testing.B) {
	// Each has a key of its own, and each user one. Redis's tables double in
	// size; with so many keys they are about three quarters full.
	keys := pick(48_000, 480)
	b.Run("GET+DEL+SET", func(b *testing.B) { // a key for each session
		server := redistest.Start(b)
		rotator := peer.NewRotator(newClient(b, server), fixture.Secret(), fixture.Secret())
		for b.Loop() {
			perOne := growth(b, server, keys, func(ctx context.Context, i int) error {
				tokens, err := rotator.Login(ctx, fmt.Sprintf("user-%06d", i))
				if err == nil {
					_, err = rotator.GetDelSet(ctx, tokens.Refresh)
				}
				return err
			})
			b.ReportMetric(perOne, perSessionUnit)
		}
	})
	for _, each := range []int{1, 3} {
		sessions := keys * each / (each + 1)
		b.Run(fmt.Sprintf("%d-a-user", each), func(b *testing.B) {
			server := redistest.Start(b)
			authority := fixture.Authority(b, newStore(b, server), fixture.HS256(b))
			for b.Loop() {
				perOne := growth(b, server, sessions, func(ctx context.Context, i int) error {
					tokens, err := authority.Issue(ctx, core.Login{Subject: fmt.Sprintf("user-%06d", i/each)})
					if err == nil {
						_, err = authority.Reissue(ctx, tokens.RefreshToken)
					}
					return err
				})
				b.ReportMetric(perOne, perSessionUnit)
			}
		})
	}
}

// BenchmarkReissuedSessionMemory measures the keys of one session, once
// reissued and after many reissues.
func BenchmarkReissuedSessionMemory(b *testing.B) {
	server := redistest.Start(b)
	client := server.Client(b)
	authority := fixture.Authority(b, newStore(b, server), fixture.HS256(b))
	for _, reissues := range []int{1, 10_000} {
		b.Run(strconv.Itoa(reissues), func(b *testing.B) {
			for b.Loop() {
				client.FlushAll(b.Context())
				tokens := fixture.Login(b, authority, subject)
				for range pick(reissues, min(reissues, 10)) {
					var err error
					if tokens, err = authority.Reissue(b.Context(), tokens.RefreshToken); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(memoryUsage(b, client)), perSessionUnit)
			}
		})
	}
}

// BenchmarkBlacklistMemory measures what a logout leaves in Redis besides the
// session: the entry that the check reads, and the entry in the feed.
func BenchmarkBlacklistMemory(b *testing.B) {
	server := redistest.Start(b)
	store, blacklist := newStore(b, server), peer.NewBlacklist(newClient(b, server))
	for name, put := range map[string]func(ctx context.Context, i int) error{
		"ours":   func(ctx context.Context, i int) error { return deny(ctx, store, i) },
		"EXISTS": func(ctx context.Context, i int) error { return blacklist.Revoke(ctx, madeUpID(i)+".0", 12*time.Minute) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.ReportMetric(growth(b, server, pick(48_000, 480), put), perEntryUnit)
			}
		})
	}
}

// growth returns by how much n calls of f let the memory of an empty server
// grow, divided by n.
func growth(b *testing.B, server *redistest.Server, n int, f func(ctx context.Context, i int) error) float64 {
	b.Helper()
	client := server.Client(b)
	// The scripts and the connections are not to count.
	if err := spread(b.Context(), fillers, func(ctx context.Context, i int) error { return f(ctx, n+i) }); err != nil {
		b.Fatal(err)
	}
	client.FlushAll(b.Context())
	before := settledMemory(b, client)
	if err := spread(b.Context(), n, f); err != nil {
		b.Fatal(err)
	}
	return float64(settledMemory(b, client)-before) / float64(n)
}

// settledMemory returns how much memory the data takes once Redis has finished
// moving it between tables.
func settledMemory(b *testing.B, client *redis.Client) int64 {
	b.Helper()
	const settled = 4 << 10
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	last := dataMemory(b, client)
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		<-tick.C
		now := dataMemory(b, client)
		if now-last <= settled && last-now <= settled {
			return now
		}
		last = now
	}
	b.Fatal("Redis's memory does not settle")
	return 0
}

// dataMemory returns used_memory without the buffers of the clients.
func dataMemory(b *testing.B, client *redis.Client) int64 {
	b.Helper()
	info, err := client.Info(b.Context(), "memory").Result()
	if err != nil {
		b.Fatal(err)
	}
	number := func(name string) int64 {
		for line := range strings.Lines(info) {
			if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+":"); ok {
				n, err := strconv.ParseInt(value, 10, 64)
				if err != nil {
					b.Fatal(err)
				}
				return n
			}
		}
		b.Fatalf("INFO memory has no %s", name)
		return 0
	}
	return number("used_memory") - number("mem_clients_normal")
}

// memoryUsage returns the memory of all keys but meta, as MEMORY USAGE counts
// it.
func memoryUsage(b *testing.B, client *redis.Client) int64 {
	b.Helper()
	keys, err := client.Keys(b.Context(), "*{*").Result()
	if err != nil {
		b.Fatal(err)
	}
	var sum int64
	for _, key := range keys {
		n, err := client.MemoryUsage(b.Context(), key, 0).Result()
		if err != nil {
			b.Fatal(err)
		}
		sum += n
	}
	return sum
}
