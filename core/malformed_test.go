package core_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

func malformedRows() []abuseCase {
	return []abuseCase{
		{"07_segments", rubbish(segments)},
		{"10_claims_of_access_tokens", rubbish(malformedAccess)},
		{"10_claims_of_refresh_tokens", rubbish(malformedRefresh)},
		{"10_not_yet_valid", rubbish(notYetValid)},
		{"10_long_past", testLongPast},
		{"11_generation_and_seed", rubbish(malformedGeneration)},
		{"11_greatest_generation", testGreatestGeneration},
		{"12_too_long", rubbish(tooLong)},
	}
}

func segments(t *testing.T, _ *world, pair core.Tokens) map[string]string {
	tokens := map[string]string{
		"one dot": ".", "two dots": "..", "three dots": "...", "a letter": "a", "three letters": "a.b.c",
		"10000 dots": strings.Repeat(".", 10_000), "10000 segments": strings.Repeat("a.", 10_000) + "a",
		"4000 segments": strings.Repeat("a.", 1999) + "a", "NUL": "\x00", "not UTF-8": "\xff\xfe",
		// RFC 7516, section 3.1: the compact form of a JWE has five segments.
		"JWE": b64(`{"alg":"dir","enc":"A128GCM"}`) + "..48V1_ALb6US04U3b.5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6ji.SdiwkIr3ajwQzaBtQD_A",
	}
	for kind, token := range map[string]string{"access": pair.AccessToken, "refresh": pair.RefreshToken} {
		secret := hmacSecret
		if kind == "refresh" {
			secret = refreshSecret(hmacSecret)
		}
		s := strings.Split(token, ".")
		for name, segments := range map[string][]string{
			"1": s[:1], "2": s[:2], "4": append(s[:3:3], "AAAA"), "5": append(s[:3:3], "AAAA", "AAAA"), "4, first empty": append([]string{""}, s...),
			"empty signature": {s[0], s[1], ""}, "empty payload": {s[0], "", s[2]}, "empty header": {"", s[1], s[2]},
			"swapped": {s[1], s[0], s[2]}, "twice": append(s[:3:3], s...), "4, last empty": append(s[:3:3], ""),
			"half a signature": {s[0], s[1], s[2][:len(s[2])/2]}, "longer signature": {s[0], s[1], s[2] + "AAAA"},
		} {
			tokens[kind+" "+name] = strings.Join(segments, ".")
		}
		header, payload := parts(t, token)
		for i, header := range []string{``, `null`, `[]`, `""`, `1`, `{}`, `{`, header + "x", header + header, "\xef\xbb\xbf" + header} {
			tokens[fmt.Sprintf("%s header %d", kind, i)] = signHS256(secret, header, payload)
		}
		for i, payload := range []string{``, `null`, `[]`, `""`, `1`, `{}`, `{`, payload + "x", payload + payload, "\xef\xbb\xbf" + payload} {
			tokens[fmt.Sprintf("%s payload %d", kind, i)] = signHS256(secret, header, payload)
		}
		// A nested JWT (RFC 7519, section 5.2): a token for a payload.
		tokens[kind+" nested"] = signHS256(secret, strings.Replace(header, `{`, `{"cty":"JWT",`, 1), token)
		tokens[kind+" compressed"] = signHS256(secret, strings.Replace(header, `{`, `{"zip":"DEF",`, 1), "\xaaV\x4a\x03\x00")
	}
	return tokens
}

// malformedAccess changes one claim of an access token that is signed with the
// right key. RFC 7519, section 4.1.4: exp is a NumericDate.
func malformedAccess(t *testing.T, _ *world, pair core.Tokens) map[string]string {
	tokens := make(map[string]string)
	for name, values := range map[string][]string{
		"exp": {`0`, `-1`, `-0`, `"9999999999"`, `9999999999.5`, `9999999999.0`, `1e400`, `1e10`, `-1e400`, `9007199254740992`, `9223372036854775807`,
			`9223372036854775808`, `99999999999999999999999`, `null`, `true`, `[]`, `{}`, `[9999999999]`},
		"iat":       {`"1"`, `1.5`, `1e400`, `[]`, `true`},
		"auth_time": {`"1"`, `1.5`, `1e400`, `{}`},
		"sub":       {`""`, `null`, `1`, `[]`, `["alice"]`, `{}`, `"` + strings.Repeat("a", 257) + `"`},
		"sid":       {`""`, `null`, `1`, `"short"`, `"` + strings.Repeat("A", 23) + `"`, `"AAAAAAAAAAAAAAAAAAAAA="`, `"AAAAAAAAAAAAAAAAAAAAAB"`, `"AAAAAAAAAAAAAAAAAAAA\r\n"`, `"AAAAAAAAAAAAAAAAAAAA:}"`, `["AAAAAAAAAAAAAAAAAAAAAA"]`},
		"jti":       {`""`, `null`, `0`, `"` + pair.SessionID + `"`, `"` + pair.SessionID + `."`, `"` + pair.SessionID + `.1"`, `"` + pair.SessionID + `.00"`, `"` + pair.SessionID + `.0 "`, `"x.0"`},
		"gen":       {`-1`, `null`, `"0"`, `0.0`, `0.5`, `1`, `-0.0`, `1e0`, `9007199254740991`, `9007199254740993`, `9223372036854775808`},
	} {
		old := field(t, pair.AccessToken, name)
		for _, value := range values {
			tokens[name+" "+value] = forge(t, pair.AccessToken, hmacSecret, old, `"`+name+`":`+value)
		}
	}
	for _, name := range []string{"iss", "aud", "sub", "exp", "jti", "sid", "gen"} {
		tokens[name+" missing"] = without(t, pair.AccessToken, hmacSecret, name)
	}
	return tokens
}

func malformedRefresh(t *testing.T, _ *world, pair core.Tokens) map[string]string {
	secret := refreshSecret(hmacSecret)
	tokens := make(map[string]string)
	for name, values := range map[string][]string{
		"exp": {`0`, `-1`, `"9999999999"`, `9999999999.5`, `1e400`, `1e10`, `9007199254740992`, `99999999999999999999999`, `true`},
		"sub": {`""`, `null`, `1`, `["alice"]`},
		"sid": {`""`, `null`, `1`, `"short"`, `"AAAAAAAAAAAAAAAAAAAAAB"`, `"AAAAAAAAAAAAAAAAAAAA\r\n"`},
	} {
		old := field(t, pair.RefreshToken, name)
		for _, value := range values {
			tokens[name+" "+value] = forge(t, pair.RefreshToken, secret, old, `"`+name+`":`+value)
		}
	}
	for _, name := range []string{"iss", "aud", "sub", "sid", "gen", "seed"} {
		tokens[name+" missing"] = without(t, pair.RefreshToken, secret, name)
	}
	// What a refresh token says of the custom claims goes into the access
	// token, where it must stay what a login could have said.
	seed := field(t, pair.RefreshToken, "seed")
	for name, custom := range map[string]string{
		"text": `"x"`, "number": `1`, "list": `[]`, "true": `true`, "sub": `{"sub":"admin"}`, "exp": `{"exp":9999999999}`,
		"SUB": `{"SUB":"admin"}`, "sid among others": `{"role":"user","sid":"` + pair.SessionID + `"}`,
	} {
		tokens["claims "+name] = forge(t, pair.RefreshToken, secret, seed, seed+`,"claims":`+custom)
	}
	return tokens
}

// RFC 7519, section 4.1.5: a token must not be accepted before its nbf. The
// library issues none; another holder of the key may.
func notYetValid(t *testing.T, w *world, pair core.Tokens) map[string]string {
	tokens := make(map[string]string)
	later := w.clock.Now().Add(time.Hour).Unix()
	for name, nbf := range map[string]string{
		"in an hour": fmt.Sprint(later), "text": `"1"`, "fraction": fmt.Sprint(later) + ".5", "1e400": `1e400`, "list": `[]`,
	} {
		bothKinds(t, pair, tokens, "nbf "+name, `"iss"`, `"nbf":`+nbf+`,"iss"`)
	}
	return tokens
}

// Of a token that is whole and old a client may be told that it is old.
func testLongPast(t *testing.T) {
	w := newWorld(t)
	pair := w.login(t, "alice")
	before := w.store.total()
	w.wantAccess(t, forge(t, pair.AccessToken, hmacSecret, field(t, pair.AccessToken, "exp"), `"exp":1`), core.ErrTokenExpired)
	w.wantRefused(t, forge(t, pair.RefreshToken, refreshSecret(hmacSecret), field(t, pair.RefreshToken, "exp"), `"exp":1`))
	if calls := w.store.total() - before; calls != 0 {
		t.Errorf("the store was called %d times", calls)
	}
	w.wantAlive(t, pair)
}

func malformedGeneration(t *testing.T, _ *world, pair core.Tokens) map[string]string {
	secret := refreshSecret(hmacSecret)
	tokens := make(map[string]string)
	for name, values := range map[string][]string{
		"gen": {`-1`, `null`, `"0"`, `0.5`, `0.0`, `1e0`, `1e3`, `true`, `[0]`, `9007199254740991`, `9007199254740993`, `9223372036854775807`, `9223372036854775808`, `-9223372036854775809`},
		"seed": {`""`, `null`, `0`, `"A"`, `"` + strings.Repeat("A", 21) + `"`, `"` + strings.Repeat("A", 23) + `"`, `"` + strings.Repeat("A", 24) + `"`,
			`"` + strings.Repeat("A", 21) + `B"`, `"` + strings.Repeat("A", 20) + `\r\n"`, `"` + strings.Repeat("A", 21) + `+"`, `"` + strings.Repeat("A", 20) + `=="`,
			`"` + strings.Repeat("A", 2000) + `"`, `["` + strings.Repeat("A", 22) + `"]`},
	} {
		old := field(t, pair.RefreshToken, name)
		for _, value := range values {
			key := name + " " + value
			tokens[key[:min(len(key), 40)]+fmt.Sprint(" of ", len(value))] = forge(t, pair.RefreshToken, secret, old, `"`+name+`":`+value)
		}
	}
	return tokens
}

// The greatest generation whose child is still an exact number in JSON.
func testGreatestGeneration(t *testing.T) {
	w := newWorld(t)
	pair := w.login(t, "alice")
	ahead := forge(t, pair.RefreshToken, refreshSecret(hmacSecret), field(t, pair.RefreshToken, "gen"), `"gen":9007199254740990`)
	tokens, err := w.Reissue(t.Context(), ahead)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(payloadOf(t, tokens.AccessToken)["gen"]), "9007199254740991"; got != want {
		t.Errorf("got gen %s, want %s", got, want)
	}
}

// Length is looked at before content, so that the work is bounded.
func tooLong(t *testing.T, _ *world, pair core.Tokens) map[string]string {
	tokens := map[string]string{
		"1 MB of letters": strings.Repeat("a", 1<<20),
		"1 MB of dots":    strings.Repeat(".", 1<<20),
		"deep JSON":       b64(strings.Repeat("[", 1<<20)) + "." + b64(strings.Repeat("[", 1<<20)) + ".AAAA",
		"deep JSON short": b64(`{"alg":"HS256","kid":"k1","typ":"at+jwt","x":`+strings.Repeat("[", 1400)) + "." + b64(strings.Repeat(`{"":`, 300)) + ".AAAA",
	}
	for kind, token := range map[string]string{"access": pair.AccessToken, "refresh": pair.RefreshToken} {
		secret := hmacSecret
		if kind == "refresh" {
			secret = refreshSecret(hmacSecret)
		}
		tokens[kind+" of 4098 bytes"] = padded(t, token, secret, 4098) // base64 has no text that makes 4097
		tokens[kind+" of 1 MB"] = forge(t, token, secret, `"iss"`, `"pad":"`+strings.Repeat("p", 1<<20)+`","iss"`)
	}
	return tokens
}

// padded signs a token that has exactly size bytes.
func padded(t *testing.T, token, secret string, size int) string {
	t.Helper()
	for pad := max(0, (size-len(token))*3/4-64); ; pad++ {
		long := forge(t, token, secret, `"iss"`, `"pad":"`+strings.Repeat("p", pad)+`","iss"`)
		if len(long) == size {
			return long
		}
		if len(long) > size {
			t.Fatalf("no padding makes %d bytes", size)
		}
	}
}

func TestLongestToken(t *testing.T) {
	w := newWorld(t)
	pair := w.login(t, "alice")
	w.wantAccess(t, padded(t, pair.AccessToken, hmacSecret, 4096), nil)
	if _, err := w.Reissue(t.Context(), padded(t, pair.RefreshToken, refreshSecret(hmacSecret), 4096)); err != nil {
		t.Errorf("Reissue of 4096 bytes: %v", err)
	}
}
