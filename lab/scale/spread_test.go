package main

import (
	"testing"

	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
)

// TestSpread logs users in on a cluster of three masters. The 16 shards are
// five or six a master, so a master has at most six sixteenths of the users,
// and what chance adds.
func TestSpread(t *testing.T) {
	const users = 6000
	cluster := redistest.StartCluster(t, 3, 0)
	client := cluster.Client(t)
	login(t, newAuthority(t, newStore(t, client, redisstore.Options{})), users)
	var keys []int64
	total := int64(0)
	for _, node := range cluster.Nodes() {
		n, err := node.Client(t).DBSize(t.Context()).Result()
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, n)
		total += n
	}
	if total < 2*users {
		t.Fatalf("got %d keys, want two a user or more", total)
	}
	for i, n := range keys {
		if share := float64(n) / float64(total); share < 0.28 || share > 0.41 {
			t.Errorf("master %d has %.0f %% of the keys", i+1, 100*share)
		}
	}
	t.Logf("keys on the masters: %v", keys)
}
