package core_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
)

func TestReissueOfNothing(t *testing.T) {
	w := newWorld(t)
	_, err := w.Reissue(t.Context(), "")
	wantError(t, "Reissue", err, core.ErrRefreshMissing)
	_, err = w.Verify(t.Context(), "")
	wantError(t, "Verify", err, core.ErrTokenMissing)
	err = w.Blacklist(t.Context(), "")
	if !errors.Is(err, core.ErrTokenMissing) && !errors.Is(err, core.ErrTokenInvalid) {
		t.Errorf("Blacklist: got error %v", err)
	}
	if w.store.total() != 0 {
		t.Error("the store was called")
	}
}

func TestIdempotencyKeyLength(t *testing.T) {
	w := newWorld(t, withGrace(core.Strict))
	pair := w.login(t, "alice")
	before := w.store.total()
	for _, n := range []int{256, 1 << 20} {
		_, err := w.Reissue(t.Context(), pair.RefreshToken, core.WithIdempotencyKey(strings.Repeat("k", n)))
		wantError(t, "Reissue", err, core.ErrRequestInvalid)
		if len(err.Error()) > 300 {
			t.Errorf("the error has %d bytes", len(err.Error()))
		}
	}
	if w.store.total() != before {
		t.Error("the store was called")
	}
	for _, key := range []string{strings.Repeat("k", 255), "\x00\xff\r\n", "k"} {
		child := w.reissue(t, pair.RefreshToken, core.WithIdempotencyKey(key))
		w.clock.advance(time.Hour)
		wantSamePair(t, w.reissue(t, pair.RefreshToken, core.WithIdempotencyKey(key)), child)
		pair = child
	}
}

// The attempt is SHA-256(seed, gen, 0, key), cut to 16 bytes: it tells nobody
// the key, and one key is another attempt in each generation and session.
func TestAttemptDerivation(t *testing.T) {
	w := newWorld(t)
	pair, other := w.login(t, "alice"), w.login(t, "alice")
	attempt := func(token string, opts ...core.ReissueOption) driver.AttemptID {
		t.Helper()
		w.reissue(t, token, opts...)
		return w.store.rotated.Attempt
	}
	for gen := range 3 {
		key := fmt.Sprint("key ", gen)
		want := sha256.Sum256([]byte(fmt.Sprint(payloadOf(t, pair.RefreshToken)["seed"], gen, "\x00", key)))
		got := attempt(pair.RefreshToken, core.WithIdempotencyKey(key))
		if string(got[:]) != string(want[:16]) {
			t.Errorf("generation %d: got %x, want %x", gen, got, want[:16])
		}
		pair = w.reissue(t, pair.RefreshToken)
	}
	key := core.WithIdempotencyKey("same")
	seen := map[driver.AttemptID]string{}
	for name, got := range map[string]driver.AttemptID{
		"session": attempt(pair.RefreshToken, key), "other session": attempt(other.RefreshToken, key),
		"another key": attempt(pair.RefreshToken, core.WithIdempotencyKey("same ")),
		"none":        attempt(pair.RefreshToken), "none again": attempt(pair.RefreshToken),
		"empty": attempt(pair.RefreshToken, core.WithIdempotencyKey("")),
	} {
		if seen[got] != "" {
			t.Errorf("%s and %s are one attempt", name, seen[got])
		}
		seen[got] = name
	}
	// Without a key the attempt is the operation, which only the driver
	// repeats.
	w.reissue(t, pair.RefreshToken)
	if r := w.store.rotated; driver.OperationID(r.Attempt) != r.Operation {
		t.Errorf("got attempt %x of operation %x", r.Attempt, r.Operation)
	}
}

// A refresh token says what the access token will hold. With the refresh key
// alone, and a session of one's own, nobody becomes somebody else.
func TestReissueClaimsInjection(t *testing.T) {
	w := newWorld(t)
	mallory := w.login(t, "mallory")
	seed := field(t, mallory.RefreshToken, "seed")
	for _, custom := range []string{`{"sub":"admin"}`, `{"Sub":"admin"}`, `{"role":"x","sub":"admin","exp":9007199254740991}`} {
		token := forge(t, mallory.RefreshToken, refreshSecret(hmacSecret), seed, seed+`,"claims":`+custom)
		pair, err := w.Reissue(t.Context(), token)
		if err != nil {
			wantError(t, "Reissue", err, core.ErrRefreshInvalid)
			continue
		}
		if c, err := w.Verify(t.Context(), pair.AccessToken); err == nil && c.Subject() != "mallory" {
			t.Errorf("%s: mallory became %s until %v", custom, c.Subject(), c.ExpiresAt())
		}
	}
}

// Nothing that is wrong with a refresh token's claims is found only after the
// commit.
func TestReissueClaimsNull(t *testing.T) {
	w := newWorld(t)
	pair := w.login(t, "alice")
	seed := field(t, pair.RefreshToken, "seed")
	next, err := w.Reissue(t.Context(), forge(t, pair.RefreshToken, refreshSecret(hmacSecret), seed, seed+`,"claims":null`))
	switch {
	case err == nil:
		w.wantAlive(t, next)
	case errors.Is(err, core.ErrRefreshInvalid) && w.store.count("Rotate") == 0:
		w.wantAlive(t, pair)
	default:
		t.Errorf("got error %v after %d rotations", err, w.store.count("Rotate"))
	}
}

// The store has 3 seconds, or until the request's own deadline, if it heeds its
// context, and its failure is told. An access check has as long as its request.
func TestStoreBlocks(t *testing.T) {
	for name, call := range map[string]func(ctx context.Context, w *world, pair core.Tokens) error{
		"Issue": func(ctx context.Context, w *world, _ core.Tokens) error {
			_, err := w.Issue(ctx, core.Login{Subject: "alice"})
			return err
		},
		"Reissue": func(ctx context.Context, w *world, p core.Tokens) error {
			_, err := w.Reissue(ctx, p.RefreshToken)
			return err
		},
		"Logout": func(ctx context.Context, w *world, p core.Tokens) error { return w.Logout(ctx, p.AccessToken) },
		"Revoke": func(ctx context.Context, w *world, p core.Tokens) error { return w.Revoke(ctx, "alice", p.SessionID) },
		"RevokeAll": func(ctx context.Context, w *world, _ core.Tokens) error {
			_, err := w.RevokeAll(ctx, "alice")
			return err
		},
		"Block":     func(ctx context.Context, w *world, _ core.Tokens) error { return w.Block(ctx, "alice", time.Time{}) },
		"Unblock":   func(ctx context.Context, w *world, _ core.Tokens) error { return w.Unblock(ctx, "alice") },
		"Blacklist": func(ctx context.Context, w *world, p core.Tokens) error { return w.Blacklist(ctx, p.AccessToken) },
		"Sessions": func(ctx context.Context, w *world, _ core.Tokens) error {
			_, err := w.Sessions(ctx, "alice")
			return err
		},
		"Ping": func(ctx context.Context, w *world, _ core.Tokens) error { return w.Ping(ctx) },
		"Verify": func(ctx context.Context, w *world, p core.Tokens) error {
			_, err := w.Verify(ctx, p.AccessToken)
			return err
		},
	} {
		for _, limit := range []time.Duration{time.Second, time.Hour} {
			if name == "Verify" && limit > time.Second {
				continue
			}
			t.Run(fmt.Sprintf("%s within %v", name, limit), func(t *testing.T) { testStoreBlocks(t, limit, name != "Ping", call) })
		}
	}
}

func testStoreBlocks(t *testing.T, limit time.Duration, tells bool, call func(context.Context, *world, core.Tokens) error) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		pair := w.login(t, "alice")
		w.events.take()
		lost := errors.New("the store was never given up")
		w.store.onCall(func(ctx context.Context, _ string) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(2 * time.Hour):
				return lost
			}
		}, nil)
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		err := call(ctx, w, pair)
		wantError(t, "the call", err, core.ErrUnavailable)
		if took := time.Since(start); took > min(limit, 3*time.Second) || errors.Is(err, lost) {
			t.Errorf("the answer took %v", took)
		}
		if told := w.events.take(); len(told) == 0 && tells {
			t.Error("nothing was told of the failure")
		}
	})
}

// An error of the store is an ErrUnavailable and nothing else, whatever it
// wraps: the client keeps its token.
func TestStoreErrorIsNoRefusal(t *testing.T) {
	w := newWorld(t)
	pair := w.login(t, "alice")
	for _, cause := range append(sentinels(), core.ErrUserGone, context.Canceled, context.DeadlineExceeded, errors.Join(errStore, core.ErrTokenRevoked)) {
		w.store.fail(fmt.Errorf("wrapped: %w", cause))
		for name, call := range map[string]func() error{
			"Verify":    func() error { _, err := w.Verify(t.Context(), pair.AccessToken); return err },
			"Reissue":   func() error { _, err := w.Reissue(t.Context(), pair.RefreshToken); return err },
			"Logout":    func() error { return w.Logout(t.Context(), pair.RefreshToken) },
			"Revoke":    func() error { return w.Revoke(t.Context(), "alice", pair.SessionID) },
			"Issue":     func() error { _, err := w.Issue(t.Context(), core.Login{Subject: "alice"}); return err },
			"Sessions":  func() error { _, err := w.Sessions(t.Context(), "alice"); return err },
			"Blacklist": func() error { return w.Blacklist(t.Context(), pair.AccessToken) },
			"Ping":      func() error { return w.Ping(t.Context()) },
		} {
			wantError(t, fmt.Sprintf("%s with %v", name, cause), call(), core.ErrUnavailable)
		}
		if t.Failed() {
			return // the other causes will fare alike
		}
	}
	w.store.fail(errStore)
	if err := w.Logout(t.Context(), pair.RefreshToken); !errors.Is(err, errStore) {
		t.Errorf("got error %v, want one that wraps the store's", err)
	}
	w.store.heal()
	w.wantAlive(t, pair)
}

// A replay that cannot be judged by one process can by another: the state is
// the store's alone.
func TestReissueOnAnyProcess(t *testing.T) {
	w := newWorld(t)
	processes := []*core.Authority{w.Authority, w.another(t), w.another(t)}
	pair := w.login(t, "alice")
	for i := range 12 {
		next, err := processes[i%3].Reissue(t.Context(), pair.RefreshToken)
		if err != nil {
			t.Fatal(err)
		}
		replay, err := processes[(i+1)%3].Reissue(t.Context(), pair.RefreshToken)
		if err != nil {
			t.Fatal(err)
		}
		wantSamePair(t, replay, next)
		pair = replay
		w.clock.advance(time.Hour)
	}
}

// Under InsecureNone a revoked access token is good until it expires and the
// store is not asked; under SessionRecord a session that is not there is
// enough to refuse.
func TestRevocationPolicies(t *testing.T) {
	w := newWorld(t)
	pair := w.login(t, "alice")
	none := w.another(t, func(c *core.Config) { c.Revocation = core.InsecureNone })
	empty := core.NewMemoryStore(core.MemoryOptions{Now: w.clock.Now})
	record := w.another(t, func(c *core.Config) { c.Revocation, c.Store = core.SessionRecord, empty })
	blacklist := w.another(t, func(c *core.Config) { c.Store = empty })
	_, err := record.Verify(t.Context(), pair.AccessToken)
	wantError(t, "SessionRecord", err, core.ErrTokenRevoked)
	_, err = blacklist.Verify(t.Context(), pair.AccessToken)
	wantError(t, "Blacklist", err, nil)
	if err := w.Logout(t.Context(), pair.AccessToken); err != nil {
		t.Fatal(err)
	}
	before := w.store.total()
	_, err = none.Verify(t.Context(), pair.AccessToken)
	wantError(t, "InsecureNone", err, nil)
	if w.store.total() != before {
		t.Error("InsecureNone: the store was called")
	}
	w.clock.advance(10 * time.Minute)
	_, err = none.Verify(t.Context(), pair.AccessToken)
	wantError(t, "InsecureNone after the end", err, core.ErrTokenExpired)
}

// One access token is revoked and the session goes on.
func TestBlacklist(t *testing.T) {
	w := newWorld(t)
	pair := w.login(t, "alice")
	next := w.reissue(t, pair.RefreshToken)
	w.events.take()
	for range 2 {
		if err := w.Blacklist(t.Context(), pair.AccessToken); err != nil {
			t.Fatal(err)
		}
	}
	list := w.events.take()
	if len(list) != 2 || list[0].Type != core.TokenBlacklisted || list[0].Generation != 0 || list[0].SessionID != pair.SessionID {
		t.Errorf("got events %+v", list)
	}
	w.wantAccess(t, pair.AccessToken, core.ErrTokenRevoked)
	w.wantAccess(t, next.AccessToken, nil)
	if err := w.Blacklist(t.Context(), next.AccessToken); err != nil {
		t.Fatal(err)
	}
	w.wantAccess(t, next.AccessToken, core.ErrTokenRevoked)
	// A replay gives the same generation, which is revoked.
	w.wantAccess(t, w.reissue(t, pair.RefreshToken).AccessToken, core.ErrTokenRevoked)
	w.wantAlive(t, w.reissue(t, next.RefreshToken))
}
