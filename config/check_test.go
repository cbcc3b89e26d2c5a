package config_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/internal/redistest"
)

// opened opens the store of an environment and returns what was logged.
func opened(t *testing.T, e env) []string {
	t.Helper()
	var log bytes.Buffer
	_, closeStore, err := read(t, e).Open(slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	if err := closeStore(); err != nil {
		t.Errorf("closing the store: %v", err)
	}
	return strings.Split(strings.TrimSuffix(log.String(), "\n"), "\n")
}

// Each finding of Check is one line of the log.
func TestOpenLogsFindings(t *testing.T) {
	for _, test := range []struct {
		name  string
		lines []string
		want  []string // in turn
	}{
		{"fit", []string{"appendonly yes"}, []string{""}},
		{"one finding", nil, []string{"level=WARN code=persistence"}},
		{"two findings", []string{"maxmemory 100mb", "maxmemory-policy allkeys-lru"},
			[]string{"level=WARN code=eviction", "level=WARN code=persistence"}},
		{"a lesser one", []string{"appendonly yes", "maxmemory-policy allkeys-lru"}, []string{"level=INFO code=eviction"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := redistest.Start(t, redistest.WithConfig(test.lines...))
			got := opened(t, env{"REDIS_URL": "redis://" + server.Addr()})
			if len(got) != len(test.want) {
				t.Fatalf("got the log %q, want %d lines", got, len(test.want))
			}
			for i, want := range test.want {
				for word := range strings.FieldsSeq(want) {
					if !strings.Contains(got[i], word) {
						t.Errorf("got %q, want %q in it", got[i], word)
					}
				}
				if want != "" && (!strings.Contains(got[i], "server="+server.Addr()) || !strings.Contains(got[i], "remedy=")) {
					t.Errorf("got %q, want the server and the remedy in it", got[i])
				}
			}
		})
	}
}

// A server that cannot be asked is one line of the log and no error.
func TestOpenLogsAbsenceOnce(t *testing.T) {
	gone := redistest.Start(t)
	gone.Kill()
	frozen := redistest.Start(t)
	frozen.Freeze()
	for name, server := range map[string]*redistest.Server{"down": gone, "frozen": frozen} {
		t.Run(name, func(t *testing.T) {
			got := opened(t, env{"REDIS_URL": "redis://" + server.Addr()})
			if len(got) != 1 || !strings.Contains(got[0], "level=WARN") || !strings.Contains(got[0], "error=") {
				t.Errorf("got the log %q, want one warning", got)
			}
		})
	}
}
