package redistest_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/redis/go-redis/v9"
)

func TestCluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3, 0)
	if n, a := len(cluster.Nodes()), len(cluster.Addrs()); n != 3 || a != 3 {
		t.Fatalf("%d nodes with %d addresses, want 3", n, a)
	}
	client := cluster.Client(t)

	// A key for each slot, set and read through the client.
	keys := keyPerSlot()
	const batch = 1024
	for from := 0; from < len(keys); from += batch {
		_, err := client.Pipelined(t.Context(), func(p redis.Pipeliner) error {
			for _, key := range keys[from : from+batch] {
				p.Set(t.Context(), key, key, 0)
			}
			return nil
		})
		check(t, err)
		cmds, err := client.Pipelined(t.Context(), func(p redis.Pipeliner) error {
			for _, key := range keys[from : from+batch] {
				p.Get(t.Context(), key)
			}
			return nil
		})
		check(t, err)
		for i, cmd := range cmds {
			if got := cmd.(*redis.StringCmd).Val(); got != keys[from+i] {
				t.Fatalf("slot %d: GET = %q, want %q", from+i, got, keys[from+i])
			}
		}
	}

	// A third of them is on each node.
	for _, node := range cluster.Nodes() {
		n, err := node.Client(t).DBSize(t.Context()).Result()
		check(t, err)
		if want := int64(len(keys) / 3); n != want && n != want+1 {
			t.Errorf("node %s has %d of %d keys", node.Addr(), n, len(keys))
		}
	}

	if got := redistest.CommandStats(t, client)["set"]; got != int64(len(keys)) {
		t.Errorf("the nodes executed %d SETs, want %d", got, len(keys))
	}
}

func TestClusterReplicas(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3, 1)
	if n := len(cluster.Nodes()); n != 6 {
		t.Fatalf("%d nodes, want 6", n)
	}
	client := cluster.Client(t, func(o *redis.ClusterOptions) {
		// By default go-redis takes up to a minute to look for another master
		// in place of one which refuses connections.
		o.ClusterStateReloadInterval = time.Second
	})
	check(t, client.Set(t.Context(), "k", "v", 0).Err())

	old := cluster.MasterFor(t, "k")
	check(t, old.Client(t).Wait(t.Context(), 1, time.Minute).Err())
	wantValue(t, old.Client(t), "k", "v") // would be MOVED from any other
	old.Kill()
	master := cluster.MasterFor(t, "k")
	if master == old {
		t.Fatal("the killed node is still the master")
	}
	wantValue(t, master.Client(t), "k", "v")

	// The client finds the new master by itself.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	eventually(t, "the client follows", func() bool { return client.Get(ctx, "k").Val() == "v" })

	// The old master finds back into the cluster, as a replica.
	old.Restart()
	if again := cluster.MasterFor(t, "k"); again != master {
		t.Errorf("after a restart the master is %s, want %s", again.Addr(), master.Addr())
	}
}

// keyPerSlot returns for each hash slot a key which belongs to it.
func keyPerSlot() []string {
	keys := make([]string, 16384)
	for i, missing := 0, len(keys); missing > 0; i++ {
		key := strconv.Itoa(i)
		if slot := crc16(key) % 16384; keys[slot] == "" {
			keys[slot] = key
			missing--
		}
	}
	return keys
}

// crc16 is the CRC by which a cluster maps keys to slots, known as XMODEM.
func crc16(key string) uint16 {
	var crc uint16
	for _, b := range []byte(key) {
		crc ^= uint16(b) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}
