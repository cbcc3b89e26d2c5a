package core

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// EventType names what happened. The names of the sessions' life follow CAEP
// 1.0 where it has one.
type EventType string

const (
	// SessionEstablished: a login.
	SessionEstablished EventType = "session-established"
	// SessionReissued: a reissue that moved the session on.
	SessionReissued EventType = "session-reissued"
	// SessionReplayed: a reissue that got the same pair again. Reason is
	// "same_attempt" or "replayed".
	SessionReplayed EventType = "session-replayed"
	// SessionRecovered: a reissue showed that the store had lost writes.
	SessionRecovered EventType = "session-recovered"
	// SessionRevoked: a session ended before its time. Reason is "logout",
	// "revoked", "revoke_all", "evicted", "blocked", "user_gone" or "reuse".
	// With "reuse" an earlier refresh token was presented: Distance and Age
	// tell how old it was.
	SessionRevoked EventType = "session-revoked"
	// RefreshRefused: a genuine refresh token was refused. Reason is the
	// name of the [driver.Outcome], or "unbound" if BindAccessToken found no access
	// token of the session with it.
	RefreshRefused EventType = "refresh-refused"
	// RefreshForged: a refresh token with a right signature and a wrong seed.
	// Somebody else holds the signing key: replace it. Reason is "forged", or
	// "logout" if it was presented there.
	RefreshForged EventType = "refresh-forged"
	// TokenBlacklisted: one access token was revoked.
	TokenBlacklisted EventType = "token-blacklisted"
	// ClaimsRefreshed: an access token with older claims is refused from now on.
	// SessionID is each session's.
	ClaimsRefreshed EventType = "claims-refreshed"
	// LoginRefused: Reason is "blocked" or "session_limit".
	LoginRefused EventType = "login-refused"
	// UserBlocked and UserUnblocked: an administrator's doing.
	UserBlocked   EventType = "user-blocked"
	UserUnblocked EventType = "user-unblocked"
	// StoreFailed: the store or LoadClaims failed; Reason says at what, Err
	// how.
	StoreFailed EventType = "store-failed"
	// AccessUnchecked: FailOpen accepted an access token that the store could
	// not be asked about; Err says why.
	AccessUnchecked EventType = "access-unchecked"
)

// Event tells an operator what a client is not told. It never holds a token, a
// seed or a key.
type Event struct {
	Type       EventType
	Time       time.Time // by Config.Now
	Subject    string    // the user; empty if it is not known
	SessionID  string    // empty if it is about none or several
	Generation int64     // of the token presented, 0 if there was none
	Reason     string
	Distance   int64         // generations between the session and the token
	Age        time.Duration // since the session's last rotation
	Device     Device        // of a login
	Err        error         // of StoreFailed and AccessUnchecked, for operators only
}

// Level returns the level at which the event is logged: Error if somebody must
// act, Warn if somebody should look, Debug for the daily course.
func (e Event) Level() slog.Level {
	switch e.Type {
	case RefreshForged, StoreFailed, AccessUnchecked:
		return slog.LevelError
	case SessionRecovered:
		return slog.LevelWarn
	case SessionRevoked:
		if e.Reason == driver.Reuse.String() {
			return slog.LevelWarn
		}
	}
	return slog.LevelDebug
}

// LogValue implements [slog.LogValuer].
func (e Event) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("type", string(e.Type))}
	text := func(name, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(name, value))
		}
	}
	text("subject", e.Subject)
	text("session", e.SessionID)
	text("reason", e.Reason)
	switch e.Type {
	case SessionReissued, SessionReplayed, SessionRecovered, RefreshRefused, RefreshForged:
		attrs = append(attrs, slog.Int64("generation", e.Generation), slog.Int64("distance", e.Distance), slog.Duration("age", e.Age))
	case TokenBlacklisted, AccessUnchecked:
		attrs = append(attrs, slog.Int64("generation", e.Generation))
	case SessionRevoked:
		if e.Reason == driver.Reuse.String() {
			attrs = append(attrs, slog.Int64("generation", e.Generation), slog.Int64("distance", e.Distance), slog.Duration("age", e.Age))
		}
	}
	text("device", e.Device.Name)
	text("user_agent", e.Device.UserAgent)
	text("ip", e.Device.IP)
	if e.Err != nil {
		text("error", e.Err.Error())
	}
	return slog.GroupValue(attrs...)
}

// emit logs the event and calls the hook. A hook that panics must not take the
// process down or be mistaken for success: the request fails, the state
// stands.
func (a *Authority) emit(ctx context.Context, e Event) (err error) {
	e.Time = a.config.Now()
	if level := e.Level(); a.config.Logger.Enabled(ctx, level) {
		a.config.Logger.LogAttrs(ctx, level, "ratchet", slog.Any("event", e))
	}
	if a.config.OnEvent == nil {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("core: Config.OnEvent panicked at %s: %v", e.Type, p)
			a.config.Logger.LogAttrs(ctx, slog.LevelError, "ratchet", slog.String("error", err.Error()))
		}
	}()
	a.config.OnEvent(ctx, e)
	return nil
}

// refuse emits the event and returns the refusal, or the fault of the hook.
func (a *Authority) refuse(ctx context.Context, refusal error, e Event) error {
	if err := a.emit(ctx, e); err != nil {
		return err
	}
	return refusal
}

// storeFailed emits the event of a failed store and returns an ErrUnavailable.
func (a *Authority) storeFailed(ctx context.Context, what, subject, sessionID string, err error) error {
	return a.refuse(ctx, unavailable(what, err), Event{Type: StoreFailed, Subject: subject, SessionID: sessionID, Reason: what, Err: err})
}
