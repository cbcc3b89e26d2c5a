package redisstore_test

import (
	"context"
	"log/slog"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/redisstore"
)

// No call takes longer than 3 seconds, which leaves its caller time for an
// answer, whether or not the client heeds the context. It answers the layout,
// which New asks for, and nothing after it.
func TestLongestCall(t *testing.T) {
	for name, heeds := range map[string]bool{"heeds its context": true, "heeds time-outs only": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", ContextTimeoutEnabled: heeds})
				defer client.Close()
				silent := false
				client.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, _ redis.ProcessHook) error {
					args := cmd.Args()
					if script, ok := cmd.(*redis.Cmd); ok && !silent {
						script.SetVal(args[len(args)-2:]) // the data is laid out as New says
						return nil
					}
					if !heeds {
						ctx = context.WithoutCancel(ctx)
					}
					select {
					case <-ctx.Done():
					case <-time.After(10 * time.Minute):
					}
					cmd.SetErr(os.ErrDeadlineExceeded)
					return cmd.Err()
				}))
				s := newStore(t, client, redisstore.Options{})
				silent = true
				ctx, start := t.Context(), time.Now()
				var calls sync.WaitGroup
				for name, call := range map[string]func() error{
					"Create":  func() error { _, err := s.Create(ctx, driver.CreateRequest{Subject: "alice"}); return err },
					"Rotate":  func() error { _, err := s.Rotate(ctx, driver.RotateRequest{Subject: "alice"}); return err },
					"End":     func() error { _, err := s.End(ctx, driver.EndRequest{Subject: "alice"}); return err },
					"EndAll":  func() error { _, err := s.EndAll(ctx, driver.EndAllRequest{Subject: "alice"}); return err },
					"Block":   func() error { _, err := s.Block(ctx, driver.BlockRequest{Subject: "alice"}); return err },
					"Unblock": func() error { return s.Unblock(ctx, driver.UnblockRequest{Subject: "alice"}) },
					"Deny": func() error {
						return s.Deny(ctx, driver.DenyRequest{Subject: "alice", ExpiresAt: start.Add(time.Hour)})
					},
					"Sessions": func() error { _, err := s.Sessions(ctx, "alice"); return err },
					"Ping":     func() error { return s.Ping(ctx) },
				} {
					calls.Go(func() {
						err := call()
						if took := time.Since(start); err == nil || took > 3*time.Second {
							t.Errorf("%s: got %v after %v, want an error within 3s", name, err, took)
						}
					})
				}
				calls.Wait()
				time.Sleep(time.Hour) // of the bubble: the client, too, gives up
			})
		})
	}
}

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
