package model

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
)

// yield lets other calls come in between.
func yield() {
	for range 20 {
		runtime.Gosched()
	}
}

// What a store must do in one step and does in two is found by a few thousand
// batches.
func TestFindsTornSteps(t *testing.T) {
	ctx := context.Background()
	for _, test := range []struct {
		name    string
		mistake flawed
	}{
		{"logins are counted before they are made", flawed{create: func(s core.Store, r driver.CreateRequest) (driver.CreateResult, error) {
			if list, err := s.Sessions(ctx, r.Subject); err != nil || len(list) >= r.MaxSessions {
				return s.Create(ctx, r)
			}
			yield()
			r.MaxSessions++
			return s.Create(ctx, r)
		}}},
		{"reissues at once all succeed", flawed{rotate: func(s core.Store, r driver.RotateRequest) (driver.RotateResult, error) {
			generation := func() int64 {
				list, _ := s.Sessions(ctx, r.Subject)
				for _, session := range list {
					if session.ID == r.SessionID {
						return session.Generation
					}
				}
				return -1
			}
			if generation() == r.Generation {
				yield()
				r.Generation = max(r.Generation, generation())
			}
			return s.Rotate(ctx, r)
		}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			batch, err := runBatches(1, 20000, func(now func() time.Time) core.Store {
				f := test.mistake
				f.Store = core.NewMemoryStore(core.MemoryOptions{Now: now})
				return &f
			})
			if err == nil {
				t.Fatal("no batch has found it")
			}
			t.Logf("batch %d: %v", batch, err)
		})
	}
}
