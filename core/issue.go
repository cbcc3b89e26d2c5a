package core

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// Login is what an application knows once it has checked who the user is.
// Only Subject is required.
type Login struct {
	// Subject names the user, as the sub claim: 1 to 256 bytes of UTF-8.
	Subject string
	// Claims are the session's: every access token of it carries them, beside
	// those of Config.LoadClaims, which win on equal names. A value that
	// marshals to a JSON object of 1 KiB at most. The registered names and the
	// library's own are refused. They change at the next login only.
	Claims any
	// Device describes the user's device in session lists. Fields longer than
	// 64 bytes are cut.
	Device Device
	// IdleTTL and SessionTTL replace Config's for this session, for a login
	// that is to be remembered or not. Zero means Config's; the bounds are
	// the same, NoLimit included.
	IdleTTL    time.Duration
	SessionTTL time.Duration
	// Limits bounds the session's tokens, for a transport with less room than
	// a header.
	Limits TokenLimits
	// BrowserSession is for a login that is not to be remembered: its cookies
	// have no Max-Age, now and at every reissue, so that they end with the
	// browser. IdleTTL and SessionTTL end the session all the same.
	BrowserSession bool
	// AuthTime is when the user proved who they are, as the auth_time claim.
	// Zero means now.
	AuthTime time.Time
}

// TokenLimits is how many bytes a session's tokens may have over all of its
// generations. A login or a reissue whose tokens could become longer fails
// before it changes anything. Zero means 4096, which is also the most.
type TokenLimits struct {
	Access  int
	Refresh int
}

// Tokens is a pair of tokens and what a client needs to know about it. Printed,
// logged or encoded as JSON it shows the session's id only; but fmt looks into
// the unexported fields of other types, so it does not belong in one.
type Tokens struct {
	AccessToken     string
	RefreshToken    string
	AccessExpiresAt time.Time
	// RefreshExpiresAt is the sooner of the session's idle and absolute end.
	RefreshExpiresAt time.Time
	SessionID        string
	// BrowserSession is the login's: cookies have no Max-Age.
	BrowserSession bool
}

// Format implements [fmt.Formatter].
func (t Tokens) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "core.Tokens(session %s)", t.SessionID)
}

// MarshalText implements [encoding.TextMarshaler], for logs that encode as
// JSON. An answer names the fields that it sends.
func (t Tokens) MarshalText() ([]byte, error) { return fmt.Append(nil, t), nil }

// LogValue implements [slog.LogValuer].
func (t Tokens) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(t)) }

// Issue starts a session and returns its first pair of tokens. The application
// calls it after it has checked the password or whatever else it checks.
//
// It returns [ErrUserBlocked], [ErrSessionLimit], [ErrUnavailable] or, if
// LoadClaims says that the user is gone, [ErrBadCredentials]; any other error
// says what is wrong with the login or the configuration.
func (a *Authority) Issue(ctx context.Context, l Login) (Tokens, error) {
	ring := a.ring.Load()
	if ring.access.signer == nil {
		return Tokens{}, errors.New("core: Issue: Config.Keys only verify")
	}
	if err := checkName(l.Subject); err != nil {
		return Tokens{}, fmt.Errorf("core: Login.Subject %w", err)
	}
	defaultTo(&l.IdleTTL, a.config.IdleTTL)
	defaultTo(&l.SessionTTL, a.config.SessionTTL)
	if faults := checkLifetime("Login.", l.IdleTTL, l.SessionTTL); len(faults) > 0 {
		return Tokens{}, errors.Join(faults...)
	}
	g := grant{ring: ring, subject: l.Subject, sessionID: newID(), seed: newID(), browser: l.BrowserSession}
	g.authTime = a.config.Now().Unix()
	if !l.AuthTime.IsZero() {
		g.authTime = l.AuthTime.Unix()
	}
	if err := a.loginClaims(ctx, l.Claims, &g); err != nil {
		return Tokens{}, err
	}
	if err := a.checkSize(g, l.Limits); err != nil {
		return Tokens{}, err
	}
	commit, cancel := committing(ctx)
	defer cancel()
	created, err := a.config.Store.Create(commit, driver.CreateRequest{
		Subject:     g.subject,
		SessionID:   g.sessionID,
		SeedHash:    sha256.Sum256([]byte(g.seed)),
		Device:      cleanDevice(l.Device),
		AccessTTL:   a.config.AccessTTL,
		IdleTTL:     l.IdleTTL,
		SessionTTL:  l.SessionTTL,
		MaxSessions: a.config.MaxSessions,
		OnLimit:     a.config.OnLimit,
	})
	if err != nil {
		return Tokens{}, a.storeFailed(ctx, "issue", g.subject, g.sessionID, err)
	}
	switch created.Outcome {
	case driver.CreateIsBlocked:
		return Tokens{}, a.refuse(ctx, ErrUserBlocked, Event{Type: LoginRefused, Subject: g.subject, Reason: "blocked"})
	case driver.CreateAtLimit:
		return Tokens{}, a.refuse(ctx, ErrSessionLimit, Event{Type: LoginRefused, Subject: g.subject, Reason: "session_limit"})
	}

	g.issuedAt, g.idleEnd, g.sessionEnd = created.CreatedAt, created.IdleEnd, created.SessionEnd
	if l.AuthTime.IsZero() {
		g.authTime = created.CreatedAt.Unix() // by the store's clock, as all that follows
	}
	err = a.emit(ctx, Event{Type: SessionEstablished, Subject: g.subject, SessionID: g.sessionID, Device: cleanDevice(l.Device)})
	for _, id := range created.Evicted {
		err = errors.Join(err, a.emit(ctx, Event{Type: SessionRevoked, Subject: g.subject, SessionID: id, Reason: "evicted"}))
	}
	if err != nil {
		return Tokens{}, err
	}
	if err := a.freshen(ctx, &g, created.SinceRefresh, l.Limits, ErrBadCredentials); err != nil {
		_, failed := a.end(ctx, driver.EndRequest{Operation: randomID(), Subject: g.subject, SessionID: g.sessionID, OnlyLive: true}, "revoked")
		return Tokens{}, errors.Join(err, failed) // nobody holds its tokens
	}
	return a.mint(g)
}

// loginClaims puts a login's custom claims into its grant.
func (a *Authority) loginClaims(ctx context.Context, claims any, g *grant) (err error) {
	if g.session, err = marshalCustom(claims); err != nil {
		return fmt.Errorf("core: Login.Claims: %w", err)
	}
	if len(g.session) > maxCustomClaims {
		return fmt.Errorf("core: Login.Claims has %d bytes as JSON, it may have %d", len(g.session), maxCustomClaims)
	}
	return a.load(ctx, g, ErrBadCredentials)
}
