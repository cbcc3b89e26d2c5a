package main

import (
	"os"
	"runtime"
	"strings"
	"testing"
)

const pagePath = "../../docs/scale.md"

// TestPage holds docs/scale.md against the output of this program.
func TestPage(t *testing.T) {
	text, err := os.ReadFile(pagePath)
	if err != nil {
		t.Fatal(err)
	}
	var tables strings.Builder
	if err := run(nil, &tables, os.Stderr); err != nil {
		t.Fatal(err)
	}
	want, err := insert(string(text), tables.String())
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	if runtime.GOARCH != "amd64" {
		// A processor that multiplies and adds in one step rounds otherwise, and
		// the simulation then draws another day.
		page, _, _ = strings.Cut(page, simulated)
		want, _, _ = strings.Cut(want, simulated)
	}
	got, wanted := strings.Split(page, "\n"), strings.Split(want, "\n")
	for i := range min(len(got), len(wanted)) {
		if got[i] != wanted[i] {
			t.Fatalf("docs/scale.md, line %d, is out of step: go -C lab/scale run . -page ../../docs/scale.md\ngot  %s\nwant %s", i+1, got[i], wanted[i])
		}
	}
	if len(got) != len(wanted) {
		t.Errorf("docs/scale.md has %d lines, want %d", len(got), len(wanted))
	}
}

func TestInsert(t *testing.T) {
	got, err := insert("above\n"+begin+"old\n"+end+"below\n", "new\n")
	if want := "above\n" + begin + "new\n" + end + "below\n"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	for _, page := range []string{"", begin, end, end + begin} {
		if _, err := insert(page, "new\n"); err == nil {
			t.Errorf("%q: got no error for a page without markers", page)
		}
	}
}
