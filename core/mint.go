package core

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
)

// grant is what a pair of tokens is minted from. The same grant gives the same
// pair: the same sid, gen and jti, though not the same bytes where the
// signature is randomised.
type grant struct {
	ring       *keyring
	subject    string
	sessionID  string
	seed       string
	generation int64
	authTime   int64
	session    json.RawMessage // Login.Claims, which refresh tokens carry on
	custom     json.RawMessage // those and the loaded ones, for the access token
	loadedAt   time.Time       // when LoadClaims was asked
	browser    bool            // Login.BrowserSession
	issuedAt   time.Time       // the store's time of the rotation, not of the signing
	idleEnd    time.Time
	sessionEnd time.Time
}

// mint signs the pair. The access token never outlives the session's absolute
// end; the refresh token carries that end in every generation.
func (a *Authority) mint(g grant) (Tokens, error) {
	accessEnd := g.issuedAt.Add(a.config.AccessTTL)
	accessEnd = sooner(accessEnd, g.sessionEnd)
	refreshEnd := sooner(g.idleEnd, g.sessionEnd)
	accessEnd = time.Unix(accessEnd.Unix(), 0).UTC() // whole seconds, rounded down

	access, refresh, err := a.payloads(g, accessEnd)
	if err != nil {
		return Tokens{}, err
	}
	tokens := Tokens{
		AccessExpiresAt:  accessEnd,
		RefreshExpiresAt: refreshEnd,
		SessionID:        g.sessionID,
		BrowserSession:   g.browser,
	}
	if tokens.AccessToken, err = g.ring.access.sign(access); err != nil {
		return Tokens{}, err
	}
	if tokens.RefreshToken, err = g.ring.refresh.sign(refresh); err != nil {
		return Tokens{}, err
	}
	return tokens, nil
}

// payloads returns the two tokens' claims as JSON.
func (a *Authority) payloads(g grant, accessEnd time.Time) (access, refresh json.RawMessage, err error) {
	access, err = json.Marshal(accessClaims{
		Issuer:     a.config.Issuer,
		Audience:   a.config.Audience,
		Subject:    g.subject,
		IssuedAt:   g.issuedAt.Unix(),
		ExpiresAt:  accessEnd.Unix(),
		TokenID:    tokenID(g.sessionID, g.generation),
		SessionID:  g.sessionID,
		Generation: g.generation,
		AuthTime:   g.authTime,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("core: access token: %w", err)
	}
	r := refreshClaims{
		Issuer:     a.config.Issuer,
		Audience:   audience{refreshAudience},
		Subject:    g.subject,
		SessionID:  g.sessionID,
		Generation: g.generation,
		Seed:       g.seed,
		AuthTime:   g.authTime,
		Browser:    g.browser,
		Custom:     g.session,
	}
	if !g.sessionEnd.IsZero() {
		end := g.sessionEnd.Unix()
		r.ExpiresAt = &end
	}
	if refresh, err = json.Marshal(r); err != nil {
		return nil, nil, fmt.Errorf("core: refresh token: %w", err)
	}
	return mergeClaims(access, g.custom), refresh, nil
}

// checkSize refuses, before anything is changed, what would make a token that
// is too long for its transport, or for any parser.
func (a *Authority) checkSize(g grant, l TokenLimits) error {
	subject, err := json.Marshal(g.subject)
	if err != nil {
		return err
	}
	access := g.ring.access.payload + len(subject) + len(g.custom)
	refresh := g.ring.refresh.payload + len(subject)
	if len(g.session) > 0 {
		refresh += len(`,"claims":`) + len(g.session)
	}
	if g.browser {
		refresh += len(`,"browser":true`)
	}
	for _, t := range []struct {
		kind        string
		size, limit int
	}{
		{"access", g.ring.access.tokenSize(access), l.Access},
		{"refresh", g.ring.refresh.tokenSize(refresh), l.Refresh},
	} {
		if t.limit <= 0 || t.limit > maxToken {
			t.limit = maxToken
		}
		if t.size > t.limit {
			return fmt.Errorf("core: the subject and the custom claims (Login.Claims or Config.LoadClaims) of the user %q would make the %s token longer than %d bytes", g.subject, t.kind, t.limit)
		}
	}
	return nil
}

// measure notes how long the payloads are but for the subject and the custom
// claims, with the widest numbers there are, and refuses keys with which no
// login could ever be issued.
func (a *Authority) measure(ring *keyring) error {
	if ring.access.signer == nil {
		return nil
	}
	id, widest := strings.Repeat("x", idLength), time.Unix(maxNumber, 0)
	access, refresh, err := a.payloads(grant{
		sessionID: id, seed: id, generation: maxGeneration, authTime: math.MinInt64, issuedAt: widest, sessionEnd: widest,
	}, widest)
	if err != nil {
		return err
	}
	ring.access.payload, ring.refresh.payload = len(access)-len(`""`), len(refresh)-len(`""`)
	if a.checkSize(grant{ring: ring, subject: "s"}, TokenLimits{}) != nil {
		return fmt.Errorf("core: Config.Issuer, Config.Audience and Config.Keys leave no room in a token of %d bytes", maxToken)
	}
	return nil
}

// sooner returns the sooner of two ends, of which a zero one is none.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
