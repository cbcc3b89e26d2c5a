package echoauth_test

import (
	"testing"

	"github.com/ratchetauth/ratchet/internal/abusetest"
)

// The list of abuses and faults, on each store.
func TestAbuse(t *testing.T)      { abusetest.Run(t, newHandler, abusetest.Memory) }
func TestAbuseRedis(t *testing.T) { abusetest.Run(t, newHandler, abusetest.Redis(t)) }
