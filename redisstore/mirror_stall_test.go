package redisstore_test

import (
	"context"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

func split(t *testing.T, addr string) (host, port string) {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	mustSucceed(t, err)
	return host, port
}

// goroutines returns the stacks of the goroutines that have all the words.
func goroutines(words ...string) (stacks []string) {
	buf := make([]byte, 1<<20)
	for {
		if n := runtime.Stack(buf, true); n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
next:
	for stack := range strings.SplitSeq(string(buf), "\n\n") {
		for _, word := range words {
			if !strings.Contains(stack, word) {
				continue next
			}
		}
		stacks = append(stacks, stack)
	}
	return stacks
}

// A client that heeds no deadline is stuck on a frozen server for a minute. The
// poller is not: it goes on failing at its own pace, with a handful of
// goroutines left behind, and leases come as soon as the server does.
func TestFrozenServerDoesNotHoldThePoller(t *testing.T) {
	server := redistest.Start(t)
	s := mirrored(t, server.Client(t, func(o *redis.Options) { o.ReadTimeout = time.Minute }), 200*time.Millisecond)
	awaitLeases(t, s)
	for range 2 {
		failures := stats(s).PollFailures
		server.Freeze()
		await(t, "the end of the leases", func() bool { return stats(s).Leased == 0 })
		await(t, "many failed polls", func() bool { return stats(s).PollFailures >= failures+30 })
		if stuck := goroutines("go-redis", "redisstore.(*poller)"); len(stuck) == 0 || len(stuck) > 6 {
			t.Errorf("%d goroutines wait, want a handful:\n%s", len(stuck), strings.Join(stuck, "\n\n"))
		}
		server.Thaw()
		awaitLeases(t, s)
	}
}

// Nor does a server that is frozen from the start, whose layout nobody knows.
func TestFrozenFromTheStart(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t, func(o *redis.Options) { o.ReadTimeout = time.Minute })
	server.Freeze()
	s := mirrored(t, client, 200*time.Millisecond)
	await(t, "many failed polls", func() bool { return stats(s).PollFailures >= 30 })
	if stuck := goroutines("go-redis", "redisstore.(*poller)"); len(stuck) == 0 || len(stuck) > 6 {
		t.Errorf("%d goroutines wait, want a handful:\n%s", len(stuck), strings.Join(stuck, "\n\n"))
	}
	server.Thaw()
	awaitLeases(t, s)
}

// Close leaves nothing running.
func TestCloseLeavesNoGoroutine(t *testing.T) {
	clients := map[string]redis.UniversalClient{
		"single":  redistest.Start(t).Client(t),
		"cluster": redistest.StartCluster(t, 1, 0).Client(t),
	}
	for name, client := range clients {
		t.Run(name, func(t *testing.T) {
			mustSucceed(t, client.Ping(t.Context()).Err())
			s, err := redisstore.New(client, redisstore.Options{
				Logger: quiet(), Mirror: redisstore.MirrorOptions{Staleness: time.Second},
			})
			mustSucceed(t, err)
			awaitLeases(t, s)
			deny(t, s, 0)
			r := deny(t, s, 1)
			if len(goroutines("redisstore.(*mirror)")) == 0 {
				t.Fatal("no goroutine of a mirror was found: the test shows nothing")
			}
			ctx, calm := context.WithCancel(t.Context())
			var storm sync.WaitGroup
			for range 4 { // more nudges than can be taken, until after the end
				storm.Go(func() {
					for ctx.Err() == nil {
						client.Publish(ctx, "ratchet:nudge", "")
					}
				})
			}
			for range 2 { // closing again does no harm
				mustSucceed(t, s.Close())
			}
			calm()
			storm.Wait()
			await(t, "all goroutines to end", func() bool {
				return len(goroutines("redisstore.(*mirror)"))+len(goroutines("redisstore.(*poller)"))+len(goroutines("redis/v9.(*channel)")) == 0
			})
			polls := stats(s).Polls
			await(t, "the end of the leases", func() bool { return stats(s).Leased == 0 })
			if !refuses(t, s, r) {
				t.Error("a closed store does not answer")
			}
			if got := stats(s).Polls; got != polls {
				t.Errorf("a closed store has polled: %d, then %d", polls, got)
			}
		})
	}
}
