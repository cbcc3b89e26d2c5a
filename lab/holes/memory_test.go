package holes_test

import (
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/lab/holes"
)

// Known holes of others, on the embedded store.
func TestHoleMemory(t *testing.T) {
	holes.Run(t, func(_ *testing.T, now func() time.Time) holes.Deployment {
		store := core.NewMemoryStore(core.MemoryOptions{Now: now})
		return holes.Deployment{Store: func() core.Store { return store }}
	})
}
