package core_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
)

// Headers are compared as they are written, so what a key signs it must also
// know: with each algorithm, with an id that JSON escapes, by the public half
// alone, and after the key has made room for another.
func TestHeaderOfEveryKey(t *testing.T) {
	const id = `a"b\c<&>' ~`
	for name, signer := range map[string]crypto.Signer{
		"HS256": nil, "EdDSA": edPrivate(), "ES256": ecPrivate(), "RS256": rsaPrivate(), "ES256, remote": remoteSigner{Signer: ecPrivate()},
	} {
		t.Run(name, func(t *testing.T) {
			access, verifier := hmacKey(t, id, hmacSecret), hmacKey(t, id, hmacSecret)
			if signer != nil {
				access, verifier = privateKey(t, id, signer), publicKey(t, id, signer.Public())
			}
			refresh := privateKey(t, id, must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)))
			w := newWorld(t, func(c *core.Config) { c.Keys, c.RefreshKeys = []core.Key{access}, []core.Key{refresh} })
			pair := w.login(t, "alice")
			pair = w.wantAlive(t, pair)

			next := hmacKey(t, "next", strings.ToUpper(hmacSecret))
			if signer != nil {
				next = privateKey(t, "next", must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)))
				if err := w.SetKeys([]core.Key{next, verifier}, []core.Key{refresh}); err != nil {
					t.Fatal(err)
				}
			} else if err := w.SetKeys([]core.Key{next, access}, []core.Key{refresh}); err != nil {
				t.Fatal(err)
			}
			w.wantAccess(t, pair.AccessToken, nil)
			w.wantAlive(t, w.wantAlive(t, pair))
		})
	}
}

// headers writes the header of both tokens in every other way that says the
// same, or nearly, and signs it with the right key.
func headers(t *testing.T, _ *world, pair core.Tokens) map[string]string {
	tokens := make(map[string]string)
	for kind, secret := range map[string]string{"at+jwt": hmacSecret, "rt+jwt": refreshSecret(hmacSecret)} {
		_, payload := parts(t, pair.AccessToken)
		if kind == "rt+jwt" {
			_, payload = parts(t, pair.RefreshToken)
		}
		for i, header := range []string{
			`{"typ":"T","alg":"HS256","kid":"k1"}`, `{"alg":"HS256","typ":"T","kid":"k1"}`, `{"alg": "HS256","kid":"k1","typ":"T"}`,
			`{"alg":"HS256","kid":"k1","typ":"T"} `, "{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"T\"}\n", `{"alg":"HS256","kid":"\u006b1","typ":"T"}`,
			`{"alg":"HS256","kid":"k1","typ":"T","x":1}`, `{"alg":"HS256","kid":"k1","kid":"k1","typ":"T"}`, `{"ALG":"HS256","kid":"k1","typ":"T"}`,
		} {
			tokens[fmt.Sprint(kind, " ", i)] = signHS256(secret, strings.Replace(header, `"T"`, `"`+kind+`"`, 1), payload)
		}
	}
	return tokens
}
