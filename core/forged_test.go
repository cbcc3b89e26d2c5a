package core_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"maps"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/ratchetauth/ratchet/core"
)

func forgedRows() []abuseCase {
	return []abuseCase{
		{"01_alg_none", rubbish(algNone)},
		{"02_public_key_as_hmac_secret", testPublicKeyAsSecret},
		{"03_another_algorithm_or_kid", testAnotherAlgorithm},
		{"04_kid", rubbish(strangeKid)},
		{"05_keys_in_the_header", rubbish(keysInHeader)},
		{"08_tokens_confused", testTokensConfused},
		{"09_foreign", rubbish(foreign)},
	}
}

// bothKinds yields the pair's tokens signed with their right keys after the
// same change of both.
func bothKinds(t *testing.T, pair core.Tokens, into map[string]string, name string, pairs ...string) {
	t.Helper()
	into[name+" access"] = forge(t, pair.AccessToken, hmacSecret, pairs...)
	into[name+" refresh"] = forge(t, pair.RefreshToken, refreshSecret(hmacSecret), pairs...)
}

// RFC 8725, section 2.1: an unsigned token is accepted by who lets the token
// choose the algorithm.
func algNone(t *testing.T, _ *world, pair core.Tokens) map[string]string {
	tokens := make(map[string]string)
	for _, alg := range []string{`"none"`, `"None"`, `"NONE"`, `"nOnE"`, `""`, `null`, `0`, `[]`, `{}`, `"hs256"`, `" HS256"`} {
		bothKinds(t, pair, tokens, "alg "+alg, `"alg":"HS256"`, `"alg":`+alg)
	}
	bothKinds(t, pair, tokens, "alg missing", `"alg":"HS256",`, ``)
	bothKinds(t, pair, tokens, "alg twice", `"alg":"HS256"`, `"alg":"HS256","alg":"none"`)
	bothKinds(t, pair, tokens, "ALG", `"alg":"HS256"`, `"ALG":"HS256"`)
	for name, token := range maps.Clone(tokens) {
		input := token[:strings.LastIndex(token, ".")]
		tokens[name+" unsigned"] = input + "."
		tokens[name+" cut"] = input
	}
	for kind, token := range map[string]string{"at+jwt": pair.AccessToken, "rt+jwt": pair.RefreshToken} {
		header, payload := parts(t, token)
		none := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims(payloadOf(t, token)))
		none.Header["kid"], none.Header["typ"] = "k1", kind
		text, err := none.SignedString(jwt.UnsafeAllowNoneSignatureType)
		if err != nil {
			t.Fatal(err)
		}
		tokens["golang-jwt none "+kind] = text
		for _, signature := range []string{"", "AA", "bm9uZQ"} {
			tokens["right header, signature "+signature+" "+kind] = b64(header) + "." + b64(payload) + "." + signature
		}
	}
	return tokens
}

// RFC 8725, section 2.1: a verifier that hands its public key to whatever
// algorithm the token names takes the key everybody knows for an HMAC secret.
func testPublicKeyAsSecret(t *testing.T) {
	for _, signer := range []crypto.Signer{rsaPrivate(), ecPrivate(), edPrivate()} {
		key := privateKey(t, "k1", signer)
		forgeries := func(t *testing.T, _ *world, pair core.Tokens) map[string]string {
			tokens := make(map[string]string)
			for name, secret := range publicEncodings(t, signer.Public()) {
				for _, alg := range []string{"HS256", key.Algorithm()} {
					header := `{"alg":"` + alg + `","kid":"k1","typ":"at+jwt"}`
					_, payload := parts(t, pair.AccessToken)
					tokens[name+" "+alg] = signHS256(secret, header, payload)
					_, payload = parts(t, pair.RefreshToken)
					tokens[name+" "+alg+" refresh"] = signHS256(secret, strings.Replace(header, "at+jwt", "rt+jwt", 1), payload)
				}
			}
			return tokens
		}
		withKey := func(c *core.Config) {
			c.Keys = []core.Key{key}
			c.RefreshKeys = []core.Key{privateKey(t, "k1", freshSigner(t, signer))}
		}
		t.Run(key.Algorithm(), rubbish(forgeries, withKey))
	}
}

// freshSigner returns another private key of the same kind, but for RSA, whose
// keys take long to make, one on the curve.
func freshSigner(t *testing.T, like crypto.Signer) crypto.Signer {
	t.Helper()
	if _, ok := like.(*ecdsa.PrivateKey); ok {
		return edPrivate()
	}
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// publicEncodings returns the forms in which a public key is passed around.
func publicEncodings(t *testing.T, public crypto.PublicKey) map[string]string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	encodings := map[string]string{
		"PKIX DER":             string(der),
		"PKIX DER in base64":   base64.StdEncoding.EncodeToString(der),
		"PKIX PEM":             text,
		"PKIX PEM trimmed":     strings.TrimSpace(text),
		"PKIX PEM in CRLF":     strings.ReplaceAll(text, "\n", "\r\n"),
		"PKIX PEM in one line": strings.ReplaceAll(text, "\n", ""),
		"empty":                "",
	}
	switch p := public.(type) {
	case *rsa.PublicKey:
		pkcs1 := x509.MarshalPKCS1PublicKey(p)
		encodings["PKCS1 DER"] = string(pkcs1)
		encodings["PKCS1 PEM"] = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: pkcs1}))
		encodings["modulus"] = string(p.N.Bytes())
	case *ecdsa.PublicKey:
		point, err := p.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		encodings["point"] = string(point)
		encodings["x and y"] = string(point[1:])
		encodings["x"] = string(point[1:33])
	default:
		encodings["raw"] = string(der[len(der)-32:])
	}
	return encodings
}

// The algorithm belongs to the key, and the key is the one that the token
// names: RFC 8725, section 3.1.
func testAnotherAlgorithm(t *testing.T) {
	second := "a second access secret of 43 bytes, really!"
	withKeys := func(c *core.Config) {
		c.Keys = []core.Key{
			hmacKey(t, "k1", hmacSecret), hmacKey(t, "k2", second),
			privateKey(t, "rs", rsaPrivate()), privateKey(t, "es", ecPrivate()), privateKey(t, "ed", edPrivate()),
		}
		c.RefreshKeys = []core.Key{hmacKey(t, "k1", refreshSecret(hmacSecret)), hmacKey(t, "k2", refreshSecret(second))}
	}
	forgeries := func(t *testing.T, w *world, pair core.Tokens) map[string]string {
		tokens := make(map[string]string)
		claims := jwt.MapClaims(payloadOf(t, pair.AccessToken))
		signed := map[string]string{}
		for kid, with := range map[string]struct {
			method jwt.SigningMethod
			key    any
		}{
			"k1": {jwt.SigningMethodHS256, []byte(hmacSecret)},
			"k2": {jwt.SigningMethodHS256, []byte(second)},
			"rs": {jwt.SigningMethodRS256, rsaPrivate()},
			"es": {jwt.SigningMethodES256, ecPrivate()},
			"ed": {jwt.SigningMethodEdDSA, edPrivate()},
		} {
			for _, named := range []string{"k1", "k2", "rs", "es", "ed"} {
				token := jwt.NewWithClaims(with.method, claims)
				token.Header["kid"], token.Header["typ"] = named, "at+jwt"
				text, err := token.SignedString(with.key)
				if err != nil {
					t.Fatal(err)
				}
				if named != kid {
					tokens["signed by "+kid+", kid "+named] = text
					continue
				}
				signed[kid] = text
			}
		}
		// Each of the keys is a right one under its own name.
		for _, token := range signed {
			w.wantAccess(t, token, nil)
		}
		// RSA keys are good for more algorithms than the one they are for.
		for _, method := range []jwt.SigningMethod{
			jwt.SigningMethodRS384, jwt.SigningMethodRS512, jwt.SigningMethodPS256, jwt.SigningMethodPS384, jwt.SigningMethodPS512,
		} {
			token := jwt.NewWithClaims(method, claims)
			token.Header["kid"], token.Header["typ"] = "rs", "at+jwt"
			text, err := token.SignedString(rsaPrivate())
			if err != nil {
				t.Fatal(err)
			}
			tokens[method.Alg()] = text
		}
		for _, method := range []jwt.SigningMethod{jwt.SigningMethodHS384, jwt.SigningMethodHS512} {
			token := jwt.NewWithClaims(method, claims)
			token.Header["kid"], token.Header["typ"] = "k1", "at+jwt"
			text, err := token.SignedString([]byte(hmacSecret))
			if err != nil {
				t.Fatal(err)
			}
			tokens[method.Alg()] = text
		}
		for _, alg := range []string{"HS384", "ES256", "EdDSA", "RS256", "PS256"} {
			tokens["HMAC by the right key, alg "+alg] = forge(t, pair.AccessToken, hmacSecret, "HS256", alg)
			tokens["HMAC by the right key, alg "+alg+" refresh"] = forge(t, pair.RefreshToken, refreshSecret(hmacSecret), "HS256", alg)
		}
		tokens["refresh token, kid of the other"] = forge(t, pair.RefreshToken, refreshSecret(hmacSecret), `"k1"`, `"k2"`)
		tokens["access token by the refresh key"] = forge(t, pair.AccessToken, refreshSecret(hmacSecret))
		tokens["refresh token by the access key"] = forge(t, pair.RefreshToken, hmacSecret)
		return tokens
	}
	rubbish(forgeries, withKeys)(t)
}

// A kid is looked up in a map and goes nowhere else.
func strangeKid(t *testing.T, _ *world, pair core.Tokens) map[string]string {
	tokens := make(map[string]string)
	for name, kid := range map[string]string{
		"unknown": `"k2"`, "empty": `""`, "null": `null`, "number": `1`, "list": `["k1"]`, "object": `{"kid":"k1"}`,
		"upper case": `"K1"`, "space": `"k1 "`, "NUL": `"k1\u0000"`, "path": `"../../x"`, "device": `"/dev/null"`,
		"SQL": `"x' UNION SELECT 'secret"`, "URL": `"https://evil.example/key"`, "long": `"` + strings.Repeat("k", 2500) + `"`,
		"line breaks": `"\u001b[31m\r\nk1"`,
	} {
		bothKinds(t, pair, tokens, name, `"kid":"k1"`, `"kid":`+kid)
	}
	bothKinds(t, pair, tokens, "absent", `"kid":"k1",`, ``)
	bothKinds(t, pair, tokens, "10 kB", `"kid":"k1"`, `"kid":"`+strings.Repeat("k", 10<<10)+`"`)
	bothKinds(t, pair, tokens, "another name", `"kid"`, `"KID"`)
	return tokens
}

// Keys that a token brings along are never looked at, and an extension that
// must be understood is refused: RFC 7515, section 4.1.11.
func keysInHeader(t *testing.T, _ *world, pair core.Tokens) map[string]string {
	evil := "an attacker's own secret of 38 bytes!!"
	jwk := `{"kty":"oct","kid":"k1","alg":"HS256","k":"` + b64(evil) + `"}`
	tokens := make(map[string]string)
	for name, extra := range map[string]string{
		"jwk": `"jwk":` + jwk, "jku": `"jku":"http://127.0.0.1:1/jwks"`, "x5u": `"x5u":"http://127.0.0.1:1/x"`,
		"x5c": `"x5c":["` + base64.StdEncoding.EncodeToString([]byte(evil)) + `"]`,
	} {
		for _, kid := range []string{`"kid":"k1"`, `"kid":"evil"`} {
			tokens[name+" "+kid] = forge(t, pair.AccessToken, evil, `"kid":"k1"`, kid+","+extra)
			tokens[name+" "+kid+" refresh"] = forge(t, pair.RefreshToken, evil, `"kid":"k1"`, kid+","+extra)
		}
	}
	for _, crit := range []string{`["exp"]`, `["b64"],"b64":false`, `["x"],"x":1`, `[]`, `null`, `"exp"`} {
		bothKinds(t, pair, tokens, "crit "+crit, `"alg"`, `"crit":`+crit+`,"alg"`)
	}
	return tokens
}

// One kind of token is never taken for the other, and confusing them is no
// theft. A logout takes both.
func testTokensConfused(t *testing.T) {
	w := newWorld(t)
	pair := w.login(t, "alice")
	w.events.take()
	before := w.store.total()
	w.wantAccess(t, pair.RefreshToken, core.ErrTokenInvalid)
	w.wantRefused(t, pair.AccessToken)
	wantError(t, "Blacklist", w.Blacklist(t.Context(), pair.RefreshToken), core.ErrTokenInvalid)

	// Nor does the right key of the wrong kind help.
	access, refresh := hmacSecret, refreshSecret(hmacSecret)
	w.wantRubbish(t, forge(t, pair.RefreshToken, access, "rt+jwt", "at+jwt"))
	w.wantRubbish(t, forge(t, pair.AccessToken, refresh, "at+jwt", "rt+jwt"))
	w.wantRubbish(t, forge(t, pair.AccessToken, access, "at+jwt", "rt+jwt"))
	w.wantRubbish(t, forge(t, pair.RefreshToken, refresh, "rt+jwt", "at+jwt"))
	if calls := w.store.total() - before; calls != 0 {
		t.Errorf("the store was called %d times", calls)
	}
	w.wantEvents(t)
	w.wantAlive(t, pair)
}

// foreign has tokens of another issuer, audience, type and deployment.
func foreign(t *testing.T, _ *world, pair core.Tokens) map[string]string {
	tokens := make(map[string]string)
	for name, iss := range map[string]string{
		"iss": `"https://evil.example"`, "iss with a slash": `"` + testIssuer + `/"`, "iss in capitals": `"HTTPS://ID.EXAMPLE"`,
		"iss empty": `""`, "iss null": `null`, "iss list": `["` + testIssuer + `"]`,
	} {
		bothKinds(t, pair, tokens, name, `"iss":"`+testIssuer+`"`, `"iss":`+iss)
	}
	for name, aud := range map[string]string{
		"aud": `"web"`, "aud list": `["web","admin"]`, "aud empty": `[]`, "aud empty text": `""`, "aud null": `null`,
		"aud null list": `[null]`, "aud in capitals": `"API"`, "aud object": `{"api":1}`, "aud number": `1`, "aud nested": `[["api"]]`,
		"aud number in list": `["api",1]`,
	} {
		tokens[name] = forge(t, pair.AccessToken, hmacSecret, `"aud":"api"`, `"aud":`+aud)
		tokens[name+" refresh"] = forge(t, pair.RefreshToken, refreshSecret(hmacSecret), `"aud":"reissue"`, `"aud":`+strings.ReplaceAll(aud, "api", "reissue2"))
	}
	tokens["aud of access refresh"] = forge(t, pair.RefreshToken, refreshSecret(hmacSecret), `"aud":"reissue"`, `"aud":"api"`)
	tokens["aud of two refresh"] = forge(t, pair.RefreshToken, refreshSecret(hmacSecret), `"aud":"reissue"`, `"aud":["reissue","api"]`)
	tokens["aud of refresh"] = forge(t, pair.AccessToken, hmacSecret, `"aud":"api"`, `"aud":"reissue"`)
	for _, typ := range []string{`"JWT"`, `"jwt"`, `"dpop+jwt"`, `"AT+JWT"`, `"application/at+jwt"`, `""`, `null`, `["at+jwt"]`} {
		tokens["typ "+typ] = forge(t, pair.AccessToken, hmacSecret, `"typ":"at+jwt"`, `"typ":`+typ)
		tokens["typ "+typ+" refresh"] = forge(t, pair.RefreshToken, refreshSecret(hmacSecret), `"typ":"rt+jwt"`, `"typ":`+strings.ReplaceAll(typ, "at+", "rt+x"))
	}
	tokens["typ missing"] = forge(t, pair.AccessToken, hmacSecret, `,"typ":"at+jwt"`, ``)
	tokens["typ missing refresh"] = forge(t, pair.RefreshToken, refreshSecret(hmacSecret), `,"typ":"rt+jwt"`, ``)

	// Another deployment with the same names and another secret.
	other := newWorld(t, func(c *core.Config) {
		c.Keys = []core.Key{hmacKey(t, "k1", strings.ToUpper(hmacSecret))}
	}).login(t, "alice")
	tokens["another deployment"], tokens["another deployment refresh"] = other.AccessToken, other.RefreshToken
	tokens["sha256 of the secret"] = forge(t, pair.AccessToken, hashed(hmacSecret))
	return tokens
}

func hashed(s string) string {
	h := sha256.Sum256([]byte(s))
	return string(h[:])
}
