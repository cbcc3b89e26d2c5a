package faults_test

import (
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/redistest"
)

// The time limits are those that docs/operations.md recommends, and that the
// config package sets. One process of each fleet has go-redis's own.
const (
	dialTimeout = time.Second
	ioTimeout   = 500 * time.Millisecond
)

// single is a fleet on one server, with a network of its own for each process.
type single struct {
	*fleet
	server  *redistest.Server
	proxies []*redistest.Proxy
	relays  []*relay
	admin   *redis.Client // past the network
}

func startSingle(t testing.TB, configure func(*redis.Options)) *single {
	t.Helper()
	s := &single{server: redistest.Start(t, redistest.WithAOF(),
		redistest.WithConfig("enable-debug-command yes", "busy-reply-threshold 100"))}
	s.admin = s.server.Client(t, func(o *redis.Options) { o.MaxRetries, o.ReadTimeout = -1, limit })
	s.fleet = startFleet(t, func(i int) core.Store {
		s.relays = append(s.relays, startRelay(t, s.server.Addr()))
		s.proxies = append(s.proxies, redistest.StartProxy(t, s.relays[i].addr()))
		o := &redis.Options{Addr: s.proxies[i].Addr()}
		if !kinds()[i].defaults {
			o.DialTimeout, o.DialerRetries, o.ReadTimeout, o.WriteTimeout = dialTimeout, 1, ioTimeout, ioTimeout
			o.ContextTimeoutEnabled = true
		}
		if configure != nil {
			configure(o)
		}
		client := redis.NewClient(o)
		t.Cleanup(func() { _ = client.Close() })
		return newStore(t, i, client)
	})
	return s
}

// set changes the server's configuration.
func (s *single) set(name, value string) {
	s.t.Helper()
	mustSucceed(s.t, s.admin.ConfigSet(s.t.Context(), name, value).Err())
}

func (s *single) delay(most time.Duration) {
	for _, r := range s.relays {
		r.delay.Store(int64(most))
	}
}

func split(t testing.TB, addr string) (host, port string) {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	mustSucceed(t, err)
	return host, port
}
