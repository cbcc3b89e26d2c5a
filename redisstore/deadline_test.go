package redisstore_test

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/redisstore"
)

// A look-up takes 2 seconds at most, whatever the client's time-outs and
// whether or not the layout was ever read: what a request does after it has
// time left.
func TestLongestLookUp(t *testing.T) {
	for name, heeds := range map[string]bool{"heeds its context": true, "heeds time-outs only": false} {
		for _, session := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					client := redis.NewClient(&redis.Options{
						Addr: "127.0.0.1:1",
						Dialer: func(context.Context, string, string) (net.Conn, error) {
							c, silent := net.Pipe()
							t.Cleanup(func() { silent.Close() })
							return c, nil
						},
						ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, ContextTimeoutEnabled: heeds,
					})
					defer client.Close()
					s, err := redisstore.New(client, redisstore.Options{Logger: slog.New(slog.DiscardHandler)})
					if err != nil {
						t.Fatal(err)
					}
					start := time.Now()
					_, err = s.Revoked(t.Context(), driver.RevokedRequest{Subject: "alice", SessionID: "s", Session: session})
					if took := time.Since(start); err == nil || took > 2*time.Second {
						t.Errorf("got %v after %v, want an error after 2s", err, took)
					}
				})
			})
		}
	}
}
