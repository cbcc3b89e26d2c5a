package config_test

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
)

// keyFile writes blocks to a new file and returns its name.
func keyFile(t *testing.T, blocks ...*pem.Block) string {
	t.Helper()
	var text []byte
	for _, b := range blocks {
		text = append(text, pem.EncodeToMemory(b)...)
	}
	name := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// must returns a function that ends the test if there was an error.
func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func pkcs8(t *testing.T, key any) *pem.Block {
	t.Helper()
	return &pem.Block{Type: "PRIVATE KEY", Bytes: must[[]byte](t)(x509.MarshalPKCS8PrivateKey(key))}
}

func sec1(t *testing.T, key *ecdsa.PrivateKey) *pem.Block {
	t.Helper()
	return &pem.Block{Type: "EC PRIVATE KEY", Bytes: must[[]byte](t)(x509.MarshalECPrivateKey(key))}
}

func pkcs1(key *rsa.PrivateKey) *pem.Block {
	return &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
}

func newEd25519(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return must[ed25519.PrivateKey](t)(key, err)
}

func newECDSA(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	return must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(curve, rand.Reader))
}

func newRSA(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	return must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, bits))
}

// authority returns what a process with the environment has. The store is
// shared, as Redis is.
func authority(t *testing.T, store core.Store, e env) *core.Authority {
	t.Helper()
	c := read(t, e).Core
	c.Store = store
	return must[*core.Authority](t)(core.New(c))
}

// TestTwoProcesses shows that two processes with the same values accept each
// other's access and refresh tokens, and with other values do not.
func TestTwoProcesses(t *testing.T) {
	ed, ec, rs := newEd25519(t), newECDSA(t, elliptic.P256()), newRSA(t, 2048)
	parameters := &pem.Block{Type: "EC PARAMETERS", Bytes: []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}}
	tests := map[string]struct {
		one, two env
		access   bool // tokens of one are good for two
		refresh  bool
	}{
		"HS256":                          {env{"SIGNING_SECRET": secret}, env{"SIGNING_SECRET": secret}, true, true},
		"HS256, another secret":          {env{"SIGNING_SECRET": secret}, env{"SIGNING_SECRET": secret2}, false, false},
		"HS256, random":                  {env{}, env{}, false, false},
		"HS256, refresh secret":          {env{"SIGNING_SECRET": secret, "REFRESH_SECRET": secret2}, env{"SIGNING_SECRET": secret, "REFRESH_SECRET": secret2}, true, true},
		"HS256, refresh secret and none": {env{"SIGNING_SECRET": secret, "REFRESH_SECRET": secret2}, env{"SIGNING_SECRET": secret}, true, false},
		"random with a refresh secret":   {env{"REFRESH_SECRET": secret2}, env{"REFRESH_SECRET": secret2}, false, true},
		"another issuer":                 {env{"SIGNING_SECRET": secret}, env{"SIGNING_SECRET": secret, "ISSUER": "x"}, false, false},
		"another audience":               {env{"SIGNING_SECRET": secret}, env{"SIGNING_SECRET": secret, "AUDIENCE": "x"}, false, true},
		"one audience of two":            {env{"SIGNING_SECRET": secret, "AUDIENCE": "x,y"}, env{"SIGNING_SECRET": secret, "AUDIENCE": "y"}, true, true},
		"EdDSA":                          {asymmetric("EdDSA", keyFile(t, pkcs8(t, ed))), asymmetric("EdDSA", keyFile(t, pkcs8(t, ed))), true, true},
		"EdDSA, another key":             {asymmetric("EdDSA", keyFile(t, pkcs8(t, ed))), asymmetric("EdDSA", keyFile(t, pkcs8(t, newEd25519(t)))), false, false},
		"ES256 in two forms":             {asymmetric("ES256", keyFile(t, pkcs8(t, ec))), asymmetric("ES256", keyFile(t, parameters, sec1(t, ec))), true, true},
		"RS256 in two forms":             {asymmetric("RS256", keyFile(t, pkcs8(t, rs))), asymmetric("RS256", keyFile(t, pkcs1(rs))), true, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			store := core.NewMemoryStore(core.MemoryOptions{})
			one, two := authority(t, store, tt.one), authority(t, store, tt.two)
			tokens, err := one.Issue(t.Context(), core.Login{Subject: "alice"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := two.Verify(t.Context(), tokens.AccessToken); (err == nil) != tt.access {
				t.Errorf("the other process's verification of the access token: %v, want success %v", err, tt.access)
			}
			if _, err := two.Reissue(t.Context(), tokens.RefreshToken); (err == nil) != tt.refresh {
				t.Errorf("the other process's reissue: %v, want success %v", err, tt.refresh)
			}
		})
	}
}

func asymmetric(alg, file string) env { return env{"SIGNING_ALG": alg, "SIGNING_KEY_FILE": file} }

// TestRefreshSecretWithPrivateKey shows that REFRESH_SECRET replaces the key
// that is derived from the private key.
func TestRefreshSecretWithPrivateKey(t *testing.T) {
	e := asymmetric("EdDSA", keyFile(t, pkcs8(t, newEd25519(t))))
	derived := read(t, e).Core.RefreshKeys
	e["REFRESH_SECRET"] = secret2
	own := read(t, e).Core.RefreshKeys
	if len(derived) != 1 || len(own) != 1 || derived[0].ID() == own[0].ID() {
		t.Errorf("the refresh keys are %v without and %v with a secret, want two different ones", derived, own)
	}
}

// TestKeyIDs pins the ids, which must not change from one version to the next:
// tokens in users' hands carry them.
func TestKeyIDs(t *testing.T) {
	ed := ed25519.NewKeyFromSeed([]byte(secret))
	for name, tt := range map[string]struct {
		env  env
		want string
	}{
		"secret":      {env{"SIGNING_SECRET": secret}, "eb158e8d9de2df95"},
		"private key": {asymmetric("EdDSA", keyFile(t, pkcs8(t, ed))), "38y_-_D4uB0l48UiPm90Bg"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := read(t, tt.env).Core.Keys[0].ID(); got != tt.want {
				t.Errorf("the key's id is %q, want %q", got, tt.want)
			}
		})
	}
}

func TestBadKeyFiles(t *testing.T) {
	ed, ec, rs := newEd25519(t), newECDSA(t, elliptic.P256()), newRSA(t, 2048)
	public := &pem.Block{Type: "PUBLIC KEY", Bytes: must[[]byte](t)(x509.MarshalPKIXPublicKey(ed.Public()))}
	tests := map[string]struct {
		alg    string
		blocks []*pem.Block
		want   string
	}{
		"empty":               {"EdDSA", nil, "no private key"},
		"a public key":        {"EdDSA", []*pem.Block{public}, "no private key"},
		"one key twice":       {"EdDSA", []*pem.Block{pkcs8(t, ed), pkcs8(t, ed)}, "twice"},
		"another key first":   {"EdDSA", []*pem.Block{sec1(t, ec), pkcs8(t, ed)}, "ES256"},
		"EdDSA for ES256":     {"ES256", []*pem.Block{pkcs8(t, ed)}, "EdDSA"},
		"ES256 for RS256":     {"RS256", []*pem.Block{sec1(t, ec)}, "ES256"},
		"RS256 for EdDSA":     {"EdDSA", []*pem.Block{pkcs1(rs)}, "RS256"},
		"P-384":               {"ES256", []*pem.Block{sec1(t, newECDSA(t, elliptic.P384()))}, "P-256"},
		"RSA of 1024 bits":    {"RS256", []*pem.Block{pkcs1(newRSA(t, 1024))}, "2048"},
		"garbage in a block":  {"EdDSA", []*pem.Block{{Type: "PRIVATE KEY", Bytes: []byte(secret)}}, "parsed"},
		"a form mislabelled":  {"RS256", []*pem.Block{{Type: "RSA PRIVATE KEY", Bytes: pkcs8(t, rs).Bytes}}, "parsed"},
		"encrypted, PKCS#8":   {"EdDSA", []*pem.Block{{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte(secret)}}, "encrypted"},
		"encrypted, as once":  {"RS256", []*pem.Block{{Type: "RSA PRIVATE KEY", Headers: map[string]string{"DEK-Info": "x"}, Bytes: []byte(secret)}}, "encrypted"},
		"an OpenSSH key":      {"EdDSA", []*pem.Block{{Type: "OPENSSH PRIVATE KEY", Bytes: []byte(secret)}}, "OpenSSH"},
		"a key agreement key": {"EdDSA", []*pem.Block{pkcs8(t, must[*ecdh.PrivateKey](t)(ecdh.X25519().GenerateKey(rand.Reader)))}, "sign"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			file := keyFile(t, tt.blocks...)
			_, err := config.FromEnv(asymmetric(tt.alg, file).get, config.Defaults{})
			if !errors.Is(err, config.ErrInvalid) {
				t.Fatalf("the error is %v, want an ErrInvalid", err)
			}
			if text := err.Error(); !strings.HasPrefix(text, "SIGNING_KEY_FILE") || !strings.Contains(text, tt.want) {
				t.Errorf("the error does not name the variable or does not speak of %q: %v", tt.want, err)
			}
			if strings.Contains(err.Error(), secret[:8]) {
				t.Errorf("the error shows what is in the file: %v", err)
			}
		})
	}

	t.Run("a folder", func(t *testing.T) {
		_, err := config.FromEnv(asymmetric("EdDSA", t.TempDir()).get, config.Defaults{})
		if !errors.Is(err, config.ErrInvalid) || !strings.Contains(err.Error(), "cannot be read") {
			t.Errorf("the error is %v, want an ErrInvalid that says it cannot be read", err)
		}
	})
}

// TestSeveralKeys shows that the first key of a file signs and all verify, and
// that the refresh keys are theirs.
func TestSeveralKeys(t *testing.T) {
	store := core.NewMemoryStore(core.MemoryOptions{})
	ed, ec := newEd25519(t), newECDSA(t, elliptic.P256())
	before := authority(t, store, asymmetric("ES256", keyFile(t, sec1(t, ec))))
	after := authority(t, store, asymmetric("EdDSA", keyFile(t, pkcs8(t, ed), sec1(t, ec))))
	tokens, err := before.Issue(t.Context(), core.Login{Subject: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := after.Verify(t.Context(), tokens.AccessToken); err != nil {
		t.Errorf("Verify with the second key: %v", err)
	}
	if tokens, err = after.Reissue(t.Context(), tokens.RefreshToken); err != nil {
		t.Fatalf("Reissue with the second key: %v", err)
	}
	if _, err := before.Verify(t.Context(), tokens.AccessToken); !errors.Is(err, core.ErrTokenInvalid) {
		t.Errorf("Verify of the new key's token without the key: got %v, want %v", err, core.ErrTokenInvalid)
	}
}

// TestParseKeys shows that a service with the public halves verifies what a
// process with the private keys signs.
func TestParseKeys(t *testing.T) {
	ed, ec, rs := newEd25519(t), newECDSA(t, elliptic.P256()), newRSA(t, 2048)
	var text []byte
	for _, public := range []any{ed.Public(), ec.Public(), rs.Public()} {
		block := &pem.Block{Type: "PUBLIC KEY", Bytes: must[[]byte](t)(x509.MarshalPKIXPublicKey(public))}
		text = append(text, pem.EncodeToMemory(block)...)
	}
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("not looked at")})...)
	keys, err := config.ParseKeys(text)
	if err != nil || len(keys) != 3 {
		t.Fatalf("got %d keys and %v, want 3", len(keys), err)
	}
	store := core.NewMemoryStore(core.MemoryOptions{})
	verifier, err := core.New(core.Config{Issuer: "ratchet-example", Audience: []string{"api"}, Keys: keys, Store: store})
	if err != nil {
		t.Fatal(err)
	}
	for alg, block := range map[string]*pem.Block{"EdDSA": pkcs8(t, ed), "ES256": sec1(t, ec), "RS256": pkcs1(rs)} {
		tokens, err := authority(t, store, asymmetric(alg, keyFile(t, block))).Issue(t.Context(), core.Login{Subject: "alice"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := verifier.Verify(t.Context(), tokens.AccessToken); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
		private, err := config.ParseKeys(pem.EncodeToMemory(block))
		if err != nil || len(private) != 1 || private[0].ID() == "" || private[0].Algorithm() != alg {
			t.Fatalf("%s: got %v, %v, want one key", alg, private, err)
		}
		signer, err := core.New(core.Config{Issuer: "ratchet-example", Audience: []string{"api"}, Keys: private,
			RefreshKeys: read(t, env{"SIGNING_SECRET": secret}).Core.Keys, Store: store})
		if err != nil {
			t.Fatal(err)
		}
		if tokens, err = signer.Issue(t.Context(), core.Login{Subject: "alice"}); err != nil {
			t.Fatal(err)
		}
		if _, err := verifier.Verify(t.Context(), tokens.AccessToken); err != nil {
			t.Errorf("%s, parsed: %v", alg, err)
		}
	}
	for name, text := range map[string]string{
		"nothing":          "",
		"no PEM":           secret,
		"a broken key":     string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte(secret)})),
		"another curve":    string(pem.EncodeToMemory(sec1(t, newECDSA(t, elliptic.P384())))),
		"an encrypted key": string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte(secret)})),
	} {
		if keys, err := config.ParseKeys([]byte(text)); err == nil || keys != nil || strings.Contains(err.Error(), secret[:8]) {
			t.Errorf("%s: got %v, %v, want an error that shows nothing", name, keys, err)
		}
	}
}

// TestDamagedPEM checks that no key is left out in silence, as encoding/pem does
// with what it cannot read: another would sign, or an old one be missed.
func TestDamagedPEM(t *testing.T) {
	one := string(pem.EncodeToMemory(pkcs8(t, newEd25519(t))))
	two := string(pem.EncodeToMemory(sec1(t, newECDSA(t, elliptic.P256()))))
	for name, text := range map[string]string{
		"first cut off":       one[:len(one)-30] + "\n" + two,
		"last cut off":        two + one[:len(one)-5],
		"no line between":     strings.TrimSpace(one) + two,
		"base64 of the first": strings.Replace(one, "M", "!", 3) + two,
	} {
		if keys, err := config.ParseKeys([]byte(text)); err == nil {
			t.Errorf("%s: got %v, want an error", name, keys)
		}
		wantFaults(t, asymmetric("ES256", textFile(t, text)), "SIGNING_KEY_FILE")
	}
	for name, text := range map[string]string{"as is": one + two, "with CR": strings.ReplaceAll(one+two, "\n", "\r\n")} {
		if keys, err := config.ParseKeys([]byte(text)); err != nil || len(keys) != 2 {
			t.Errorf("%s: got %v, %v, want two keys", name, keys, err)
		}
	}
}

// TestKeyInPlaceOfItsFile checks that a key put where the name of its file
// belongs is not shown.
func TestKeyInPlaceOfItsFile(t *testing.T) {
	for _, key := range []string{
		"-----BEGIN EC PRIVATE KEY-----\n" + secret + "\n", "-----BEGIN EC PRIVATE KEY-----" + secret, secret + "\n" + secret,
	} {
		for _, alg := range []string{"ES256", "HS256"} {
			wantFaults(t, env{"SIGNING_ALG": alg, "SIGNING_KEY_FILE": key}, "SIGNING_KEY_FILE")
		}
		wantFaults(t, env{"CONFIG_FILE": key}, "CONFIG_FILE")
		wantFaults(t, env{"SIGNING_SECRET_FILE": key}, "SIGNING_SECRET_FILE")
	}
}
