package linear_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
)

// flaws are mistakes that the check must find.
func flaws() map[string]func(core.Store) core.Store {
	return map[string]func(core.Store) core.Store{
		"logouts are acknowledged and not done": func(s core.Store) core.Store { return &forgetful{Store: s} },
		"one token has two children":            func(s core.Store) core.Store { return &torn{Store: s} },
		"checks are answered from a cache":      func(s core.Store) core.Store { return &cached{Store: s, good: make(map[string]time.Time)} },
	}
}

// withFlaw returns the store with the mistake of that name, as it is without a
// name.
func withFlaw(s core.Store, name string) (core.Store, error) {
	if name == "" {
		return s, nil
	}
	flaw := flaws()[name]
	if flaw == nil {
		return nil, fmt.Errorf("no such flaw: %q", name)
	}
	return flaw(s), nil
}

// forgetful acknowledges ends that it does not make.
type forgetful struct{ core.Store }

func (f *forgetful) End(context.Context, driver.EndRequest) (driver.EndResult, error) {
	return driver.EndResult{Outcome: driver.Ended}, nil
}

// torn looks at the generation in one step and moves it in another.
type torn struct{ core.Store }

func (t *torn) generation(ctx context.Context, r driver.RotateRequest) int64 {
	list, _ := t.Sessions(ctx, r.Subject)
	for _, s := range list {
		if s.ID == r.SessionID {
			return s.Generation
		}
	}
	return -1
}

func (t *torn) Rotate(ctx context.Context, r driver.RotateRequest) (driver.RotateResult, error) {
	if t.generation(ctx, r) == r.Generation {
		r.Generation = max(r.Generation, t.generation(ctx, r))
	}
	return t.Store.Rotate(ctx, r)
}

// cached remembers for a moment that a session was good.
type cached struct {
	core.Store

	mu   sync.Mutex
	good map[string]time.Time
}

func (c *cached) Revoked(ctx context.Context, r driver.RevokedRequest) (driver.RevokedResult, error) {
	c.mu.Lock()
	checked, found := c.good[r.SessionID]
	c.mu.Unlock()
	if found && time.Since(checked) < time.Second {
		return driver.RevokedResult{}, nil
	}
	result, err := c.Store.Revoked(ctx, r)
	if err == nil && !result.Revoked {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.good[r.SessionID] = time.Now()
	}
	return result, err
}
