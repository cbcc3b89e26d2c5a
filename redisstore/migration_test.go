package redisstore_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// migration is a slot on its way from one master to another.
type migration struct {
	t        *testing.T
	slot     int64
	from, to *redis.Client
}

// startMigration begins to move the slot of a key, and moves no key yet.
func startMigration(t *testing.T, cluster *redistest.Cluster, key string) *migration {
	t.Helper()
	m := &migration{t: t, from: cluster.MasterFor(t, key).Client(t)}
	for _, node := range cluster.Nodes() {
		if node.Addr() != m.from.Options().Addr {
			m.to = node.Client(t)
		}
	}
	m.slot = m.from.ClusterKeySlot(t.Context(), key).Val()
	m.set(m.to, "importing", m.from)
	m.set(m.from, "migrating", m.to)
	return m
}

func (m *migration) set(at *redis.Client, state string, node *redis.Client) {
	m.t.Helper()
	id, err := node.Do(m.t.Context(), "cluster", "myid").Text()
	mustSucceed(m.t, err)
	mustSucceed(m.t, at.Do(m.t.Context(), "cluster", "setslot", m.slot, state, id).Err())
}

// move moves the keys that are still there and have a part in their names.
func (m *migration) move(part string) {
	m.t.Helper()
	host, port := split(m.t, m.to.Options().Addr)
	for _, key := range m.from.ClusterGetKeysInSlot(m.t.Context(), int(m.slot), 1000).Val() {
		if strings.Contains(key, part) {
			mustSucceed(m.t, m.from.Migrate(m.t.Context(), host, port, key, 0, 10*time.Second).Err())
		}
	}
}

func (m *migration) finish() {
	m.t.Helper()
	m.move("")
	m.set(m.to, "node", m.to)
	m.set(m.from, "node", m.to)
}

// In the middle of a slot migration, whatever keys have moved, an operation is
// right or is unavailable, and then nothing or the whole of it has happened. A
// check of an access token always has its answer. The client may do no more
// than the package comment asks for.
func TestSlotMigration(t *testing.T) {
	t.Parallel()
	all, more := permissions(t)
	cluster := redistest.StartCluster(t, 2, 0)
	for _, node := range cluster.Nodes() {
		args := []any{"acl", "setuser", "app", "on", ">secret", "~*", "&*"}
		for _, rule := range slices.Concat(all, more) {
			args = append(args, rule)
		}
		mustSucceed(t, node.Client(t).Do(t.Context(), args...).Err())
	}
	client := cluster.Client(t, func(o *redis.ClusterOptions) { o.Username, o.Password, o.DisableIdentity = "app", "secret", true })
	type state struct {
		a       *core.Authority
		x, y, z core.Tokens // z has been ended
	}
	operations := map[string]func(*testing.T, state) error{
		"list": func(t *testing.T, s state) error {
			list, err := s.a.Sessions(t.Context(), "alice")
			if err == nil && len(list) != 2 {
				t.Errorf("got %d sessions, want 2", len(list))
			}
			return err
		},
		"login": func(t *testing.T, s state) error {
			_, err := s.a.Issue(t.Context(), core.Login{Subject: "alice"})
			return err
		},
		"revoke all": func(t *testing.T, s state) error {
			ended, err := s.a.RevokeAll(t.Context(), "alice")
			if err == nil && ended != 2 {
				t.Errorf("got %d, want 2", ended)
			}
			return err
		},
		"block":   func(t *testing.T, s state) error { return s.a.Block(t.Context(), "alice", time.Now().Add(time.Hour)) },
		"logout":  func(t *testing.T, s state) error { return s.a.Logout(t.Context(), s.y.RefreshToken) },
		"reissue": func(t *testing.T, s state) error { _, err := s.a.Reissue(t.Context(), s.x.RefreshToken); return err },
	}
	for _, moved := range []string{"nothing", "}session:", "}user:", "}deny:", "}feed", "}"} {
		for name, operation := range operations {
			t.Run(name+" with moved "+moved, func(t *testing.T) {
				prefix := randomPrefix()
				store := newStore(t, client, redisstore.Options{Prefix: prefix, Shards: 1})
				s := state{a: newAuthority(t, store, func(c *core.Config) { c.MaxSessions = 2 })}
				s.x, s.y, s.z = login(t, s.a, "alice"), login(t, s.a, "alice"), login(t, s.a, "bob")
				mustSucceed(t, s.a.Logout(t.Context(), s.z.RefreshToken))

				var key string
				for _, node := range cluster.Nodes() {
					for _, k := range allKeys(t, node.Client(t)) {
						if strings.HasPrefix(k, prefix+"{") {
							key = k
						}
					}
				}
				m := startMigration(t, cluster, key)
				m.move(moved)
				for tokens, want := range map[core.Tokens]error{s.x: nil, s.y: nil, s.z: core.ErrTokenRevoked} {
					if _, err := s.a.Verify(t.Context(), tokens.AccessToken); !errors.Is(err, want) {
						t.Errorf("Verify: got %v, want %v", err, want)
					}
				}
				if err := operation(t, s); err != nil && !errors.Is(err, core.ErrUnavailable) {
					t.Errorf("got %v, want success or %v", err, core.ErrUnavailable)
				}
				m.finish()

				list, err := s.a.Sessions(t.Context(), "alice")
				mustSucceed(t, err)
				for _, tokens := range []core.Tokens{s.x, s.y, s.z} {
					stands := slices.ContainsFunc(list, func(l driver.Session) bool { return l.ID == tokens.SessionID })
					if _, err := s.a.Verify(t.Context(), tokens.AccessToken); stands != (err == nil) || !stands && !errors.Is(err, core.ErrTokenRevoked) {
						t.Errorf("the session stands: %t, its access token: %v", stands, err)
					}
					if _, err := s.a.Reissue(t.Context(), tokens.RefreshToken); stands != (err == nil) || !stands && !errors.Is(err, core.ErrRefreshInvalid) {
						t.Errorf("the session stands: %t, its refresh token: %v", stands, err)
					}
				}
			})
		}
	}
}
