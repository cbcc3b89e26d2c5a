package redisstore_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

func ExampleNew() {
	client := redis.NewClient(&redis.Options{
		Addr:                  "127.0.0.1:6379",
		ContextTimeoutEnabled: true, // a command ends with its request
	})
	defer client.Close() // after the Store
	store, err := redisstore.New(client, redisstore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	key, err := core.NewHMACKey("2026-01", []byte("use 32 random bytes, not a phrase"))
	if err != nil {
		log.Fatal(err)
	}
	authority, err := core.New(core.Config{
		Issuer: "https://id.example", Audience: []string{"api"}, Keys: []core.Key{key},
		Store: store,
	})
	if err != nil {
		log.Fatal(err)
	}
	tokens, err := authority.Issue(context.Background(), core.Login{Subject: "alice"})
	fmt.Println(tokens.SessionID, err)
}

func ExampleNew_cluster() {
	client := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs:                 []string{"10.0.0.1:6379", "10.0.0.2:6379", "10.0.0.3:6379"},
		ContextTimeoutEnabled: true,
	})
	defer client.Close()
	store, err := redisstore.New(client, redisstore.Options{Prefix: "shop:"})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
}

// With a mirror an access check costs no round trip, and a revocation is
// refused everywhere within a second of its acknowledgement.
func ExampleMirrorOptions() {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379", ContextTimeoutEnabled: true})
	defer client.Close()
	store, err := redisstore.New(client, redisstore.Options{
		Mirror: redisstore.MirrorOptions{Staleness: time.Second},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close() // stops the mirror

	if stats, ok := store.Mirror(); ok { // for metrics
		fmt.Println(stats.Leased, "of", stats.Shards, "shards answer from memory")
	}
}

// What a client may not do is told at the start.
func ExampleNew_refused() {
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"10.0.0.1:6379"}, ReadOnly: true})
	defer client.Close()
	_, err := redisstore.New(client, redisstore.Options{})
	fmt.Println(err)
	// Output: redisstore: the client has ReadOnly: a replica forgets the last revocations
}
