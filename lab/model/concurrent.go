package model

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
)

// RunConcurrent checks n times, or as often as RATCHET_HISTORIES says, that
// calls which a store from newStore gets at once are answered as the model
// answers them one after the other in some order, and leave the sessions that
// are left then: that the store is linearizable, for a few calls on one user.
func RunConcurrent(t *testing.T, n int, newStore func(now func() time.Time) core.Store) {
	seed := number(t, "RATCHET_SEED", int(mathrand.Uint32()))
	t.Logf("the first seed is %d", seed)
	if batch, err := runBatches(seed, number(t, "RATCHET_HISTORIES", n), newStore); err != nil {
		t.Fatalf("batch %d, RATCHET_SEED=%d: %v", batch, seed+batch-1, err)
	}
}

// runBatches returns the number of the batch that failed, from 1, and how.
func runBatches(seed, n int, newStore func(now func() time.Time) core.Store) (failed int, err error) {
	now := began
	store := newStore(func() time.Time { return now })
	for i := range n {
		b := newBatch(mathrand.New(mathrand.NewPCG(uint64(seed+i), 1)), store)
		now = now.Add(time.Hour)
		if err := b.run(now); err != nil {
			return i + 1, err
		}
	}
	return 0, nil
}

// batch is some calls that come one after the other, and some at once.
type batch struct {
	store    core.Store
	model    *model
	user     string
	sessions []string
	first    []storeCall
	together []storeCall
}

// storeCall is a call of the store, and what the model makes of it.
type storeCall struct {
	name string
	run  func(context.Context, time.Time) (string, error)
	want func(*model, time.Time) string
}

func newBatch(r *mathrand.Rand, store core.Store) *batch {
	s := common(func(s *settings) { s.MaxSessions = 2 + r.IntN(2); s.ReuseGrace = pick(r, core.Strict, 30*time.Second) })
	b := &batch{store: store, model: newModel(s), user: "user-" + rand.Text()}
	for range 1 + r.IntN(2) {
		b.first = append(b.first, b.create(len(b.first)+1))
	}
	for range r.IntN(4) {
		b.first = append(b.first, b.rotate(len(b.first)+1, r))
	}
	for len(b.together) < 3+r.IntN(3) {
		operation := len(b.first) + len(b.together) + 1
		var c storeCall
		switch n := r.IntN(20); {
		case n < 8:
			c = b.rotate(operation, r)
		case n < 10:
			c = b.create(operation)
		case n < 12:
			c = b.end(operation, pick(r, b.sessions...))
		case n < 14:
			c = b.endAll(operation, "")
		case n < 15:
			c = b.endAll(operation, pick(r, b.sessions...))
		case n < 16:
			c = b.block(operation)
		case n < 18:
			c = b.revoked(pick(r, b.sessions...))
		case len(b.together) > 0:
			c = b.together[len(b.together)-1] // the driver runs it again
		default:
			continue
		}
		b.together = append(b.together, c)
	}
	return b
}

// operationID returns the id of an operation of the batch, the same whenever
// the driver runs it.
func (b *batch) operationID(n int) (id driver.OperationID) {
	copy(id[:], b.user[len(b.user)-8:])
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

// run makes the calls and looks for an order of those made at once that
// explains what they were answered.
func (b *batch) run(now time.Time) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, c := range b.first {
		got, err := c.run(ctx, now)
		if want := c.want(b.model, now); err != nil || got != want {
			return fmt.Errorf("%s: got %q, %v, want %q", c.name, got, err, want)
		}
	}

	answers, errs := make([]string, len(b.together)), make([]error, len(b.together))
	start := make(chan struct{})
	var done sync.WaitGroup
	for i, c := range b.together {
		done.Go(func() {
			<-start
			answers[i], errs[i] = c.run(ctx, now)
		})
	}
	close(start)
	done.Wait()
	for i, err := range errs {
		if err != nil {
			return fmt.Errorf("%s: %w", b.together[i].name, err)
		}
	}
	list, err := b.store.Sessions(ctx, b.user)
	if err != nil {
		return err
	}
	var left []string
	for _, s := range list {
		left = append(left, fmt.Sprint(s.ID, " ", s.Generation))
	}
	slices.Sort(left)
	if !b.explained(b.model, make([]bool, len(answers)), answers, left, now) {
		var text strings.Builder
		for _, c := range b.first {
			fmt.Fprintf(&text, "\n\tfirst %s", c.name)
		}
		for i, c := range b.together {
			fmt.Fprintf(&text, "\n\tat once %s: %s", c.name, answers[i])
		}
		return fmt.Errorf("no order explains the answers, after which %q are left:%s", left, text.String())
	}
	return nil
}

// explained reports whether some order of the calls that are not done leads
// from the model to their answers and to the sessions that are left.
func (b *batch) explained(m *model, done []bool, answers, left []string, now time.Time) bool {
	if !slices.Contains(done, false) {
		var standing []string
		for _, s := range m.standing(b.user, now) {
			standing = append(standing, fmt.Sprint(s.id, " ", s.generation))
		}
		slices.Sort(standing)
		return slices.Equal(standing, left)
	}
	for i, c := range b.together {
		if done[i] {
			continue
		}
		next := m.clone()
		if c.want(next, now) != answers[i] {
			continue
		}
		done[i] = true
		if b.explained(next, done, answers, left, now) {
			return true
		}
		done[i] = false
	}
	return false
}
