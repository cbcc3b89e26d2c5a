package faults_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/redistest"
)

// A master that just gets no time on a busy machine is not to be replaced behind
// the test's back. So everybody is unhurried until a master is killed.
const (
	unhurried = time.Minute
	hurried   = time.Second
)

// sentinel is a fleet on a master with replicas, watched by sentinels.
type sentinel struct {
	*fleet
	*redistest.Sentinel
	master *redistest.Server
	dead   *redistest.Server // the master before, nil if it runs
}

func startSentinel(t testing.TB) *sentinel {
	t.Helper()
	s := &sentinel{Sentinel: redistest.StartSentinel(t, 2, 3)}
	s.master, s.fleet = s.Master(), &fleet{t: t}
	s.patience(unhurried)
	s.fleet = startFleet(t, func(i int) core.Store {
		return newStore(t, i, s.Client(t, func(o *redis.FailoverOptions) {
			if !kinds()[i].defaults {
				o.DialTimeout, o.DialerRetries, o.ReadTimeout, o.WriteTimeout = dialTimeout, 1, ioTimeout, ioTimeout
				o.ContextTimeoutEnabled = true
			}
		}))
	})
	return s
}

// patience sets for how long a master may be silent before it is replaced.
func (s *sentinel) patience(silence time.Duration) {
	s.t.Helper()
	for _, addr := range s.Addrs() {
		client := redis.NewSentinelClient(&redis.Options{Addr: addr})
		mustSucceed(s.t, client.Set(s.t.Context(), s.MasterName(), "down-after-milliseconds", fmt.Sprint(silence.Milliseconds())).Err())
		_ = client.Close()
	}
}

// patience is the same for the nodes of a cluster that are alive.
func (c *cluster) patience(silence time.Duration) {
	c.t.Helper()
	for _, node := range c.Nodes() {
		if node != c.dead {
			mustSucceed(c.t, node.Client(c.t).ConfigSet(c.t.Context(), "cluster-node-timeout", fmt.Sprint(silence.Milliseconds())).Err())
		}
	}
}

// promoted awaits that the sentinels replace the master, which runs or not, and returns
// when they have.
func (s *sentinel) promoted() (old *redistest.Server) {
	s.t.Helper()
	old = s.master
	s.master = s.AwaitFailover(s.t, old)
	return old
}

// demote makes an old master follow the new one.
func (s *sentinel) demote(old *redistest.Server) {
	s.t.Helper()
	host, port := split(s.t, s.master.Addr())
	mustSucceed(s.t, old.Client(s.t).ReplicaOf(s.t.Context(), host, port).Err())
	follows(s.t, old)
}

// failover asks a sentinel to replace the master, once it agrees to.
func (s *sentinel) failover() {
	s.t.Helper()
	client := redis.NewSentinelClient(&redis.Options{Addr: s.Addrs()[0]})
	defer client.Close()
	await(s.t, "a sentinel that can replace the master", func() bool {
		return client.Failover(s.t.Context(), s.MasterName()).Err() == nil
	})
}

// cluster is a fleet on three masters with a replica each.
type cluster struct {
	*fleet
	*redistest.Cluster
	admin *redis.ClusterClient
	dead  *redistest.Server // nil if all run
}

func startCluster(t testing.TB) *cluster {
	t.Helper()
	c := &cluster{Cluster: redistest.StartCluster(t, 3, 1)}
	c.admin, c.fleet = c.Client(t), &fleet{t: t}
	c.patience(unhurried)
	c.fleet = startFleet(t, func(i int) core.Store {
		return newStore(t, i, c.Client(t, func(o *redis.ClusterOptions) {
			o.ClusterStateReloadInterval = 10 * time.Second
			if !kinds()[i].defaults {
				o.DialTimeout, o.DialerRetries, o.ReadTimeout, o.WriteTimeout = dialTimeout, 1, ioTimeout, ioTimeout
				o.ContextTimeoutEnabled = true
			}
		}))
	})
	return c
}

// replicated waits until n replicas, which is all, have what the master was
// asked before. A write of a key on the same connection stands for it.
func replicated(t testing.TB, master *redis.Client, key string, n int) {
	t.Helper()
	conn := master.Conn()
	defer conn.Close()
	await(t, "replicas that follow", func() bool {
		err := conn.Set(t.Context(), key, "", time.Minute).Err()
		return err == nil && conn.Wait(t.Context(), n, time.Second).Val() >= int64(n)
	})
}

// follows waits until a server is the replica of another and has its data.
func follows(t testing.TB, server *redistest.Server) {
	t.Helper()
	client := server.Client(t)
	await(t, "the old master as a replica", func() bool {
		info := client.Info(t.Context(), "replication").Val()
		return strings.Contains(info, "role:slave") && strings.Contains(info, "master_link_status:up")
	})
}

// slots returns the slots in which a master has keys of the library, with one
// key of each.
func slots(t testing.TB, master *redis.Client) map[int]string {
	t.Helper()
	keys, err := master.Keys(t.Context(), "ratchet:{*").Result()
	mustSucceed(t, err)
	found := make(map[int]string)
	for _, key := range keys {
		found[int(master.ClusterKeySlot(t.Context(), key).Val())] = key
	}
	return found
}

// migrate moves a slot from one master to another as redis-cli does, while it
// is in use.
func (c *cluster) migrate(slot int, from, to *redis.Client) {
	c.t.Helper()
	ctx := c.t.Context()
	setSlot := func(at *redis.Client, state string, node *redis.Client) {
		c.t.Helper()
		mustSucceed(c.t, at.Do(ctx, "cluster", "setslot", slot, state, nodeID(ctx, node)).Err())
	}
	setSlot(to, "importing", from)
	setSlot(from, "migrating", to)
	host, port := split(c.t, to.Options().Addr)
	for {
		keys, err := from.ClusterGetKeysInSlot(ctx, slot, 5).Result()
		mustSucceed(c.t, err)
		if len(keys) == 0 {
			break
		}
		args := []any{"migrate", host, port, "", 0, limit.Milliseconds(), "keys"}
		for _, key := range keys {
			args = append(args, key)
		}
		mustSucceed(c.t, from.Do(ctx, args...).Err())
	}
	for _, node := range []*redis.Client{to, from} {
		setSlot(node, "node", to)
	}
}

func nodeID(ctx context.Context, node *redis.Client) string {
	id, err := node.Do(ctx, "cluster", "myid").Text()
	if err != nil {
		return fmt.Sprint(err)
	}
	return id
}
