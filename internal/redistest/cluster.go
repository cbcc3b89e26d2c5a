package redistest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// slotCount is the number of hash slots of a cluster.
const slotCount = 16384

// Cluster is a Redis Cluster which belongs to one test.
type Cluster struct {
	masters  int
	replicas int // of each master
	nodes    []*Server
}

// StartCluster starts a cluster of the given number of masters, with as many
// replicas for each of them, and returns once every node knows all others and
// every replica follows its master. It takes Redis 7 or later.
//
// A node counts as failed when it is not heard of for two seconds.
func StartCluster(t testing.TB, masters, replicas int) *Cluster {
	t.Helper()
	c := &Cluster{masters: masters, replicas: replicas}
	for range masters * (1 + replicas) {
		c.nodes = append(c.nodes, start(t, newConfig(clusterMode)))
	}
	if err := c.form(); err != nil {
		t.Fatalf("redistest: forming a cluster: %v", err)
	}
	return c
}

// Nodes returns the servers: those started as masters and then, in the order of
// these, the replicas.
func (c *Cluster) Nodes() []*Server { return slices.Clone(c.nodes) }

// Addrs returns the host:port of each node, in the order of [Cluster.Nodes].
func (c *Cluster) Addrs() []string { return addrs(c.nodes) }

// Client returns a client of the cluster with the defaults of go-redis, changed
// by mutate. It is closed when t ends.
func (c *Cluster) Client(t testing.TB, mutate ...func(*redis.ClusterOptions)) *redis.ClusterClient {
	opts := &redis.ClusterOptions{Addrs: c.Addrs()}
	for _, m := range mutate {
		m(opts)
	}
	client := redis.NewClusterClient(opts)
	t.Cleanup(func() { _ = client.Close() }) // fails if the test closed it
	return client
}

// form makes a cluster of the nodes, which do not know each other yet.
func (c *Cluster) form() error {
	clients := make([]*redis.Client, len(c.nodes))
	for i, s := range c.nodes {
		clients[i] = s.inspect()
		defer clients[i].Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), waitLimit)
	defer cancel()
	if err := c.introduce(ctx, clients); err != nil {
		return err
	}
	if err := awaitAll(clients, c.introduced); err != nil {
		return err
	}
	if err := c.replicate(ctx, clients); err != nil {
		return err
	}
	return awaitAll(clients, c.formed)
}

// awaitAll waits until cond holds for the node behind each client.
func awaitAll(clients []*redis.Client, cond func(context.Context, *redis.Client) error) error {
	return await(waitLimit, func(ctx context.Context) error {
		for _, client := range clients {
			if err := cond(ctx, client); err != nil {
				return fmt.Errorf("node %s: %w", client.Options().Addr, err)
			}
		}
		return nil
	})
}

// introduce hands out the slots and has each node meet each other. Distinct
// epochs spare the nodes from sorting out a conflict between equal ones.
func (c *Cluster) introduce(ctx context.Context, clients []*redis.Client) error {
	for i, client := range clients {
		if i < c.masters {
			from, to := i*slotCount/c.masters, (i+1)*slotCount/c.masters-1
			if err := client.ClusterAddSlotsRange(ctx, from, to).Err(); err != nil {
				return err
			}
		}
		if err := client.Do(ctx, "cluster", "set-config-epoch", i+1).Err(); err != nil {
			return err
		}
	}
	for i, client := range clients {
		for _, peer := range c.nodes[i+1:] {
			// ClusterMeet has no argument for a bus port of one's own choice.
			err := client.Do(ctx, "cluster", "meet", "127.0.0.1", peer.port, peer.busPort).Err()
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// introduced returns nil if the node has met all others.
func (c *Cluster) introduced(ctx context.Context, client *redis.Client) error {
	nodes, err := client.ClusterNodes(ctx).Result()
	if err != nil {
		return err
	}
	if n := strings.Count(nodes, "\n"); n != len(c.nodes) || strings.Contains(nodes, "handshake") {
		return fmt.Errorf("has not met all %d nodes:\n%s", len(c.nodes), nodes)
	}
	return nil
}

// replicate makes the nodes after the masters their replicas.
func (c *Cluster) replicate(ctx context.Context, clients []*redis.Client) error {
	for i, client := range clients[c.masters:] {
		id, err := clients[i/c.replicas].Do(ctx, "cluster", "myid").Text()
		if err != nil {
			return err
		}
		if err := client.ClusterReplicate(ctx, id).Err(); err != nil {
			return err
		}
	}
	return nil
}

// formed returns nil if the node takes the cluster for complete and is itself
// ready to serve or, as a replica, to take over.
func (c *Cluster) formed(ctx context.Context, client *redis.Client) error {
	info, err := client.ClusterInfo(ctx).Result()
	if err != nil {
		return err
	}
	if !strings.Contains(info, "cluster_state:ok") {
		return fmt.Errorf("cluster is not ok:\n%s", info)
	}
	//lint:ignore SA1019 its successor, ClusterShards, tells less of a replica's link
	slots, err := client.ClusterSlots(ctx).Result()
	if err != nil {
		return err
	}
	covered := 0
	for _, r := range slots {
		covered += r.End - r.Start + 1
		if len(r.Nodes) != 1+c.replicas {
			return fmt.Errorf("slots %d to %d are on %d nodes", r.Start, r.End, len(r.Nodes))
		}
	}
	if covered != slotCount {
		return fmt.Errorf("%d slots are covered", covered)
	}
	return linked(ctx, client)
}

// linked returns nil if the server is a master, or a replica whose link to its
// master is up.
func linked(ctx context.Context, client *redis.Client) error {
	info, err := client.InfoMap(ctx, "replication").Result()
	if err != nil {
		return err
	}
	section := info["Replication"]
	if section["role"] == "slave" && section["master_link_status"] != "up" {
		return fmt.Errorf("link to the master is %q", section["master_link_status"])
	}
	return nil
}

// MasterFor returns the master of key at the moment, once all nodes that run and
// are not frozen agree on one which is itself such a node. So it tells a test
// which node to freeze or kill, and then waits for the replica which takes over.
func (c *Cluster) MasterFor(t testing.TB, key string) *Server {
	t.Helper()
	var master *Server
	if err := await(waitLimit, func(ctx context.Context) error {
		var err error
		master, err = c.masterFor(ctx, key)
		return err
	}); err != nil {
		t.Fatalf("redistest: master for %q: %v", key, err)
	}
	return master
}

// masterFor asks each node once, and fails if they do not agree.
func (c *Cluster) masterFor(ctx context.Context, key string) (*Server, error) {
	var master *Server
	for _, s := range c.nodes {
		if !s.serves() {
			continue
		}
		addr, err := s.masterFor(ctx, key)
		if err != nil {
			return nil, fmt.Errorf("node %s: %w", s.Addr(), err)
		}
		named := find(c.nodes, addr)
		if named == nil || !named.serves() || master != nil && master != named {
			return nil, fmt.Errorf("node %s names %s", s.Addr(), addr)
		}
		master = named
	}
	if master == nil {
		return nil, errors.New("no node runs")
	}
	return master, nil
}

// masterFor returns the address of the node which this one takes for the master
// of key.
func (s *Server) masterFor(ctx context.Context, key string) (string, error) {
	client := s.inspect()
	defer client.Close()
	slot, err := client.ClusterKeySlot(ctx, key).Result()
	if err != nil {
		return "", err
	}
	//lint:ignore SA1019 as above
	ranges, err := client.ClusterSlots(ctx).Result()
	if err != nil {
		return "", err
	}
	for _, r := range ranges {
		if r.Start <= int(slot) && int(slot) <= r.End && len(r.Nodes) > 0 {
			return r.Nodes[0].Addr, nil // the master comes first
		}
	}
	return "", fmt.Errorf("nobody has slot %d", slot)
}
