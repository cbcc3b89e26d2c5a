package model

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
)

// errFault is what a failing driver says.
var errFault = errors.New("the driver failed")

// tap is the store as a process sees it through a driver that may fail. It
// keeps the last change, which may arrive a second time, or late.
type tap struct {
	core.Store
	fault  fault
	called bool   // since reset, whether or not the call arrived
	opened string // the id of the last session that was to be created
	again  func() (outcome string, err error)
}

func (t *tap) reset(f fault) { t.fault, t.called = f, false }

// change makes a call fare as the fault says.
func change[Q, A any](ctx context.Context, t *tap, run func(context.Context, Q) (A, error), request Q, outcome func(A) string) (answer A, err error) {
	t.called = true
	t.again = func() (string, error) {
		a, err := run(context.Background(), request)
		return outcome(a), err
	}
	if t.fault == unreached {
		return answer, errFault
	}
	answer, err = run(ctx, request)
	if t.fault == twice && err == nil {
		answer, err = run(ctx, request)
	}
	if t.fault == crash {
		err = errFault
	}
	return answer, err
}

// Create implements [core.Store].
func (t *tap) Create(ctx context.Context, r driver.CreateRequest) (driver.CreateResult, error) {
	t.opened = r.SessionID
	return change(ctx, t, t.Store.Create, r, createOutcome)
}

func createOutcome(a driver.CreateResult) string {
	return map[driver.CreateOutcome]string{driver.Created: "created", driver.CreateAtLimit: "limit", driver.CreateIsBlocked: "blocked"}[a.Outcome]
}

// Rotate implements [core.Store].
func (t *tap) Rotate(ctx context.Context, r driver.RotateRequest) (driver.RotateResult, error) {
	if t.fault == wrongSeed {
		r.SeedHash[0] ^= 1
	}
	return change(ctx, t, t.Store.Rotate, r, func(a driver.RotateResult) string { return a.Outcome.String() })
}

// End implements [core.Store].
func (t *tap) End(ctx context.Context, r driver.EndRequest) (driver.EndResult, error) {
	if t.fault == wrongSeed && r.SeedHash != nil {
		wrong := *r.SeedHash
		wrong[0] ^= 1
		r.SeedHash = &wrong
	}
	return change(ctx, t, t.Store.End, r, endOutcome)
}

func endOutcome(a driver.EndResult) string {
	return map[driver.EndOutcome]string{driver.Ended: "ended", driver.EndedEarlier: "earlier", driver.EndMissing: "missing", driver.EndForged: "forged"}[a.Outcome]
}

func joined(a driver.EndAllResult) string { return joinedIDs(a.Ended) }

func joinedIDs(ids []string) string { return strings.Join(slices.Sorted(slices.Values(ids)), " ") }

// EndAll implements [core.Store].
func (t *tap) EndAll(ctx context.Context, r driver.EndAllRequest) (driver.EndAllResult, error) {
	return change(ctx, t, t.Store.EndAll, r, joined)
}

// Block implements [core.Store].
func (t *tap) Block(ctx context.Context, r driver.BlockRequest) (driver.EndAllResult, error) {
	return change(ctx, t, t.Store.Block, r, joined)
}

// RefreshClaims implements [core.Store].
func (t *tap) RefreshClaims(ctx context.Context, r driver.RefreshClaimsRequest) (driver.RefreshClaimsResult, error) {
	return change(ctx, t, t.Store.RefreshClaims, r, func(a driver.RefreshClaimsResult) string {
		return "sessions " + joinedIDs(a.Sessions)
	})
}

// Unblock implements [core.Store].
func (t *tap) Unblock(ctx context.Context, r driver.UnblockRequest) error {
	_, err := change(ctx, t, func(ctx context.Context, r driver.UnblockRequest) (struct{}, error) {
		return struct{}{}, t.Store.Unblock(ctx, r)
	}, r, func(struct{}) string { return "done" })
	return err
}

// Deny implements [core.Store].
func (t *tap) Deny(ctx context.Context, r driver.DenyRequest) error {
	_, err := change(ctx, t, func(ctx context.Context, r driver.DenyRequest) (struct{}, error) {
		return struct{}{}, t.Store.Deny(ctx, r)
	}, r, func(struct{}) string { return "done" })
	return err
}
