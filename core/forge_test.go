package core_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/ratchetauth/ratchet/core"
)

// The asymmetric keys of the tests are made once per test binary.
var (
	rsaPrivate = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	ecPrivate  = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
	edPrivate  = sync.OnceValue(func() ed25519.PrivateKey {
		_, k, err := ed25519.GenerateKey(rand.Reader)
		return must(k, err)
	})
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func hmacKey(t testing.TB, id, secret string) core.Key {
	t.Helper()
	k, err := core.NewHMACKey(id, []byte(secret))
	if err != nil {
		t.Fatalf("NewHMACKey: %v", err)
	}
	return k
}

func privateKey(t testing.TB, id string, signer crypto.Signer) core.Key {
	t.Helper()
	k, err := core.NewPrivateKey(id, signer)
	if err != nil {
		t.Fatalf("NewPrivateKey: %v", err)
	}
	return k
}

func publicKey(t testing.TB, id string, public crypto.PublicKey) core.Key {
	t.Helper()
	k, err := core.NewPublicKey(id, public)
	if err != nil {
		t.Fatalf("NewPublicKey: %v", err)
	}
	return k
}

// b64 and unb64 are base64url without padding, the encoding of each segment.
func b64[T ~string | ~[]byte](data T) string {
	return base64.RawURLEncoding.EncodeToString([]byte(data))
}

func unb64(t testing.TB, segment string) []byte {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		t.Fatalf("segment %q: %v", segment, err)
	}
	return data
}

// parts returns the JSON of a token's header and payload.
func parts(t testing.TB, token string) (header, payload string) {
	t.Helper()
	segments := strings.Split(token, ".")
	if len(segments) != 3 {
		t.Fatalf("a token has %d segments", len(segments))
	}
	return string(unb64(t, segments[0])), string(unb64(t, segments[1]))
}

// payloadOf returns a token's claims, numbers as json.Number.
func payloadOf(t testing.TB, token string) map[string]any {
	t.Helper()
	_, payload := parts(t, token)
	d := json.NewDecoder(strings.NewReader(payload))
	d.UseNumber()
	var claims map[string]any
	if err := d.Decode(&claims); err != nil {
		t.Fatalf("payload: %v", err)
	}
	return claims
}

// signHS256 signs any two texts as HS256 does, whatever the header says.
func signHS256(secret, header, payload string) string {
	input := b64(header) + "." + b64(payload)
	return input + "." + b64(macSHA256([]byte(secret), input))
}

func macSHA256(secret []byte, text string) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// refreshSecret derives the refresh secret of an HMAC key as RFC 5869 says,
// with no salt, without using a library for it.
func refreshSecret(secret string) string {
	extracted := macSHA256(make([]byte, sha256.Size), secret)
	return string(macSHA256(extracted, "ratchet refresh token\x01"))
}

// forge signs a token anew after changing the JSON of its header and payload:
// each pair is replaced exactly once, in either.
func forge(t testing.TB, token, secret string, pairs ...string) string {
	t.Helper()
	header, payload := parts(t, token)
	for i := 0; i < len(pairs); i += 2 {
		switch {
		case strings.Count(header, pairs[i]) == 1:
			header = strings.Replace(header, pairs[i], pairs[i+1], 1)
		case strings.Count(payload, pairs[i]) == 1:
			payload = strings.Replace(payload, pairs[i], pairs[i+1], 1)
		default:
			t.Fatalf("neither %s nor %s has %s once", header, payload, pairs[i])
		}
	}
	return signHS256(secret, header, payload)
}

// field returns a claim as it stands in a token's JSON: "name":value.
func field(t testing.TB, token, name string) string {
	t.Helper()
	_, payload := parts(t, token)
	var claims map[string]json.RawMessage
	if err := json.Unmarshal([]byte(payload), &claims); err != nil {
		t.Fatal(err)
	}
	if claims[name] == nil {
		t.Fatalf("the token has no claim %s", name)
	}
	text := `"` + name + `":` + string(claims[name])
	if !strings.Contains(payload, text) {
		t.Fatalf("the payload %s does not have %s", payload, text)
	}
	return text
}

// remoteSigner is a crypto.Signer that is no private key of the standard
// library, as a hardware or cloud key is.
type remoteSigner struct {
	crypto.Signer
	fail func() error
}

func (r remoteSigner) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if r.fail != nil {
		if err := r.fail(); err != nil {
			return nil, err
		}
	}
	return r.Signer.Sign(random, digest, opts)
}

func pointerTo[T any](v T) *T { return &v }
func hashed(s string) string {
	h := sha256.Sum256([]byte(s))
	return string(h[:])
}
