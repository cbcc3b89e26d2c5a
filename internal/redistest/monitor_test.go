package redistest_test

import (
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/redis/go-redis/v9"
)

func TestMonitor(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	client := s.Client(t)
	check(t, client.Ping(t.Context()).Err()) // opens the connection
	check(t, client.Set(t.Context(), "before", "1", 0).Err())

	m := redistest.StartMonitor(t, s.Addr())
	other := redistest.StartMonitor(t, s.Addr())
	if lines := m.Lines(); len(lines) != 0 {
		t.Errorf("before the first command: %q", lines)
	}
	for i := range 100 {
		check(t, client.Set(t.Context(), "k", i, 0).Err())
		if lines := m.Lines(); len(lines) != i+1 {
			t.Fatalf("after %d commands: %q", i+1, lines)
		}
	}
	if lines := m.Lines(); !strings.HasSuffix(lines[42], `"set" "k" "42"`) {
		t.Errorf("command 42 is %q", lines[42])
	}
	other.Lines()

	check(t, client.Set(t.Context(), "last", "1", 0).Err())
	m.Stop()
	m.Stop() // does nothing
	check(t, client.Set(t.Context(), "after", "1", 0).Err())
	lines := m.Lines()
	if len(lines) != 101 || !strings.HasSuffix(lines[100], `"set" "last" "1"`) {
		t.Errorf("the lines after Stop end with %q", lines[100:])
	}
	if lines := other.Lines(); len(lines) != 102 {
		t.Errorf("the other monitor has %d lines, want 102", len(lines))
	}
}

func TestMonitorLosesServer(t *testing.T) {
	t.Parallel()
	redistest.Require(t)
	r := outcome(t, func(t testing.TB) {
		s := redistest.Start(t)
		m := redistest.StartMonitor(t, s.Addr())
		s.Kill()
		m.Lines()
	})
	if !strings.Contains(r.failed, "lost its connection") {
		t.Errorf("failed with %q", r.failed)
	}
}

func TestCommandStats(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	script := redis.NewScript(`return redis.call("incr", KEYS[1])`)
	check(t, script.Load(t.Context(), client).Err())
	for range 3 {
		check(t, script.Run(t.Context(), client, []string{"n"}).Err())
	}
	stats := redistest.CommandStats(t, client)
	want := map[string]int64{"evalsha": 3, "eval": 0, "incr": 3, "script|load": 1}
	for name, n := range want {
		if stats[name] != n {
			t.Errorf("%s was executed %d times, want %d", name, stats[name], n)
		}
	}
	check(t, client.ConfigResetStat(t.Context()).Err())
	if n := redistest.CommandStats(t, client)["evalsha"]; n != 0 {
		t.Errorf("evalsha was executed %d times after a reset", n)
	}
}
