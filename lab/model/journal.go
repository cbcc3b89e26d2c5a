package model

import (
	"context"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
)

// Journal is a [core.Store] that can go back: it notes each change and its time
// and, to forget the later ones, makes the earlier ones again in an empty store.
// It is for stores that have no snapshot of their own, and not safe for
// concurrent use.
type Journal struct {
	core.Store // the present one, for what changes nothing
	open       func(now func() time.Time) core.Store
	now        func() time.Time
	replaying  *time.Time
	past       []entry
}

type entry struct {
	at   time.Time
	make func(core.Store)
}

// NewJournal returns a journal of the empty stores that open returns.
func NewJournal(now func() time.Time, open func(now func() time.Time) core.Store) *Journal {
	j := &Journal{open: open, now: now}
	j.Store = open(j.clock)
	return j
}

func (j *Journal) clock() time.Time {
	if j.replaying != nil {
		return *j.replaying
	}
	return j.now()
}

// Make makes a change that is no method of [core.Store].
func (j *Journal) Make(change func(core.Store)) {
	j.past = append(j.past, entry{j.now(), change})
	change(j.Store)
}

// Save returns what brings the present state back.
func (j *Journal) Save() (restore func() error, err error) {
	n := len(j.past)
	return func() error {
		j.past = j.past[:n:n]
		j.Store = j.open(j.clock)
		for _, e := range j.past {
			j.replaying = &e.at
			e.make(j.Store)
		}
		j.replaying = nil
		return nil
	}, nil
}

// noted makes a change that answers.
func noted[A any](j *Journal, change func(core.Store) (A, error)) (answer A, err error) {
	j.past = append(j.past, entry{j.now(), func(s core.Store) { _, _ = change(s) }})
	return change(j.Store)
}

// Create implements [core.Store].
func (j *Journal) Create(ctx context.Context, r driver.CreateRequest) (driver.CreateResult, error) {
	return noted(j, func(s core.Store) (driver.CreateResult, error) { return s.Create(ctx, r) })
}

// Rotate implements [core.Store].
func (j *Journal) Rotate(ctx context.Context, r driver.RotateRequest) (driver.RotateResult, error) {
	return noted(j, func(s core.Store) (driver.RotateResult, error) { return s.Rotate(ctx, r) })
}

// End implements [core.Store].
func (j *Journal) End(ctx context.Context, r driver.EndRequest) (driver.EndResult, error) {
	return noted(j, func(s core.Store) (driver.EndResult, error) { return s.End(ctx, r) })
}

// EndAll implements [core.Store].
func (j *Journal) EndAll(ctx context.Context, r driver.EndAllRequest) (driver.EndAllResult, error) {
	return noted(j, func(s core.Store) (driver.EndAllResult, error) { return s.EndAll(ctx, r) })
}

// Block implements [core.Store].
func (j *Journal) Block(ctx context.Context, r driver.BlockRequest) (driver.EndAllResult, error) {
	return noted(j, func(s core.Store) (driver.EndAllResult, error) { return s.Block(ctx, r) })
}

// RefreshClaims implements [core.Store].
func (j *Journal) RefreshClaims(ctx context.Context, r driver.RefreshClaimsRequest) (driver.RefreshClaimsResult, error) {
	return noted(j, func(s core.Store) (driver.RefreshClaimsResult, error) { return s.RefreshClaims(ctx, r) })
}

// Unblock implements [core.Store].
func (j *Journal) Unblock(ctx context.Context, r driver.UnblockRequest) error {
	_, err := noted(j, func(s core.Store) (struct{}, error) { return struct{}{}, s.Unblock(ctx, r) })
	return err
}

// Deny implements [core.Store].
func (j *Journal) Deny(ctx context.Context, r driver.DenyRequest) error {
	_, err := noted(j, func(s core.Store) (struct{}, error) { return struct{}{}, s.Deny(ctx, r) })
	return err
}
