package core

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// Logout ends the session of an access or a refresh token, expired or used
// ones too. A token that is of no session is no error (RFC 7009, section 2.2:
// its purpose, to be invalid, is achieved already); with keys that only verify
// no refresh token is. It returns an
// [ErrUnavailable] if the store failed; the session may then still be alive.
func (a *Authority) Logout(ctx context.Context, token string) error {
	ring := a.ring.Load()
	request := driver.EndRequest{Operation: randomID(), AccessTTL: a.config.AccessTTL}
	if c, err := a.rules.access(ring, token); err == nil {
		request.Subject, request.SessionID = c.claims.Subject, c.claims.SessionID
		request.Generation, request.AccessExpiry = c.Generation(), c.ExpiresAt()
	} else if r, err := a.rules.refresh(ring, token); err == nil {
		hash := driver.SeedHash(sha256.Sum256([]byte(r.Seed)))
		request.Subject, request.SessionID, request.SeedHash = r.Subject, r.SessionID, &hash
		request.Generation = r.Generation
	} else {
		return nil
	}
	key := logoutKeyOf(token)
	if _, known := a.refused.get(key, a.config.Now()); known {
		return nil
	}
	result, err := a.end(ctx, request, "logout")
	if err == nil && (result.Outcome == driver.EndedEarlier || result.Outcome == driver.EndMissing) {
		// One that has ended a session is not remembered: should the store lose
		// that, the next try must reach it.
		a.refused.put(key, refusal{at: a.config.Now()})
	}
	if err == nil && result.Outcome == driver.EndForged {
		err = a.emit(ctx, Event{Type: RefreshForged, Subject: request.Subject, SessionID: request.SessionID, Reason: "logout"})
	}
	return err
}

// Revoke ends one session of the subject. It returns [ErrSessionNotFound] if
// the subject has no such live session, whether or not somebody else has.
//
// Like the other methods that take a subject, it returns an
// [ErrRequestInvalid] for one that is empty, longer than 256 bytes or not
// UTF-8, and an [ErrUnavailable] if the store failed.
func (a *Authority) Revoke(ctx context.Context, subject, sessionID string) error {
	if err := checkSubject(subject); err != nil {
		return err
	}
	if !isID(sessionID) {
		return ErrSessionNotFound
	}
	result, err := a.end(ctx, driver.EndRequest{
		Operation: randomID(), Subject: subject, SessionID: sessionID, OnlyLive: true,
	}, "revoked")
	if err == nil && result.Outcome == driver.EndMissing {
		return ErrSessionNotFound
	}
	return err
}

// RevokeAll ends all of the subject's sessions but those whose ids are in
// keep, and returns how many it ended. A login that comes after it lives.
func (a *Authority) RevokeAll(ctx context.Context, subject string, keep ...string) (ended int, err error) {
	if err := checkSubject(subject); err != nil {
		return 0, err
	}
	return a.endAll(ctx, subject, "revoke_all", keep...)
}

// Blacklist revokes one access token, and with it any other of its session's
// generation, until it expires. The session goes on: its next reissue yields
// a good access token. It returns [ErrTokenMissing] for the empty string,
// [ErrTokenInvalid] for what is no access token and [ErrUnavailable] if the
// store failed; an expired token needs no entry and is no error.
func (a *Authority) Blacklist(ctx context.Context, accessToken string) error {
	c, err := a.parseAccess(a.ring.Load(), accessToken)
	if err != nil {
		return err
	}
	if a.expired(c.claims.ExpiresAt) {
		return nil
	}
	commit, cancel := committing(ctx)
	defer cancel()
	err = a.config.Store.Deny(commit, driver.DenyRequest{
		Operation:  randomID(),
		Subject:    c.claims.Subject,
		SessionID:  c.claims.SessionID,
		Generation: c.claims.Generation,
		ExpiresAt:  c.ExpiresAt(),
	})
	if err != nil {
		return a.storeFailed(ctx, "blacklist", c.claims.Subject, c.claims.SessionID, err)
	}
	return a.emit(ctx, Event{
		Type: TokenBlacklisted, Subject: c.claims.Subject,
		SessionID: c.claims.SessionID, Generation: c.claims.Generation,
	})
}

// RefreshClaims refuses every access token that the subject has been given so far,
// in every session and process, for example after the roles have changed. The
// sessions live on: the next reissue of each loads the claims anew. It returns an
// [ErrRequestInvalid] for a bad subject and [ErrUnavailable] if the store failed.
func (a *Authority) RefreshClaims(ctx context.Context, subject string) error {
	if err := checkSubject(subject); err != nil {
		return err
	}
	commit, cancel := committing(ctx)
	defer cancel()
	result, err := a.config.Store.RefreshClaims(commit, driver.RefreshClaimsRequest{Operation: randomID(), Subject: subject})
	if err != nil {
		return a.storeFailed(ctx, "refresh claims", subject, "", err)
	}
	for _, id := range result.Sessions {
		err = errors.Join(err, a.emit(ctx, Event{Type: ClaimsRefreshed, Subject: subject, SessionID: id}))
	}
	return err
}

// Block ends all of the subject's sessions and refuses logins until a time,
// forever if it is zero. It replaces an earlier block, and returns an
// [ErrRequestInvalid] for a time that has passed.
func (a *Authority) Block(ctx context.Context, subject string, until time.Time) error {
	if err := checkSubject(subject); err != nil {
		return err
	}
	if !until.IsZero() && !until.After(a.config.Now()) {
		return fmt.Errorf("%w: until, %s, has passed", ErrRequestInvalid, until.UTC().Format(time.RFC3339))
	}
	if until.After(time.UnixMilli(maxNumber)) {
		until = time.Time{} // no store counts as far
	}
	commit, cancel := committing(ctx)
	defer cancel()
	result, err := a.config.Store.Block(commit, driver.BlockRequest{Operation: randomID(), Subject: subject, Until: until})
	if err != nil {
		return a.storeFailed(ctx, "block", subject, "", err)
	}
	return errors.Join(
		a.emit(ctx, Event{Type: UserBlocked, Subject: subject}),
		a.emitEnded(ctx, subject, result.Ended, "blocked"))
}

// Unblock lets the subject log in again. The sessions that the block ended
// stay ended.
func (a *Authority) Unblock(ctx context.Context, subject string) error {
	if err := checkSubject(subject); err != nil {
		return err
	}
	commit, cancel := committing(ctx)
	defer cancel()
	if err := a.config.Store.Unblock(commit, driver.UnblockRequest{Operation: randomID(), Subject: subject}); err != nil {
		return a.storeFailed(ctx, "unblock", subject, "", err)
	}
	return a.emit(ctx, Event{Type: UserUnblocked, Subject: subject})
}

// BlockedUntil reports whether the subject is blocked, and until when: the zero
// time for one who is blocked forever, or not at all.
func (a *Authority) BlockedUntil(ctx context.Context, subject string) (until time.Time, blocked bool, err error) {
	if err := checkSubject(subject); err != nil {
		return time.Time{}, false, err
	}
	limited, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	result, err := a.config.Store.Blocked(limited, subject)
	if err != nil && gone(ctx) {
		return time.Time{}, false, unavailable("blocked", err)
	}
	if err != nil {
		return time.Time{}, false, a.storeFailed(ctx, "blocked", subject, "", err)
	}
	return result.Until, result.Blocked, nil
}

// Sessions returns the subject's live sessions, the most recently used first.
func (a *Authority) Sessions(ctx context.Context, subject string) ([]Session, error) {
	if err := checkSubject(subject); err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	list, err := a.config.Store.Sessions(limited, subject)
	if err != nil && gone(ctx) {
		return nil, unavailable("sessions", err)
	}
	if err != nil {
		return nil, a.storeFailed(ctx, "sessions", subject, "", err)
	}
	return list, nil
}

// end ends one session and tells of it.
func (a *Authority) end(ctx context.Context, r driver.EndRequest, reason string) (driver.EndResult, error) {
	commit, cancel := committing(ctx)
	defer cancel()
	result, err := a.config.Store.End(commit, r)
	if err != nil {
		return result, a.storeFailed(ctx, reason, r.Subject, r.SessionID, err)
	}
	if result.Outcome == driver.Ended {
		err = a.emitEnded(ctx, r.Subject, []string{r.SessionID}, reason)
	}
	return result, err
}

// endAll ends a subject's sessions and tells of it.
func (a *Authority) endAll(ctx context.Context, subject, reason string, keep ...string) (int, error) {
	commit, cancel := committing(ctx)
	defer cancel()
	result, err := a.config.Store.EndAll(commit, driver.EndAllRequest{Operation: randomID(), Subject: subject, Keep: keep})
	if err != nil {
		return 0, a.storeFailed(ctx, reason, subject, "", err)
	}
	return len(result.Ended), a.emitEnded(ctx, subject, result.Ended, reason)
}

func (a *Authority) emitEnded(ctx context.Context, subject string, sessionIDs []string, reason string) (err error) {
	for _, id := range sessionIDs {
		err = errors.Join(err, a.emit(ctx, Event{Type: SessionRevoked, Subject: subject, SessionID: id, Reason: reason}))
	}
	return err
}

func checkSubject(subject string) error {
	if err := checkName(subject); err != nil {
		return fmt.Errorf("%w: the subject %w", ErrRequestInvalid, err)
	}
	return nil
}
