package redistest_test

import (
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/internal/redistest"
)

// Without the variable no server is started, whether or not there is one; with it
// a missing one is a failure.
func TestServersOnlyIfRequired(t *testing.T) {
	starts := map[string]func(testing.TB){
		"Start":         func(t testing.TB) { redistest.Start(t) },
		"StartCluster":  func(t testing.TB) { redistest.StartCluster(t, 3, 0) },
		"StartSentinel": func(t testing.TB) { redistest.StartSentinel(t, 1, 3) },
	}
	for name, start := range starts {
		t.Run(name, func(t *testing.T) {
			t.Setenv("RATCHET_REQUIRE_SERVERS", "")
			r := outcome(t, start)
			if r.failed != "" || !strings.Contains(r.skipped, "redis-server") {
				t.Errorf("skipped with %q, failed with %q; want it skipped without a look for redis-server",
					r.skipped, r.failed)
			}
			t.Setenv("RATCHET_REQUIRE_SERVERS", "1")
			t.Setenv("PATH", t.TempDir())
			r = outcome(t, start)
			if r.skipped != "" || !strings.Contains(r.failed, "redis-server") {
				t.Errorf("skipped with %q, failed with %q; want it failed for want of redis-server",
					r.skipped, r.failed)
			}
		})
	}
}
