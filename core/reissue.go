package core

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// loadTimeout bounds Config.LoadClaims.
const loadTimeout = 3 * time.Second

// maxIdempotencyKey is the length in bytes of an Idempotency-Key.
const maxIdempotencyKey = 255

// ReissueOption is a further part of a request to reissue.
type ReissueOption func(*reissue)

type reissue struct {
	accessToken    string
	idempotencyKey string
	limits         TokenLimits
	ip             string
}

// WithTokenLimits bounds the tokens to issue, as Login.Limits does at the login.
func WithTokenLimits(l TokenLimits) ReissueOption {
	return func(r *reissue) { r.limits = l }
}

// WithAccessToken gives the access token that came along. It is looked at only
// with Config.BindAccessToken, and may be expired or revoked.
func WithAccessToken(token string) ReissueOption {
	return func(r *reissue) { r.accessToken = token }
}

// WithIP gives the address that the request came from, a label as Device.IP is,
// of which 64 bytes are kept. [Authority.Sessions] shows that of a session's last
// reissue as LastIP, if it is not the login's.
func WithIP(ip string) ReissueOption {
	return func(r *reissue) { r.ip = ip }
}

// WithIdempotencyKey gives the client's Idempotency-Key, 255 bytes at most. A
// client that sends a new key with each reissue, and the same one when it
// tries the same reissue again, gets the same answer however late it asks, as
// long as it has not used the answer. Without one a retry after ReuseGrace
// cannot be told from theft.
func WithIdempotencyKey(key string) ReissueOption {
	return func(r *reissue) { r.idempotencyKey = key }
}

// Reissue exchanges a refresh token for the session's next pair, as the rules
// of [driver.Outcome] say. The refresh token is then used up.
//
// It returns [ErrRefreshMissing] for the empty string, [ErrRefreshInvalid] for
// whatever is refused, and [ErrUnavailable] if the store or LoadClaims failed.
// It returns [ErrRequestInvalid] for an idempotency key that is too long. After
// any error but ErrRefreshMissing and ErrRefreshInvalid the client still has its
// session and tries again: within ReuseGrace, or at any time with the same
// Idempotency-Key.
func (a *Authority) Reissue(ctx context.Context, refreshToken string, opts ...ReissueOption) (Tokens, error) {
	var request reissue
	for _, o := range opts {
		o(&request)
	}
	if len(request.idempotencyKey) > maxIdempotencyKey {
		return Tokens{}, fmt.Errorf("%w: the idempotency key has over %d bytes", ErrRequestInvalid, maxIdempotencyKey)
	}
	ring := a.ring.Load()
	if ring.access.signer == nil { // no refusal: the token may be good elsewhere
		return Tokens{}, errors.New("core: Reissue: Config.Keys only verify")
	}
	r, err := a.parseRefresh(ring, refreshToken)
	if err != nil {
		return Tokens{}, err
	}
	if reason, err := a.refusal(ring, r, request.accessToken); err != nil {
		return Tokens{}, a.refuse(ctx, err, Event{
			Type: RefreshRefused, Subject: r.Subject, SessionID: r.SessionID, Generation: r.Generation, Reason: reason,
		})
	}

	key := refusalKeyOf(r)
	if known, ok := a.refused.get(key, a.config.Now()); ok {
		return Tokens{}, a.refuseAgain(ctx, r, known)
	}

	// Whatever can fail without the store comes before the commit, so that it
	// burns no token.
	g := grant{ring: ring, subject: r.Subject, sessionID: r.SessionID, seed: r.Seed, authTime: r.AuthTime, session: r.Custom, browser: r.Browser, generation: r.Generation}
	if err := a.load(ctx, &g, ErrRefreshInvalid); err != nil {
		if errors.Is(err, ErrUserGone) {
			a.refused.put(key, refusal{at: a.config.Now()})
		}
		return Tokens{}, err
	}
	if err := a.checkSize(g, request.limits); err != nil {
		return Tokens{}, err
	}

	operation := driver.OperationID(randomID())
	commit, cancel := committing(ctx)
	defer cancel()
	result, err := a.config.Store.Rotate(commit, driver.RotateRequest{
		Operation:  operation,
		Attempt:    attemptID(r, request.idempotencyKey, operation),
		Subject:    r.Subject,
		SessionID:  r.SessionID,
		SeedHash:   sha256.Sum256([]byte(r.Seed)),
		Generation: r.Generation,
		AccessTTL:  a.config.AccessTTL,
		ReuseGrace: a.config.ReuseGrace,
		IP:         cutField(request.ip),
	})
	if err != nil {
		return Tokens{}, a.storeFailed(ctx, "reissue", r.Subject, r.SessionID, err)
	}
	if e, final := refusalOf(r, result, a.config.Now()); final {
		a.refused.put(key, e)
	}
	if err := a.emit(ctx, rotationEvent(r, result)); err != nil {
		return Tokens{}, err
	}
	if !result.Outcome.Issues() {
		return Tokens{}, fmt.Errorf("%w: %s", ErrRefreshInvalid, result.Outcome)
	}

	// What follows may fail; the retry gets the same pair.
	if err := a.freshen(ctx, &g, result.SinceRefresh, request.limits, ErrRefreshInvalid); err != nil {
		return Tokens{}, err
	}
	g.generation, g.issuedAt = result.Generation, result.IssuedAt
	g.idleEnd, g.sessionEnd = result.IdleEnd, result.SessionEnd
	return a.mint(g)
}

// refuseAgain refuses a token of a session whose end is known.
func (a *Authority) refuseAgain(ctx context.Context, r *refreshClaims, known refusal) error {
	if known.outcome == 0 {
		return a.refuse(ctx, fmt.Errorf("%w: %w", ErrRefreshInvalid, ErrUserGone), Event{
			Type: RefreshRefused, Subject: r.Subject, SessionID: r.SessionID, Generation: r.Generation, Reason: "user_gone",
		})
	}
	return a.refuse(ctx, fmt.Errorf("%w: %s", ErrRefreshInvalid, known.outcome), rotationEvent(r, known.result(r, a.config.Now())))
}

// parseRefresh verifies a refresh token but for its expiry.
func (a *Authority) parseRefresh(ring *keyring, token string) (*refreshClaims, error) {
	if token == "" {
		return nil, ErrRefreshMissing
	}
	r, err := a.rules.refresh(ring, token)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefreshInvalid, err)
	}
	return r, nil
}

// refusal refuses a genuine refresh token past its expiry, which is the session's
// absolute end (the idle end is the store's to judge), or without the access token
// that it is bound to. No session is touched. Beside an error it returns the
// reason for the event.
func (a *Authority) refusal(ring *keyring, r *refreshClaims, accessToken string) (reason string, err error) {
	if r.ExpiresAt != nil && a.expired(*r.ExpiresAt) {
		return driver.Expired.String(), fmt.Errorf("%w: %s", ErrRefreshInvalid, driver.Expired)
	}
	if err := a.checkBinding(ring, r, accessToken); err != nil {
		return "unbound", err
	}
	return "", nil
}

// checkBinding refuses, with BindAccessToken, a reissue without an access
// token of the same session.
func (a *Authority) checkBinding(ring *keyring, r *refreshClaims, accessToken string) error {
	if !a.config.BindAccessToken {
		return nil
	}
	c, err := a.parseAccess(ring, accessToken)
	if err != nil {
		return fmt.Errorf("%w: access token: %v", ErrRefreshInvalid, err)
	}
	if c.claims.SessionID != r.SessionID || c.claims.Subject != r.Subject {
		return fmt.Errorf("%w: the access token is of another session", ErrRefreshInvalid)
	}
	return nil
}

// attemptID derives the attempt from the client's key, so that only who holds
// both the refresh token and the key can repeat it, or else takes the
// operation, which only the driver can repeat.
func attemptID(r *refreshClaims, idempotencyKey string, operation driver.OperationID) (id driver.AttemptID) {
	if idempotencyKey == "" {
		return driver.AttemptID(operation)
	}
	h := sha256.New()
	h.Write([]byte(r.Seed))
	h.Write(strconv.AppendInt(nil, r.Generation, 10))
	h.Write([]byte{0})
	h.Write([]byte(idempotencyKey))
	copy(id[:], h.Sum(nil))
	return id
}

// rotationEvent tells what presenting the refresh token came to.
func rotationEvent(r *refreshClaims, result driver.RotateResult) Event {
	e := Event{
		Subject: r.Subject, SessionID: r.SessionID, Generation: r.Generation,
		Reason: result.Outcome.String(), Distance: result.Distance, Age: result.Age,
	}
	switch result.Outcome {
	case driver.Rotated:
		e.Type = SessionReissued
	case driver.SameAttempt, driver.Replayed:
		e.Type = SessionReplayed
	case driver.Recovered:
		e.Type = SessionRecovered
	case driver.Reuse:
		e.Type = SessionRevoked
	case driver.Forged:
		e.Type = RefreshForged
	default:
		e.Type = RefreshRefused
	}
	return e
}

// load sets the custom claims of an access token: the session's, and over them
// those that Config.LoadClaims returns by now. The refusal is the error for a user
// who is gone.
func (a *Authority) load(ctx context.Context, g *grant, refusal error) (err error) {
	if a.config.LoadClaims == nil {
		g.custom = g.session
		return nil
	}
	g.loadedAt = a.config.Now()
	loaded, err := a.loadClaims(ctx, ClaimsRequest{
		Subject: g.subject, SessionID: g.sessionID, AuthTime: time.Unix(g.authTime, 0).UTC(), Generation: g.generation,
		session: g.session,
	})
	if errors.Is(err, ErrUserGone) {
		return fmt.Errorf("%w: %w", refusal, err)
	}
	if err != nil {
		return err
	}
	g.custom, err = overlay(g.session, loaded)
	return err
}

// clockDrift is by how much the clocks of a store's servers may differ, where
// one takes over from another.
const clockDrift = time.Minute

// longestCall is longer than a call of the store takes after the claims were loaded,
// unless the process stands still.
const longestCall = 20 * time.Second

// freshen loads the claims again if they may be older than the last
// RefreshClaims that the store knows of for the session. No two clocks are
// compared: how long ago that was, by the store's, is held against how long ago the
// claims were loaded, by the process's, of whose two clocks one may have stood still
// while the machine slept. What was loaded long ago is loaded again in any case: a
// store tells a login of a refresh for a while only. Once is enough: a later
// RefreshClaims has found the session as it is now, and has denied the tokens to be
// signed.
func (a *Authority) freshen(ctx context.Context, g *grant, sinceRefresh time.Duration, limits TokenLimits, refusal error) error {
	if a.config.LoadClaims == nil {
		return nil
	}
	now := a.config.Now()
	age := max(now.Sub(g.loadedAt), now.Round(0).Sub(g.loadedAt.Round(0)))
	if age <= longestCall && sinceRefresh > age+clockDrift {
		return nil
	}
	if err := a.load(ctx, g, refusal); err != nil {
		return err
	}
	return a.checkSize(*g, limits)
}

// loadClaims calls Config.LoadClaims within its time and returns the claims as
// JSON. Its failure is the service's, not the token's; but ErrUserGone ends all
// sessions of the user and is returned as it is.
func (a *Authority) loadClaims(ctx context.Context, request ClaimsRequest) (json.RawMessage, error) {
	type loaded struct {
		custom json.RawMessage
		err    error
	}
	limited, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	done := make(chan loaded, 1)
	go func() {
		l := loaded{err: errors.New("its goroutine ended")}
		defer func() {
			if p := recover(); p != nil {
				l = loaded{err: fmt.Errorf("panic: %v", p)}
			}
			done <- l
		}()
		var v any
		if v, l.err = a.config.LoadClaims(limited, request); l.err == nil {
			if l.custom, l.err = marshalCustom(v); l.err != nil {
				l.err = fmt.Errorf("Config.LoadClaims: %w", l.err)
			}
		}
	}()

	var l loaded
	select {
	case l = <-done:
	case <-limited.Done():
		l.err = limited.Err()
	}
	if errors.Is(l.err, ErrUserGone) {
		if _, err := a.endAll(ctx, request.Subject, "user_gone"); err != nil {
			return nil, err
		}
		return nil, ErrUserGone
	}
	if l.err != nil && gone(ctx) {
		return nil, unavailable("load claims", l.err)
	}
	if l.err != nil {
		return nil, a.storeFailed(ctx, "load claims", request.Subject, "", l.err)
	}
	return l.custom, nil
}
