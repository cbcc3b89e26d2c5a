package e2e

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestRooms checks that the table of lab/README.md names exactly the folders of lab.
func TestRooms(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for _, m := range regexp.MustCompile(`(?m)^\| \[(\w+)\]\((\w+)\) \|`).FindAllStringSubmatch(string(text), -1) {
		if m[1] != m[2] {
			t.Errorf("the room %s leads to %s", m[1], m[2])
		}
		named = append(named, m[1])
	}
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, e := range entries {
		if e.IsDir() && e.Name() != "holes" { // which is about to go
			folders = append(folders, e.Name())
		}
	}
	slices.Sort(named)
	if !slices.Equal(named, folders) {
		t.Errorf("lab/README.md names\n%q, the folders are\n%q", named, folders)
	}
}
