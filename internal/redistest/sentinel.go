package redistest

import (
	"context"
	"fmt"
	"net"
	"slices"
	"testing"

	"github.com/redis/go-redis/v9"
)

const (
	// masterName is the name under which the sentinels know their master.
	masterName = "redistest"

	// failoverLimit bounds the wait for a failover. A sentinel which notices
	// that it did not get to run for two seconds distrusts its clock and does
	// nothing for thirty, which can happen on a busy machine.
	failoverLimit = 2 * waitLimit
)

// Sentinel is a master with replicas, watched by sentinels, which belongs to one
// test.
type Sentinel struct {
	master    *Server
	replicas  []*Server
	sentinels []*Server
}

// StartSentinel starts a master with replicas and the given number of sentinels,
// and returns once they know each other and every replica follows the master.
//
// The sentinels take the master for failed when it did not answer for half a
// second, and replace it if most of them agree. The options are for master and
// replicas.
func StartSentinel(t testing.TB, replicas, sentinels int, opts ...Option) *Sentinel {
	t.Helper()
	s := &Sentinel{master: Start(t, opts...)}
	for range replicas {
		follow := WithConfig(fmt.Sprintf("replicaof 127.0.0.1 %d", s.master.port))
		s.replicas = append(s.replicas, Start(t, append(slices.Clone(opts), follow)...))
	}
	// A sentinel asks the master for its replicas when it starts and then every
	// ten seconds only, so it is not to start before they are there.
	if err := s.awaitReplicas(); err != nil {
		t.Fatalf("redistest: starting replicas: %v", err)
	}
	for range sentinels {
		s.sentinels = append(s.sentinels, start(t, newConfig(sentinelMode, WithConfig(
			fmt.Sprintf("sentinel monitor %s 127.0.0.1 %d %d", masterName, s.master.port, sentinels/2+1),
			fmt.Sprintf("sentinel down-after-milliseconds %s 500", masterName),
			fmt.Sprintf("sentinel failover-timeout %s 3000", masterName),
		))))
	}
	if err := await(waitLimit, s.watched); err != nil {
		t.Fatalf("redistest: starting sentinels: %v", err)
	}
	return s
}

// MasterName returns the name by which the sentinels are asked for the master.
func (s *Sentinel) MasterName() string { return masterName }

// Master returns the server started as the master, whatever it is by now.
func (s *Sentinel) Master() *Server { return s.master }

// Replicas returns the servers started as replicas, whatever they are by now.
func (s *Sentinel) Replicas() []*Server { return slices.Clone(s.replicas) }

// Addrs returns the host:port of each sentinel.
func (s *Sentinel) Addrs() []string { return addrs(s.sentinels) }

// Client returns a client which asks the sentinels for the master, with the
// defaults of go-redis, changed by mutate. It is closed when t ends.
func (s *Sentinel) Client(t testing.TB, mutate ...func(*redis.FailoverOptions)) *redis.Client {
	opts := &redis.FailoverOptions{MasterName: masterName, SentinelAddrs: s.Addrs()}
	for _, m := range mutate {
		m(opts)
	}
	client := redis.NewFailoverClient(opts)
	t.Cleanup(func() { _ = client.Close() }) // fails if the test closed it
	return client
}

// AwaitFailover waits until all sentinels name another master than old, and
// returns that.
func (s *Sentinel) AwaitFailover(t testing.TB, old *Server) *Server {
	t.Helper()
	var master *Server
	if err := await(failoverLimit, func(ctx context.Context) error {
		var err error
		master, err = s.named(ctx)
		if err == nil && master == old {
			err = fmt.Errorf("the master is still %s", old.Addr())
		}
		return err
	}); err != nil {
		t.Fatalf("redistest: awaiting a failover: %v", err)
	}
	return master
}

// named returns the master which the sentinels name, if they agree on one.
func (s *Sentinel) named(ctx context.Context) (*Server, error) {
	servers := append([]*Server{s.master}, s.replicas...)
	var master *Server
	err := s.askEach(ctx, func(client *redis.SentinelClient) error {
		addr, err := client.GetMasterAddrByName(ctx, masterName).Result()
		if err != nil {
			return err
		}
		if len(addr) != 2 {
			return fmt.Errorf("names no master: %q", addr)
		}
		named := find(servers, net.JoinHostPort(addr[0], addr[1]))
		if named == nil || master != nil && master != named {
			return fmt.Errorf("names %q", addr)
		}
		master = named
		return nil
	})
	return master, err
}

// awaitReplicas waits until every replica follows the master.
func (s *Sentinel) awaitReplicas() error {
	clients := make([]*redis.Client, len(s.replicas))
	for i, r := range s.replicas {
		clients[i] = r.inspect()
		defer clients[i].Close()
	}
	return awaitAll(clients, linked)
}

// watched returns nil if each sentinel sees the master, all replicas and all
// other sentinels in good health.
func (s *Sentinel) watched(ctx context.Context) error {
	return s.askEach(ctx, func(client *redis.SentinelClient) error {
		master, err := client.Master(ctx, masterName).Result()
		if err != nil {
			return err
		}
		if master["flags"] != "master" {
			return fmt.Errorf("the master is %q", master["flags"])
		}
		replicas, err := client.Replicas(ctx, masterName).Result()
		if err != nil {
			return err
		}
		if err := healthy(replicas, len(s.replicas), "slave"); err != nil {
			return err
		}
		for _, r := range replicas {
			if status := r["master-link-status"]; status != "ok" {
				return fmt.Errorf("the link of a replica to the master is %q", status)
			}
		}
		others, err := client.Sentinels(ctx, masterName).Result()
		if err != nil {
			return err
		}
		return healthy(others, len(s.sentinels)-1, "sentinel")
	})
}

// healthy returns nil if there are n instances, each with the flag of its role
// and none of the flags which tell of trouble.
func healthy(instances []map[string]string, n int, role string) error {
	if len(instances) != n {
		return fmt.Errorf("knows %d of %d instances with the role %q", len(instances), n, role)
	}
	for _, i := range instances {
		if i["flags"] != role {
			return fmt.Errorf("instance %s is %q, not %q", i["name"], i["flags"], role)
		}
	}
	return nil
}

// askEach calls ask with a client of each sentinel, until one call fails.
func (s *Sentinel) askEach(ctx context.Context, ask func(*redis.SentinelClient) error) error {
	for _, sentinel := range s.sentinels {
		client := redis.NewSentinelClient(sentinel.inspectOptions())
		err := ask(client)
		_ = client.Close()
		if err != nil {
			return fmt.Errorf("sentinel %s: %w", sentinel.Addr(), err)
		}
	}
	return ctx.Err()
}
