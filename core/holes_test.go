package core_test

import (
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/holetest"
)

// Known holes of others, on the embedded store.
func TestHole(t *testing.T) {
	holetest.Run(t, func(_ *testing.T, now func() time.Time) holetest.Deployment {
		store := core.NewMemoryStore(core.MemoryOptions{Now: now})
		return holetest.Deployment{Store: func() core.Store { return store }}
	})
}
