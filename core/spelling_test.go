package core_test

import (
	"crypto/elliptic"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
)

func spellingRows() []abuseCase {
	return []abuseCase{
		{"06_spellings", rubbish(spellings)},
		{"06_spellings_ES256", rubbish(spellings, withES256(nil))},
		{"06_headers", rubbish(headers)},
		{"06_malleable_signature", testMalleableSignature},
		{"06_duplicate_keys", testDuplicateKeys},
	}
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// withES256 signs access tokens with the ES256 key and refresh tokens with the
// HMAC key of refresh tokens.
func withES256(t testing.TB) func(*core.Config) {
	return func(c *core.Config) {
		c.Keys = []core.Key{must(core.NewPrivateKey("k1", ecPrivate()))}
		c.RefreshKeys = []core.Key{must(core.NewHMACKey("k1", []byte(refreshSecret(hmacSecret))))}
	}
}

// spellings writes both tokens in every other way that some decoder takes for
// the same bytes.
func spellings(t *testing.T, _ *world, pair core.Tokens) map[string]string {
	tokens := make(map[string]string)
	for kind, token := range map[string]string{"access": pair.AccessToken, "refresh": pair.RefreshToken} {
		add := func(how, spelling string) {
			if spelling != token {
				tokens[kind+" "+how] = spelling
			}
		}
		segments := strings.Split(token, ".")
		join := func(i int, segment string) string {
			changed := append([]string(nil), segments...)
			changed[i] = segment
			return strings.Join(changed, ".")
		}
		loose := 0
		for i, segment := range segments {
			decoded := unb64(t, segment)
			for _, c := range alphabet {
				other := segment[:len(segment)-1] + string(c)
				if again, err := base64.RawURLEncoding.DecodeString(other); err == nil && string(again) == string(decoded) && other != segment {
					add(fmt.Sprintf("segment %d trailing bits %c", i, c), join(i, other))
					loose++
				}
			}
			for _, padding := range []string{"=", "==", "===", "A", "AA"} {
				add(fmt.Sprintf("segment %d padded %s", i, padding), join(i, segment+padding))
			}
			for _, between := range []string{
				"\n", "\r", "\r\n", " ", "\t", "\v", "\f", "\x00", "\x80", "%0A", "+", "/", "=", "-\n", "\u00a0", "\u2028", "\ufeff", "\u200b",
			} {
				for where, at := range map[string]int{"start": 0, "second": 1, "middle": len(segment) / 2, "before the last": len(segment) - 1, "end": len(segment)} {
					add(fmt.Sprintf("segment %d %q at the %s", i, between, where), join(i, segment[:at]+between+segment[at:]))
				}
			}
			add(fmt.Sprintf("segment %d in the standard alphabet", i), join(i, strings.NewReplacer("-", "+", "_", "/").Replace(segment)))
			add(fmt.Sprintf("segment %d in the standard alphabet, padded", i), join(i, base64.StdEncoding.EncodeToString(decoded)))
			add(fmt.Sprintf("segment %d in hex", i), join(i, fmt.Sprintf("%x", decoded)))
		}
		if loose == 0 {
			t.Logf("the %s token's segments have no unused bits", kind)
		}
		add("Bearer", "Bearer "+token)
		add("quoted", `"`+token+`"`)
		add("in full-width dots", strings.ReplaceAll(token, ".", "\uff0e"))
		add("JSON serialization", fmt.Sprintf(`{"protected":%q,"payload":%q,"signature":%q}`, segments[0], segments[1], segments[2]))
		add("in lower case", strings.ToLower(token))
		add("in upper case", strings.ToUpper(token))
	}
	return tokens
}

// ECDSA signatures come in pairs, (r, s) and (r, n-s): the second spelling of
// a token may be good, but then it dies with the first.
func testMalleableSignature(t *testing.T) {
	for _, end := range []struct {
		name string
		with func(w *world, pair core.Tokens, twin string) error
	}{
		{"logout of the token", func(w *world, pair core.Tokens, _ string) error { return w.Logout(t.Context(), pair.AccessToken) }},
		{"logout of the twin", func(w *world, _ core.Tokens, twin string) error { return w.Logout(t.Context(), twin) }},
		{"logout of the refresh token", func(w *world, pair core.Tokens, _ string) error { return w.Logout(t.Context(), pair.RefreshToken) }},
		{"blacklist of the token", func(w *world, pair core.Tokens, _ string) error { return w.Blacklist(t.Context(), pair.AccessToken) }},
		{"blacklist of the twin", func(w *world, _ core.Tokens, twin string) error { return w.Blacklist(t.Context(), twin) }},
	} {
		t.Run(end.name, func(t *testing.T) {
			w := newWorld(t, withES256(t))
			pair := w.login(t, "alice")
			segments := strings.Split(pair.AccessToken, ".")
			signature := unb64(t, segments[2])
			s := new(big.Int).SetBytes(signature[32:])
			s.Sub(elliptic.P256().Params().N, s).FillBytes(signature[32:])
			twin := segments[0] + "." + segments[1] + "." + b64(signature)

			original := w.claims(t, pair.AccessToken)
			accepted := false
			if c, err := w.Verify(t.Context(), twin); err == nil {
				accepted = true
				if c.TokenID() != original.TokenID() {
					t.Errorf("the twin has jti %s, the token %s", c.TokenID(), original.TokenID())
				}
			}
			if err := end.with(w, pair, twin); err != nil && accepted {
				t.Fatal(err)
			}
			if !accepted {
				w.wantAccess(t, twin, core.ErrTokenInvalid)
				return
			}
			w.wantAccess(t, pair.AccessToken, core.ErrTokenRevoked)
			w.wantAccess(t, twin, core.ErrTokenRevoked)
		})
	}
}

// A signed token may hold one name twice. Whatever is made of it, it is one
// session, and ends with it.
func testDuplicateKeys(t *testing.T) {
	for _, name := range []string{"sid", "SID", "gen", "Gen", "jti", "sub", "exp", "aud", "iss"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			pair, other := w.login(t, "alice"), w.login(t, "bob")
			other = w.reissue(t, other.RefreshToken)
			mine := field(t, pair.AccessToken, strings.ToLower(name))
			theirs := strings.Replace(field(t, other.AccessToken, strings.ToLower(name)), strings.ToLower(name), name, 1)
			for _, twice := range []string{mine + "," + theirs, theirs + "," + mine, mine + "," + mine} {
				token := forge(t, pair.AccessToken, hmacSecret, mine, twice)
				if _, err := w.Verify(t.Context(), token); err != nil {
					wantError(t, "Verify", err, core.ErrTokenInvalid)
				}
			}
			if err := w.Logout(t.Context(), pair.AccessToken); err != nil {
				t.Fatal(err)
			}
			for _, twice := range []string{mine + "," + theirs, theirs + "," + mine, mine + "," + mine} {
				token := forge(t, pair.AccessToken, hmacSecret, mine, twice)
				if c, err := w.Verify(t.Context(), token); err == nil && c.SessionID() == pair.SessionID {
					t.Errorf("%s: the token of an ended session was accepted", twice)
				}
			}
			w.wantAlive(t, other)
		})
	}
}
