package core_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/modeltest"
)

// Random histories on the embedded store. Its lost writes are those of a
// process that restarts from a copy; they show that nothing depends on which
// store it is.
func TestHistories(t *testing.T) {
	modeltest.Run(t, 300, func(now func() time.Time) (modeltest.Backend, error) {
		j := modeltest.NewJournal(now, func(now func() time.Time) core.Store {
			return core.NewMemoryStore(core.MemoryOptions{Now: now})
		})
		return modeltest.Backend{
			Store: j,
			Save:  j.Save,
			MarkBlocked: func(subject string, until time.Time) error {
				j.Make(func(s core.Store) { s.(*core.MemoryStore).BlockAlone(subject, until) })
				return nil
			},
			Size: func() (int, error) { return countEntries(reflect.ValueOf(j.Store).Elem()), nil },
		}, nil
	})
}

// Calls at once on the embedded store.
func TestConcurrentCalls(t *testing.T) {
	modeltest.RunConcurrent(t, 2000, func(now func() time.Time) core.Store {
		return core.NewMemoryStore(core.MemoryOptions{Now: now})
	})
}
