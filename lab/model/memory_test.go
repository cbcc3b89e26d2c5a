package model_test

import (
	"context"
	"crypto/rand"

	"reflect"
	"testing"
	"time"
	"unsafe"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/lab/model"
)

// Random histories on the embedded store. Its lost writes are those of a
// process that restarts from a copy; they show that nothing depends on which
// store it is.
func TestHistoriesMemory(t *testing.T) {
	model.Run(t, 300, func(now func() time.Time) (model.Backend, error) {
		j := model.NewJournal(now, func(now func() time.Time) core.Store {
			return core.NewMemoryStore(core.MemoryOptions{Now: now})
		})
		return model.Backend{
			Store: j,
			Save:  j.Save,
			MarkBlocked: func(subject string, until time.Time) error {
				var err error
				j.Make(func(s core.Store) { err = markBlockedInMemory(s, subject, until) })
				return err
			},
			Size: func() (int, error) { return countEntries(reflect.ValueOf(j.Store).Elem()), nil },
		}, nil
	})
}

// Calls at once on the embedded store.
func TestConcurrentCallsMemory(t *testing.T) {
	model.RunConcurrent(t, 2000, func(now func() time.Time) core.Store {
		return core.NewMemoryStore(core.MemoryOptions{Now: now})
	})
}

// markBlockedInMemory makes the state of a store that has lost half of a block,
// which no sequence of calls brings about in this one.
func markBlockedInMemory(s core.Store, subject string, until time.Time) error {
	// An earlier block goes, with the note of when the store is to forget it.
	err := s.Unblock(context.Background(), driver.UnblockRequest{Subject: subject, Operation: driver.OperationID([]byte(rand.Text()[:16]))})
	field := reflect.ValueOf(s).Elem().FieldByName("blocked")
	blocked := *(*map[string]int64)(unsafe.Pointer(field.UnsafeAddr()))
	blocked[subject] = until.UnixMilli()
	return err
}

// countEntries counts what a struct holds, in whatever maps and slices it has.
func countEntries(v reflect.Value) (n int) {
	switch v.Kind() {
	case reflect.Map, reflect.Slice:
		n = v.Len()
	case reflect.Struct:
		for i := range v.NumField() {
			n += countEntries(v.Field(i))
		}
	}
	return n
}
