package redisstore_test

import (
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// world is what a loss happens to.
type world struct {
	server *redistest.Server
	client redis.UniversalClient
	backup map[string]string
	away   func() // to be called while the server is away
}

// When the server has lost what it knew, the mirrors go on denying what they
// knew, without a lease and while the server is away too, and put it back
// within a few polls: processes that ask the server see it again. However many
// mirrors do so, each entry is there once.
func TestMirrorRestoresWhatRedisLost(t *testing.T) {
	for _, test := range []struct {
		name string
		lose func(*testing.T, world)
	}{
		{"flushed", func(t *testing.T, w world) { mustSucceed(t, w.client.FlushAll(t.Context()).Err()) }},
		{"restarted empty", func(t *testing.T, w world) {
			w.server.Kill()
			w.away()
			w.server.Restart()
		}},
		{"restored from a backup", func(t *testing.T, w world) {
			_, err := w.client.TxPipelined(t.Context(), func(p redis.Pipeliner) error {
				p.FlushAll(t.Context())
				for key, dump := range w.backup {
					p.Restore(t.Context(), key, time.Minute, dump)
				}
				return nil
			})
			mustSucceed(t, err)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			client := server.Client(t)
			direct := newStore(t, client, redisstore.Options{})
			var mirrors [2]*redisstore.Store
			for i := range mirrors {
				mirrors[i] = mirrored(t, server.Client(t, func(o *redis.Options) {
					o.ReadTimeout, o.MaxRetries = 300*time.Millisecond, 1
				}), 500*time.Millisecond)
			}
			awaitLeases(t, mirrors[0], mirrors[1])
			var all []revoked
			backup := make(map[string]string)
			for i := range 128 {
				all = append(all, deny(t, mirrors[i%2], i))
				if i == 63 {
					for _, key := range allKeys(t, client) {
						backup[key] = client.Dump(t.Context(), key).Val()
					}
				}
			}
			refused := func(when string) {
				t.Helper()
				for _, s := range mirrors {
					for _, r := range all {
						if !refuses(t, s, r) {
							t.Fatalf("%s: what was known is accepted or unknown", when)
						}
					}
				}
			}
			for _, s := range mirrors {
				await(t, "the mirrors to read it from the feed", func() bool { return stats(s).Entries >= len(all) })
			}

			test.lose(t, world{server, client, backup, func() { refused("while the server is away") }})
			refused("after the loss")
			await(t, "the repair", func() bool {
				for _, r := range all {
					if !refuses(t, direct, r) {
						return false
					}
				}
				return true
			})
			refused("after the repair")
			awaitLeases(t, mirrors[0], mirrors[1])
			refused("with a lease")
			if stats(mirrors[0]).Breaks+stats(mirrors[1]).Breaks == 0 {
				t.Error("no break was counted")
			}
			if n := feedLength(t, client); n != len(all) {
				t.Errorf("got %d entries on the feeds, want %d", n, len(all))
			}
		})
	}
}

func feedLength(t *testing.T, client redis.UniversalClient) (n int) {
	t.Helper()
	for _, key := range allKeys(t, client) {
		if client.Type(t.Context(), key).Val() == "stream" {
			n += int(client.XLen(t.Context(), key).Val())
		}
	}
	return n
}

// A client that reaches only a replica gets no lease, and no check is answered
// from memory or from the replica, which may lag behind: neither of what the
// replica knows to be revoked nor of what it does not.
func TestNoLeaseFromAReplica(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t)
	a := newStore(t, master.Client(t), redisstore.Options{})
	r := deny(t, a, 0)
	host, port := split(t, master.Addr())
	replica := redistest.Start(t, redistest.WithConfig("replicaof "+host+" "+port))
	client := replica.Client(t)
	await(t, "the replication", func() bool { return client.DBSize(t.Context()).Val() >= 2 })

	s := mirrored(t, replica.Client(t, func(o *redis.Options) { o.MaxRetries = -1 }), 500*time.Millisecond)
	await(t, "some polls", func() bool {
		if m := stats(s); m.Leased != 0 {
			t.Fatal("a replica gave a lease")
		}
		return stats(s).PollFailures >= 5
	})
	for i, check := range []driver.RevokedRequest{r.check(), {Subject: r.subject, SessionID: randomSession()}} {
		if result, err := s.Revoked(t.Context(), check); err == nil {
			t.Errorf("check %d: got %+v, want an error", i, result)
		}
		if got := stats(s).Fallbacks; got != int64(i+1) {
			t.Errorf("check %d: %d checks asked the server, want %d", i, got, i+1)
		}
	}
}

// A server at a fixed address that is demoted, cut off from its new master, does
// not decide checks: the polls find it out, and look-ups ask anew, too.
func TestLookUpAtADemotedMaster(t *testing.T) {
	t.Parallel()
	old := redistest.Start(t)
	host, port := split(t, old.Addr())
	next := redistest.Start(t, redistest.WithConfig("replicaof "+host+" "+port))
	client := next.Client(t)
	s := mirrored(t, old.Client(t), 500*time.Millisecond)
	awaitLeases(t, s)
	await(t, "the replication", func() bool { return client.Exists(t.Context(), "ratchet:meta").Val() == 1 })
	mustSucceed(t, client.ReplicaOf(t.Context(), "no", "one").Err())
	mustSucceed(t, old.Client(t).ReplicaOf(t.Context(), "127.0.0.1", "1").Err())

	r := deny(t, newStore(t, client, redisstore.Options{}), 0)
	await(t, "the end of the leases", func() bool { return stats(s).Leased == 0 })
	await(t, "an error of the check", func() bool {
		_, err := s.Revoked(t.Context(), r.check())
		return err != nil
	})
	for range 20 {
		if got, err := s.Revoked(t.Context(), r.check()); err == nil && !got.Revoked {
			t.Fatal("a replica that is cut off has accepted a revoked token")
		}
	}
}

// A master that is demoted, or that has lost its replicas where it must have
// some, gives no lease from then on, and does again when that is over.
func TestNoLeaseFromADemotedMaster(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t)
	other := redistest.Start(t)
	client := master.Client(t)
	s := mirrored(t, master.Client(t, func(o *redis.Options) { o.MaxRetries = -1 }), 500*time.Millisecond)
	host, port := split(t, other.Addr())
	for _, test := range []struct {
		name     string
		off, on  []any
		answered bool
	}{
		{"demoted", []any{"replicaof", host, port}, []any{"replicaof", "no", "one"}, false},
		{"without replicas", []any{"config", "set", "min-replicas-to-write", "1"}, []any{"config", "set", "min-replicas-to-write", "0"}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			awaitLeases(t, s)
			mustSucceed(t, client.Do(t.Context(), test.off...).Err())
			await(t, "the end of the leases", func() bool { return stats(s).Leased == 0 })
			failures := stats(s).PollFailures
			await(t, "some polls", func() bool {
				if stats(s).Leased != 0 {
					t.Fatal("it gave a lease")
				}
				return stats(s).PollFailures >= failures+5
			})
			mustSucceed(t, client.Do(t.Context(), test.on...).Err())
			awaitLeases(t, s)
		})
	}
}
