package redistest

import (
	"cmp"
	"os"
	"os/exec"
	"testing"
)

const (
	// serverName is the program looked up in PATH, unless serverEnv names another
	// that takes the same arguments, such as a valkey-server.
	serverName = "redis-server"
	serverEnv  = "RATCHET_SERVER"

	// requireEnv names the environment variable which turns a missing server
	// from a reason to skip into a failure.
	requireEnv = "RATCHET_REQUIRE_SERVERS"
)

// serverBinary returns the path of redis-server. Without one it ends the test:
// as skipped, because the library is to be testable on a machine without Redis,
// or as failed if RATCHET_REQUIRE_SERVERS is not empty, because a run which is
// meant to be complete must not turn green by testing less.
func serverBinary(t testing.TB) string {
	t.Helper()
	name := cmp.Or(os.Getenv(serverEnv), serverName)
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv(requireEnv) != "" {
		t.Fatalf("redistest: no %s in PATH, and %s asks for one: %v", name, requireEnv, err)
	}
	t.Skipf("redistest: no %s in PATH: install Redis to run this test (%v)", name, err)
	return ""
}
