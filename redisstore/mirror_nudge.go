package redisstore

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// nudgeShards is how many shards a nudge names at most. One about more names
// none, which means all.
const nudgeShards = 32

// listen has the pollers poll when another process says that it has revoked
// something. A nudge carries no state: one that is lost costs the time to the
// next poll, a forged one polls. go-redis drops a message only if nobody has
// taken the one before it for a minute, and that is a lost nudge like others.
func (m *mirror) listen(ctx context.Context) {
	subscription := m.store.client.Subscribe(ctx)
	// An error is no matter, because go-redis subscribes again by itself.
	limited, cancel := context.WithTimeout(ctx, callTimeout)
	_, _ = guarded(limited, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, subscription.Subscribe(ctx, m.store.layout.nudge)
	})
	cancel()
	nudges := subscription.Channel(redis.WithChannelSize(1))
	defer drain(ctx, nudges)
	defer unsubscribe(ctx, subscription)
	for {
		select {
		case <-ctx.Done():
			return
		case message, open := <-nudges:
			if !open {
				return
			}
			m.nudge(message.Payload)
		}
	}
}

// nudge nudges the pollers of the shards that a message names, decimal numbers
// with a space between two. Any other message nudges all, the empty one too,
// so that one that is not understood costs polls and never the wait for one.
func (m *mirror) nudge(message string) {
	for word := range strings.SplitSeq(message, " ") {
		shard, err := strconv.ParseUint(word, 10, 32)
		if err != nil {
			for _, p := range m.pollers {
				p.nudge()
			}
			return
		}
		if shard < uint64(len(m.polledBy)) {
			m.polledBy[shard].nudge()
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

// drain takes what has come before the end of a subscription: go-redis would wait
// for a minute for somebody to take it.
func drain(ctx context.Context, nudges <-chan *redis.Message) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unsubscribing)
	defer cancel()
	for {
		select {
		case <-ctx.Done():
			return
		case _, open := <-nudges:
			if !open {
				return
			}
		}
	}
}

// send nudges the others about own revocations, several at once by one message.
// What a message that fails was about is not sent again: by the time that a
// next one may be, most others have polled.
func (m *mirror) send(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.announce:
		}
		message, due := m.dueNudge()
		if !due {
			continue // the last message has named them
		}
		_, err := bounded(ctx, m.store, func(ctx context.Context) (int64, error) {
			return m.store.client.Publish(ctx, m.store.layout.nudge, message).Result()
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

// dueNudge returns the message about all shards that are due one, and that
// they no longer are. It returns false if none is.
func (m *mirror) dueNudge() (message string, due bool) {
	var list []byte
	named := 0
	for i, shard := range m.shards {
		if !shard.due.Swap(false) {
			continue
		}
		if named++; named > 1 {
			list = append(list, ' ')
		}
		list = strconv.AppendInt(list, int64(i), 10)
	}
	if named > nudgeShards {
		return "", true
	}
	return string(list), named > 0
}
