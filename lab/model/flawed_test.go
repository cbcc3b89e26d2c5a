package model

import (
	"context"
	"errors"
	"fmt"
	"go/parser"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
)

// flawed is a store with a mistake. What the mistake is about is replaced, the
// rest is the embedded store's.
type flawed struct {
	core.Store
	rotate  func(core.Store, driver.RotateRequest) (driver.RotateResult, error)
	endAll  func(core.Store, driver.EndAllRequest) (driver.EndAllResult, error)
	revoked func(core.Store, driver.RevokedRequest) (driver.RevokedResult, error)
	deny    func(core.Store, driver.DenyRequest) error
	create  func(core.Store, driver.CreateRequest) (driver.CreateResult, error)
}

// Create implements [core.Store].
func (f *flawed) Create(ctx context.Context, r driver.CreateRequest) (driver.CreateResult, error) {
	if f.create != nil {
		return f.create(f.Store, r)
	}
	return f.Store.Create(ctx, r)
}

// Rotate implements [core.Store].
func (f *flawed) Rotate(ctx context.Context, r driver.RotateRequest) (driver.RotateResult, error) {
	if f.rotate != nil {
		return f.rotate(f.Store, r)
	}
	return f.Store.Rotate(ctx, r)
}

// EndAll implements [core.Store].
func (f *flawed) EndAll(ctx context.Context, r driver.EndAllRequest) (driver.EndAllResult, error) {
	if f.endAll != nil {
		return f.endAll(f.Store, r)
	}
	return f.Store.EndAll(ctx, r)
}

// Revoked implements [core.Store].
func (f *flawed) Revoked(ctx context.Context, r driver.RevokedRequest) (driver.RevokedResult, error) {
	if f.revoked != nil {
		return f.revoked(f.Store, r)
	}
	return f.Store.Revoked(ctx, r)
}

// Deny implements [core.Store].
func (f *flawed) Deny(ctx context.Context, r driver.DenyRequest) error {
	if f.deny != nil {
		return f.deny(f.Store, r)
	}
	return f.Store.Deny(ctx, r)
}

// openFlawed opens embedded stores with a mistake.
func openFlawed(mistake flawed) Open {
	return func(now func() time.Time) (Backend, error) {
		j := NewJournal(now, func(now func() time.Time) core.Store {
			f := mistake
			f.Store = core.NewMemoryStore(core.MemoryOptions{Now: now})
			return &f
		})
		return Backend{
			Store: j, Save: j.Save,
			MarkBlocked: func(string, time.Time) error { return errSkip },
			Size:        func() (int, error) { return 0, nil },
		}, nil
	}
}

// errSkip ends a history that the flawed stores cannot follow.
var errSkip = errors.New("not with these stores")

// A test that finds nothing must be able to find something: each of these
// mistakes is found by one of a few random histories, and cut down to a few
// operations.
func TestFindsMistakes(t *testing.T) {
	ctx := context.Background()
	var calls byte
	for _, test := range []struct {
		name    string
		mistake flawed
	}{
		{"a window that is too long", flawed{rotate: func(s core.Store, r driver.RotateRequest) (driver.RotateResult, error) {
			if r.ReuseGrace != core.Strict {
				r.ReuseGrace++
			}
			r.ReuseGrace = max(r.ReuseGrace, 1)
			return s.Rotate(ctx, r)
		}}},
		{"a driver's second run is a new operation", flawed{rotate: func(s core.Store, r driver.RotateRequest) (driver.RotateResult, error) {
			calls++
			r.Operation[0] ^= calls
			if r.Attempt == driver.AttemptID(r.Operation) {
				r.Attempt[0] ^= calls
			}
			return s.Rotate(ctx, r)
		}}},
		{"an Idempotency-Key for each process", flawed{rotate: func(s core.Store, r driver.RotateRequest) (driver.RotateResult, error) {
			calls++
			r.Attempt[0] ^= calls
			return s.Rotate(ctx, r)
		}}},
		{"a seed that is not looked at", flawed{
			create: func(s core.Store, r driver.CreateRequest) (driver.CreateResult, error) {
				r.SeedHash = driver.SeedHash{}
				return s.Create(ctx, r)
			},
			rotate: func(s core.Store, r driver.RotateRequest) (driver.RotateResult, error) {
				r.SeedHash = driver.SeedHash{}
				return s.Rotate(ctx, r)
			},
		}},
		{"a reuse that is refused and ends nothing", flawed{rotate: func(s core.Store, r driver.RotateRequest) (driver.RotateResult, error) {
			list, err := s.Sessions(ctx, r.Subject)
			for _, l := range list {
				if l.ID == r.SessionID && r.Generation < l.Generation-1 {
					return driver.RotateResult{Outcome: driver.Reuse, Distance: l.Generation - r.Generation}, err
				}
			}
			return s.Rotate(ctx, r)
		}}},
		{"an end that spares access tokens", flawed{revoked: func(s core.Store, r driver.RevokedRequest) (driver.RevokedResult, error) {
			r.SessionID = strings.Repeat("x", len(r.SessionID))
			return s.Revoked(ctx, r)
		}}},
		{"a blacklist that forgets", flawed{deny: func(core.Store, driver.DenyRequest) error { return nil }}},
		{"a revoke-all that keeps one too many", flawed{endAll: func(s core.Store, r driver.EndAllRequest) (driver.EndAllResult, error) {
			if list, _ := s.Sessions(ctx, r.Subject); len(list) > 2 {
				r.Keep = append(r.Keep, list[0].ID)
			}
			return s.EndAll(ctx, r)
		}}},
		{"a login that counts from tomorrow", flawed{create: func(s core.Store, r driver.CreateRequest) (driver.CreateResult, error) {
			if r.SessionTTL != core.NoLimit {
				r.SessionTTL += time.Millisecond
			}
			return s.Create(ctx, r)
		}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			open := openFlawed(test.mistake)
			run := func(h history) error {
				_, err := h.run(open)
				if errors.Is(err, errSkip) {
					err = nil
				}
				return err
			}
			for seed := range uint64(400) {
				h := generate(rand.New(rand.NewPCG(seed, 0)), operations)
				if err := run(h); err != nil {
					short, why := shrink(h, err, run)
					t.Logf("history %d, cut down to %d operations: %v", seed+1, len(short.Ops), why)
					if len(short.Ops) > 12 {
						t.Errorf("%d operations are left, want 12 or fewer:\n%#v", len(short.Ops), short)
					}
					return
				}
			}
			t.Error("no history has found it")
		})
	}
}

// A history is cut down to what its failure needs.
func TestShrink(t *testing.T) {
	fail := func(h history) error { // needs a login, then two reissues with the parent
		logins, reissues := 0, 0
		for _, o := range h.Ops {
			if o.Do == login {
				logins++
			}
			if o.Do == reissue && o.Back >= 1 && logins > 0 {
				reissues++
			}
		}
		if reissues < 2 {
			return nil
		}
		return fmt.Errorf("%d reissues", reissues)
	}
	h := generate(rand.New(rand.NewPCG(1, 0)), 200)
	short, why := shrink(h, fail(h), fail)
	want := []op{{Do: login}, {Do: reissue, Back: 1}, {Do: reissue, Back: 1}}
	if fmt.Sprint(short.Ops) != fmt.Sprint(want) || why.Error() != "2 reissues" {
		t.Errorf("got %v, %v, want %v", short.Ops, why, want)
	}
}

// What a failure prints is an entry of the table of regressions.
func TestPrintsGo(t *testing.T) {
	h := generate(rand.New(rand.NewPCG(1, 0)), 200)
	h.Settings.ReuseGrace = core.Strict
	text := fmt.Sprintf("%#v", h)
	entry := strings.TrimSuffix(strings.TrimSpace(text), ",")
	if _, err := parser.ParseExpr("regression" + entry); err != nil {
		t.Errorf("%v in\n%s", err, text)
	}
	for _, part := range []string{"ReuseGrace: core.Strict", "{Do: login}", "Fault: " + string(twice), "Until: " + string(windowEnd)} {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
}
