package core_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
)

// What adapters ask of an Authority is what it was configured with.
func TestAuthorityAccessors(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.BindAccessToken = true })
	if !w.BindAccessToken() || newWorld(t).BindAccessToken() {
		t.Error("BindAccessToken is not what was configured")
	}
	w.clock.advance(time.Hour)
	if got := w.Now(); !got.Equal(w.clock.Now()) {
		t.Errorf("Now: got %v, want %v", got, w.clock.Now())
	}
	if got := w.Logger(); got != w.config.Logger {
		t.Errorf("Logger: got %v", got)
	}
	unset := w.another(t, func(c *core.Config) { c.Logger = nil })
	if got := unset.Logger(); got != slog.Default() {
		t.Errorf("Logger: got %v, want the default", got)
	}
}

// The names of the outcomes are the reasons of events.
func TestOutcome(t *testing.T) {
	for outcome, want := range map[driver.Outcome]struct {
		name   string
		issues bool
	}{
		driver.Missing: {"missing", false}, driver.Forged: {"forged", false}, driver.Revoked: {"revoked", false},
		driver.Expired: {"expired", false}, driver.Blocked: {"blocked", false}, driver.Reuse: {"reuse", false},
		driver.Rotated: {"rotated", true}, driver.SameAttempt: {"same_attempt", true},
		driver.Replayed: {"replayed", true}, driver.Recovered: {"recovered", true},
		0: {"outcome 0", false}, 99: {"outcome 99", false},
	} {
		if outcome.String() != want.name || outcome.Issues() != want.issues {
			t.Errorf("got %q, %t, want %q, %t", outcome, outcome.Issues(), want.name, want.issues)
		}
	}
}

// Keys whose signatures leave no room for the configured names are refused,
// before the next login finds out.
func TestSetKeysWithoutRoom(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.Audience = manyAudiences(7) })
	pair := w.login(t, "alice")
	wide := []core.Key{privateKey(t, "wide", newWideSigner(8192)), w.config.Keys[0]}
	if err := w.SetKeys(wide, []core.Key{hmacKey(t, "k1", refreshSecret(hmacSecret))}); err == nil {
		_, err := w.Issue(t.Context(), core.Login{Subject: "alice"})
		t.Errorf("SetKeys was accepted; the next login: %v", err)
	}
	w.wantAlive(t, pair)
}

// Claims from LoadClaims that fit no token burn nothing.
func TestLoadClaimsTooLarge(t *testing.T) {
	var claims claimsLoader
	w := newWorld(t, withClaims(&claims))
	pair := w.login(t, "alice")
	claims.set(map[string]string{"x": strings.Repeat("x", 5000)})
	before := w.store.total()
	_, err := w.Reissue(t.Context(), pair.RefreshToken)
	if e := core.AsError(err); e != core.ErrInternal && e != core.ErrUnavailable {
		t.Errorf("Reissue: got error %v", err)
	}
	_, err = w.Issue(t.Context(), core.Login{Subject: "alice"})
	if e := core.AsError(err); e != core.ErrInternal && e != core.ErrUnavailable {
		t.Errorf("Issue: got error %v", err)
	}
	if calls := w.store.total() - before; calls != 0 {
		t.Errorf("the store was called %d times", calls)
	}
	claims.set(nil)
	w.clock.advance(day)
	w.reissue(t, pair.RefreshToken)
}

// Tokens that could outgrow their limits, each its own, are refused before
// anything is changed; what a limit does not reach is as without one.
func TestTokenLimits(t *testing.T) {
	var claims claimsLoader
	w := newWorld(t, withClaims(&claims), func(c *core.Config) { c.MaxSessions, c.ReuseGrace = 1, core.Strict })
	claims.set(map[string]string{"x": strings.Repeat("x", 300)})
	pair := w.login(t, "alice")
	for name, tt := range map[string]struct {
		limits core.TokenLimits
		good   bool
	}{
		"none":           {core.TokenLimits{}, true},
		"more than most": {core.TokenLimits{Access: 1 << 20, Refresh: 1 << 20}, true},
		"room":           {core.TokenLimits{Access: 1200, Refresh: 700}, true},
		"access":         {core.TokenLimits{Access: len(pair.AccessToken)}, false}, // gen will have more digits
		"refresh":        {core.TokenLimits{Refresh: len(pair.RefreshToken)}, false},
	} {
		before := w.store.total()
		next, err := w.Reissue(t.Context(), pair.RefreshToken, core.WithTokenLimits(tt.limits))
		if (err == nil) != tt.good {
			t.Errorf("%s: Reissue: got %v, want success %v", name, err, tt.good)
		}
		if !tt.good && w.store.total() != before {
			t.Errorf("%s: Reissue asked the store", name)
		}
		if err == nil {
			pair = next
		}
		login, err := w.Issue(t.Context(), core.Login{Subject: "alice", Limits: tt.limits})
		if (err == nil) != tt.good {
			t.Errorf("%s: Issue: got %v, want success %v", name, err, tt.good)
		}
		if err == nil {
			pair = login
		}
		w.wantAccess(t, pair.AccessToken, nil)
	}
}

// A client that has gone is no failure that should wake an operator.
func TestClientGoneIsNoAlarm(t *testing.T) {
	for name, call := range map[string]func(ctx context.Context, w *world, pair core.Tokens) error{
		"Verify": func(ctx context.Context, w *world, p core.Tokens) error {
			c, err := w.Verify(ctx, p.AccessToken)
			if c != nil {
				t.Errorf("Verify: got claims %v", c)
			}
			return err
		},
		"Sessions": func(ctx context.Context, w *world, _ core.Tokens) error {
			_, err := w.Sessions(ctx, "alice")
			return err
		},
		"LoadClaims": func(ctx context.Context, w *world, p core.Tokens) error {
			_, err := w.Reissue(ctx, p.RefreshToken)
			return err
		},
	} {
		for _, policy := range []core.FailurePolicy{core.FailClosed, core.FailOpen} {
			t.Run(name, func(t *testing.T) {
				var claims claimsLoader
				w := newWorld(t, withClaims(&claims), func(c *core.Config) { c.OnStoreFailure = policy })
				pair := w.login(t, "alice")
				w.events.take()
				claims.set(func(ctx context.Context) (any, error) { return nil, ctx.Err() })
				w.store.onCall(func(ctx context.Context, _ string) error { return ctx.Err() }, nil)
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				wantError(t, name, call(ctx, w, pair), core.ErrUnavailable)
				w.wantEvents(t)
				w.store.heal()
				claims.set(nil)
				w.wantAlive(t, pair)
			})
		}
	}
}

// A hook that panics at an unchecked access does not turn it into success.
func TestHookPanicsAtUncheckedAccess(t *testing.T) {
	w := newWorld(t)
	pair := w.login(t, "alice")
	open := w.another(t, func(c *core.Config) {
		c.OnStoreFailure = core.FailOpen
		c.OnEvent = func(context.Context, core.Event) { panic("hook") }
	})
	w.store.fail(errStore)
	c, err := open.Verify(t.Context(), pair.AccessToken)
	wantFault(t, "Verify", err)
	if c != nil {
		t.Errorf("got claims %v", c)
	}
}

// The refresh token's signer may fail as well.
func TestRefreshSigningFails(t *testing.T) {
	var failure error
	signer := remoteSigner{Signer: ecPrivate(), fail: func() error { return failure }}
	w := newWorld(t, func(c *core.Config) { c.RefreshKeys = []core.Key{privateKey(t, "r", signer)} })
	pair := w.login(t, "alice")
	failure = errors.New("hsm: session lost")
	tokens, err := w.Reissue(t.Context(), pair.RefreshToken)
	wantFault(t, "Reissue", err)
	if tokens != (core.Tokens{}) {
		t.Error("Reissue: got tokens with an error")
	}
	failure = nil
	w.wantAlive(t, w.reissue(t, pair.RefreshToken))
}
