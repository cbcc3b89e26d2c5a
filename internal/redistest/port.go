package redistest

import (
	"fmt"
	"net"
)

// freePort returns a loopback port which nobody listens on. Somebody else may
// take it before the server does, so that its caller has to be ready to pick
// again.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("picking a port: %w", err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return 0, fmt.Errorf("picking a port: %w", err)
	}
	return port, nil
}
