package redisstore_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// before7 answers the script that asks for rights as a server before Redis 7
// does, so that the calls are tried.
type before7 struct{}

func (before7) DialHook(next redis.DialHook) redis.DialHook { return next }
func (before7) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
func (before7) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if c, ok := cmd.(*redis.Cmd); ok && strings.Contains(c.String(), "acl_check_cmd") {
			c.SetVal("unknown")
			return nil
		}
		return next(ctx, cmd)
	}
}

// told changes what INFO tells, as if other servers were there.
type told struct {
	before7
	replace []string // old and new text in turn
}

func (h told) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if c, ok := cmd.(*redis.StringCmd); ok && cmd.Name() == "info" {
			c.SetVal(strings.NewReplacer(h.replace...).Replace(c.Val()))
		}
		return err
	}
}

// The version is judged as the server tells it, Valkey's apart.
func TestCheckVersion(t *testing.T) {
	server := redistest.Start(t, fit())
	version := "redis_version:" + infoOf(t, server.Client(t), "redis_version")
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"this", version, nil},
		{"6.2", "redis_version:6.2.0", nil},
		{"6.0", "redis_version:6.0.16", []string{"WARN version"}},
		{"5", "redis_version:5.0.7", []string{"WARN version"}},
		{"10", "redis_version:10.0.0", nil},
		{"255", "redis_version:255.255.255", nil},
		{"valkey", "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1", nil},
		{"a later valkey", "redis_version:0.0.0\r\nserver_name:valkey\r\nvalkey_version:12.0.0", nil},
		{"nonsense", "redis_version:none", []string{"INFO unknown"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := server.Client(t)
			client.AddHook(told{replace: []string{version, test.text}})
			wantCodes(t, check(t, client, redisstore.Options{}), test.want...)
		})
	}
	t.Run("no version in INFO", func(t *testing.T) {
		client := server.Client(t)
		client.AddHook(told{replace: []string{version, "", "role:master", ""}})
		wantCodes(t, check(t, client, redisstore.Options{})) // HELLO tells
	})
	t.Run("an append-only file that cannot be written", func(t *testing.T) {
		client := server.Client(t)
		client.AddHook(told{replace: []string{"aof_last_write_status:ok", "aof_last_write_status:err"}})
		wantCodes(t, check(t, client, redisstore.Options{}), "WARN persistence")
	})
}

func infoOf(t *testing.T, client *redis.Client, name string) string {
	t.Helper()
	text, err := client.Info(t.Context()).Result()
	mustSucceed(t, err)
	_, rest, _ := strings.Cut(text, name+":")
	value, _, _ := strings.Cut(rest, "\r\n")
	return value
}

// Each right that the package comment lists is missed when it is taken away,
// and nothing else is, both where the server tells and where calls are tried.
func TestCheckRights(t *testing.T) {
	t.Parallel()
	commands, _ := permissions(t)
	looks := []string{"+info", "+config|get"}
	keys, channel := "~p:*", "&p:nudge"
	everything := slices.Concat([]string{keys, channel}, commands, looks)
	server := redistest.Start(t, fit())
	admin := server.Client(t)
	newStore(t, admin, redisstore.Options{Prefix: "p:"})
	for _, way := range []string{"told", "tried"} {
		t.Run(way, func(t *testing.T) {
			missed := func(t *testing.T, rules ...string) redisstore.Report {
				t.Helper()
				user := "u" + randomPrefix()
				allow(t, admin, user, rules...)
				client := server.Client(t, func(o *redis.Options) {
					o.Username, o.Password, o.DisableIdentity = user, "secret", true
				})
				if way == "tried" {
					client.AddHook(before7{})
				}
				return check(t, client, redisstore.Options{Prefix: "p:", Mirror: redisstore.MirrorOptions{Staleness: time.Second}})
			}
			wantCodes(t, missed(t, everything...))
			for _, rule := range commands {
				t.Run(rule, func(t *testing.T) {
					rules := slices.DeleteFunc(slices.Clone(everything), func(r string) bool { return r == rule })
					report := missed(t, rules...)
					lacks := "lacks the rights " + rule + ":"
					switch {
					case rule == "+publish" || rule == "+subscribe":
						wantCodes(t, report, "INFO permission")
						lacks = "lacks the rights " + rule + " " + channel + ":"
					default:
						wantCodes(t, report, "WARN permission")
					}
					if way == "tried" && rule == "+hlen" {
						lacks = rule // the trial of RPUSH needs it
					}
					wantText(t, report, lacks)
				})
			}
			t.Run("no keys", func(t *testing.T) {
				report := missed(t, everything[1:]...)
				wantCodes(t, report, "WARN permission")
				wantText(t, report, "lacks the rights "+keys+":")
			})
			t.Run("one shard's keys", func(t *testing.T) {
				report := missed(t, slices.Concat([]string{"~p:{0*", "~p:meta"}, everything[1:])...)
				wantCodes(t, report, "WARN permission")
				wantText(t, report, "lacks the rights "+keys+":")
			})
			t.Run("one kind of key", func(t *testing.T) {
				report := missed(t, slices.Concat([]string{"~p:*:*", "~p:*none", "~p:*feed", "~p:meta"}, everything[1:])...)
				wantCodes(t, report, "WARN permission")
				wantText(t, report, "lacks the rights "+keys+":")
			})
			t.Run("no channel", func(t *testing.T) {
				report := missed(t, slices.Concat([]string{keys}, everything[2:])...)
				wantCodes(t, report, "INFO permission")
				wantText(t, report, "lacks the rights +publish "+channel+" +subscribe:")
			})
			t.Run("few rights", func(t *testing.T) {
				wantText(t, missed(t, keys, "+ping", "+get"), "+evalsha")
			})
		})
	}
	t.Run("no mirror and no channel", func(t *testing.T) {
		allow(t, admin, "quiet", slices.DeleteFunc(slices.Clone(everything), func(rule string) bool {
			return rule == channel || rule == "+publish" || rule == "+subscribe"
		})...)
		client := server.Client(t, func(o *redis.Options) { o.Username, o.Password = "quiet", "secret" })
		wantCodes(t, check(t, client, redisstore.Options{Prefix: "p:"}))
	})
}

// allow makes a user, with the password secret.
func allow(t *testing.T, node *redis.Client, user string, rules ...string) {
	t.Helper()
	args := []any{"acl", "setuser", user, "reset", "on", ">secret"}
	for _, rule := range rules {
		args = append(args, rule)
	}
	mustSucceed(t, node.Do(t.Context(), args...).Err())
}

// Where INFO and CONFIG are forbidden, as on managed servers, the report says
// what could not be looked at, and what can be is.
func TestCheckForbidden(t *testing.T) {
	commands, _ := permissions(t)
	keys := []string{"~*", "&*"}
	for _, test := range []struct {
		name  string
		lines []string
		rules []string
		want  []string
		text  string
	}{
		{"CONFIG, with an append-only file", []string{"appendonly yes"}, []string{"+info"}, nil, ""},
		{"CONFIG", nil, []string{"+info"}, []string{"INFO unknown"}, "whether it makes snapshots"},
		{"CONFIG, with a policy that evicts", []string{"appendonly yes", "maxmemory 100mb", "maxmemory-policy allkeys-random"},
			[]string{"+info"}, []string{"WARN eviction"}, "allkeys-random"},
		{"INFO", nil, []string{"+config|get"}, []string{"WARN persistence"}, ""},
		{"INFO, with a policy that evicts", []string{"appendonly yes", "maxmemory 100mb", "maxmemory-policy allkeys-random"},
			[]string{"+config|get"}, []string{"WARN eviction"}, "with a maxmemory of 104857600 bytes"},
		{"both", nil, nil, []string{"INFO unknown"}, "the eviction policy, the persistence: "},
	} {
		for _, protocol := range []int{2, 3} {
			t.Run(test.name, func(t *testing.T) {
				t.Parallel()
				server := redistest.Start(t, redistest.WithConfig(test.lines...))
				admin := server.Client(t)
				allow(t, admin, "app", slices.Concat(keys, commands, test.rules)...)
				client := server.Client(t, func(o *redis.Options) {
					o.Username, o.Password, o.Protocol, o.DisableIdentity = "app", "secret", protocol, true
				})
				report := check(t, client, redisstore.Options{})
				wantCodes(t, report, test.want...)
				wantText(t, report, test.text)
				refused, err := admin.Do(t.Context(), "acl", "log").Slice()
				mustSucceed(t, err)
				if len(refused) != 0 {
					t.Errorf("got %v in the server's log, want that only what is allowed is asked", refused)
				}
			})
		}
	}
	t.Run("both, on a replica", func(t *testing.T) {
		host, port := split(t, redistest.Start(t).Addr())
		replica := redistest.Start(t, fit("replicaof "+host+" "+port))
		allow(t, replica.Client(t), "app", slices.Concat(keys, commands)...)
		client := replica.Client(t, func(o *redis.Options) { o.Username, o.Password = "app", "secret" })
		wantCodes(t, check(t, client, redisstore.Options{}), "WARN role", "INFO unknown")
	})
}
