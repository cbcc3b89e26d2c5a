package servers

import (
	"io"
	"log/slog"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/core/driver/drivertest"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// conform runs the suite, with and without a mirror. Each store has a prefix of
// its own.
func conform(t *testing.T, client redis.UniversalClient) {
	for name, staleness := range map[string]time.Duration{"plain": 0, "mirror": time.Second} {
		t.Run(name, func(t *testing.T) {
			stores := 0
			drivertest.Run(t, func(t testing.TB, now func() time.Time) driver.Store {
				stores++
				s, err := redisstore.New(client, redisstore.Options{
					Prefix: name + strconv.Itoa(stores) + ":", Now: now, Mirror: redisstore.MirrorOptions{Staleness: staleness},
					Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
				})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := s.Close(); err != nil {
						t.Error(err)
					}
				})
				return s
			})
		})
	}
}

// TestValkey checks the store on Valkey: one server, and a cluster.
func TestValkey(t *testing.T) {
	path, err := exec.LookPath("valkey-server")
	if err != nil {
		t.Skip("no valkey-server in PATH")
	}
	t.Setenv("RATCHET_SERVER", path)
	t.Run("single", func(t *testing.T) { conform(t, redistest.Start(t).Client(t)) })
	t.Run("cluster", func(t *testing.T) { conform(t, redistest.StartCluster(t, 3, 0).Client(t)) })
}

// TestMiniredis checks the store on miniredis, with which applications test.
func TestMiniredis(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	t.Cleanup(func() { client.Close() })
	conform(t, client)
}
