package e2e_test

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/config"
)

// outline is what a README and its translation have in common.
type outline struct {
	headings []string // the number signs of each
	code     []string // fenced blocks
	rows     []int    // columns of each line of a table
	spans    []string // code in tables, sorted
	links    []string // where links lead, sorted
}

func outlineOf(t *testing.T, file string) outline {
	t.Helper()
	text, err := os.ReadFile("../../" + file)
	if err != nil {
		t.Fatal(err)
	}
	fenced := regexp.MustCompile("(?ms)^```.*?^```$")
	o := outline{code: fenced.FindAllString(string(text), -1)}
	rest := fenced.ReplaceAllString(string(text), "")
	for line := range strings.Lines(rest) {
		if level := len(line) - len(strings.TrimLeft(line, "#")); level > 0 {
			o.headings = append(o.headings, line[:level])
		}
		if strings.HasPrefix(line, "|") {
			o.rows = append(o.rows, strings.Count(line, "|")-1)
			o.spans = append(o.spans, regexp.MustCompile("`[^`]+`").FindAllString(line, -1)...)
		}
	}
	for _, m := range regexp.MustCompile(`\]\(([^)\s]+)\)|\]\[([\w-]+)\]|(?m)^(\[[\w-]+\]: .*)$`).FindAllStringSubmatch(rest, -1) {
		if link := m[1] + m[2] + m[3]; link != "README.md" && link != "README.ko.md" {
			o.links = append(o.links, link)
		}
	}
	slices.Sort(o.spans)
	slices.Sort(o.links)
	return o
}

// TestKorean compares the Korean README with the English one in what does not
// depend on the language.
func TestKorean(t *testing.T) {
	english, korean := outlineOf(t, "README.md"), outlineOf(t, "README.ko.md")
	if len(english.headings) < 5 || len(english.code) < 5 || len(english.rows) < 10 {
		t.Fatalf("the README has %d headings, %d code blocks and %d rows", len(english.headings), len(english.code), len(english.rows))
	}
	if !slices.Equal(korean.headings, english.headings) {
		t.Errorf("headings: got %q, want %q", korean.headings, english.headings)
	}
	if len(korean.code) != len(english.code) {
		t.Errorf("code blocks: got %d, want %d", len(korean.code), len(english.code))
	}
	for i := range min(len(korean.code), len(english.code)) {
		if korean.code[i] != english.code[i] {
			t.Errorf("code block %d: got\n%s\nwant\n%s", i+1, korean.code[i], english.code[i])
		}
	}
	if !slices.Equal(korean.rows, english.rows) {
		t.Errorf("columns of each row: got %v, want %v", korean.rows, english.rows)
	}
	if !slices.Equal(korean.spans, english.spans) {
		t.Errorf("code in tables: got %q, want %q", korean.spans, english.spans)
	}
	if !slices.Equal(korean.links, english.links) {
		t.Errorf("links: got %q, want %q", korean.links, english.links)
	}
}

// TestReadmeSettings reads the environment that the README gives for each
// home-made system.
func TestReadmeSettings(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	assignment := regexp.MustCompile("`([A-Z_]+)=([^`]+)`")
	systems := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !assignment.MatchString(cells[2]) {
			continue
		}
		systems++
		environment := make(map[string]string)
		for _, m := range assignment.FindAllStringSubmatch(cells[2], -1) {
			environment[m[1]] = m[2]
		}
		read := make(map[string]bool)
		settings, err := config.FromEnv(func(name string) string {
			read[name] = true
			return environment[name]
		}, config.Defaults{})
		if errors.Is(err, config.ErrInvalid) {
			t.Errorf("%s: %v", strings.TrimSpace(cells[1]), err)
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		for name := range environment {
			if !read[name] {
				t.Errorf("%s: %s is no variable", strings.TrimSpace(cells[1]), name)
			}
		}
		if store := settings.StoreName(); strings.HasPrefix(store, "redis") != (environment["REDIS_URL"] != "") {
			t.Errorf("%s: the store is %s", strings.TrimSpace(cells[1]), store)
		}
	}
	if systems != 5 {
		t.Errorf("the README has settings for %d systems, want 5", systems)
	}
}
