package core_test

//lint:file-ignore SA1019 a malformed key can only be made from raw coordinates

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"math/big"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
)

// publicOnly is a signer that has nothing but a public key.
type publicOnly struct{ public crypto.PublicKey }

func (p publicOnly) Public() crypto.PublicKey { return p.public }

func (p publicOnly) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("no private key")
}

// constantSigner signs everything alike.
type constantSigner struct {
	crypto.Signer
	signature []byte
}

func (c constantSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return c.signature, nil
}

// modulus returns an odd number of so many bits.
func modulus(bits int) *big.Int {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	return n.Add(n, big.NewInt(1))
}

// testKeysRefused is row 15: a key that is no key is an error of the
// constructor that names the key, never a panic and never a later surprise.
func testKeysRefused(t *testing.T) {
	hmacOf := func(id string, secret []byte) func() (core.Key, error) {
		return func() (core.Key, error) { return core.NewHMACKey(id, secret) }
	}
	private := func(s crypto.Signer) func() (core.Key, error) {
		return func() (core.Key, error) { return core.NewPrivateKey("kid", s) }
	}
	public := func(p crypto.PublicKey) func() (core.Key, error) {
		return func() (core.Key, error) { return core.NewPublicKey("kid", p) }
	}
	p384 := must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	offCurve := &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)}
	weak := newWideSigner(1024)
	otherEC := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	for _, test := range []struct {
		name string
		make func() (core.Key, error)
	}{
		{"HMAC nil", hmacOf("kid", nil)},
		{"HMAC empty", hmacOf("kid", []byte{})},
		{"HMAC 31 bytes", hmacOf("kid", make([]byte, 31))},
		{"signer nil", private(nil)},
		{"RSA signer nil", private((*rsa.PrivateKey)(nil))},
		{"ECDSA signer nil", private((*ecdsa.PrivateKey)(nil))},
		{"Ed25519 signer nil", private(ed25519.PrivateKey(nil))},
		{"Ed25519 signer pointer nil", private((*ed25519.PrivateKey)(nil))},
		{"Ed25519 signer of a seed's length", private(ed25519.PrivateKey(make([]byte, 31)))},
		{"Ed25519 signer too short", private(edPrivate()[:40])},
		{"Ed25519 signer too long", private(append(edPrivate()[:64:64], 0))},
		{"RSA signer empty", private(&rsa.PrivateKey{})},
		{"RSA signer without a private half", private(&rsa.PrivateKey{PublicKey: rsaPrivate().PublicKey})},
		{"ECDSA signer empty", private(&ecdsa.PrivateKey{})},
		{"ECDSA signer without a private half", private(&ecdsa.PrivateKey{PublicKey: ecPrivate().PublicKey})},
		{"ECDSA signer of another key", private(&ecdsa.PrivateKey{PublicKey: ecPrivate().PublicKey, D: otherEC.D})},
		{"RSA signer of 1024 bits", private(weak)},
		{"P-384 signer", private(p384)},
		{"signer without a public key", private(publicOnly{nil})},
		{"signer of an unknown kind", private(publicOnly{"public"})},
		{"signer that fails", private(publicOnly{&ecPrivate().PublicKey})},
		{"signer that signs nothing, RSA", private(constantSigner{rsaPrivate(), nil})},
		{"signer that signs nothing, ECDSA", private(constantSigner{ecPrivate(), nil})},
		{"signer that signs nothing, Ed25519", private(constantSigner{edPrivate(), nil})},
		{"signer with no ASN.1", private(constantSigner{ecPrivate(), make([]byte, 64)})},
		{"signer with a negative r", private(constantSigner{ecPrivate(), []byte{0x30, 6, 2, 1, 0xff, 2, 1, 1}})},
		{"signer with a huge s", private(constantSigner{ecPrivate(), append([]byte{0x30, 0x29, 2, 1, 1, 2, 0x24}, make([]byte, 36)...)})},
		{"signer with trailing bytes", private(constantSigner{ecPrivate(), []byte{0x30, 6, 2, 1, 1, 2, 1, 1, 0}})},
		{"public nil", public(nil)},
		{"public RSA nil", public((*rsa.PublicKey)(nil))},
		{"public ECDSA nil", public((*ecdsa.PublicKey)(nil))},
		{"public Ed25519 nil", public(ed25519.PublicKey(nil))},
		{"public Ed25519 of 31 bytes", public(ed25519.PublicKey(make([]byte, 31)))},
		{"public Ed25519 of 33 bytes", public(ed25519.PublicKey(make([]byte, 33)))},
		{"public RSA empty", public(&rsa.PublicKey{})},
		{"public RSA of 1024 bits", public(&rsa.PublicKey{N: modulus(1024), E: 65537})},
		{"public RSA of 2047 bits", public(&rsa.PublicKey{N: modulus(2047), E: 65537})},
		{"public RSA by value", public(rsaPrivate().PublicKey)},
		{"public RSA with exponent 0", public(&rsa.PublicKey{N: rsaPrivate().N})},
		{"public RSA with exponent 1", public(&rsa.PublicKey{N: rsaPrivate().N, E: 1})},
		{"public RSA with an even exponent", public(&rsa.PublicKey{N: rsaPrivate().N, E: 65536})},
		{"public RSA with a negative exponent", public(&rsa.PublicKey{N: rsaPrivate().N, E: -65537})},
		{"public RSA with a negative modulus", public(&rsa.PublicKey{N: new(big.Int).Neg(rsaPrivate().N), E: 65537})},
		{"public RSA over 8192 bits", public(&rsa.PublicKey{N: modulus(8200), E: 65537})},
		{"public ECDSA empty", public(&ecdsa.PublicKey{})},
		{"public ECDSA without a point", public(&ecdsa.PublicKey{Curve: elliptic.P256()})},
		{"public ECDSA at infinity", public(&ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int), Y: new(big.Int)})},
		{"public ECDSA off the curve", public(offCurve)},
		{"public ECDSA with a negative x", public(&ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(-1), Y: big.NewInt(1)})},
		{"public P-224", public(&must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader)).PublicKey)},
		{"public P-384", public(&p384.PublicKey)},
		{"public P-521", public(&must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader)).PublicKey)},
		{"private key as public", public(ecPrivate())},
		{"secret as public", public([]byte(hmacSecret))},
	} {
		t.Run(test.name, func(t *testing.T) {
			defer func() {
				if p := recover(); p != nil {
					t.Errorf("the constructor panicked: %v", p)
				}
			}()
			k, err := test.make()
			if err == nil {
				t.Fatalf("got %v, want an error", k)
			}
			if !strings.Contains(err.Error(), `"kid"`) {
				t.Errorf("the error %q does not name the key", err)
			}
			if k != (core.Key{}) {
				t.Errorf("got %v with an error", k)
			}
		})
	}
}

func TestKeyID(t *testing.T) {
	secret := []byte(hmacSecret)
	for _, id := range []string{"a", "2026-03", "../../x", `"'{}`, strings.Repeat("k", 64), " ", "~"} {
		if _, err := core.NewHMACKey(id, secret); err != nil {
			t.Errorf("%q: %v", id, err)
		}
	}
	for _, id := range []string{"", strings.Repeat("k", 65), "a\n", "a\x00", "é", "\x7f", "\x1f"} {
		if k, err := core.NewHMACKey(id, secret); err == nil {
			t.Errorf("HMAC %q: got %v, want an error", id, k)
		}
		if k, err := core.NewPrivateKey(id, edPrivate()); err == nil {
			t.Errorf("private %q: got %v, want an error", id, k)
		}
		if k, err := core.NewPublicKey(id, edPrivate().Public()); err == nil {
			t.Errorf("public %q: got %v, want an error", id, k)
		}
	}
}

func TestKeyAccessors(t *testing.T) {
	for _, test := range []struct {
		key     core.Key
		id, alg string
	}{
		{core.Key{}, "", ""},
		{hmacKey(t, "h", hmacSecret), "h", "HS256"},
		{privateKey(t, "r", rsaPrivate()), "r", "RS256"},
		{privateKey(t, "e", ecPrivate()), "e", "ES256"},
		{privateKey(t, "d", edPrivate()), "d", "EdDSA"},
		{privateKey(t, "remote", remoteSigner{Signer: ecPrivate()}), "remote", "ES256"},
		{publicKey(t, "p", edPrivate().Public()), "p", "EdDSA"},
	} {
		if test.key.ID() != test.id || test.key.Algorithm() != test.alg {
			t.Errorf("got %q %q, want %q %q", test.key.ID(), test.key.Algorithm(), test.id, test.alg)
		}
	}
}

// A key does not change with what it was made from.
func TestKeyIsCopied(t *testing.T) {
	secret := []byte(hmacSecret)
	public := ed25519.PublicKey(append([]byte(nil), edPrivate().Public().(ed25519.PublicKey)...))
	private := append(ed25519.PrivateKey(nil), edPrivate()...)
	keys := []core.Key{must(core.NewHMACKey("h", secret)), publicKey(t, "p", public), privateKey(t, "s", private)}
	w := newWorld(t, func(c *core.Config) {
		c.Keys = keys
		c.RefreshKeys = []core.Key{hmacKey(t, "r", refreshSecret(hmacSecret))}
	})
	pair := w.login(t, "alice")
	clear(secret)
	clear(public)
	clear(private)
	clear(keys)
	w.wantAlive(t, pair)
	signer := newWorld(t, func(c *core.Config) {
		c.Keys = []core.Key{privateKey(t, "p", edPrivate())}
		c.RefreshKeys = []core.Key{hmacKey(t, "r", refreshSecret(hmacSecret))}
	})
	w.wantAccess(t, signer.login(t, "alice").AccessToken, nil)
}
