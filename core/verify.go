package core

import (
	"context"
	"fmt"
	"time"
)

// Verify checks an access token and returns its claims. It returns
// [ErrTokenMissing] for the empty string, [ErrTokenInvalid], [ErrTokenExpired]
// or [ErrTokenRevoked], and [ErrUnavailable] if the store could not be asked
// and OnStoreFailure is FailClosed.
func (a *Authority) Verify(ctx context.Context, accessToken string) (*Claims, error) {
	c, err := a.parseAccess(accessToken)
	if err != nil {
		return nil, err
	}
	if a.expired(c.claims.ExpiresAt) {
		return nil, ErrTokenExpired
	}
	if a.config.Revocation == InsecureNone {
		return c, nil
	}
	result, err := a.config.Store.Check(ctx, CheckRequest{
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
	if ctx.Err() != nil {
		return nil, unavailable("verify", err) // the client has gone, the store may be well
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
func (a *Authority) parseAccess(token string) (*Claims, error) {
	if token == "" {
		return nil, ErrTokenMissing
	}
	c, err := a.ring.Load().parseAccess(a.parser, token, a.config.Issuer, a.config.Audience)
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
