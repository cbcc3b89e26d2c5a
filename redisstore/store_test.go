package redisstore_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// Each fault of the configuration is found by New, and named.
func TestNewNamesTheFault(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	t.Cleanup(func() { client.Close() })
	cluster := func(o redis.ClusterOptions) redis.UniversalClient {
		o.Addrs = []string{"127.0.0.1:1"}
		c := redis.NewClusterClient(&o)
		t.Cleanup(func() { c.Close() })
		return c
	}
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": "127.0.0.1:1"}})
	t.Cleanup(func() { ring.Close() })
	cached := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", Protocol: 3, ClientSideCacheConfig: &redis.ClientSideCacheConfig{}})
	t.Cleanup(func() { cached.Close() })
	var none *redis.Client

	for _, test := range []struct {
		name   string
		client redis.UniversalClient
		o      redisstore.Options
		word   string
	}{
		{"no client", nil, redisstore.Options{}, "client"},
		{"nil client", none, redisstore.Options{}, "client"},
		{"nil in a wrapper", struct{ redis.UniversalClient }{client}, redisstore.Options{Shards: -1}, "Shards"},
		{"brace", client, redisstore.Options{Prefix: "a{b"}, "Prefix"},
		{"closing brace", client, redisstore.Options{Prefix: "}"}, "Prefix"},
		{"space", client, redisstore.Options{Prefix: "a b"}, "Prefix"},
		{"line break", client, redisstore.Options{Prefix: "a\r\n"}, "Prefix"},
		{"long prefix", client, redisstore.Options{Prefix: strings.Repeat("p", 65)}, "Prefix"},
		{"negative shards", client, redisstore.Options{Shards: -1}, "Shards"},
		{"too many shards", client, redisstore.Options{Shards: 1025}, "Shards"},
		{"replicas", cluster(redis.ClusterOptions{ReadOnly: true}), redisstore.Options{}, "ReadOnly"},
		{"nearest", cluster(redis.ClusterOptions{RouteByLatency: true}), redisstore.Options{}, "RouteByLatency"},
		{"any", cluster(redis.ClusterOptions{RouteRandomly: true}), redisstore.Options{}, "RouteRandomly"},
		{"client-side cache", cached, redisstore.Options{}, "ClientSideCache"},
		{"ring", ring, redisstore.Options{}, "Ring"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := redisstore.New(test.client, test.o)
			if err == nil {
				s.Close()
				t.Fatal("got a store, want an error")
			}
			if !strings.Contains(err.Error(), test.word) {
				t.Errorf("got %q, want it to name %s", err, test.word)
			}
		})
	}
}

// Data written with another number of shards would not be found: New refuses,
// and so does each operation if the server could not be reached by New.
func TestShardMismatch(t *testing.T) {
	server := redistest.Start(t)
	newStore(t, server.Client(t), redisstore.Options{Shards: 16})
	if s, err := redisstore.New(server.Client(t), redisstore.Options{Shards: 8}); err == nil {
		s.Close()
		t.Error("got a store of 8 shards on data of 16")
	} else if !strings.Contains(err.Error(), "Shards") {
		t.Errorf("got %q, want it to name Shards", err)
	}
	newStore(t, server.Client(t), redisstore.Options{Shards: 8, Prefix: "other:"})

	proxy := redistest.StartProxy(t, server.Addr())
	proxy.Refuse(true)
	client := redis.NewClient(&redis.Options{Addr: proxy.Addr()})
	t.Cleanup(func() { client.Close() })
	late := newStore(t, client, redisstore.Options{Shards: 8})
	proxy.Refuse(false)
	a := newAuthority(t, late)
	if _, err := a.Issue(t.Context(), core.Login{Subject: "alice"}); !errors.Is(err, core.ErrUnavailable) {
		t.Errorf("Issue: got %v, want %v", err, core.ErrUnavailable)
	}
}

// A store made while the server is away works once it is back.
func TestServerComesLater(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	proxy := redistest.StartProxy(t, server.Addr())
	proxy.Refuse(true)
	client := redis.NewClient(&redis.Options{Addr: proxy.Addr()})
	t.Cleanup(func() { client.Close() })
	a := newAuthority(t, newStore(t, client, redisstore.Options{}))
	if err := a.Ping(t.Context()); !errors.Is(err, core.ErrUnavailable) {
		t.Errorf("Ping: got %v, want %v", err, core.ErrUnavailable)
	}
	proxy.Refuse(false)
	if err := a.Ping(t.Context()); err != nil {
		t.Errorf("Ping: %v", err)
	}
	reissue(t, a, login(t, a, "alice"))
}

// The users' keys spread over the masters of a cluster, and each operation
// stays on one slot, whatever the subject holds.
func TestCluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3, 0)
	a := newAuthority(t, newStore(t, cluster.Client(t), redisstore.Options{Now: ticking()}), func(c *core.Config) { c.MaxSessions = 3 })
	for i := range 48 {
		subject := fmt.Sprintf("user%d{}:\r\n*", i)
		var all []core.Tokens
		for range 5 {
			all = append(all, reissue(t, a, login(t, a, subject)))
		}
		list, err := a.Sessions(t.Context(), subject)
		if err != nil || len(list) != 3 {
			t.Fatalf("Sessions: got %d, %v, want 3", len(list), err)
		}
		if _, err := a.Verify(t.Context(), all[0].AccessToken); !errors.Is(err, core.ErrTokenRevoked) {
			t.Errorf("Verify an evicted session: got %v, want %v", err, core.ErrTokenRevoked)
		}
		ended, err := a.RevokeAll(t.Context(), subject, all[4].SessionID)
		if err != nil || ended != 2 {
			t.Errorf("RevokeAll: got %d, %v, want 2", ended, err)
		}
		if _, err := a.Verify(t.Context(), all[4].AccessToken); err != nil {
			t.Errorf("Verify the session kept: %v", err)
		}
	}
	for _, node := range cluster.Nodes() {
		if n := node.Client(t).DBSize(t.Context()).Val(); n < 48 {
			t.Errorf("a master has %d keys, want a fair part", n)
		}
	}
}
