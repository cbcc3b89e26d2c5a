package redistest

import (
	"fmt"
	"strings"
)

// Option changes the configuration of a server which [Start] starts.
type Option func(*config)

// WithAOF makes the server write its append-only file, and sync it on every
// write, so that what it has acknowledged is still there after a
// [Server.Restart], even one that follows a [Server.Kill].
func WithAOF() Option {
	return WithConfig("appendonly yes", "appendfsync always")
}

// WithConfig adds lines to the server's configuration file, each in the form
// "directive value...". They follow the lines of this package and so override
// them. A password set with requirepass is used by [Server.Client] as well.
func WithConfig(lines ...string) Option {
	return func(c *config) { c.extra = append(c.extra, lines...) }
}

// mode tells apart the roles in which redis-server can run.
type mode int

const (
	singleMode   mode = iota // a server by itself, or one side of a replication
	clusterMode              // a node of a cluster
	sentinelMode             // a sentinel, which stores nothing
)

// config is what the configuration file of a server is made of.
type config struct {
	mode  mode
	extra []string

	// pickPort returns a port nobody listens on.
	pickPort func() (int, error)
}

// newConfig returns the configuration of a server in the given mode.
func newConfig(m mode, opts ...Option) config {
	c := config{mode: m, pickPort: freePort}
	for _, opt := range opts {
		opt(&c)
	}
	return c
}

// render returns the configuration file of a server on the given ports. The
// bus port is used by a cluster node only. It is picked like the other one
// instead of being left at port+10000, which may be taken or past 65535.
func (c config) render(dir string, port, busPort int) string {
	lines := []string{
		fmt.Sprintf("port %d", port),
		"bind 127.0.0.1",
		fmt.Sprintf("dir %q", dir),
	}
	if c.mode != sentinelMode {
		lines = append(lines,
			`save ""`,
			"appendonly no",
			// By default a master waits five seconds for further replicas
			// before it starts to send a snapshot to the first.
			"repl-diskless-sync-delay 0",
			// A replica which was sent nothing yet is not listed by CLUSTER
			// SLOTS. The first it is sent is a ping, by default after ten
			// seconds.
			"repl-ping-replica-period 1",
		)
	}
	if c.mode == clusterMode {
		lines = append(lines,
			"cluster-enabled yes",
			"cluster-config-file nodes.conf",
			"cluster-node-timeout 2000",
			"cluster-announce-ip 127.0.0.1",
			fmt.Sprintf("cluster-port %d", busPort),
		)
	}
	lines = append(lines, c.extra...)
	return strings.Join(lines, "\n") + "\n"
}

// password returns the password which the server asks of its clients, empty
// for none.
func (c config) password() string {
	var password string
	for _, line := range c.extra {
		if f := strings.Fields(line); len(f) == 2 && strings.EqualFold(f[0], "requirepass") {
			password = strings.Trim(f[1], `"'`)
		}
	}
	return password
}
