package facetest_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/internal/facetest"
)

var update = flag.Bool("update", false, "write the table into docs/wire.md")

// TestDocument checks that the table in docs/wire.md is the one that both
// adapters pass.
func TestDocument(t *testing.T) {
	const path, begin, end = "../../docs/wire.md", "<!-- table -->\n", "<!-- end of table -->\n"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	got, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s: got no table between %q and %q", path, begin, end)
	}
	want, err := facetest.Markdown()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		g, w := lineOf(gotLines, i), lineOf(wantLines, i)
		if g != w {
			t.Fatalf("%s, line %d of the table (go test ./internal/facetest -run TestDocument -update writes it anew):\n got %s\nwant %s", path, i+1, g, w)
		}
	}
}

func lineOf(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}
