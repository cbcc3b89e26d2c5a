package redisstore_test

import (
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/core/driver/drivertest"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// The suite passes on each way to run Redis, with and without a mirror.
func TestConformance(t *testing.T) {
	t.Parallel()
	mirror := redisstore.MirrorOptions{Staleness: time.Second}
	for _, test := range []struct {
		name   string
		client func(*testing.T) redis.UniversalClient
		mirror redisstore.MirrorOptions
	}{
		{"single", func(t *testing.T) redis.UniversalClient { return redistest.Start(t).Client(t) }, redisstore.MirrorOptions{}},
		{"single with mirror", func(t *testing.T) redis.UniversalClient { return redistest.Start(t).Client(t) }, mirror},
		{"sentinel", func(t *testing.T) redis.UniversalClient { return redistest.StartSentinel(t, 1, 3).Client(t) }, redisstore.MirrorOptions{}},
		{"cluster", func(t *testing.T) redis.UniversalClient { return redistest.StartCluster(t, 3, 0).Client(t) }, redisstore.MirrorOptions{}},
		{"cluster with mirror", func(t *testing.T) redis.UniversalClient { return redistest.StartCluster(t, 3, 0).Client(t) }, mirror},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := test.client(t)
			drivertest.Run(t, func(t testing.TB, now func() time.Time) driver.Store {
				return newStore(t, client, redisstore.Options{Prefix: randomPrefix(), Now: now, Mirror: test.mirror})
			})
		})
	}
}
