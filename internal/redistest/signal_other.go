//go:build !unix

package redistest

import (
	"errors"
	"os"
)

// The package compiles where there are no such signals, so that the packages
// whose tests import it can be vetted there. Their tests are skipped for want
// of a redis-server.

func freeze(*os.Process) error { return errors.ErrUnsupported }

func thaw(*os.Process) error { return errors.ErrUnsupported }

func terminate(p *os.Process) error { return p.Kill() }
