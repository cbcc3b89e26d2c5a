package holes_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/lab/holes"
	"github.com/ratchetauth/ratchet/redisstore"
)

// Known holes of others, on Redis. Each process has a client of its own, and
// keys expire by the test's clock.
func TestHoleRedis(t *testing.T) {
	server := redistest.Start(t)
	admin := server.Client(t)
	holes.Run(t, func(t *testing.T, now func() time.Time) holes.Deployment {
		if err := admin.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		aging := redistest.NewAging(admin, now)
		return holes.Deployment{
			Store: func() driver.Store {
				store, err := redisstore.New(server.Client(t), redisstore.Options{Now: now, Logger: slog.New(slog.DiscardHandler)})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { store.Close() })
				return store
			},
			Age: func() error { return aging.CatchUp(t.Context()) },
		}
	})
}
