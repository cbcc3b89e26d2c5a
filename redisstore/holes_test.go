package redisstore_test

import (
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/holetest"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
)

// Known holes of others, on Redis. Each process has a client of its own, and
// keys expire by the test's clock.
func TestHole(t *testing.T) {
	server := redistest.Start(t)
	admin := server.Client(t)
	holetest.Run(t, func(t *testing.T, now func() time.Time) holetest.Deployment {
		if err := admin.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		aging := &aging{client: admin, now: now, seen: now(), real: time.Now()}
		return holetest.Deployment{
			Store: func() driver.Store {
				return newStore(t, server.Client(t), redisstore.Options{Now: now})
			},
			Age: func() error { return aging.catchUp(t.Context()) },
		}
	})
}
