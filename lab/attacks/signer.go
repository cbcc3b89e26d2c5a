package attacks

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"strings"
	"testing"
)

// signer signs as one algorithm of RFC 7518, section 3.1, does.
type signer struct {
	alg  string
	sign func(input string) ([]byte, error)
}

// token signs a token whose header says what it is told to.
func (s signer) token(t *testing.T, alg, kid, typ, payload string) string {
	t.Helper()
	input := toBase64(`{"alg":"`+alg+`","kid":"`+kid+`","typ":"`+typ+`"}`) + "." + toBase64(payload)
	signature, err := s.sign(input)
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + toBase64(string(signature))
}

func digest(h crypto.Hash, input string) []byte {
	hash := h.New()
	hash.Write([]byte(input))
	return hash.Sum(nil)
}

func signHMAC(h crypto.Hash, secret string) func(string) ([]byte, error) {
	return func(input string) ([]byte, error) {
		mac := hmac.New(h.New, []byte(secret))
		mac.Write([]byte(input))
		return mac.Sum(nil), nil
	}
}

func signRSA(h crypto.Hash, key *rsa.PrivateKey) func(string) ([]byte, error) {
	return func(input string) ([]byte, error) { return rsa.SignPKCS1v15(nil, key, h, digest(h, input)) }
}

func signPSS(h crypto.Hash, key *rsa.PrivateKey) func(string) ([]byte, error) {
	return func(input string) ([]byte, error) {
		return rsa.SignPSS(rand.Reader, key, h, digest(h, input), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	}
}

func signEd(key ed25519.PrivateKey) func(string) ([]byte, error) {
	return func(input string) ([]byte, error) { return ed25519.Sign(key, []byte(input)), nil }
}

func signEC(key *ecdsa.PrivateKey) func(string) ([]byte, error) {
	return func(input string) ([]byte, error) {
		r, s, err := ecdsa.Sign(rand.Reader, key, digest(crypto.SHA256, input))
		if err != nil {
			return nil, err
		}
		signature := make([]byte, 64)
		r.FillBytes(signature[:32])
		s.FillBytes(signature[32:])
		return signature, nil
	}
}

// twin returns the other spelling of an ES256 token: with (r, s) the signature
// (r, n-s) is good too, whoever makes it.
func (s *scene) twin(token string, key *ecdsa.PrivateKey) string {
	s.t.Helper()
	i := strings.LastIndex(token, ".")
	signature := []byte(s.decode(token[i+1:]))
	value := new(big.Int).SetBytes(signature[32:])
	value.Sub(key.Params().N, value).FillBytes(signature[32:])
	return token[:i+1] + toBase64(string(signature))
}
