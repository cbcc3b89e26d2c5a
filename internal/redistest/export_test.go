package redistest

import "testing"

// StartOnPorts starts a single server, or a node of a cluster, with a choice of
// ports.
func StartOnPorts(t testing.TB, cluster bool, pick func() (int, error)) *Server {
	t.Helper()
	cfg := newConfig(singleMode)
	if cluster {
		cfg = newConfig(clusterMode)
	}
	cfg.pickPort = pick
	return start(t, cfg)
}
