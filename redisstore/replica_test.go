package redisstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// A client that only reaches a replica is refused: what the replica has not
// heard of yet would pass as not revoked. Nothing is told as a fault of the
// token, and the same client works as soon as the server is a master.
func TestReplicaAnswersNothing(t *testing.T) {
	for _, test := range []struct {
		name   string
		client func(t *testing.T) (master, replica redis.UniversalClient, promote func() error)
	}{
		{"its address", func(t *testing.T) (redis.UniversalClient, redis.UniversalClient, func() error) {
			master := redistest.Start(t)
			host, port := split(t, master.Addr())
			replica := redistest.Start(t, redistest.WithConfig("replicaof "+host+" "+port))
			promote := func() error { return replica.Client(t).ReplicaOf(t.Context(), "no", "one").Err() }
			return master.Client(t), replica.Client(t), promote
		}},
		{"ReplicaOnly", func(t *testing.T) (redis.UniversalClient, redis.UniversalClient, func() error) {
			s := redistest.StartSentinel(t, 1, 3)
			client := redis.NewFailoverClient(&redis.FailoverOptions{
				MasterName: s.MasterName(), SentinelAddrs: s.Addrs(), ReplicaOnly: true,
			})
			t.Cleanup(func() { client.Close() })
			return s.Client(t), client, nil
		}},
	} {
		for mode, revocation := range map[string]core.RevocationPolicy{"blacklist": core.Blacklist, "session": core.SessionRecord} {
			t.Run(test.name+" "+mode, func(t *testing.T) {
				t.Parallel()
				client, replica, promote := test.client(t)
				a := newAuthority(t, newStore(t, client, redisstore.Options{}))
				tokens, ended := login(t, a, "alice"), login(t, a, "alice")
				mustSucceed(t, a.Logout(t.Context(), ended.AccessToken))
				await(t, "the replication", func() bool { return replica.DBSize(t.Context()).Val() == client.DBSize(t.Context()).Val() })

				b := newAuthority(t, newStore(t, replica, redisstore.Options{}), func(c *core.Config) { c.Revocation = revocation })
				calls := map[string]func() error{
					"Verify":          func() error { _, err := b.Verify(t.Context(), tokens.AccessToken); return err },
					"Verify an ended": func() error { _, err := b.Verify(t.Context(), ended.AccessToken); return err },
					"Reissue":         func() error { _, err := b.Reissue(t.Context(), tokens.RefreshToken); return err },
					"Sessions":        func() error { _, err := b.Sessions(t.Context(), "alice"); return err },
					"Logout":          func() error { return b.Logout(t.Context(), tokens.AccessToken) },
					"Block":           func() error { return b.Block(t.Context(), "alice", time.Time{}) },
					"Ping":            func() error { return b.Ping(t.Context()) },
				}
				for name, call := range calls {
					if err := call(); !errors.Is(err, core.ErrUnavailable) {
						t.Errorf("%s: got %v, want %v", name, err, core.ErrUnavailable)
					}
				}
				if promote == nil {
					return
				}
				mustSucceed(t, promote())
				if _, err := b.Verify(t.Context(), tokens.AccessToken); err != nil {
					t.Errorf("Verify by a master: %v", err)
				}
				if _, err := b.Verify(t.Context(), ended.AccessToken); !errors.Is(err, core.ErrTokenRevoked) {
					t.Errorf("Verify an ended session by a master: got %v, want %v", err, core.ErrTokenRevoked)
				}
			})
		}
	}
}
