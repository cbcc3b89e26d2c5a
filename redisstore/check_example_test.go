package redisstore_test

import (
	"context"
	"log"
	"log/slog"
	"time"

	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// At its start a program logs what is wrong with the Redis it is given.
func ExampleStore_Check() {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379", ContextTimeoutEnabled: true})
	defer client.Close()
	store, err := redisstore.New(client, redisstore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	report, err := store.Check(ctx)
	if err != nil {
		slog.Warn("Redis does not answer", "error", err)
	}
	for _, finding := range report {
		slog.Log(ctx, finding.Level, "Redis is not fit", "finding", finding)
	}
}
