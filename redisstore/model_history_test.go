package redisstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/modeltest"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// Random histories on Redis. The writes that it loses are lost under a running
// process, as at a failover: what it holds is set back to a dump.
func TestHistories(t *testing.T) {
	client := redistest.Start(t).Client(t)
	modeltest.Run(t, 40, func(now func() time.Time) (modeltest.Backend, error) {
		ctx := t.Context()
		if err := client.FlushAll(ctx).Err(); err != nil {
			return modeltest.Backend{}, err
		}
		store, err := redisstore.New(client, redisstore.Options{Now: now, Logger: quiet()})
		aging := &aging{client: client, now: now, seen: now(), real: time.Now()}
		save := func() (func() error, error) {
			if err := aging.catchUp(ctx); err != nil {
				return nil, err
			}
			restore, err := keyspace(ctx, client)
			saved, passed := aging.seen, time.Since(aging.real)
			return func() error {
				err := restore()
				aging.seen, aging.real = saved, time.Now().Add(-passed) // as old as then
				return err
			}, err
		}
		return modeltest.Backend{
			Store: store,
			Save:  save,
			MarkBlocked: func(subject string, until time.Time) error {
				return markBlocked(ctx, client, store, subject, until)
			},
			Size: func() (int, error) {
				if err := aging.catchUp(ctx); err != nil {
					return 0, err
				}
				n, err := client.DBSize(ctx).Result()
				return int(n), err
			},
		}, err
	})
}

// aging lets keys expire by the test's clock: Redis has no other than the real
// one to drop them by, and a denial that is dropped too early would not show.
type aging struct {
	client *redis.Client
	now    func() time.Time
	seen   time.Time // by now, when the keys were last as old as they should be
	real   time.Time // then
}

// catchUp shortens the life of each key by what the test's clock has moved
// since, but for what has really passed. It never errs to the short side.
func (a *aging) catchUp(ctx context.Context) error {
	moved := a.now().Sub(a.seen)
	if moved == 0 {
		return nil
	}
	keys, err := a.client.Keys(ctx, "*").Result()
	if err != nil {
		return err
	}
	left := make([]*redis.DurationCmd, len(keys))
	if _, err := a.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, key := range keys {
			left[i] = p.PTTL(ctx, key)
		}
		return nil
	}); err != nil {
		return err
	}
	passed := time.Since(a.real)
	_, err = a.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, key := range keys {
			switch ttl := left[i].Val(); {
			case ttl <= 0: // for ever
			case ttl+passed+2*time.Millisecond <= moved:
				p.Del(ctx, key)
			default: // with time for what comes at this moment of the test's clock
				p.PExpire(ctx, key, max(ttl+passed-moved, time.Minute))
			}
		}
		return nil
	})
	a.seen, a.real = a.now(), a.real.Add(passed)
	return err
}

// Calls at once on Redis, each on a connection of its own.
func TestConcurrentCalls(t *testing.T) {
	client := redistest.Start(t).Client(t)
	modeltest.RunConcurrent(t, 500, func(now func() time.Time) driver.Store {
		return newStore(t, client, redisstore.Options{Now: now})
	})
}

// keyspace returns what empties the server and gives it back what it holds now.
func keyspace(ctx context.Context, client *redis.Client) (restore func() error, err error) {
	type value struct {
		data string
		ttl  time.Duration
	}
	held := make(map[string]value)
	keys, err := client.Keys(ctx, "*").Result()
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		data, err := client.Dump(ctx, key).Result()
		if errors.Is(err, redis.Nil) { // expired meanwhile
			continue
		}
		if err != nil {
			return nil, err
		}
		ttl, err := client.PTTL(ctx, key).Result()
		if err != nil {
			return nil, err
		}
		held[key] = value{data, max(0, ttl)}
	}
	return func() error {
		_, err := client.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.FlushAll(ctx)
			p.ScriptFlush(ctx) // a server that takes over knows none
			for key, v := range held {
				p.Restore(ctx, key, v.ttl, v.data)
			}
			return nil
		})
		return err
	}, nil
}

// markBlocked blocks the subject and takes everything back but the mark.
func markBlocked(ctx context.Context, client *redis.Client, store driver.Store, subject string, until time.Time) error {
	restore, err := keyspace(ctx, client)
	if err != nil {
		return err
	}
	if _, err := store.Block(ctx, driver.BlockRequest{Subject: subject, Until: until}); err != nil {
		return err
	}
	keys, err := client.Keys(ctx, "*}blocked:"+subject).Result()
	if err != nil {
		return err
	}
	if len(keys) != 1 {
		return errors.New("a block left the marks " + strings.Join(keys, " "))
	}
	mark, err := client.Get(ctx, keys[0]).Result()
	if err != nil {
		return err
	}
	if err := restore(); err != nil {
		return err
	}
	return client.Set(ctx, keys[0], mark, 0).Err()
}
