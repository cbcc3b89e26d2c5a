package redisstore_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// fit configures a server that lacks nothing.
func fit(lines ...string) redistest.Option {
	return redistest.WithConfig(append([]string{"appendonly yes"}, lines...)...)
}

func check(t *testing.T, client redis.UniversalClient, o redisstore.Options) redisstore.Report {
	t.Helper()
	report, err := newStore(t, client, o).Check(t.Context())
	if err != nil {
		t.Fatalf("Check: %v", err)
	}
	return report
}

// wantCodes fails unless the report has exactly findings of these kinds, each
// of which begins with the level, as in "WARN eviction", and says everything.
func wantCodes(t *testing.T, report redisstore.Report, want ...string) {
	t.Helper()
	var got []string
	for _, f := range report {
		got = append(got, f.Level.String()+" "+f.Code)
		for _, text := range []string{f.Found, f.Danger, f.Remedy} {
			if text == "" || strings.Contains(text, "\n") {
				t.Errorf("got the finding %+v, want each text to be one line", f)
			}
		}
	}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("got %v, want %v\n%v", got, want, report)
	}
}

// wantText fails unless the report has the text.
func wantText(t *testing.T, report redisstore.Report, want string) {
	t.Helper()
	if got := report.String(); !strings.Contains(got, want) {
		t.Errorf("got the report %q, want %q in it", got, want)
	}
}

// What is wrong with one server is found, and nothing else is.
func TestCheckServer(t *testing.T) {
	for _, test := range []struct {
		name  string
		lines []string
		want  []string
		text  string
	}{
		{"append-only file", []string{"appendonly yes"}, nil, ""},
		{"snapshots", []string{"save 3600 1"}, nil, ""},
		{"both and a maxmemory", []string{"appendonly yes", "save 3600 1", "maxmemory 100mb"}, nil, ""},
		{"no persistence", nil, []string{"WARN persistence"}, "neither an append-only file nor snapshots"},
		{"allkeys-lru", []string{"appendonly yes", "maxmemory 100mb", "maxmemory-policy allkeys-lru"},
			[]string{"WARN eviction"}, "maxmemory-policy is allkeys-lru with a maxmemory of 104857600 bytes"},
		{"volatile-ttl", []string{"appendonly yes", "maxmemory 100mb", "maxmemory-policy volatile-ttl"},
			[]string{"WARN eviction"}, "volatile-ttl"},
		{"a policy without a limit", []string{"appendonly yes", "maxmemory-policy allkeys-lfu"},
			[]string{"INFO eviction"}, "allkeys-lfu, without a maxmemory"},
		{"several things", []string{"maxmemory-policy allkeys-lfu"},
			[]string{"WARN persistence", "INFO eviction"}, ""},
		{"min-replicas", []string{"appendonly yes", "min-replicas-to-write 0"}, nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t, redistest.WithConfig(test.lines...))
			report := check(t, server.Client(t), redisstore.Options{Mirror: redisstore.MirrorOptions{Staleness: time.Second}})
			wantCodes(t, report, test.want...)
			wantText(t, report, test.text)
			for _, f := range report {
				if f.Server != server.Addr() {
					t.Errorf("got the server %q, want %q", f.Server, server.Addr())
				}
			}
		})
	}
}

func TestCheckReplica(t *testing.T) {
	master := redistest.Start(t, fit())
	host, port := split(t, master.Addr())
	replica := redistest.Start(t, fit("replicaof "+host+" "+port))
	report := check(t, replica.Client(t), redisstore.Options{})
	wantCodes(t, report, "WARN role")
	wantText(t, report, "is a replica of "+master.Addr())
	wantCodes(t, check(t, master.Client(t), redisstore.Options{}))
}

// A snapshot that failed is found for as long as it has a consequence.
func TestCheckFailedSnapshot(t *testing.T) {
	server := redistest.Start(t, redistest.WithConfig("save 3600 1", "enable-protected-configs yes"))
	client := server.Client(t)
	set := func(name, value string) { t.Helper(); mustSucceed(t, client.ConfigSet(t.Context(), name, value).Err()) }
	folder := filepath.Join(t.TempDir(), "gone")
	mustSucceed(t, os.Mkdir(folder, 0o700))
	set("dir", folder)
	mustSucceed(t, os.Remove(folder))
	mustSucceed(t, client.BgSave(t.Context()).Err())
	await(t, "the failure", func() bool {
		return strings.Contains(client.Info(t.Context(), "persistence").Val(), "rdb_last_bgsave_status:err")
	})

	s := newStore(t, client, redisstore.Options{})
	look := func(text string, want ...string) {
		t.Helper()
		report, err := s.Check(t.Context())
		mustSucceed(t, err)
		wantCodes(t, report, want...)
		wantText(t, report, text)
	}
	if err := client.Set(t.Context(), "x", "y", 0).Err(); !redis.HasErrorPrefix(err, "MISCONF") {
		t.Fatalf("got %v for a write, want MISCONF", err)
	}
	look("stop-writes-on-bgsave-error is yes: every change is refused", "WARN snapshot")
	t.Run("without CONFIG or INFO", func(t *testing.T) {
		commands, _ := permissions(t)
		for user, test := range map[string]struct{ rules, want []string }{
			"informed": {[]string{"+info"}, []string{"WARN snapshot", "INFO unknown"}},
			"blind":    {nil, []string{"WARN layout", "INFO unknown"}},
		} {
			allow(t, client, user, slices.Concat([]string{"~*", "&*"}, commands, test.rules)...)
			report := check(t, server.Client(t, func(o *redis.Options) { o.Username, o.Password = user, "secret" }), redisstore.Options{})
			wantCodes(t, report, test.want...)
			wantText(t, report, "MISCONF")
		}
	})
	set("stop-writes-on-bgsave-error", "no")
	look("no append-only file is kept: a restart brings back an older state", "WARN snapshot")
	set("save", "")
	look("neither", "WARN persistence")
}

// The difference of the clocks counts from a second on, either way.
func TestCheckClock(t *testing.T) {
	client := redistest.Start(t, fit()).Client(t)
	for _, test := range []struct {
		name  string
		shift time.Duration
		want  []string
		text  string
	}{
		{"none", 0, nil, ""},
		{"a little ahead", 700 * time.Millisecond, nil, ""},
		{"a little behind", -700 * time.Millisecond, nil, ""},
		{"ahead", time.Minute, []string{"WARN clock"}, "ahead of the server's"},
		{"behind", -time.Minute, []string{"WARN clock"}, "behind the server's"},
	} {
		t.Run(test.name, func(t *testing.T) {
			now := func() time.Time { return time.Now().Add(test.shift) }
			report := check(t, client, redisstore.Options{Now: now, Prefix: randomPrefix()})
			wantCodes(t, report, test.want...)
			wantText(t, report, test.text)
		})
	}
	t.Run("a round trip of minutes", func(t *testing.T) {
		// Each reading of the clock is two minutes after the one before: the
		// server's time lies between two of them.
		now := time.Now().Add(-time.Minute)
		slow := func() time.Time { defer func() { now = now.Add(2 * time.Minute) }(); return now }
		wantCodes(t, check(t, client, redisstore.Options{Now: slow, Prefix: randomPrefix()}))
	})
}

// A server that is away is an error, and so is one that stops to answer, within
// the time of the context.
func TestCheckAway(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, fit())
	for name, contextTimeout := range map[string]bool{"a client that heeds the context": true, "one that does not": false} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t, server.Client(t, func(o *redis.Options) { o.ContextTimeoutEnabled = contextTimeout }), redisstore.Options{})
			server.Freeze()
			defer server.Thaw()
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			if report, err := s.Check(ctx); err == nil || len(report) != 0 {
				t.Errorf("got %v, %v, want an error", report, err)
			}
		})
	}
	t.Run("down", func(t *testing.T) {
		s := newStore(t, server.Client(t, func(o *redis.Options) { o.MaxRetries = -1 }), redisstore.Options{})
		server.Kill()
		if report, err := s.Check(t.Context()); err == nil || len(report) != 0 {
			t.Errorf("got %v, %v, want an error", report, err)
		}
	})
	t.Run("another password", func(t *testing.T) {
		client := redistest.Start(t, fit("requirepass right")).Client(t, func(o *redis.Options) { o.Password = "wrong" })
		if report, err := newStore(t, client, redisstore.Options{}).Check(t.Context()); err == nil || len(report) != 0 {
			t.Errorf("got %v, %v, want an error", report, err)
		}
	})
}

// A server that is at a script does not look unfit: Check says that it has no
// answer.
func TestCheckBusy(t *testing.T) {
	server := redistest.Start(t, fit("busy-reply-threshold 1"))
	client := server.Client(t, func(o *redis.Options) { o.MaxRetries, o.ReadTimeout = -1, time.Minute })
	s := newStore(t, client, redisstore.Options{})
	var running sync.WaitGroup
	running.Go(func() { client.Eval(t.Context(), "while true do end", nil) })
	await(t, "the script", func() bool { return redis.HasErrorPrefix(client.Ping(t.Context()).Err(), "BUSY") })
	report, err := s.Check(t.Context())
	if err == nil || len(report) != 0 {
		t.Errorf("got %v, %v, want an error", report, err)
	}
	mustSucceed(t, client.ScriptKill(t.Context()).Err())
	running.Wait()
	report, err = s.Check(t.Context())
	mustSucceed(t, err)
	wantCodes(t, report)
}

// What New could not compare with the data's layout, Check finds.
func TestCheckLayout(t *testing.T) {
	server := redistest.Start(t, fit())
	client := server.Client(t)
	s := newStore(t, client, redisstore.Options{})
	mustSucceed(t, client.FlushAll(t.Context()).Err())
	newStore(t, client, redisstore.Options{Shards: 8})
	report, err := s.Check(t.Context())
	mustSucceed(t, err)
	wantCodes(t, report, "WARN layout")
	wantText(t, report, "set Options.Shards")
}

// Check leaves nothing behind but the record of the layout, whether the user
// may do everything or each call has to be tried.
func TestCheckWritesNothing(t *testing.T) {
	for name, hook := range map[string]redis.Hook{"told": nil, "tried": before7{}} {
		t.Run(name, func(t *testing.T) {
			client := redistest.Start(t, fit()).Client(t)
			if hook != nil {
				client.AddHook(hook)
			}
			s := newStore(t, client, redisstore.Options{Prefix: "p:"})
			a := newAuthority(t, s)
			login(t, a, "alice")
			mustSucceed(t, a.Block(t.Context(), "bob", time.Time{}))
			before := dumpAll(t, client)
			report, err := s.Check(t.Context())
			mustSucceed(t, err)
			wantCodes(t, report)
			after := dumpAll(t, client)
			if len(after) != len(before) {
				t.Errorf("got the keys %v, want %v", after, before)
			}
			for key, value := range before {
				if after[key] != value {
					t.Errorf("%s has changed", key)
				}
			}
		})
	}
}

// dumpAll returns the value of each key, and whether it expires.
func dumpAll(t *testing.T, client redis.UniversalClient) map[string]string {
	t.Helper()
	values := map[string]string{}
	for _, key := range allKeys(t, client) {
		value, err := client.Dump(t.Context(), key).Result()
		mustSucceed(t, err)
		if client.TTL(t.Context(), key).Val() < 0 {
			value += " for ever"
		}
		values[key] = value
	}
	return values
}

func TestReportForLogs(t *testing.T) {
	report := redisstore.Report{
		{Code: "eviction", Level: slog.LevelWarn, Server: "10.0.0.1:6379", Found: "found", Danger: "danger", Remedy: "remedy"},
		{Code: "unknown", Level: slog.LevelInfo, Found: "nothing", Danger: "less", Remedy: "none"},
	}
	if got, want := report.String(), "10.0.0.1:6379: found: danger; remedy\nnothing: less; none"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("fitness", "report", report)
	for _, want := range []string{"report.0.code=eviction", "report.0.server=10.0.0.1:6379", "report.1.found=nothing", "report.1.remedy=none"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("got the log line %q, want %q in it", log.String(), want)
		}
	}
}
