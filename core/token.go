package core

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The header's typ keeps the two kinds of token apart (RFC 8725, section
// 3.11). at+jwt is RFC 9068's.
const (
	accessType  = "at+jwt"
	refreshType = "rt+jwt"
)

// refreshAudience is the aud of every refresh token: the reissue endpoint.
const refreshAudience = "reissue"

const (
	maxToken      = 4096      // bytes
	maxGeneration = 1<<53 - 2 // the child's still is an exact number in JSON and Lua
	maxNumber     = 1<<53 - 1
	idBytes       = 16
	idLength      = 22 // of 16 bytes in unpadded base64url
)

// accessClaims are the claims of an access token that the library reads.
// Numbers are integers: encoding/json refuses fractions, exponents and
// strings for an int64.
type accessClaims struct {
	Issuer     string   `json:"iss"`
	Audience   audience `json:"aud"`
	Subject    string   `json:"sub"`
	IssuedAt   int64    `json:"iat"`
	NotBefore  int64    `json:"nbf,omitempty"` // never issued
	ExpiresAt  int64    `json:"exp"`
	TokenID    string   `json:"jti"`
	SessionID  string   `json:"sid"`
	Generation int64    `json:"gen"`
	AuthTime   int64    `json:"auth_time"`
}

// refreshClaims are the claims of a refresh token. ExpiresAt is the session's
// absolute end, absent if it has none. Custom is the login's claims.
type refreshClaims struct {
	Issuer     string          `json:"iss"`
	Audience   audience        `json:"aud"`
	Subject    string          `json:"sub"`
	NotBefore  int64           `json:"nbf,omitempty"` // never issued
	ExpiresAt  *int64          `json:"exp,omitempty"`
	SessionID  string          `json:"sid"`
	Generation int64           `json:"gen"`
	Seed       string          `json:"seed"`
	AuthTime   int64           `json:"auth_time"`
	Browser    bool            `json:"browser,omitempty"` // Login.BrowserSession
	Custom     json.RawMessage `json:"claims,omitempty"`
}

// audience is the aud claim: a string or an array of strings (RFC 7519,
// section 4.1.3).
type audience []string

// MarshalJSON implements [json.Marshaler].
func (a audience) MarshalJSON() ([]byte, error) {
	if len(a) == 1 {
		return json.Marshal(a[0])
	}
	return json.Marshal([]string(a))
}

// UnmarshalJSON implements [json.Unmarshaler].
func (a *audience) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '[' {
		return json.Unmarshal(text, (*[]string)(a))
	}
	*a = make(audience, 1)
	return json.Unmarshal(text, &(*a)[0])
}

// tokenRules are what a token must satisfy whatever its keyring. They do not
// judge its expiry: a logout takes expired tokens too.
type tokenRules struct {
	issuer   string
	audience []string
	leeway   time.Duration
	now      func() time.Time
}

func newTokenRules(c Config) tokenRules {
	return tokenRules{issuer: c.Issuer, audience: c.Audience, leeway: c.Leeway, now: c.Now}
}

// checkSpelling refuses every spelling of a token but one before anything is
// decoded: exactly three non-empty segments of base64url without padding. Go's
// decoder would skip line breaks even in strict mode.
func checkSpelling(token string) error {
	if len(token) > maxToken {
		return errors.New("longer than 4 KiB")
	}
	dots, last := 0, byte('.')
	for i := range len(token) {
		c := token[i]
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
		case c == '.' && last != '.':
			dots++
		default:
			return errors.New("not a compact serialization")
		}
		last = c
	}
	if dots != 2 || last == '.' {
		return errors.New("not a compact serialization")
	}
	return nil
}

// verify checks a token's spelling, header and signature and decodes its claims
// into the struct that claims points to. It decodes nothing that no key has
// signed: a header is compared as it is written, so what a stranger sends costs
// one signature check at most, whatever is in it.
func (s keyset) verify(token string, claims any) error {
	if err := checkSpelling(token); err != nil {
		return err
	}
	header, rest, _ := strings.Cut(token, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	k := s.byHeader[header]
	if k == nil {
		return errors.New("the header is not one of ours: another key, algorithm or type of token")
	}
	decoded, err := decodeSegment(signature)
	if err != nil {
		return err
	}
	if err := k.method.Verify(token[:len(header)+1+len(payload)], decoded, k.verify()); err != nil {
		return err
	}
	if decoded, err = decodeSegment(payload); err != nil {
		return err
	}
	if err := json.Unmarshal(decoded, claims); err != nil {
		return err
	}
	return checkNames(string(decoded))
}

// decodeSegment decodes base64url without padding and refuses bits that do not
// count.
func decodeSegment(segment string) ([]byte, error) {
	return base64.RawURLEncoding.Strict().DecodeString(segment)
}

// sign signs the claims with the set's signer.
func (s keyset) sign(claims []byte) (string, error) {
	if s.signer == nil {
		return "", errors.New("core: no key can sign")
	}
	text := make([]byte, 0, s.tokenSize(len(claims)))
	text = append(append(text, s.header...), '.')
	text = base64.RawURLEncoding.AppendEncode(text, claims)
	signature, err := s.signer.method.Sign(string(text), s.signer.sign())
	if err != nil {
		return "", fmt.Errorf("core: sign with key %q: %w", s.signer.id, err)
	}
	return string(base64.RawURLEncoding.AppendEncode(append(text, '.'), signature)), nil
}

// access verifies an access token and checks all claims but the expiry.
func (t *tokenRules) access(ring *keyring, token string) (*Claims, error) {
	c := &Claims{claims: accessClaims{Generation: -1}}
	if err := ring.access.verify(token, &c.claims); err != nil {
		return nil, err
	}
	a := &c.claims
	if a.ExpiresAt <= 0 || a.ExpiresAt > maxNumber {
		return nil, errors.New("exp is missing or out of range")
	}
	if err := t.checkShared(a.Issuer, a.Subject, a.SessionID, a.Generation, a.NotBefore); err != nil {
		return nil, err
	}
	if !a.Audience.meets(t.audience) {
		return nil, errors.New("another audience")
	}
	if a.TokenID != tokenID(a.SessionID, a.Generation) {
		return nil, errors.New("jti is not sid.gen")
	}
	c.payload = payloadSegment(token)
	return c, nil
}

// refresh verifies a refresh token and checks all claims but the expiry. The
// custom claims are checked as at the login, so that a refresh key in wrong
// hands cannot make an access token of another subject.
func (t *tokenRules) refresh(ring *keyring, token string) (*refreshClaims, error) {
	c := &refreshClaims{Generation: -1}
	err := ring.refresh.verify(token, c)
	if err != nil {
		return nil, err
	}
	if err := t.checkShared(c.Issuer, c.Subject, c.SessionID, c.Generation, c.NotBefore); err != nil {
		return nil, err
	}
	if len(c.Audience) != 1 || c.Audience[0] != refreshAudience {
		return nil, errors.New("another audience")
	}
	if c.ExpiresAt != nil && (*c.ExpiresAt <= 0 || *c.ExpiresAt > maxNumber) {
		return nil, errors.New("exp is out of range")
	}
	if !isID(c.Seed) {
		return nil, errors.New("seed is missing or malformed")
	}
	if len(c.Custom) > 0 {
		if c.Custom, err = marshalCustom(c.Custom); err != nil {
			return nil, fmt.Errorf("claims: %w", err)
		}
	}
	return c, nil
}

// checkShared checks the claims that both kinds of token have.
func (t *tokenRules) checkShared(issuer, subject, sessionID string, generation, notBefore int64) error {
	switch {
	case issuer != t.issuer:
		return errors.New("another issuer")
	case checkName(subject) != nil:
		return errors.New("sub is missing or malformed")
	case !isID(sessionID):
		return errors.New("sid is missing or malformed")
	case generation < 0 || generation > maxGeneration:
		return errors.New("gen is missing or out of range")
	case notBefore != 0 && t.now().Add(t.leeway).Before(time.Unix(min(notBefore, maxNumber), 0)):
		return errors.New("nbf is in the future")
	}
	return nil
}

// meets reports whether a and others have a member in common.
func (a audience) meets(others []string) bool {
	for _, x := range a {
		for _, y := range others {
			if x == y {
				return true
			}
		}
	}
	return false
}

// isID reports whether s is a session id or a seed as newID makes them.
func isID(s string) bool {
	if len(s) != idLength {
		return false
	}
	var id [idBytes]byte
	_, err := base64.RawURLEncoding.Strict().Decode(id[:], []byte(s))
	return err == nil && !strings.ContainsAny(s, "\r\n")
}

// payloadSegment returns the middle segment of a token that has three.
func payloadSegment(token string) string {
	_, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	return payload
}
