package holes

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The page names every hole once, with all of its sources, and none that is not
// played.
func TestPageAndHolesAgree(t *testing.T) {
	text, err := os.ReadFile("../../docs/holes.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := make(map[string]string)
	var named []string
	for line := range strings.Lines(string(text)) {
		if m := regexp.MustCompile("^\\|.*`TestHole/([a-z_]+)`").FindStringSubmatch(line); m != nil {
			rows[m[1]] = line
			named = append(named, m[1])
		}
	}
	var played []string
	for _, h := range holes() {
		played = append(played, h.name)
		if len(h.sources) == 0 {
			t.Errorf("%s has no source", h.name)
		}
		for _, url := range h.sources {
			if !strings.Contains(rows[h.name], "("+url+")") {
				t.Errorf("docs/holes.md: the row of %s does not link to %s", h.name, url)
			}
		}
		if links := strings.Count(rows[h.name], "](https://"); links != len(h.sources) {
			t.Errorf("docs/holes.md: the row of %s has %d links, want %d", h.name, links, len(h.sources))
		}
	}
	if !slices.Equal(named, played) {
		t.Errorf("docs/holes.md names %v,\nplayed are %v", named, played)
	}
}
