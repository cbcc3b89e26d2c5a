package core

import (
	"context"
	"fmt"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// Verify checks an access token and returns its claims. It returns
// [ErrTokenMissing] for the empty string, [ErrTokenInvalid], [ErrTokenExpired]
// or [ErrTokenRevoked], and [ErrUnavailable] if the store could not be asked
// and OnStoreFailure is FailClosed.
func (a *Authority) Verify(ctx context.Context, accessToken string) (*Claims, error) {
	ring := a.ring.Load()
	c := ring.verified.get(accessToken)
	if c != nil {
		return a.checkState(ctx, c)
	}
	c, err := a.parseAccess(ring, accessToken)
	if err != nil {
		return nil, err
	}
	if c, err = a.checkState(ctx, c); err == nil {
		ring.verified.put(accessToken, c)
	}
	return c, err
}

// Check checks claims that have been verified before, for a connection that
// outlives its request: it judges their expiry and revocation as Verify does,
// without the token's text. It returns [ErrTokenMissing] for nil, and otherwise
// [ErrTokenExpired], [ErrTokenRevoked] or [ErrUnavailable].
func (a *Authority) Check(ctx context.Context, c *Claims) error {
	if c == nil {
		return ErrTokenMissing
	}
	_, err := a.checkState(ctx, c)
	return err
}

// checkState checks what time changes about a genuine token: its expiry and
// its revocation. It returns the claims again.
func (a *Authority) checkState(ctx context.Context, c *Claims) (*Claims, error) {
	if a.expired(c.claims.ExpiresAt) {
		return nil, ErrTokenExpired
	}
	if a.config.Revocation == InsecureNone {
		return c, nil
	}
	result, err := a.config.Store.Revoked(ctx, driver.RevokedRequest{
		Subject:    c.claims.Subject,
		SessionID:  c.claims.SessionID,
		Generation: c.claims.Generation,
		Session:    a.config.Revocation == SessionRecord,
	})
	if err != nil {
		return a.unchecked(ctx, c, err)
	}
	if result.Revoked {
		return nil, ErrTokenRevoked
	}
	return c, nil
}

// unchecked applies OnStoreFailure to a token that the store could not be
// asked about.
func (a *Authority) unchecked(ctx context.Context, c *Claims, err error) (*Claims, error) {
	if gone(ctx) {
		return nil, unavailable("verify", err)
	}
	if a.config.OnStoreFailure == FailClosed {
		return nil, a.storeFailed(ctx, "verify", c.claims.Subject, c.claims.SessionID, err)
	}
	if err := a.emit(ctx, Event{
		Type: AccessUnchecked, Subject: c.claims.Subject, SessionID: c.claims.SessionID,
		Generation: c.claims.Generation, Err: err,
	}); err != nil {
		return nil, err
	}
	return c, nil
}

// parseAccess verifies an access token but for its expiry and revocation.
func (a *Authority) parseAccess(ring *keyring, token string) (*Claims, error) {
	if token == "" {
		return nil, ErrTokenMissing
	}
	c, err := a.rules.access(ring, token)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTokenInvalid, err)
	}
	return c, nil
}

// expired reports whether an exp claim has passed. RFC 7519, section 4.1.4:
// "on or after which the JWT MUST NOT be accepted", but for the leeway.
func (a *Authority) expired(exp int64) bool {
	return !a.config.Now().Before(time.Unix(exp, 0).Add(a.config.Leeway))
}
