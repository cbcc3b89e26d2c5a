package facetest

import (
	"context"
	"sync"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
)

// Hook is called around a method of [Store], which it is given the name of,
// such as "Rotate". If it returns an error the method fails with it.
type Hook func(ctx context.Context, method string) error

// Store passes everything on to another store, counts it and misbehaves on
// demand. It is safe for concurrent use.
type Store struct {
	next core.Store

	mu     sync.Mutex
	calls  map[string]int
	before Hook
	after  Hook
	twice  bool
}

// NewStore returns a Store in front of next that behaves.
func NewStore(next core.Store) *Store {
	return &Store{next: next, calls: make(map[string]int)}
}

// Before sets the hook that runs before each call. Its error keeps the call
// from the store behind; waiting in it holds the call up.
func (s *Store) Before(h Hook) { s.set(func() { s.before = h }) }

// After sets the hook that runs after each call. Its error hides the result:
// the caller cannot know whether the call happened.
func (s *Store) After(h Hook) { s.set(func() { s.after = h }) }

// Twice makes each call run twice and answer as the second time, as a driver
// does that loses the first answer.
func (s *Store) Twice(on bool) { s.set(func() { s.twice = on }) }

// Fail makes each call fail with err.
func (s *Store) Fail(err error) { s.Before(func(context.Context, string) error { return err }) }

// Heal ends all misbehaviour.
func (s *Store) Heal() { s.set(func() { s.before, s.after, s.twice = nil, nil, false }) }

// Calls returns how often a method has been called, or all methods if none is
// named.
func (s *Store) Calls(methods ...string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(methods) == 0 {
		for _, c := range s.calls {
			n += c
		}
	}
	for _, m := range methods {
		n += s.calls[m]
	}
	return n
}

func (s *Store) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// run calls one method of the store behind, as badly as was asked.
func run[T any](ctx context.Context, s *Store, method string, call func() (T, error)) (T, error) {
	s.mu.Lock()
	s.calls[method]++
	before, after, twice := s.before, s.after, s.twice
	s.mu.Unlock()

	var nothing T
	if before != nil {
		if err := before(ctx, method); err != nil {
			return nothing, err
		}
	}
	result, err := call()
	if twice {
		result, err = call()
	}
	if after != nil {
		if err := after(ctx, method); err != nil {
			return nothing, err
		}
	}
	return result, err
}

// Create implements [core.Store].
func (s *Store) Create(ctx context.Context, r driver.CreateRequest) (driver.CreateResult, error) {
	return run(ctx, s, "Create", func() (driver.CreateResult, error) { return s.next.Create(ctx, r) })
}

// Rotate implements [core.Store].
func (s *Store) Rotate(ctx context.Context, r driver.RotateRequest) (driver.RotateResult, error) {
	return run(ctx, s, "Rotate", func() (driver.RotateResult, error) { return s.next.Rotate(ctx, r) })
}

// End implements [core.Store].
func (s *Store) End(ctx context.Context, r driver.EndRequest) (driver.EndResult, error) {
	return run(ctx, s, "End", func() (driver.EndResult, error) { return s.next.End(ctx, r) })
}

// EndAll implements [core.Store].
func (s *Store) EndAll(ctx context.Context, r driver.EndAllRequest) (driver.EndAllResult, error) {
	return run(ctx, s, "EndAll", func() (driver.EndAllResult, error) { return s.next.EndAll(ctx, r) })
}

// Block implements [core.Store].
func (s *Store) Block(ctx context.Context, r driver.BlockRequest) (driver.EndAllResult, error) {
	return run(ctx, s, "Block", func() (driver.EndAllResult, error) { return s.next.Block(ctx, r) })
}

// RefreshClaims implements [core.Store].
func (s *Store) RefreshClaims(ctx context.Context, r driver.RefreshClaimsRequest) (driver.RefreshClaimsResult, error) {
	return run(ctx, s, "RefreshClaims", func() (driver.RefreshClaimsResult, error) { return s.next.RefreshClaims(ctx, r) })
}

// Unblock implements [core.Store].
func (s *Store) Unblock(ctx context.Context, r driver.UnblockRequest) error {
	_, err := run(ctx, s, "Unblock", func() (struct{}, error) { return struct{}{}, s.next.Unblock(ctx, r) })
	return err
}

// Blocked implements [core.Store].
func (s *Store) Blocked(ctx context.Context, subject string) (driver.BlockedResult, error) {
	return run(ctx, s, "Blocked", func() (driver.BlockedResult, error) { return s.next.Blocked(ctx, subject) })
}

// Deny implements [core.Store].
func (s *Store) Deny(ctx context.Context, r driver.DenyRequest) error {
	_, err := run(ctx, s, "Deny", func() (struct{}, error) { return struct{}{}, s.next.Deny(ctx, r) })
	return err
}

// Revoked implements [core.Store].
func (s *Store) Revoked(ctx context.Context, r driver.RevokedRequest) (driver.RevokedResult, error) {
	return run(ctx, s, "Revoked", func() (driver.RevokedResult, error) { return s.next.Revoked(ctx, r) })
}

// Sessions implements [core.Store].
func (s *Store) Sessions(ctx context.Context, subject string) ([]core.Session, error) {
	return run(ctx, s, "Sessions", func() ([]core.Session, error) { return s.next.Sessions(ctx, subject) })
}

// Ping implements [core.Store].
func (s *Store) Ping(ctx context.Context) error {
	_, err := run(ctx, s, "Ping", func() (struct{}, error) { return struct{}{}, s.next.Ping(ctx) })
	return err
}
