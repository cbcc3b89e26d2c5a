package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
)

// callers is how many goroutines ask at once.
const callers = 64

// BenchmarkCost measures the processor time that a server spends on an
// operation, all that it does included. It depends less on what else the
// machine does than throughput does.
func BenchmarkCost(b *testing.B) {
	for name, options := range map[string][]redistest.Option{"memory": nil, "AOF": {redistest.WithAOF()}} {
		server := redistest.Start(b, options...)
		client := newClient(b, server)
		a := newAuthority(b, newStore(b, client, redisstore.Options{}))
		b.Run(name+"/login", func(b *testing.B) {
			cost(b, client, func(ctx context.Context, i int) error {
				_, err := a.Issue(ctx, core.Login{Subject: fmt.Sprintf("user-%d-%d", b.N, i)})
				return err
			})
		})
		b.Run(name+"/reissue", func(b *testing.B) {
			tokens := login(b, a, callers)
			cost(b, client, func(ctx context.Context, i int) (err error) {
				tokens[i%callers], err = a.Reissue(ctx, tokens[i%callers].RefreshToken)
				return err
			})
		})
		b.Run(name+"/check", func(b *testing.B) {
			tokens := login(b, a, callers)
			cost(b, client, func(ctx context.Context, i int) error {
				_, err := a.Verify(ctx, tokens[i%callers].AccessToken)
				return err
			})
		})
		b.Run(name+"/logout", func(b *testing.B) {
			tokens := login(b, a, b.N)
			cost(b, client, func(ctx context.Context, i int) error { return a.Logout(ctx, tokens[i].AccessToken) })
		})
		b.Run(name+"/revoke-all", func(b *testing.B) {
			login(b, a, b.N)
			cost(b, client, func(ctx context.Context, i int) error {
				_, err := a.RevokeAll(ctx, fmt.Sprintf("some-%d", i))
				return err
			})
		})
	}
}

// BenchmarkMirrors measures what the mirrors of idle processes cost a server,
// as a share of one core.
func BenchmarkMirrors(b *testing.B) {
	for _, processes := range []int{1, 10, 50} {
		b.Run(strconv.Itoa(processes), func(b *testing.B) {
			server := redistest.Start(b)
			for range processes {
				newStore(b, newClient(b, server), redisstore.Options{Mirror: redisstore.MirrorOptions{Staleness: time.Second}})
			}
			client := newClient(b, server)
			before, began := processorTime(b, client), time.Now()
			for range b.N { // seconds
				time.Sleep(time.Second)
			}
			b.ReportMetric(100*(processorTime(b, client)-before).Seconds()/time.Since(began).Seconds(), "%core")
		})
	}
}

// cost calls f b.N times, with i from 0 on, and reports the server's time. No
// two calls at once have the same i modulo callers.
func cost(b *testing.B, client *redis.Client, f func(ctx context.Context, i int) error) {
	b.Helper()
	before := processorTime(b, client)
	b.ResetTimer()
	each(b, b.N, f)
	b.StopTimer()
	b.ReportMetric(float64((processorTime(b, client)-before).Nanoseconds())/float64(b.N)/1000, "redis-µs/op")
}

func each(tb testing.TB, n int, f func(ctx context.Context, i int) error) {
	tb.Helper()
	var (
		wg     sync.WaitGroup
		failed atomic.Pointer[error]
	)
	for w := range callers {
		wg.Go(func() {
			for i := w; i < n && failed.Load() == nil; i += callers {
				if err := f(tb.Context(), i); err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		tb.Fatal(*err)
	}
}

// processorTime returns how much the server has used.
func processorTime(tb testing.TB, client *redis.Client) (used time.Duration) {
	tb.Helper()
	info, err := client.Info(tb.Context(), "cpu").Result()
	if err != nil {
		tb.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^used_cpu_(?:user|sys):([\d.]+)`).FindAllStringSubmatch(info, -1)
	if len(found) != 2 {
		tb.Fatalf("INFO cpu says %q", info)
	}
	for _, m := range found {
		seconds, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			tb.Fatal(err)
		}
		used += time.Duration(seconds * float64(time.Second))
	}
	return used
}

func newClient(tb testing.TB, server *redistest.Server) *redis.Client {
	return server.Client(tb, func(o *redis.Options) { o.ContextTimeoutEnabled, o.PoolSize = true, callers })
}

func newStore(tb testing.TB, client redis.UniversalClient, o redisstore.Options) *redisstore.Store {
	tb.Helper()
	o.Logger = slog.New(slog.DiscardHandler)
	store, err := redisstore.New(client, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Error(err)
		}
	})
	return store
}

func newAuthority(tb testing.TB, store core.Store, mutate ...func(*core.Config)) *core.Authority {
	tb.Helper()
	key, err := core.NewHMACKey("k", bytes.Repeat([]byte{1}, 32))
	if err != nil {
		tb.Fatal(err)
	}
	config := core.Config{
		Issuer: "scale", Audience: []string{"api"}, Keys: []core.Key{key}, Store: store, Logger: slog.New(slog.DiscardHandler),
	}
	for _, f := range mutate {
		f(&config)
	}
	a, err := core.New(config)
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// login logs n users in, each once.
func login(tb testing.TB, a *core.Authority, n int) []core.Tokens {
	tb.Helper()
	tokens := make([]core.Tokens, n)
	each(tb, n, func(ctx context.Context, i int) (err error) {
		tokens[i], err = a.Issue(ctx, core.Login{Subject: fmt.Sprintf("some-%d", i)})
		return err
	})
	return tokens
}
