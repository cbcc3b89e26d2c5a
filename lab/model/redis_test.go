package model_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/lab/model"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// Random histories on Redis. The writes that it loses are lost under a running
// process, as at a failover: what it holds is set back to a dump.
func TestHistoriesRedis(t *testing.T) {
	client := redistest.Start(t).Client(t)
	model.Run(t, 40, func(now func() time.Time) (model.Backend, error) {
		ctx := t.Context()
		if err := client.FlushAll(ctx).Err(); err != nil {
			return model.Backend{}, err
		}
		store, err := redisstore.New(client, redisstore.Options{Now: now, Logger: slog.New(slog.DiscardHandler)})
		aging := redistest.NewAging(client, now)
		save := func() (func() error, error) {
			if err := aging.CatchUp(ctx); err != nil {
				return nil, err
			}
			restore, err := keyspace(ctx, client)
			back := aging.Mark()
			return func() error {
				err := restore()
				back()
				return err
			}, err
		}
		return model.Backend{
			Store: store,
			Save:  save,
			MarkBlocked: func(subject string, until time.Time) error {
				return markBlocked(ctx, client, store, subject, until)
			},
			Size: func() (int, error) {
				if err := aging.CatchUp(ctx); err != nil {
					return 0, err
				}
				n, err := client.DBSize(ctx).Result()
				return int(n), err
			},
		}, err
	})
}

// Calls at once on Redis, each on a connection of its own.
func TestConcurrentCallsRedis(t *testing.T) {
	client := redistest.Start(t).Client(t)
	model.RunConcurrent(t, 500, func(now func() time.Time) driver.Store {
		store, err := redisstore.New(client, redisstore.Options{Now: now, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		return store
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
