package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	// What the benchmarks are built from, so that go test does not take this
	// package's last result for good once any of it has changed.
	_ "github.com/ratchetauth/ratchet/echoauth"
	_ "github.com/ratchetauth/ratchet/ginauth"
	_ "github.com/ratchetauth/ratchet/internal/redistest"
	_ "github.com/ratchetauth/ratchet/lab/bench/fixture"
	_ "github.com/ratchetauth/ratchet/lab/bench/peer"
	_ "github.com/ratchetauth/ratchet/redisstore"
)

func TestArguments(t *testing.T) {
	for _, args := range [][]string{
		{"-runs", "5"},
		{"-benchtime", "0s"},
		{"-rows", "P99"},
		{"-rows", "P4,"},
		{"P4"},
	} {
		if err := command(t.Context(), args, io.Discard, io.Discard); !errors.Is(err, errUsage) {
			t.Errorf("%v: got %v, want %v", args, err, errUsage)
		}
	}
}

// Every benchmark runs, and every row finds what it needs.
func TestQuickRun(t *testing.T) {
	if _, err := exec.LookPath("redis-server"); err != nil && os.Getenv("RATCHET_REQUIRE_SERVERS") == "" {
		t.Skipf("the benchmarks need Redis: %v", err)
	}
	sources, err := filepath.Glob("suite/*.go") // as with the imports
	if err != nil || len(sources) == 0 {
		t.Fatalf("got %d sources of the suite and %v", len(sources), err)
	}
	for _, name := range sources {
		if _, err := os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	if err := command(t.Context(), []string{"-quick"}, &out, t.Output()); err != nil {
		t.Fatal(err)
	}
	table := strings.Join(strings.Fields(out.String()), " ")
	for _, r := range rows() {
		if !strings.Contains(table, "| "+r.id+" | "+r.what+" |") {
			t.Errorf("%s %s is not in the table", r.id, r.what)
		}
	}
	if strings.Contains(table, "| yes |") || strings.Contains(table, "| no |") {
		t.Error("a quick run passes judgement")
	}
}
