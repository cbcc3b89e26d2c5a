package redisstore_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
)

// An entry on the feed that no script of ours has written stops no revocation,
// and leaves the feed.
func TestForeignFeedEntry(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client(t)
	clock := newClock()
	a := newAuthority(t, newStore(t, client, redisstore.Options{Now: clock.Now}), func(c *core.Config) { c.Now = clock.Now })
	first, second := login(t, a, "alice"), login(t, a, "alice")
	keys, err := client.Keys(t.Context(), "*}session:*").Result()
	if err != nil || len(keys) != 2 {
		t.Fatalf("got the sessions %v, %v, want two", keys, err)
	}
	shard, _, _ := strings.Cut(keys[0], "session:")
	mustSucceed(t, client.XAdd(t.Context(), &redis.XAddArgs{Stream: shard + "feed", Values: []string{"a", "b"}}).Err())
	mustSucceed(t, a.Logout(t.Context(), first.AccessToken))
	if ended, err := a.RevokeAll(t.Context(), "alice"); err != nil || ended != 1 {
		t.Fatalf("got %d, %v, want one", ended, err)
	}
	for _, tokens := range []core.Tokens{first, second} {
		if _, err := a.Verify(t.Context(), tokens.AccessToken); !errors.Is(err, core.ErrTokenRevoked) {
			t.Errorf("got %v, want %v", err, core.ErrTokenRevoked)
		}
	}
	if n, err := client.XLen(t.Context(), shard+"feed").Result(); err != nil || n != 2 {
		t.Errorf("got %d entries, %v, want the two of ours", n, err)
	}
}
