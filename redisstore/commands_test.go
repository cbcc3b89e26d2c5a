package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// permissions returns the rules for commands that the package comment lists,
// for any server and those that a cluster's client needs beyond them.
func permissions(t *testing.T) (all, cluster []string) {
	t.Helper()
	text, err := os.ReadFile("doc.go")
	mustSucceed(t, err)
	_, section, _ := strings.Cut(string(text), "// # Permissions\n")
	section, _, _ = strings.Cut(section, "// # ")
	first, second, _ := strings.Cut(section, "On a cluster")
	rule := regexp.MustCompile(`\+[a-z|]+`)
	all, cluster = rule.FindAllString(first, -1), rule.FindAllString(second, -1)
	if len(all) == 0 || len(cluster) == 0 {
		t.Fatalf("no commands in the package comment: %v, %v", all, cluster)
	}
	return all, cluster
}

// A user who has exactly what the package comment lists can do everything, and
// each command of the list is called.
func TestNeededCommands(t *testing.T) {
	all, forCluster := permissions(t)
	const user, password, prefix = "ratchet", "secret", "p:"
	allow := func(t *testing.T, node *redis.Client, commands []string) {
		t.Helper()
		rules := append([]string{"reset", "on", ">" + password, "~" + prefix + "*", "&" + prefix + "nudge"}, commands...)
		args := []any{"acl", "setuser", user}
		for _, rule := range rules {
			args = append(args, rule)
		}
		mustSucceed(t, node.Do(t.Context(), args...).Err())
	}
	t.Run("single", func(t *testing.T) {
		t.Parallel()
		server := redistest.Start(t)
		admin := server.Client(t)
		allow(t, admin, all)
		useEverything(t, prefix, admin, []*redis.Client{admin}, func() redis.UniversalClient {
			return server.Client(t, func(o *redis.Options) {
				o.Username, o.Password, o.DisableIdentity = user, password, true
			})
		})
		called := redistest.CommandStats(t, admin)
		for _, rule := range all {
			if called[strings.TrimPrefix(rule, "+")] == 0 {
				t.Errorf("%s is on the list but is never called", rule)
			}
		}
	})
	t.Run("cluster", func(t *testing.T) {
		t.Parallel()
		cluster := redistest.StartCluster(t, 3, 0)
		var nodes []*redis.Client
		for _, server := range cluster.Nodes() {
			node := server.Client(t)
			allow(t, node, append(all[:len(all):len(all)], forCluster...))
			nodes = append(nodes, node)
		}
		useEverything(t, prefix, cluster.Client(t), nodes, func() redis.UniversalClient {
			return cluster.Client(t, func(o *redis.ClusterOptions) {
				o.Username, o.Password, o.DisableIdentity = user, password, true
			})
		})
	})
}

// useEverything calls each method in each of its ways that sends other
// commands, by clients that newClient returns, and fails if the servers refuse
// one. Two processes have a mirror, the third asks the server.
func useEverything(t *testing.T, prefix string, admin redis.UniversalClient, nodes []*redis.Client, newClient func() redis.UniversalClient) {
	t.Helper()
	clock := newClock()
	store := func(mirror time.Duration) *redisstore.Store {
		return newStore(t, newClient(), redisstore.Options{Prefix: prefix, Now: clock.Now, Mirror: redisstore.MirrorOptions{Staleness: mirror}})
	}
	one, two, direct := store(time.Second), store(time.Second), store(0)
	authority := func(s *redisstore.Store, revocation core.RevocationPolicy) *core.Authority {
		return newAuthority(t, s, func(c *core.Config) {
			c.Now, c.MaxSessions, c.Revocation, c.SessionTTL = clock.Now, 3, revocation, driver.NoLimit
		})
	}
	a, b := authority(one, core.Blacklist), authority(direct, core.SessionRecord)
	good := func(tokens core.Tokens) {
		t.Helper()
		for _, x := range []*core.Authority{a, b} {
			if _, err := x.Verify(t.Context(), tokens.AccessToken); err != nil {
				t.Fatal(err)
			}
		}
	}
	bad := func(tokens core.Tokens) {
		t.Helper()
		for _, x := range []*core.Authority{a, b} {
			if _, err := x.Verify(t.Context(), tokens.AccessToken); !errors.Is(err, core.ErrTokenRevoked) {
				t.Fatalf("got %v, want %v", err, core.ErrTokenRevoked)
			}
		}
	}
	awaitLeases(t, one, two)
	mustSucceed(t, a.Ping(t.Context()))

	first := login(t, a, "alice")
	tokens := reissue(t, a, first)
	reissue(t, a, first) // again, in the window
	good(tokens)
	for range 3 { // the last evicts the first
		clock.Advance(time.Second)
		login(t, a, "alice")
	}
	bad(tokens)
	list, err := a.Sessions(t.Context(), "alice")
	if err != nil || len(list) != 3 {
		t.Fatalf("got %d sessions, %v, want 3", len(list), err)
	}
	mustSucceed(t, a.Revoke(t.Context(), "alice", list[0].ID))
	if ended, err := a.RevokeAll(t.Context(), "alice", list[1].ID); err != nil || ended != 1 {
		t.Fatalf("got %d, %v, want 1", ended, err)
	}
	stolen := login(t, a, "alice")
	next := reissue(t, a, reissue(t, a, stolen))
	if _, err := a.Reissue(t.Context(), stolen.RefreshToken); !errors.Is(err, core.ErrRefreshInvalid) {
		t.Fatalf("got %v, want %v", err, core.ErrRefreshInvalid)
	}
	bad(next)
	for _, until := range []time.Time{{}, clock.Now().Add(time.Hour)} {
		mustSucceed(t, a.Block(t.Context(), "alice", until))
		if _, err := a.Issue(t.Context(), core.Login{Subject: "alice"}); !errors.Is(err, core.ErrUserBlocked) {
			t.Fatalf("got %v, want %v", err, core.ErrUserBlocked)
		}
		mustSucceed(t, a.Unblock(t.Context(), "alice"))
	}

	last := login(t, a, "alice")
	for range 20 { // so many denials that those which have passed are cleared away
		mustSucceed(t, a.Blacklist(t.Context(), last.AccessToken))
		last = reissue(t, a, last)
		clock.Advance(5 * time.Minute)
	}
	last = reissue(t, a, last)
	mustSucceed(t, a.Logout(t.Context(), last.RefreshToken))
	bad(last)

	// What the server has lost comes back from the mirrors.
	tokens = login(t, a, "alice")
	mustSucceed(t, a.Logout(t.Context(), tokens.AccessToken))
	claims := driver.RevokedRequest{Subject: "alice", SessionID: tokens.SessionID}
	await(t, "the mirrors", func() bool { return two.Remembers("alice", tokens.SessionID, 0) })
	for _, node := range nodes {
		mustSucceed(t, node.FlushAll(t.Context()).Err())
		mustSucceed(t, node.ScriptFlush(t.Context()).Err())
	}
	await(t, "the repair", func() bool {
		result, err := direct.Revoked(t.Context(), claims)
		return err == nil && result.Revoked
	})
	mustSucceed(t, a.Logout(t.Context(), first.RefreshToken)) // without a record

	subscribers, err := admin.PubSubNumSub(context.WithoutCancel(t.Context()), prefix+"nudge").Result()
	if len(nodes) == 1 && (err != nil || subscribers[prefix+"nudge"] != 2) {
		t.Errorf("got the subscribers %v, %v, want the 2 mirrors", subscribers, err)
	}
	for _, node := range nodes {
		refused, err := node.Do(t.Context(), "acl", "log").Slice()
		mustSucceed(t, err)
		for _, entry := range refused {
			t.Errorf("refused: %s", fmt.Sprint(entry))
		}
	}
}
