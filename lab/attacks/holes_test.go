package attacks

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The page names a case that there is in each row, and the case's comment has
// the row's links.
func TestHolesAreCases(t *testing.T) {
	page := read(t, "../../docs/holes.md")
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, file := range files {
		source.WriteString(read(t, file))
	}
	named := 0
	for _, m := range regexp.MustCompile("(?m)^\\|.*`([0-9]+_[A-Za-z0-9_]+)` \\|$").FindAllStringSubmatch(page, -1) {
		named++
		if !slices.ContainsFunc(rows(), func(r row) bool { return r.name == m[1] }) {
			t.Errorf("docs/holes.md: there is no case %s", m[1])
		}
		for _, link := range regexp.MustCompile(`\]\((https://[^)]+)\)`).FindAllStringSubmatch(m[0], -1) {
			if !strings.Contains(source.String(), "//   - "+link[1]+"\n") {
				t.Errorf("docs/holes.md: no case has the link %s of %s in its comment", link[1], m[1])
			}
		}
	}
	if want := strings.Count(page, "\n| ") - 1; named != want {
		t.Errorf("docs/holes.md: %d of %d rows name a case", named, want)
	}
}
