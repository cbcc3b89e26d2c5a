package core_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/ratchetauth/ratchet/core"
)

// Every faulty set of keys is refused by New and by SetKeys, with the name of
// the field, and a refused SetKeys changes nothing.
func TestKeysFaults(t *testing.T) {
	secret2 := strings.ToUpper(hmacSecret)
	h1, h2 := hmacKey(t, "k1", hmacSecret), hmacKey(t, "k2", secret2)
	ed, es := privateKey(t, "ed", edPrivate()), privateKey(t, "es", ecPrivate())
	edPublic, esPublic := publicKey(t, "ed", edPrivate().Public()), publicKey(t, "es", ecPrivate().Public())
	for _, test := range []struct {
		name          string
		keys, refresh []core.Key
		field         string
	}{
		{"no key", nil, nil, "Keys"},
		{"no key but refresh keys", nil, []core.Key{h1}, "Keys"},
		{"zero key", []core.Key{{}}, nil, "Keys[0]"},
		{"second key zero", []core.Key{h1, {}}, nil, "Keys[1]"},
		{"two of one id", []core.Key{h1, hmacKey(t, "k1", secret2)}, nil, "Keys"},
		{"two of one id and kind apart", []core.Key{h1, publicKey(t, "k1", edPrivate().Public())}, nil, "Keys"},
		{"private key behind a public one", []core.Key{edPublic, es}, []core.Key{h1}, "Keys[0]"},
		{"HMAC key behind a public one", []core.Key{edPublic, h1}, []core.Key{h2}, "Keys[0]"},
		{"asymmetric key without refresh keys", []core.Key{ed}, nil, "RefreshKeys"},
		{"asymmetric key behind an HMAC key without refresh keys", []core.Key{h1, ed}, nil, "RefreshKeys"},
		{"refresh keys not nil but empty", []core.Key{ed}, []core.Key{}, "RefreshKeys"},
		{"refresh key zero", []core.Key{ed}, []core.Key{{}}, "RefreshKeys[0]"},
		{"refresh keys of one id", []core.Key{ed}, []core.Key{h1, hmacKey(t, "k1", secret2)}, "RefreshKeys"},
		{"refresh key public", []core.Key{ed}, []core.Key{esPublic}, "RefreshKeys[0]"},
		{"refresh key public first", []core.Key{ed}, []core.Key{esPublic, h1}, "RefreshKeys[0]"},
		{"same HMAC key", []core.Key{h1}, []core.Key{h1}, "RefreshKeys"},
		{"same HMAC secret under another id", []core.Key{h1}, []core.Key{hmacKey(t, "r", hmacSecret)}, "RefreshKeys"},
		{"same HMAC secret further back", []core.Key{h1, h2}, []core.Key{hmacKey(t, "r", refreshSecret(hmacSecret)), hmacKey(t, "q", secret2)}, "RefreshKeys"},
		{"same private key", []core.Key{ed}, []core.Key{ed}, "RefreshKeys"},
		{"same private key under another id", []core.Key{es}, []core.Key{privateKey(t, "r", ecPrivate())}, "RefreshKeys"},
		{"same RSA key", []core.Key{privateKey(t, "rs", rsaPrivate())}, []core.Key{privateKey(t, "r", rsaPrivate())}, "RefreshKeys"},
		{"same key, public half retired", []core.Key{h1, edPublic}, []core.Key{privateKey(t, "r", edPrivate())}, "RefreshKeys"},
		{"same key behind a signer", []core.Key{privateKey(t, "s", remoteSigner{Signer: ecPrivate()})}, []core.Key{es}, "RefreshKeys"},
		// RFC 2104, section 2: HMAC pads a key with zeros and hashes a long one.
		{"same HMAC key but for padding", []core.Key{h1}, []core.Key{hmacKey(t, "r", hmacSecret+"\x00")}, "RefreshKeys"},
		{"same HMAC key hashed", []core.Key{hmacKey(t, "k1", strings.Repeat("s", 65))}, []core.Key{hmacKey(t, "r", hashed(strings.Repeat("s", 65)))}, "RefreshKeys"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			config := w.config
			config.Keys, config.RefreshKeys = test.keys, test.refresh
			a, err := core.New(config)
			if err == nil || !strings.Contains(err.Error(), "Config."+test.field) {
				t.Errorf("New: got error %v, want one that names Config.%s", err, test.field)
			}
			if a != nil {
				t.Error("New: got an Authority with an error")
			}
			pair := w.login(t, "alice")
			before := string(w.JWKS())
			if err := w.SetKeys(test.keys, test.refresh); err == nil || !strings.Contains(err.Error(), test.field) {
				t.Errorf("SetKeys: got error %v, want one that names %s", err, test.field)
			}
			if got := string(w.JWKS()); got != before {
				t.Errorf("SetKeys: an error changed the JWKS to %s", got)
			}
			w.wantAlive(t, pair)
		})
	}
}

// shortSigner signs again and again until one of the two integers of an ECDSA
// signature, the first or the second, has a leading zero byte.
type shortSigner struct {
	*ecdsa.PrivateKey
	which int
}

func (s shortSigner) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	for {
		signature, err := s.PrivateKey.Sign(random, digest, opts)
		if err != nil {
			return nil, err
		}
		var integers []*big.Int
		if _, err := asn1.Unmarshal(signature, &integers); err != nil {
			return nil, err
		}
		if integers[s.which].BitLen() <= 248 {
			return signature, nil
		}
	}
}

// A pair of each algorithm verifies with golang-jwt and nothing but the public
// key, also if the private key never leaves its hardware.
func TestSignersInterop(t *testing.T) {
	for _, test := range []struct {
		name   string
		signer crypto.Signer
	}{
		{"EdDSA", edPrivate()}, {"ES256", ecPrivate()}, {"RS256", rsaPrivate()},
		{"EdDSA", remoteSigner{Signer: edPrivate()}}, {"ES256", remoteSigner{Signer: ecPrivate()}}, {"RS256", remoteSigner{Signer: rsaPrivate()}},
		{"EdDSA", pointerTo(edPrivate())},
		{"RS256", newWideSigner(4096)},
		{"ES256", shortSigner{ecPrivate(), 0}}, {"ES256", shortSigner{ecPrivate(), 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			refresh := privateKey(t, "r", must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)))
			w := newWorld(t, func(c *core.Config) {
				c.Keys, c.RefreshKeys = []core.Key{privateKey(t, "k1", test.signer)}, []core.Key{refresh}
			})
			for range 3 {
				pair := w.login(t, "alice")
				claims := jwt.MapClaims{}
				token, err := jwt.ParseWithClaims(pair.AccessToken, claims, func(*jwt.Token) (any, error) {
					return test.signer.Public(), nil
				}, jwt.WithValidMethods([]string{test.name}), jwt.WithAudience(testAudience), jwt.WithIssuer(testIssuer),
					jwt.WithTimeFunc(w.clock.Now), jwt.WithExpirationRequired(), jwt.WithStrictDecoding())
				if err != nil {
					t.Fatal(err)
				}
				if token.Header["kid"] != "k1" || token.Header["typ"] != "at+jwt" {
					t.Errorf("got header %v", token.Header)
				}
				if claims["sub"] != "alice" || claims["jti"] != pair.SessionID+".0" {
					t.Errorf("got claims %v", claims)
				}
				w.wantAlive(t, pair)
			}
		})
	}
}

// The refresh key derives from the HMAC key by HKDF; another derivation would
// log everybody out at an upgrade.
func TestRefreshKeyDerivation(t *testing.T) {
	w := newWorld(t)
	pair := w.login(t, "alice")
	input := pair.RefreshToken[:strings.LastIndex(pair.RefreshToken, ".")]
	if got, want := pair.RefreshToken, input+"."+b64(macSHA256([]byte(refreshSecret(hmacSecret)), input)); got != want {
		t.Error("the refresh token is not signed with the derived key")
	}
	// The same key given by name is the same deployment.
	named := w.another(t, func(c *core.Config) { c.RefreshKeys = []core.Key{hmacKey(t, "k1", refreshSecret(hmacSecret))} })
	if _, err := named.Reissue(t.Context(), pair.RefreshToken); err != nil {
		t.Errorf("Reissue with the key named: %v", err)
	}
}

// An Authority with public keys only is for services that check access tokens
// and must not be able to make any.
func TestVerifyOnly(t *testing.T) {
	w := newWorld(t, withES256(t))
	pair := w.login(t, "alice")
	for name, refreshKeys := range map[string][]core.Key{"without refresh keys": nil, "with refresh keys": w.config.RefreshKeys} {
		t.Run(name, func(t *testing.T) {
			a := w.another(t, func(c *core.Config) {
				c.Keys, c.RefreshKeys = []core.Key{publicKey(t, "k1", ecPrivate().Public())}, refreshKeys
			})
			if _, err := a.Verify(t.Context(), pair.AccessToken); err != nil {
				t.Errorf("Verify: %v", err)
			}
			before := w.store.total()
			_, err := a.Issue(t.Context(), core.Login{Subject: "alice"})
			wantFault(t, "Issue", err)
			// The token is good: a refusal would make the client throw it away.
			_, err = a.Reissue(t.Context(), pair.RefreshToken)
			wantFault(t, "Reissue", err)
			if calls := w.store.total() - before; calls != 0 {
				t.Errorf("the store was called %d times", calls)
			}
		})
	}
	w.wantAlive(t, pair)
	verifier := w.another(t, func(c *core.Config) {
		c.Keys, c.RefreshKeys = []core.Key{publicKey(t, "k1", ecPrivate().Public())}, nil
	})
	if err := verifier.Logout(t.Context(), pair.AccessToken); err != nil {
		t.Errorf("Logout: %v", err)
	}
	w.wantAccess(t, pair.AccessToken, core.ErrTokenRevoked)
}

// wantFault fails the test unless err is an error of the program, which no
// sentinel is.
func wantFault(t testing.TB, what string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: got no error", what)
	}
	for _, s := range sentinels() {
		if errors.Is(err, s) {
			t.Errorf("%s: the error %v is %v", what, err, s)
		}
	}
	if core.AsError(err) != core.ErrInternal {
		t.Errorf("%s: AsError: got %v, want %v", what, core.AsError(err), core.ErrInternal)
	}
}

// The values are those of RFC 8037, appendix A.2, RFC 7515, appendix A.3, and
// RFC 7517, appendix A.1.
func TestJWKS(t *testing.T) {
	const (
		edX = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
		esX = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
		esY = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
		rsN = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
	)
	integer := func(s string) *big.Int { return new(big.Int).SetBytes(unb64(t, s)) }
	keys := []core.Key{
		publicKey(t, "rs", &rsa.PublicKey{N: integer(rsN), E: 65537}),
		publicKey(t, "ed", ed25519.PublicKey(unb64(t, edX))),
		publicKey(t, "es", must(ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, unb64(t, esX), unb64(t, esY))))),
	}
	want := `{"keys":[{"kty":"OKP","kid":"ed","alg":"EdDSA","use":"sig","crv":"Ed25519","x":"` + edX + `"},` +
		`{"kty":"EC","kid":"es","alg":"ES256","use":"sig","crv":"P-256","x":"` + esX + `","y":"` + esY + `"},` +
		`{"kty":"RSA","kid":"rs","alg":"RS256","use":"sig","n":"` + rsN + `","e":"AQAB"}]}`
	w := newWorld(t, func(c *core.Config) { c.Keys = keys })
	got := w.JWKS()
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	clear(got)
	if string(w.JWKS()) != want {
		t.Error("the caller's copy is not a copy")
	}
}

// Coordinates keep their leading zeros: RFC 7518, section 6.2.1.2.
func TestJWKSLeadingZeros(t *testing.T) {
	for {
		k := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
		point := must(k.PublicKey.Bytes())
		if point[1] != 0 && point[33] != 0 {
			continue
		}
		w := newWorld(t, func(c *core.Config) { c.Keys = []core.Key{publicKey(t, "k", &k.PublicKey)} })
		var set struct{ Keys []struct{ X, Y string } }
		if err := json.Unmarshal(w.JWKS(), &set); err != nil {
			t.Fatal(err)
		}
		if got, want := set.Keys[0].X+set.Keys[0].Y, b64(point[1:33])+b64(point[33:]); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		return
	}
}

// HMAC keys have no public half, and no refresh key is for others.
func TestJWKSHasNoSecret(t *testing.T) {
	if got, want := string(newWorld(t).JWKS()), `{"keys":[]}`; got != want {
		t.Errorf("with an HMAC key: got %s, want %s", got, want)
	}
	w := newWorld(t, func(c *core.Config) {
		c.Keys = []core.Key{hmacKey(t, "k1", hmacSecret), privateKey(t, "ed", edPrivate()), publicKey(t, "es", ecPrivate().Public())}
		c.RefreshKeys = []core.Key{hmacKey(t, "r1", refreshSecret(hmacSecret)), privateKey(t, "r2", rsaPrivate())}
	})
	text := string(w.JWKS())
	for _, kid := range []string{`"ed"`, `"es"`} {
		if !strings.Contains(text, kid) {
			t.Errorf("the key %s is missing in %s", kid, text)
		}
	}
	for _, not := range []string{`"k1"`, `"r1"`, `"r2"`, `"oct"`, `"d"`, `"k":`, b64(hmacSecret), hmacSecret,
		base64.StdEncoding.EncodeToString([]byte(hmacSecret)), b64(edPrivate().Seed()), b64(must(ecPrivate().Bytes()))} {
		if strings.Contains(text, not) {
			t.Errorf("%s has %s", text, not)
		}
	}
}
