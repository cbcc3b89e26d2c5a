package redisstore

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/redis/go-redis/v9"
)

// checkState finds a cluster that the node takes for broken.
func (n *node) checkState(ctx context.Context) {
	var state string
	if !n.closed[callClusterInfo] {
		text, err := ask(ctx, n, func(ctx context.Context) (string, error) { return n.client.ClusterInfo(ctx).Result() })
		if err == nil {
			state = fields(text)["cluster_state"]
		}
	}
	switch state {
	case "ok":
	case "":
		n.unknown = append(n.unknown, "the cluster's state")
	default:
		n.warn("cluster", "the node says that the cluster's state is "+state,
			"requests are answered with 503 (CLUSTERDOWN)", "run redis-cli --cluster check, and bring the missing masters or slots back")
	}
}

// slotRanges asks who serves which slots.
func (n *node) slotRanges(ctx context.Context) ([]redis.ClusterSlot, error) {
	return ask(ctx, n, func(ctx context.Context) ([]redis.ClusterSlot, error) {
		// CLUSTER SHARDS takes Redis 7 and a right that the client has no need of.
		return n.client.ClusterSlots(ctx).Result()
	})
}

// owners counts the slots of each master.
func owners(ranges []redis.ClusterSlot) map[string]int {
	count := map[string]int{}
	for _, r := range ranges {
		if len(r.Nodes) > 0 {
			count[r.Nodes[0].Addr] += r.End - r.Start + 1 // the master comes first
		}
	}
	return count
}

// ownerOf returns the address of the master that serves a slot, or nothing.
func ownerOf(ranges []redis.ClusterSlot, slot int) string {
	for _, r := range ranges {
		if r.Start <= slot && slot <= r.End && len(r.Nodes) > 0 {
			return r.Nodes[0].Addr
		}
	}
	return ""
}

// checkShards finds shards that no master serves, and masters with far more or
// fewer of them than the others.
func (n *node) checkShards(ctx context.Context) {
	ranges, err := n.slotRanges(ctx)
	if err != nil {
		return // the client itself cannot do without
	}
	var unserved []string
	if ownerOf(ranges, slot(n.store.layout.meta)) == "" {
		unserved = append(unserved, n.store.layout.meta)
	}
	shards := map[string]int{}
	for address := range owners(ranges) {
		shards[address] = 0
	}
	for _, shard := range n.store.layout.shards {
		_, tag, _ := strings.Cut(strings.TrimSuffix(shard, "}"), "{")
		if address := ownerOf(ranges, slot(tag)); address != "" {
			shards[address]++
		} else {
			unserved = append(unserved, shard+"*")
		}
	}
	if len(unserved) > 0 {
		n.warn("cluster", "no master serves the slots of "+abridged(unserved),
			"requests of the users whose sessions are there, or all, are answered with 503",
			"assign the slots to a master: redis-cli --cluster fix")
		return
	}
	n.checkSpread(shards)
}

// checkSpread allows each master one shard more or fewer than its fair share.
func (n *node) checkSpread(shards map[string]int) {
	total := len(n.store.layout.shards)
	least, most := total/len(shards), (total+len(shards)-1)/len(shards)
	for address, count := range shards {
		if count >= least-1 && count <= most+1 {
			continue
		}
		n.find(Finding{
			Code: "shards", Level: slog.LevelInfo, Server: address,
			Found:  fmt.Sprintf("the master has %d of the %d shards, an even share among %d masters is %d", count, total, len(shards), most),
			Danger: "the load is uneven: the fullest master limits the whole",
			Remedy: "divide the slots evenly: redis-cli --cluster rebalance",
		})
	}
}

// abridged lists a few names.
func abridged(names []string) string {
	const few = 5
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}
