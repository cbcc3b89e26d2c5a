package redisstore

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// listen has the pollers poll when another process says that it has revoked
// something. A nudge carries no state: one that is lost costs the time to the
// next poll, a forged one a poll.
func (m *mirror) listen(ctx context.Context) {
	subscription := m.store.client.Subscribe(ctx)
	defer unsubscribe(ctx, subscription)
	// An error is no matter, because go-redis subscribes again by itself.
	limited, cancel := context.WithTimeout(ctx, callTimeout)
	_, _ = guarded(limited, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, subscription.Subscribe(ctx, m.store.layout.nudge)
	})
	cancel()
	nudges := subscription.Channel(redis.WithChannelSize(1))
	for {
		select {
		case <-ctx.Done():
			return
		case _, open := <-nudges:
			if !open {
				return
			}
			for _, p := range m.pollers {
				p.nudge()
			}
		}
	}
}

// unsubscribe ends a subscription. While go-redis dials for one, nobody can
// close it, and a stop must not take as long as that.
func unsubscribe(ctx context.Context, subscription *redis.PubSub) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unsubscribing)
	defer cancel()
	_, _ = guarded(ctx, func(context.Context) (struct{}, error) { return struct{}{}, subscription.Close() })
}

// send nudges the others about own revocations, several at once by one message.
func (m *mirror) send(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.announce:
		}
		_, err := bounded(ctx, m.store, func(ctx context.Context) (int64, error) {
			return m.store.client.Publish(ctx, m.store.layout.nudge, "").Result()
		})
		if err == nil || ctx.Err() != nil {
			continue
		}
		m.nudgeFailures.Add(1)
		select { // a server that is away need not be told so at once again
		case <-ctx.Done():
			return
		case <-time.After(nudgeBackoff):
		}
	}
}
