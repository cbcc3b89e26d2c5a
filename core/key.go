package core

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/golang-jwt/jwt/v5"
)

const (
	minSecret  = 32   // bytes of an HMAC key: RFC 7518, section 3.2
	minModulus = 2048 // bits of an RSA key: RFC 7518, section 3.3
	maxModulus = 8192
	maxKeyID   = 64
	probe      = "ratchet" // signed to try a key
)

// Key signs and verifies tokens. The algorithm belongs to the key: a token
// cannot choose it (RFC 8725, section 3.1). Make one with [NewHMACKey],
// [NewPrivateKey] or [NewPublicKey]. No formatting verb prints its secret.
type Key struct{ k *key }

// signingMethod is golang-jwt's SigningMethod, named here because two files
// are enough to know that library.
type signingMethod interface {
	Alg() string
	Sign(text string, key any) ([]byte, error)
	Verify(text string, signature []byte, key any) error
}

// key is what a Key holds. The key material is behind functions, because fmt
// looks into whatever it reaches through an unexported field, whatever the
// methods of its type, but not into a function.
type key struct {
	id     string
	method signingMethod
	sign   func() any // nil if the key only verifies
	verify func() any
}

// NewHMACKey returns a key for HS256. The secret has at least 32 bytes (RFC
// 7518, section 3.2), which should be random. It is copied. The id, of 1 to 64
// printable ASCII characters, is the kid of its tokens.
func NewHMACKey(id string, secret []byte) (Key, error) {
	if err := checkKeyID(id); err != nil {
		return Key{}, err
	}
	if len(secret) < minSecret {
		return Key{}, fmt.Errorf("core: key %q: the secret has %d bytes, HS256 needs %d", id, len(secret), minSecret)
	}
	secret = bytes.Clone(secret)
	return Key{newHMAC(id, secret)}, nil
}

func newHMAC(id string, secret []byte) *key {
	material := func() any { return secret }
	return &key{id: id, method: jwt.SigningMethodHS256, sign: material, verify: material}
}

// NewPrivateKey returns a key for EdDSA (Ed25519), ES256 (P-256) or RS256
// (2048 to 8192 bits), as the signer's public key says. The signer may be a
// hardware or cloud key, whose time limits are its own; NewPrivateKey tries it
// with one signature. The id, of 1 to 64 printable ASCII characters, is the kid
// of its tokens.
func NewPrivateKey(id string, signer crypto.Signer) (Key, error) {
	return construct(id, func() (*key, error) { return newPrivate(id, signer) })
}

// NewPublicKey returns a key that only verifies. It takes an
// ed25519.PublicKey, an *ecdsa.PublicKey on P-256 or an *rsa.PublicKey of 2048
// to 8192 bits. The id is that of the private key.
func NewPublicKey(id string, public crypto.PublicKey) (Key, error) {
	return construct(id, func() (*key, error) { return newPublic(id, public) })
}

// construct returns the key that a constructor makes. It makes an error of the
// panic with which the crypto packages meet a key that lacks one of its halves.
func construct(id string, constructor func() (*key, error)) (made Key, err error) {
	defer func() {
		if p := recover(); p != nil {
			made, err = Key{}, fmt.Errorf("core: key %q is malformed: %v", id, p)
		}
	}()
	k, err := constructor()
	if err != nil {
		return Key{}, err
	}
	return Key{k}, nil
}

func newPrivate(id string, signer crypto.Signer) (*key, error) {
	if signer == nil {
		return nil, fmt.Errorf("core: key %q: the signer is nil", id)
	}
	k, err := newPublic(id, signer.Public())
	if err != nil {
		return nil, err
	}
	switch s := signer.(type) {
	case ed25519.PrivateKey:
		signer = ed25519.PrivateKey(bytes.Clone(s))
	case *ecdsa.PrivateKey, *rsa.PrivateKey:
	default:
		k.method = remoteMethod{k.method}
	}
	k.sign = func() any { return signer }
	signature, err := k.method.Sign(probe, signer)
	if err == nil {
		err = k.method.Verify(probe, signature, k.verify())
	}
	if err != nil {
		return nil, fmt.Errorf("core: key %q does not sign: %w", id, err)
	}
	return k, nil
}

func newPublic(id string, public crypto.PublicKey) (*key, error) {
	if err := checkKeyID(id); err != nil {
		return nil, err
	}
	k := &key{id: id}
	switch p := public.(type) {
	case ed25519.PublicKey:
		if len(p) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("core: key %q: an Ed25519 public key has %d bytes, not %d", id, ed25519.PublicKeySize, len(p))
		}
		public = ed25519.PublicKey(bytes.Clone(p))
		k.method = jwt.SigningMethodEdDSA
	case *ecdsa.PublicKey:
		if p == nil || p.Curve != elliptic.P256() {
			return nil, fmt.Errorf("core: key %q: only the curve P-256 is supported", id)
		}
		if _, err := p.ECDH(); err != nil {
			return nil, fmt.Errorf("core: key %q: %w", id, err)
		}
		k.method = jwt.SigningMethodES256
	case *rsa.PublicKey:
		if p == nil || p.N == nil || p.N.Sign() < 0 || p.N.BitLen() < minModulus || p.N.BitLen() > maxModulus {
			return nil, fmt.Errorf("core: key %q: an RSA key needs %d to %d bits", id, minModulus, maxModulus)
		}
		if p.E < 3 || p.E%2 == 0 {
			return nil, fmt.Errorf("core: key %q: the RSA exponent %d is not odd and 3 or more", id, p.E)
		}
		k.method = jwt.SigningMethodRS256
	default:
		return nil, fmt.Errorf("core: key %q: a public key of type %T is not supported", id, public)
	}
	k.verify = func() any { return public }
	return k, nil
}

// ID returns the key's id, the kid of its tokens.
func (k Key) ID() string {
	if k.k == nil {
		return ""
	}
	return k.k.id
}

// Algorithm returns the key's algorithm, such as "HS256".
func (k Key) Algorithm() string {
	if k.k == nil {
		return ""
	}
	return k.k.method.Alg()
}

// Format implements [fmt.Formatter] and prints the id and the algorithm,
// whatever the verb.
func (k Key) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "core.Key(%q, %s)", k.ID(), k.Algorithm())
}

// MarshalText implements [encoding.TextMarshaler], for encoders that would
// look into the key.
func (k Key) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%v", k), nil }

func (k *key) isHMAC() bool {
	_, ok := k.verify().([]byte)
	return ok
}

// deriveRefresh derives the refresh key that belongs to an HMAC access key.
// Nothing verified with one can be mistaken for the other.
func (k *key) deriveRefresh() (*key, error) {
	secret, err := hkdf.Key(sha256.New, k.sign().([]byte), nil, "ratchet refresh token", minSecret)
	if err != nil {
		return nil, fmt.Errorf("core: key %q: %w", k.id, err)
	}
	return newHMAC(k.id, secret), nil
}

// same reports whether both keys verify the same signatures. Two HMAC secrets
// may differ and yet be one key (RFC 2104, section 2), so they are compared by
// what they sign.
func (k *key) same(other *key) bool {
	if k.isHMAC() && other.isHMAC() {
		signature, err := k.method.Sign(probe, k.sign())
		return err == nil && other.method.Verify(probe, signature, other.verify()) == nil
	}
	public, ok := k.verify().(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(other.verify())
}

func checkKeyID(id string) error {
	if id == "" {
		return errors.New("core: a key has an empty id")
	}
	if len(id) > maxKeyID {
		return fmt.Errorf("core: a key id has %d bytes, it may have %d", len(id), maxKeyID)
	}
	for _, c := range []byte(id) {
		if c < ' ' || c > '~' {
			return fmt.Errorf("core: key id %q: only printable ASCII is allowed", id)
		}
	}
	return nil
}
