package core

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

const (
	maxJWKS     = 64 << 10 // bytes
	maxJWKSKeys = 100
)

// ParseJWKS returns the keys of a JWK Set (RFC 7517, section 5), such as another
// service answers from /.well-known/jwks.json, for Config.Keys of an Authority that
// only verifies. How the set is fetched, and how long it is kept, is the caller's
// to decide: [Authority.SetKeys] takes the keys of a set that was fetched again.
//
// It returns those keys that verify EdDSA, ES256 or RS256 signatures and ignores
// others, as section 5 asks. It refuses a set of more than 64 KiB or 100 keys, one
// without a key that it can use, a key without a kid, two keys of one kid, and one
// that holds a secret or a private key.
func ParseJWKS(set []byte) ([]Key, error) {
	if len(set) > maxJWKS {
		return nil, fmt.Errorf("core: a JWK Set has %d bytes, it may have %d", len(set), maxJWKS)
	}
	var document struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(set, &document); err != nil {
		return nil, fmt.Errorf("core: parse JWK Set: %w", err)
	}
	if len(document.Keys) > maxJWKSKeys {
		return nil, fmt.Errorf("core: a JWK Set has %d keys, it may have %d", len(document.Keys), maxJWKSKeys)
	}
	var keys []Key
	for i, text := range document.Keys {
		k, used, err := parseJWK(text)
		if err != nil {
			return nil, fmt.Errorf("core: key %d of the JWK Set: %w", i, err)
		}
		if !used {
			continue
		}
		if slices.ContainsFunc(keys, func(other Key) bool { return other.ID() == k.ID() }) {
			return nil, fmt.Errorf("core: the JWK Set has two keys with the kid %q", k.ID())
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, errors.New("core: the JWK Set has no key for EdDSA, ES256 or RS256")
	}
	return keys, nil
}

// parsedJWK is what a JWK may say (RFC 7517, section 4; RFC 7518, section 6; RFC
// 8037, section 2).
type parsedJWK struct {
	Type      string   `json:"kty"`
	ID        string   `json:"kid"`
	Algorithm string   `json:"alg"`
	Use       string   `json:"use"`
	Ops       []string `json:"key_ops"`
	Curve     string   `json:"crv"`
	X         *segment `json:"x"`
	Y         *segment `json:"y"`
	N         *segment `json:"n"`
	E         *segment `json:"e"`

	Private *json.RawMessage `json:"d"` // of an elliptic curve or RSA
	Secret  *json.RawMessage `json:"k"` // of an HMAC
}

// segment is bytes as unpadded base64url.
type segment []byte

// UnmarshalJSON implements [json.Unmarshaler].
func (s *segment) UnmarshalJSON(text []byte) (err error) {
	var encoded string
	if err := json.Unmarshal(text, &encoded); err != nil {
		return err
	}
	*s, err = base64.RawURLEncoding.Strict().DecodeString(encoded)
	return err
}

// parseJWK returns a key, and false for one that is not for our algorithms.
func parseJWK(text []byte) (k Key, used bool, err error) {
	var j parsedJWK
	if err := json.Unmarshal(text, &j); err != nil {
		return Key{}, false, err
	}
	if j.Private != nil || j.Secret != nil {
		return Key{}, false, errors.New("it is secret and must not be published")
	}
	algorithm, public, err := j.public()
	if err != nil || public == nil {
		return Key{}, false, err
	}
	if j.Algorithm != "" && j.Algorithm != algorithm || j.Use != "" && j.Use != "sig" || j.Ops != nil && !slices.Contains(j.Ops, "verify") {
		return Key{}, false, nil
	}
	k, err = NewPublicKey(j.ID, public)
	return k, err == nil, err
}

// public returns the public key and its algorithm, nil for a type or a curve that
// is not ours.
func (j parsedJWK) public() (algorithm string, public crypto.PublicKey, err error) {
	bytes := func(s *segment) []byte {
		if s == nil {
			return nil
		}
		return *s
	}
	switch {
	case j.Type == "OKP" && j.Curve == "Ed25519":
		return "EdDSA", ed25519.PublicKey(bytes(j.X)), nil
	case j.Type == "EC" && j.Curve == "P-256":
		const size = 32 // RFC 7518, section 6.2.1.2: the coordinate's full size
		if len(bytes(j.X)) != size || len(bytes(j.Y)) != size {
			return "", nil, fmt.Errorf("a coordinate of P-256 must have %d bytes", size)
		}
		p, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, *j.X, *j.Y))
		return "ES256", p, err
	case j.Type == "RSA":
		exponent := new(big.Int).SetBytes(bytes(j.E))
		if !exponent.IsInt64() || exponent.Int64() > 1<<31-1 {
			return "", nil, errors.New("the RSA exponent is too large")
		}
		return "RS256", &rsa.PublicKey{N: new(big.Int).SetBytes(bytes(j.N)), E: int(exponent.Int64())}, nil
	}
	return "", nil, nil
}
