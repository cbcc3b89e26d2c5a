package attacks_test

import (
	"testing"

	"github.com/ratchetauth/ratchet/internal/facetest"
	"github.com/ratchetauth/ratchet/lab/attacks"
)

// The list of abuses and faults, on each store. The faces of frameworks stand on
// this package: what may differ there is in the table.
func TestAttacks(t *testing.T)      { attacks.Run(t, facetest.NetHTTP, attacks.Memory) }
func TestAttacksRedis(t *testing.T) { attacks.Run(t, facetest.NetHTTP, attacks.Redis(t)) }
