package core

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

// commitTimeout bounds a change of the store, retries of its driver included.
const commitTimeout = 3 * time.Second

// Authority issues, verifies, reissues and revokes. It is safe for concurrent
// use, starts no goroutine that outlives a call by more than a slow
// LoadClaims, and needs no closing.
type Authority struct {
	config Config
	rules  tokenRules
	ring   atomic.Pointer[keyring]

	refused refusals
}

// New checks the configuration and returns an Authority. Every fault is
// reported here, with the name of its field, and never on the first request.
func New(c Config) (*Authority, error) {
	c, fault := c.withDefaults()
	ring, err := newKeyring(c.Keys, c.RefreshKeys, c.CacheSize)
	if fault != nil || err != nil {
		return nil, errors.Join(fault, err)
	}
	a := &Authority{config: c, rules: newTokenRules(c)}
	if err := a.measure(ring); err != nil {
		return nil, err
	}
	a.ring.Store(ring)
	return a, nil
}

// SetKeys replaces the keys at run time; the arguments are as Config.Keys and
// Config.RefreshKeys. An error changes nothing.
//
// To rotate without refusing anybody: add the new key at the end everywhere,
// then move it to the front everywhere, then, when no token of the old key is
// left, remove the old. For an access key that is after AccessTTL and Leeway;
// for a refresh key, a key that refresh keys derive from and, with
// BindAccessToken, an access key it is after IdleTTL.
func (a *Authority) SetKeys(keys, refreshKeys []Key) error {
	ring, err := newKeyring(keys, refreshKeys, a.config.CacheSize)
	if err != nil {
		return err
	}
	if err := a.measure(ring); err != nil {
		return err
	}
	a.ring.Store(ring)
	return nil
}

// JWKS returns the public keys that verify access tokens as a JWK Set (RFC
// 7517, section 5), for services that verify them on their own. HMAC keys are
// secret and are not in it.
func (a *Authority) JWKS() []byte {
	return append([]byte(nil), a.ring.Load().jwks...)
}

// BindAccessToken reports whether a reissue needs an access token to come
// along.
func (a *Authority) BindAccessToken() bool { return a.config.BindAccessToken }

// ReuseGrace returns the window of Config.ReuseGrace, or [Strict].
func (a *Authority) ReuseGrace() time.Duration { return a.config.ReuseGrace }

// Issuer returns the name of who issues the tokens.
func (a *Authority) Issuer() string { return a.config.Issuer }

// Now returns the time by which the Authority judges access tokens.
func (a *Authority) Now() time.Time { return a.config.Now() }

// Logger returns the logger that the Authority's events go to.
func (a *Authority) Logger() *slog.Logger { return a.config.Logger }

// Ping returns an [ErrUnavailable] if the store cannot be reached.
func (a *Authority) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	return unavailable("ping", a.config.Store.Ping(ctx))
}

// Format implements [fmt.Formatter] and prints no part of the configuration,
// whatever the verb.
func (a *Authority) Format(s fmt.State, _ rune) { fmt.Fprint(s, "core.Authority") }

// committing returns the context of a change of the store. It is not cancelled
// with the request: a client that goes away must not leave the outcome open. An
// earlier deadline of the request holds.
func committing(ctx context.Context) (context.Context, context.CancelFunc) {
	end := time.Now().Add(commitTimeout)
	if d, ok := ctx.Deadline(); ok && d.Before(end) {
		end = d
	}
	return context.WithDeadline(context.WithoutCancel(ctx), end)
}

// gone reports whether the client has gone, so that a failed call says nothing
// of the store's health. One that ran out of time does.
func gone(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }

// storeError is an ErrUnavailable with the store's own error, which is for the
// log. Whatever the store returns, it is no refusal: an [Error] or ErrUserGone
// inside it is not found by errors.Is or errors.As.
type storeError struct {
	what string
	err  error
}

// unavailable marks an error of the store as one.
func unavailable(what string, err error) error {
	if err == nil {
		return nil
	}
	return &storeError{what, err}
}

func (e *storeError) Error() string {
	return fmt.Sprintf("core: %s: %v: %v", e.what, ErrUnavailable, e.err)
}

func (e *storeError) Unwrap() error { return ErrUnavailable }

func (e *storeError) Is(target error) bool {
	_, refusal := target.(*Error)
	return !refusal && target != ErrUserGone && errors.Is(e.err, target)
}

func (e *storeError) As(target any) bool {
	_, refusal := target.(**Error)
	return !refusal && errors.As(e.err, target)
}

// randomID returns 128 random bits.
func randomID() (id [idBytes]byte) {
	rand.Read(id[:]) // never fails, as its documentation says
	return id
}

// newID returns a session id or a seed.
func newID() string {
	id := randomID()
	return base64.RawURLEncoding.EncodeToString(id[:])
}
