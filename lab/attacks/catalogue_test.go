package attacks

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Each number has a suite, and the suites whose tests are numbered have exactly
// the numbers that README.md says.
func TestCatalogue(t *testing.T) {
	page := read(t, "README.md")
	claimed, all := make(map[string][]int), make(map[int]bool)
	for _, m := range regexp.MustCompile(`(?m)^\| ([a-z ]+?)(?:[,:][^|]*)? \| ([0-9][0-9, -]*) \|`).FindAllStringSubmatch(page, -1) {
		for part := range strings.SplitSeq(m[2], ", ") {
			first, last, ranged := strings.Cut(part, "-")
			from, _ := strconv.Atoi(first)
			to := from
			if ranged {
				to, _ = strconv.Atoi(last)
			}
			for n := from; n <= to; n++ {
				claimed[m[1]] = append(claimed[m[1]], n)
				all[n] = true
			}
		}
	}
	for n := 1; n <= 128; n++ {
		if !all[n] {
			t.Errorf("README.md has no suite for %d", n)
		}
	}
	var names strings.Builder
	for _, r := range rows() {
		names.WriteString(`"` + r.name + "\"\n")
	}
	for suite, text := range map[string]string{
		"attacks": names.String(), "core": read(t, "../../core/abuse_test.go"), "redisstore": read(t, "../../redisstore/abuse_test.go"),
	} {
		found := make(map[int]bool)
		for _, m := range regexp.MustCompile(`"([0-9]+)_[A-Za-z0-9_]+"`).FindAllStringSubmatch(text, -1) {
			n, _ := strconv.Atoi(m[1])
			found[n] = true
		}
		if got, want := slices.Sorted(maps.Keys(found)), claimed[suite]; !slices.Equal(got, want) {
			t.Errorf("%s has %v,\nREADME.md says %v", suite, got, want)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
