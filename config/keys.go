package config

import (
	"crypto"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/ratchetauth/ratchet/core"
)

// minSecret is how many bytes core asks of an HMAC key (RFC 7518, section
// 3.2).
const minSecret = 32

// readKeys reads the keys of access and refresh tokens. The refresh keys are
// nil where core derives them.
func readKeys(e *environment, s *Settings) (access, refresh []core.Key) {
	faults := len(e.faults)
	alg := oneOf(e, "SIGNING_ALG", choice[string]{"HS256", "HS256"}, choice[string]{"EdDSA", "EdDSA"},
		choice[string]{"ES256", "ES256"}, choice[string]{"RS256", "RS256"})
	switch {
	case len(e.faults) > faults: // which of the others must be set is not known
	case alg == "HS256":
		access = readSecret(e, s)
	default:
		access, refresh = readPrivateKey(e, alg)
	}

	const name = "REFRESH_SECRET"
	secrets, signing := e.secrets(name), e.secrets("SIGNING_SECRET")
	for _, secret := range secrets {
		if slices.Contains(signing, secret) {
			e.fault("%s is the same as SIGNING_SECRET, it must be another secret", name)
			return access, nil
		}
	}
	if len(secrets) > 0 {
		refresh = e.hmacKeys(name, secrets)
	}
	return access, refresh
}

// readSecret reads the keys of HS256.
func readSecret(e *environment, s *Settings) []core.Key {
	if file := e.getenv("SIGNING_KEY_FILE"); file != "" {
		e.fault("SIGNING_KEY_FILE=%s is for SIGNING_ALG EdDSA, ES256 or RS256, it must be empty with HS256", quoteFile(file))
	}
	const name = "SIGNING_SECRET"
	secrets := e.secrets(name)
	if len(secrets) == 0 {
		s.warn(name + " is not set: the signing key is random, so tokens end with this process and no other process accepts them")
		secret := make([]byte, minSecret)
		rand.Read(secret) // never fails, as its documentation says
		secrets = []string{string(secret)}
	}
	return e.hmacKeys(name, secrets)
}

// hmacKeys returns the keys of a variable's secrets.
func (e *environment) hmacKeys(name string, secrets []string) []core.Key {
	var keys []core.Key
	for i, secret := range secrets {
		where := name
		if len(e.lines[name]) > 0 {
			where = fmt.Sprintf("%s_FILE, line %d,", name, i+1)
		}
		key, err := hmacKey([]byte(secret))
		keys = e.appendKey(keys, where, key, err)
	}
	return keys
}

// readPrivateKey reads the keys of an asymmetric algorithm and derives the
// refresh keys that belong to them.
func readPrivateKey(e *environment, alg string) (access, refresh []core.Key) {
	if e.getenv("SIGNING_SECRET") != "" {
		e.fault("SIGNING_SECRET is set but SIGNING_ALG=%s has no use for it, it must be empty", quote(alg))
	}
	const name = "SIGNING_KEY_FILE"
	file := e.getenv(name)
	if file == "" {
		e.fault("%s is empty, SIGNING_ALG=%s needs a PEM file with a private key", name, quote(alg))
		return nil, nil
	}
	signers, err := loadKeyFile(file)
	if err != nil {
		e.fault("%s=%s %v", name, quoteFile(file), err)
		return nil, nil
	}
	for _, signer := range signers {
		key, err := privateKey(signer)
		access = e.appendKey(access, name, key, err)
		key, err = derivedKey(signer)
		refresh = e.appendKey(refresh, name, key, err)
	}
	if len(access) > 0 && access[0].Algorithm() != alg {
		e.fault("%s=%s begins with a key for %s, it must be one for SIGNING_ALG=%s", name, quoteFile(file), access[0].Algorithm(), quote(alg))
	}
	return access, refresh
}

// appendKey appends a key to the list, or records a fault of the variable.
func (e *environment) appendKey(keys []core.Key, name string, k core.Key, err error) []core.Key {
	if err != nil {
		e.fault("%s is invalid: %v", name, err)
		return keys
	}
	if slices.ContainsFunc(keys, func(other core.Key) bool { return other.ID() == k.ID() }) {
		e.fault("%s holds the same key twice", name)
		return keys
	}
	return append(keys, k)
}

// hmacKey returns the key of a secret, which is the secret's bytes as they
// are. Its id travels in every token: it tells keys apart and, being derived,
// nothing else about them.
func hmacKey(secret []byte) (core.Key, error) {
	if len(secret) < minSecret {
		return core.Key{}, fmt.Errorf("it has %d bytes, it must have %d or more", len(secret), minSecret)
	}
	id, err := hkdf.Key(sha256.New, secret, nil, "ratchet key id", 8)
	if err != nil {
		return core.Key{}, err
	}
	return core.NewHMACKey(hex.EncodeToString(id), secret)
}

// privateKey returns the key of a private key.
func privateKey(signer crypto.Signer) (core.Key, error) {
	id, err := keyID(signer.Public())
	if err != nil {
		return core.Key{}, err
	}
	return core.NewPrivateKey(id, signer)
}

// keyID returns the id of a key: a hash of the public key, so that it is the
// same in whatever form a file holds the key.
func keyID(public crypto.PublicKey) (string, error) {
	text, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return "", err
	}
	hash := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(hash[:16]), nil
}

// derivedKey returns the refresh key that belongs to a private key.
func derivedKey(signer crypto.Signer) (core.Key, error) {
	private, err := x509.MarshalPKCS8PrivateKey(signer)
	if err != nil {
		return core.Key{}, err
	}
	secret, err := hkdf.Key(sha256.New, private, nil, "ratchet refresh token", minSecret)
	if err != nil {
		return core.Key{}, err
	}
	return hmacKey(secret)
}
