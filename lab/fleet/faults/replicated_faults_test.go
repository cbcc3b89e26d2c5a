package faults_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func replicatedFaults() []fault {
	return []fault{
		{"Sentinel, the master is replaced", true, onSentinel((*sentinel).replace)},
		{"Sentinel, with min-replicas-to-write 1", true, onSentinel((*sentinel).replaceStrictly)},
		{"Sentinel, the master is killed", true, onSentinel((*sentinel).kill)},
		{"Cluster of 6, a master is killed", true, onCluster((*cluster).kill)},
		{"Cluster of 6, slots are migrated", false, onCluster((*cluster).rebalance)},
	}
}

func onSentinel(inject func(*sentinel)) func(*testing.T) (*fleet, func()) {
	return func(t *testing.T) (*fleet, func()) {
		s := startSentinel(t)
		return s.fleet, func() { inject(s) }
	}
}

func onCluster(inject func(*cluster)) func(*testing.T) (*fleet, func()) {
	return func(t *testing.T) (*fleet, func()) {
		c := startCluster(t)
		return c.fleet, func() { inject(c) }
	}
}

// replace has a master replaced that runs on. It is told to follow the new one
// once the processes have found that, which a sentinel would do too, but only
// after 8 seconds.
func (s *sentinel) replace() {
	replicated(s.t, s.master.Client(s.t), "replicated", 2)
	s.risk()
	s.failover()
	old := s.promoted()
	s.awaitRecovery(time.Now())
	s.demote(old)
	s.safe()
}

// replaceStrictly is replace where a master that has lost its replicas takes no
// more writes.
func (s *sentinel) replaceStrictly() {
	for _, server := range append(s.Replicas(), s.Master()) {
		mustSucceed(s.t, server.Client(s.t).ConfigSet(s.t.Context(), "min-replicas-to-write", "1").Err())
	}
	s.replace()
}

// kill kills the master, after the one that it killed before is back. Nothing
// is lost any more once another is the master, because the old one is dead.
func (s *sentinel) kill() {
	if s.dead != nil {
		s.dead.Restart()
		s.demote(s.dead)
	}
	replicated(s.t, s.master.Client(s.t), "replicated", 2)
	s.risk()
	s.master.Kill()
	s.patience(hurried)
	s.dead = s.promoted()
	s.patience(unhurried)
	s.safe()
	s.awaitRecovery(time.Now())
}

// kill kills the master with the most slots that are in use, and waits for its
// replica to take over.
func (c *cluster) kill() {
	ctx, t := c.t.Context(), c.t
	var key string
	for _, key = range slots(t, c.busiest()) {
		break
	}
	old := c.MasterFor(t, key)
	mark := "replicated"
	await(t, "a key of that master", func() bool {
		mark += "."
		master, err := c.admin.MasterForKey(ctx, mark)
		return err == nil && master.Options().Addr == old.Addr()
	})
	replicated(t, old.Client(t), mark, 1)
	c.risk()
	old.Kill()
	c.dead = old
	c.patience(2 * hurried)
	if c.MasterFor(t, key) == old {
		t.Error("a dead master was not replaced")
	}
	c.safe()
	c.patience(unhurried)
	c.awaitRecovery(time.Now())
	old.Restart()
	follows(t, old)
	c.dead = nil
	c.patience(unhurried)
}

// masters returns a client for each master.
func (c *cluster) masters() []*redis.Client {
	c.t.Helper()
	seen := make(map[string]*redis.Client)
	for i := range 1000 {
		server := c.MasterFor(c.t, fmt.Sprint(i))
		if seen[server.Addr()] == nil {
			seen[server.Addr()] = server.Client(c.t)
		}
		if len(seen) == 3 {
			break
		}
	}
	var list []*redis.Client
	for _, client := range seen {
		list = append(list, client)
	}
	return list
}

// busiest returns the master with keys in the most slots.
func (c *cluster) busiest() *redis.Client {
	c.t.Helper()
	return slices.MaxFunc(c.masters(), func(a, b *redis.Client) int { return len(slots(c.t, a)) - len(slots(c.t, b)) })
}

// rebalance moves each slot that is in use from its master to the next.
func (c *cluster) rebalance() {
	masters := c.masters()
	used := make([]map[int]string, len(masters))
	for i, m := range masters {
		used[i] = slots(c.t, m)
	}
	moved := 0
	for i, from := range masters {
		for slot := range used[i] {
			c.migrate(slot, from, masters[(i+1)%len(masters)])
			moved++
		}
	}
	if moved == 0 {
		c.t.Error("no slot was moved")
	}
	c.awaitRecovery(time.Now())
}
