package core

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxCustomClaims is the size of a login's custom claims as JSON that refresh
// tokens will carry.
const maxCustomClaims = 1024

// Claims are the claims of a verified access token. They are immutable and
// shared between requests.
type Claims struct {
	claims  accessClaims
	payload string // the token's middle segment
	custom  customClaims
}

// ClaimsRequest is what [Config.LoadClaims] is asked: the claims of which user,
// in which session.
type ClaimsRequest struct {
	Subject   string
	SessionID string
	// AuthTime is when the user proved who they are: see [Login.AuthTime].
	AuthTime time.Time
	// Generation is that of the refresh token presented, 0 at a login.
	Generation int64

	session json.RawMessage
}

// Session stores the claims that the login gave the session ([Login.Claims]) in
// the value that v points to, as [json.Unmarshal] does. Without any it decodes an
// empty object.
func (r ClaimsRequest) Session(v any) error {
	text := r.session
	if len(text) == 0 {
		text = json.RawMessage("{}")
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("core: decode the session's claims: %w", err)
	}
	return nil
}

// customClaims are decoded at the first Decode only.
type customClaims struct {
	once sync.Once
	text json.RawMessage
	err  error
}

// Issuer returns the iss claim.
func (c *Claims) Issuer() string { return c.claims.Issuer }

// Audience returns the aud claim.
func (c *Claims) Audience() []string { return slices.Clone(c.claims.Audience) }

// Subject returns the sub claim, the user.
func (c *Claims) Subject() string { return c.claims.Subject }

// SessionID returns the sid claim.
func (c *Claims) SessionID() string { return c.claims.SessionID }

// TokenID returns the jti claim, the session id and the generation joined by
// a dot.
func (c *Claims) TokenID() string { return c.claims.TokenID }

// Generation returns the gen claim: how often the session had been reissued.
func (c *Claims) Generation() int64 { return c.claims.Generation }

// IssuedAt returns the iat claim.
func (c *Claims) IssuedAt() time.Time { return time.Unix(c.claims.IssuedAt, 0).UTC() }

// ExpiresAt returns the exp claim.
func (c *Claims) ExpiresAt() time.Time { return time.Unix(c.claims.ExpiresAt, 0).UTC() }

// AuthTime returns the auth_time claim: when the user proved who they are,
// which a reissue does not move.
func (c *Claims) AuthTime() time.Time { return time.Unix(c.claims.AuthTime, 0).UTC() }

// Decode stores the custom claims in the value that v points to, as
// [json.Unmarshal] does.
func (c *Claims) Decode(v any) error {
	c.custom.once.Do(func() { c.custom.text, c.custom.err = extractCustom(c.payload) })
	if c.custom.err != nil {
		return c.custom.err
	}
	if err := json.Unmarshal(c.custom.text, v); err != nil {
		return fmt.Errorf("core: decode custom claims: %w", err)
	}
	return nil
}

// Format implements [fmt.Formatter] and prints the token id, whatever the
// verb.
func (c *Claims) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "core.Claims(%s)", c.claims.TokenID)
}

// ClaimsAs returns the custom claims as a T, decoded as [Claims.Decode] does. For
// nil, which stands for a request without a token, it returns [ErrTokenMissing].
func ClaimsAs[T any](c *Claims) (T, error) {
	var v T
	if c == nil {
		return v, ErrTokenMissing
	}
	err := c.Decode(&v)
	return v, err
}

// ClaimsKey is the key of the claims in a context, for a context of one's own and
// for frameworks that copy values: ctx.Value(core.ClaimsKey{}) is a *Claims. Others
// use [FromContext].
type ClaimsKey struct{}

// NewContext returns a context that carries the claims, as the middleware
// does for a request.
func NewContext(ctx context.Context, c *Claims) context.Context {
	return context.WithValue(ctx, ClaimsKey{}, c)
}

// FromContext returns the claims that the context carries, and false if it
// carries none.
func FromContext(ctx context.Context) (*Claims, bool) {
	c, ok := ctx.Value(ClaimsKey{}).(*Claims)
	return c, ok && c != nil
}

// marshalCustom returns custom claims as a JSON object with each name once,
// nil if there are none.
func marshalCustom(v any) (json.RawMessage, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, errors.New("they are not a JSON object")
	}
	if len(object) == 0 {
		return nil, nil
	}
	for name := range object {
		if reservedIndex(name) >= 0 {
			return nil, fmt.Errorf("the name %q is reserved", name)
		}
	}
	return json.Marshal(object)
}

// overlay joins two JSON objects of custom claims; on equal names the upper ones
// win.
func overlay(lower, upper json.RawMessage) (json.RawMessage, error) {
	if len(lower) == 0 {
		return upper, nil
	}
	if len(upper) == 0 {
		return lower, nil
	}
	var below, joined map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(lower, &below), json.Unmarshal(upper, &joined)); err != nil {
		return nil, fmt.Errorf("core: join custom claims: %w", err)
	}
	for name, value := range below {
		// A decoder takes names for equal that differ in case.
		if !slices.ContainsFunc(slices.Collect(maps.Keys(joined)), func(loaded string) bool { return strings.EqualFold(loaded, name) }) {
			joined[name] = value
		}
	}
	return json.Marshal(joined)
}

// extractCustom is the inverse of mergeClaims for a token's payload.
func extractCustom(segment string) (json.RawMessage, error) {
	payload, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		return nil, fmt.Errorf("core: decode custom claims: %w", err)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(payload, &object); err != nil {
		return nil, fmt.Errorf("core: decode custom claims: %w", err)
	}
	for name := range object {
		if reservedIndex(name) >= 0 {
			delete(object, name)
		}
	}
	return json.Marshal(object)
}

// mergeClaims joins the JSON object of the library's claims with the custom
// ones, which share no name.
func mergeClaims(ours, custom json.RawMessage) json.RawMessage {
	if len(custom) == 0 {
		return ours
	}
	joined := make([]byte, 0, len(ours)+len(custom))
	joined = append(joined, bytes.TrimSuffix(ours, []byte("}"))...)
	joined = append(joined, ',')
	return append(joined, bytes.TrimPrefix(custom, []byte("{"))...)
}

// tokenID returns the jti of a generation of a session.
func tokenID(sessionID string, generation int64) string {
	return sessionID + "." + strconv.FormatInt(generation, 10)
}
