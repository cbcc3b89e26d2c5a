package attacks

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
)

func forgedRows() []row {
	return []row{
		{"01_alg_none", rubbish(algNone)},
		{"02_public_key_as_hmac_secret", publicKeyAsSecret},
		{"03_another_algorithm_or_kid", anotherAlgorithm},
	}
}

// RFC 8725, section 2.1: an unsigned token is accepted by who lets the token
// choose the algorithm.
func algNone(f *forgeries) {
	changes := map[string][2]string{
		"alg missing": {`"alg":"HS256",`, ``},
		"alg twice":   {`"alg":"HS256"`, `"alg":"HS256","alg":"none"`},
		"ALG":         {`"alg":"HS256"`, `"ALG":"HS256"`},
	}
	for _, alg := range []string{`"none"`, `"None"`, `"NONE"`, `"nOnE"`, `""`, `null`, `0`, `[]`, `{}`, `"hs256"`, `" HS256"`} {
		changes["alg "+alg] = [2]string{`"alg":"HS256"`, `"alg":` + alg}
	}
	for _, k := range f.kinds() {
		for name, change := range changes {
			token := f.s.forge(k.secret, k.token, change[0], change[1])
			input := token[:strings.LastIndex(token, ".")]
			k.add(name+", signed", token)
			k.add(name+", unsigned", input+".")
			k.add(name+", cut", input)
		}
		input := k.token[:strings.LastIndex(k.token, ".")]
		for _, signature := range []string{"", "AA", "bm9uZQ"} {
			k.add("right header, signature "+signature, input+"."+signature)
		}
	}
}

// newECKey and newEdKey make keys.
func newECKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newEdKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, k, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// privateKey and hmacKey make the library's keys of them.
func privateKey(t *testing.T, id string, signer crypto.Signer) core.Key {
	t.Helper()
	k, err := core.NewPrivateKey(id, signer)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func hmacKey(t *testing.T, id, secret string) core.Key {
	t.Helper()
	k, err := core.NewHMACKey(id, []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// RFC 8725, section 2.1: a verifier that hands its public key to whatever
// algorithm the token names takes the key everybody knows for an HMAC secret.
func publicKeyAsSecret(t *testing.T, d deployment) {
	for name, keys := range map[string][2]crypto.Signer{
		"RS256": {d.rsaKey(), newECKey(t)},
		"ES256": {newECKey(t), newEdKey(t)},
		"EdDSA": {newEdKey(t), newECKey(t)},
	} {
		forge := func(f *forgeries) {
			for i, k := range f.kinds() {
				header, payload := f.s.parts(k.token)
				for encoding, secret := range publicEncodings(t, keys[i].Public()) {
					k.add(encoding, signHS256(secret, header, payload))
					k.add(encoding+", HS256", signHS256(secret, `{"alg":"HS256","kid":"first","typ":"`+k.typ+`"}`, payload))
				}
			}
		}
		t.Run(name, func(t *testing.T) {
			rubbish(forge, func(c *core.Config) {
				c.Keys = []core.Key{privateKey(t, "first", keys[0])}
				c.RefreshKeys = []core.Key{privateKey(t, "first", keys[1])}
			})(t, d)
		})
	}
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
		encodings["point"], encodings["x and y"], encodings["x"] = string(point), string(point[1:]), string(point[1:33])
	default:
		encodings["raw"] = string(der[len(der)-32:])
	}
	return encodings
}

// The algorithm belongs to the key, and the key is the one that the token
// names: RFC 8725, section 3.1.
func anotherAlgorithm(t *testing.T, d deployment) {
	second := "a second access secret of 43 bytes, really!"
	ec, ed := newECKey(t), newEdKey(t)
	signers := map[string]signer{
		"first": {"HS256", signHMAC(crypto.SHA256, accessSecret)}, "second": {"HS256", signHMAC(crypto.SHA256, second)},
		"rs": {"RS256", signRSA(crypto.SHA256, d.rsaKey())}, "es": {"ES256", signEC(ec)}, "ed": {"EdDSA", signEd(ed)},
	}
	forge := func(f *forgeries) {
		_, payload := f.s.parts(f.pair.AccessToken)
		for with, signer := range signers {
			for kid, other := range signers {
				name := "signed by " + with + ", kid " + kid
				if with == kid { // each is a right one under its own name
					f.s.during(func() { f.s.wantOK(name, f.s.Me(signer.token(t, signer.alg, kid, "at+jwt", payload))) })
					continue
				}
				f.access[name] = signer.token(t, signer.alg, kid, "at+jwt", payload)
				f.access[name+", alg of the kid"] = signer.token(t, other.alg, kid, "at+jwt", payload)
			}
		}
		// A key is good for more algorithms than the one it is for.
		for kid, others := range map[string][]signer{
			"rs": {
				{"RS384", signRSA(crypto.SHA384, d.rsaKey())}, {"RS512", signRSA(crypto.SHA512, d.rsaKey())},
				{"PS256", signPSS(crypto.SHA256, d.rsaKey())}, {"PS384", signPSS(crypto.SHA384, d.rsaKey())}, {"PS512", signPSS(crypto.SHA512, d.rsaKey())},
			},
			"first": {{"HS384", signHMAC(crypto.SHA384, accessSecret)}, {"HS512", signHMAC(crypto.SHA512, accessSecret)}},
		} {
			for _, signer := range others {
				f.access[signer.alg] = signer.token(t, signer.alg, kid, "at+jwt", payload)
			}
		}
		for _, alg := range []string{"HS384", "ES256", "EdDSA", "RS256", "PS256"} {
			f.both("signed by the right key, alg "+alg, "HS256", alg)
		}
		f.refresh["kid of the other"] = f.s.forgeRefresh(f.pair.RefreshToken, `"first"`, `"second"`)
		f.access["by the refresh key"] = f.s.forge(refreshSecret(accessSecret), f.pair.AccessToken)
		f.refresh["by the access key"] = f.s.forge(accessSecret, f.pair.RefreshToken)
	}
	rubbish(forge, func(c *core.Config) {
		c.Keys = append(c.Keys, hmacKey(t, "second", second), privateKey(t, "rs", d.rsaKey()), privateKey(t, "es", ec), privateKey(t, "ed", ed))
		c.RefreshKeys = []core.Key{hmacKey(t, "first", refreshSecret(accessSecret)), hmacKey(t, "second", refreshSecret(second))}
	})(t, d)
}
