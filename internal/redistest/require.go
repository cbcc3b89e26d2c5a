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

	// requireEnv names the environment variable without which no server is
	// started, and with which a missing one is a failure.
	requireEnv = "RATCHET_REQUIRE_SERVERS"
)

// serverBinary returns the path of redis-server. It skips the test unless
// RATCHET_REQUIRE_SERVERS is set: plain go test is to be quick, and to work on any
// machine. With it a missing server is a failure, because a run which is meant to
// be complete must not turn green by testing less.
func serverBinary(t testing.TB) string {
	t.Helper()
	name := cmp.Or(os.Getenv(serverEnv), serverName)
	if os.Getenv(requireEnv) == "" {
		t.Skipf("redistest: this test starts %s: run it with %s=1", name, requireEnv)
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("redistest: no %s in PATH, and %s asks for one: %v", name, requireEnv, err)
	}
	return path
}

// Require skips the test unless servers may be started, and fails it if there is
// none, as each start does.
func Require(t testing.TB) {
	t.Helper()
	serverBinary(t)
}
