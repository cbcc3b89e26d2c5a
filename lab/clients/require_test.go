package clients_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// missing ends a test that cannot do without something: as skipped, or as
// failed where a run is meant to be complete.
func missing(t *testing.T, what string, err error) {
	t.Helper()
	if os.Getenv("RATCHET_REQUIRE_SERVERS") != "" {
		t.Fatalf("%s: %v", what, err)
	}
	t.Skipf("%s: %v", what, err)
}

// nodeBinary returns the path of node, with the packages of package.json
// installed.
func nodeBinary(t *testing.T) string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "node is not installed", err)
	}
	if _, err := os.Stat(filepath.Join("node_modules", ".package-lock.json")); err != nil {
		missing(t, "run npm ci in lab/clients", err)
	}
	return node
}

// findChromium returns the path of the browser under one of the names that
// distributions give it.
func findChromium(t *testing.T) string {
	t.Helper()
	var first error
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		path, err := exec.LookPath(name)
		if err == nil {
			return path
		}
		if first == nil {
			first = err
		}
	}
	missing(t, "Chromium is not installed", first)
	return ""
}
