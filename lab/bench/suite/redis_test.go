package suite_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"

	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// newClient returns a client for either side of a comparison: with the defaults
// of go-redis, but heeding deadlines, as a service's client should.
func newClient(b testing.TB, server *redistest.Server) *redis.Client {
	return server.Client(b, func(o *redis.Options) { o.ContextTimeoutEnabled = true })
}

// newStore returns a store on a client of its own with the defaults, but for
// what configure changes.
func newStore(b testing.TB, server *redistest.Server, configure ...func(*redisstore.Options)) *redisstore.Store {
	b.Helper()
	return newStoreOn(b, newClient(b, server), configure...)
}

// newStoreOn is newStore on a client.
func newStoreOn(b testing.TB, client *redis.Client, configure ...func(*redisstore.Options)) *redisstore.Store {
	b.Helper()
	var o redisstore.Options
	for _, f := range configure {
		f(&o)
	}
	store, err := redisstore.New(client, o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	})
	return store
}

// roundTrips is a hook that counts how often a client waited for an answer: a
// pipeline waits once.
type roundTrips struct{ n atomic.Int64 }

func (r *roundTrips) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (r *roundTrips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		r.n.Add(1)
		return next(ctx, cmd)
	}
}

func (r *roundTrips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		r.n.Add(1)
		return next(ctx, cmds)
	}
}
