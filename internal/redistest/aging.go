package redistest

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// Aging lets keys expire by the test's clock: Redis has no other than the real
// one to drop them by, and a denial that is dropped too early would not show.
type Aging struct {
	client *redis.Client
	now    func() time.Time
	seen   time.Time // by now, when the keys were last as old as they should be
	real   time.Time // then
}

// NewAging returns the Aging of what the client's server holds from now on.
func NewAging(client *redis.Client, now func() time.Time) *Aging {
	return &Aging{client: client, now: now, seen: now(), real: time.Now()}
}

// Mark remembers how old the keys are, for a restore that brings them back: what
// it returns is called then.
func (a *Aging) Mark() (back func()) {
	seen, passed := a.seen, time.Since(a.real)
	return func() { a.seen, a.real = seen, time.Now().Add(-passed) }
}

// CatchUp shortens the life of each key by what the test's clock has moved
// since, but for what has really passed. It never errs to the short side.
func (a *Aging) CatchUp(ctx context.Context) error {
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
