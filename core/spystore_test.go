package core_test

import (
	"context"
	"sync"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
)

// spyStore counts the calls of a Store and can fail or hold them.
type spyStore struct {
	inner core.Store

	mu     sync.Mutex
	calls  map[string]int
	before func(ctx context.Context, method string) error // an error: the operation does not happen
	after  func(ctx context.Context, method string) error // an error: it happens, the answer is lost

	created driver.CreateRequest // the last of its kind
	rotated driver.RotateRequest
}

// total returns how often the store has been called.
func (s *spyStore) total() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.calls {
		n += c
	}
	return n
}

// count returns how often a method has been called.
func (s *spyStore) count(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[method]
}

// onCall sets what happens before and after each call; nil for nothing.
func (s *spyStore) onCall(before, after func(ctx context.Context, method string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before, s.after = before, after
}

// fail makes every call of the methods fail before anything happens, all
// methods if none is named.
func (s *spyStore) fail(err error, methods ...string) {
	s.onCall(failing(err, methods...), nil)
}

func (s *spyStore) heal() { s.onCall(nil, nil) }

func failing(err error, methods ...string) func(context.Context, string) error {
	return func(_ context.Context, method string) error {
		if len(methods) == 0 {
			return err
		}
		for _, m := range methods {
			if m == method {
				return err
			}
		}
		return nil
	}
}

// spy makes a call of the inner store.
func spy[T any](s *spyStore, ctx context.Context, method string, call func() (T, error)) (T, error) {
	s.mu.Lock()
	if s.calls == nil {
		s.calls = make(map[string]int)
	}
	s.calls[method]++
	before, after := s.before, s.after
	s.mu.Unlock()

	var zero T
	if before != nil {
		if err := before(ctx, method); err != nil {
			return zero, err
		}
	}
	result, err := call()
	if after != nil {
		if err := after(ctx, method); err != nil {
			return zero, err
		}
	}
	return result, err
}

func (s *spyStore) Create(ctx context.Context, r driver.CreateRequest) (driver.CreateResult, error) {
	s.mu.Lock()
	s.created = r
	s.mu.Unlock()
	return spy(s, ctx, "Create", func() (driver.CreateResult, error) { return s.inner.Create(ctx, r) })
}

func (s *spyStore) Rotate(ctx context.Context, r driver.RotateRequest) (driver.RotateResult, error) {
	s.mu.Lock()
	s.rotated = r
	s.mu.Unlock()
	return spy(s, ctx, "Rotate", func() (driver.RotateResult, error) { return s.inner.Rotate(ctx, r) })
}

func (s *spyStore) End(ctx context.Context, r driver.EndRequest) (driver.EndResult, error) {
	return spy(s, ctx, "End", func() (driver.EndResult, error) { return s.inner.End(ctx, r) })
}

func (s *spyStore) EndAll(ctx context.Context, r driver.EndAllRequest) (driver.EndAllResult, error) {
	return spy(s, ctx, "EndAll", func() (driver.EndAllResult, error) { return s.inner.EndAll(ctx, r) })
}

func (s *spyStore) Block(ctx context.Context, r driver.BlockRequest) (driver.EndAllResult, error) {
	return spy(s, ctx, "Block", func() (driver.EndAllResult, error) { return s.inner.Block(ctx, r) })
}

func (s *spyStore) RefreshClaims(ctx context.Context, r driver.RefreshClaimsRequest) (driver.RefreshClaimsResult, error) {
	return spy(s, ctx, "RefreshClaims", func() (driver.RefreshClaimsResult, error) { return s.inner.RefreshClaims(ctx, r) })
}

func (s *spyStore) Unblock(ctx context.Context, r driver.UnblockRequest) error {
	_, err := spy(s, ctx, "Unblock", func() (struct{}, error) { return struct{}{}, s.inner.Unblock(ctx, r) })
	return err
}

func (s *spyStore) Blocked(ctx context.Context, subject string) (driver.BlockedResult, error) {
	return spy(s, ctx, "Blocked", func() (driver.BlockedResult, error) { return s.inner.Blocked(ctx, subject) })
}

func (s *spyStore) Deny(ctx context.Context, r driver.DenyRequest) error {
	_, err := spy(s, ctx, "Deny", func() (struct{}, error) { return struct{}{}, s.inner.Deny(ctx, r) })
	return err
}

func (s *spyStore) Revoked(ctx context.Context, r driver.RevokedRequest) (driver.RevokedResult, error) {
	return spy(s, ctx, "Revoked", func() (driver.RevokedResult, error) { return s.inner.Revoked(ctx, r) })
}

func (s *spyStore) Sessions(ctx context.Context, subject string) ([]core.Session, error) {
	return spy(s, ctx, "Sessions", func() ([]core.Session, error) { return s.inner.Sessions(ctx, subject) })
}

func (s *spyStore) Ping(ctx context.Context) error {
	_, err := spy(s, ctx, "Ping", func() (struct{}, error) { return struct{}{}, s.inner.Ping(ctx) })
	return err
}
