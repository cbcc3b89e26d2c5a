package httpauth_test

import (
	"testing"

	"github.com/ratchetauth/ratchet/internal/abusetest"
)

// The list of abuses and faults, on each store. The faces of frameworks stand on
// this package: what may differ there is in the table.
func TestAbuse(t *testing.T)      { abusetest.Run(t, newHandler, abusetest.Memory) }
func TestAbuseRedis(t *testing.T) { abusetest.Run(t, newHandler, abusetest.Redis(t)) }
