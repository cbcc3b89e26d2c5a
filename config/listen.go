package config

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// Listen listens on Addr. An address that some other process has is an
// ordinary error; an address that cannot be listened on at all is a bad value
// of ADDR and [ErrInvalid].
func (s *Settings) Listen() (net.Listener, error) {
	l, err := net.Listen("tcp", s.Addr)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("ADDR=%s is in use by another process: %w", quote(s.Addr), err)
	default:
		return nil, invalid(fmt.Sprintf("ADDR=%s cannot be listened on: %v", quote(s.Addr), err))
	}
}
