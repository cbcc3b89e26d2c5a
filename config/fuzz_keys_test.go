package config_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
)

// pemSeeds returns each kind of key in each of its forms, and what is none.
func pemSeeds(f *testing.F) [][]byte {
	f.Helper()
	ok := func(err error) {
		if err != nil {
			f.Fatal(err)
		}
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	ok(err)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ok(err)
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	ok(err)
	big, err := rsa.GenerateKey(rand.Reader, 2048)
	ok(err)
	var seeds [][]byte
	add := func(kind string, der []byte, err error) {
		ok(err)
		seeds = append(seeds, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	for _, key := range []crypto.Signer{ed, ec, other, big} {
		private, err := x509.MarshalPKCS8PrivateKey(key)
		add("PRIVATE KEY", private, err)
		public, err := x509.MarshalPKIXPublicKey(key.Public())
		add("PUBLIC KEY", public, err)
	}
	sec1, err := x509.MarshalECPrivateKey(ec)
	add("EC PRIVATE KEY", sec1, err)
	add("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(big), nil)
	add("CERTIFICATE", []byte("x"), nil)
	add("ENCRYPTED PRIVATE KEY", []byte("x"), nil)
	add("OPENSSH PRIVATE KEY", []byte("x"), nil)
	seeds = append(seeds, nil, []byte("-----BEGIN PRIVATE KEY-----"), seeds[0][:len(seeds[0])-9], append([]byte("# a comment\n"), seeds[0]...),
		slices.Concat(seeds[0], seeds[2]), bytes.ReplaceAll(seeds[0], []byte("\n"), []byte("\r\n")))
	return seeds
}

// FuzzParseKeys parses any text. The keys do not depend on what stands between
// the blocks, a text twice holds each twice, they are those of a signing key's
// file, and an error shows nothing of the text.
func FuzzParseKeys(f *testing.F) {
	for _, text := range pemSeeds(f) {
		f.Add(text)
	}
	ids := func(keys []core.Key) (list []string) {
		for _, k := range keys {
			list = append(list, k.Algorithm()+" "+k.ID())
		}
		return list
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		keys, err := config.ParseKeys(text)
		if err != nil {
			if len(keys) > 0 {
				t.Errorf("got %d keys with an error", len(keys))
			}
			for line := range strings.SplitSeq(string(text), "\n") {
				if len(line) > 40 && strings.Contains(err.Error(), line) {
					t.Errorf("the error shows the text: %v", err)
				}
			}
			return
		}
		if len(keys) == 0 {
			t.Fatal("got no key and no error")
		}
		for _, k := range keys {
			if len(k.ID()) != 22 || !slices.Contains([]string{"EdDSA", "ES256", "RS256"}, k.Algorithm()) {
				t.Errorf("got the key %s for %s", k.ID(), k.Algorithm())
			}
		}
		between := slices.Concat([]byte("\n# a comment: --\n"), text, []byte("\nand more\n"))
		twice := slices.Concat(text, []byte("\n"), text)
		for name, other := range map[string]struct {
			text []byte
			want []string
		}{"with text around": {between, ids(keys)}, "twice": {twice, append(ids(keys), ids(keys)...)}} {
			again, err := config.ParseKeys(other.text)
			if err != nil || !slices.Equal(ids(again), other.want) {
				t.Errorf("%s: got %v, %v, want %v", name, ids(again), err, other.want)
			}
		}
		s, err := config.FromEnv(env{"SIGNING_ALG": keys[0].Algorithm(), "SIGNING_KEY_FILE": written(t, text)}.get, config.Defaults{})
		wantSound(t, s, err, env{})
		if err != nil {
			return // for example two of one key, or public ones alone
		}
		for _, id := range ids(s.Core.Keys) {
			if !slices.Contains(ids(keys), id) {
				t.Errorf("the file has the key %s, ParseKeys found %v", id, ids(keys))
			}
		}
	})
}
