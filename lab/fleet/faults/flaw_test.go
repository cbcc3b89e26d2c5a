package faults_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
)

// The load finds what it is to find: it fails on a store with a mistake.
func TestLoadFindsMistakes(t *testing.T) {
	for _, x := range []struct {
		name  string
		store flawed
		want  string // in a failure
	}{
		{"none", flawed{}, ""},
		{"a reissue is refused for no reason", flawed{rotate: func(context.Context, core.Store, driver.RotateRequest) (driver.RotateResult, error) {
			return driver.RotateResult{Outcome: driver.Missing}, nil
		}}, "is logged out: try 1"},
		{"a reissue is acknowledged and not done", flawed{rotate: func(ctx context.Context, s core.Store, r driver.RotateRequest) (driver.RotateResult, error) {
			if r.Generation != 1 {
				return s.Rotate(ctx, r)
			}
			now := time.Now()
			return driver.RotateResult{Outcome: driver.Rotated, Generation: 2, IssuedAt: now, IdleEnd: now.Add(time.Hour), SessionEnd: now.Add(time.Hour)}, nil
		}}, "Redis lost"},
		{"an end is acknowledged and not done", flawed{end: func(context.Context, core.Store, driver.EndRequest) (driver.EndResult, error) {
			return driver.EndResult{Outcome: driver.Ended}, nil
		}}, "after its session was ended: got status 200"},
		{"no access token is found revoked", flawed{revoked: func(context.Context, core.Store, driver.RevokedRequest) (driver.RevokedResult, error) {
			return driver.RevokedResult{}, nil
		}}, "after its session was ended: got status 200"},
		{"every access token is found revoked", flawed{revoked: func(context.Context, core.Store, driver.RevokedRequest) (driver.RevokedResult, error) {
			return driver.RevokedResult{Revoked: true}, nil
		}}, "an access token that nobody ended: got status 401"},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			r := &recorder{TB: t}
			x.store.Store = core.NewMemoryStore(core.MemoryOptions{})
			f := startFleet(r, func(int) core.Store { return &x.store })
			f.awaitSteps(20)
			f.finish(false)
			if got := r.text(); !strings.Contains(got, x.want) || x.want == "" && got != "" {
				t.Errorf("got the failures %q, want one with %q", got, x.want)
			}
		})
	}
}

// flawed is a store with a mistake, which replaces what it is about.
type flawed struct {
	core.Store
	rotate  func(context.Context, core.Store, driver.RotateRequest) (driver.RotateResult, error)
	end     func(context.Context, core.Store, driver.EndRequest) (driver.EndResult, error)
	revoked func(context.Context, core.Store, driver.RevokedRequest) (driver.RevokedResult, error)
}

func (f *flawed) Rotate(ctx context.Context, r driver.RotateRequest) (driver.RotateResult, error) {
	if f.rotate == nil {
		return f.Store.Rotate(ctx, r)
	}
	return f.rotate(ctx, f.Store, r)
}

func (f *flawed) End(ctx context.Context, r driver.EndRequest) (driver.EndResult, error) {
	if f.end == nil {
		return f.Store.End(ctx, r)
	}
	return f.end(ctx, f.Store, r)
}

func (f *flawed) Revoked(ctx context.Context, r driver.RevokedRequest) (driver.RevokedResult, error) {
	if f.revoked == nil {
		return f.Store.Revoked(ctx, r)
	}
	return f.revoked(ctx, f.Store, r)
}

// recorder stands in for the test that is to fail.
type recorder struct {
	testing.TB

	mu       sync.Mutex
	failures []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Failed() bool { return r.text() != "" || r.TB.Failed() }

// text returns all failures.
func (r *recorder) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.failures, "\n")
}
