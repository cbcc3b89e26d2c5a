package attacks

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

func malformedRows() []row {
	return []row{
		{"07_segments", rubbish(segments)},
		{"07_nested_and_encrypted", rubbish(nested)},
		{"10_claims_of_access_tokens", rubbish(malformedAccess)},
		{"10_claims_of_refresh_tokens", rubbish(malformedRefresh)},
		{"10_not_yet_valid", rubbish(notYetValid)},
		{"10_long_past", longPast},
		{"11_generation_and_seed", rubbish(malformedGeneration)},
		{"11_greatest_generation", greatestGeneration},
	}
}

func segments(f *forgeries) {
	for name, token := range map[string]string{
		"one dot": ".", "two dots": "..", "three dots": "...", "a letter": "a", "three letters": "a.b.c",
		"10 000 dots": strings.Repeat(".", 10_000), "10 000 segments": strings.Repeat("a.", 9_999) + "a",
		"2000 segments": strings.Repeat("a.", 1999) + "a", "NUL": "\x00", "not UTF-8": "\xff\xfe",
	} {
		f.alike(name, token)
	}
	for _, k := range f.kinds() {
		s := strings.Split(k.token, ".")
		for name, segments := range map[string][]string{
			"1": s[:1], "2": s[:2], "4": append(s[:3:3], "AAAA"), "5": append(s[:3:3], "AAAA", "AAAA"), "4, first empty": append([]string{""}, s...),
			"4, last empty": append(s[:3:3], ""), "empty signature": {s[0], s[1], ""}, "empty payload": {s[0], "", s[2]},
			"empty header": {"", s[1], s[2]}, "swapped": {s[1], s[0], s[2]}, "twice": append(s[:3:3], s...),
			"half a signature": {s[0], s[1], s[2][:len(s[2])/2]}, "longer signature": {s[0], s[1], s[2] + "AAAA"},
		} {
			k.add(name, strings.Join(segments, "."))
		}
		header, payload := f.s.parts(k.token)
		for i, text := range []string{``, `null`, `[]`, `""`, `1`, `{}`, `{`, "\xef\xbb\xbf"} {
			if i == 7 { // a byte order mark before the right text
				k.add("marked header", signHS256(k.secret, text+header, payload))
				k.add("marked payload", signHS256(k.secret, header, text+payload))
				continue
			}
			k.add("header "+text, signHS256(k.secret, text, payload))
			k.add("payload "+text, signHS256(k.secret, header, text))
		}
		for _, more := range []string{"x", "{}", payload} {
			k.add("header and "+more, signHS256(k.secret, header+more, payload))
			k.add("payload and "+more, signHS256(k.secret, header, payload+more))
		}
	}
}

// nested has a token for a payload (RFC 7519, section 5.2) and the compact form
// of a JWE, which has five segments (RFC 7516, section 3.1).
func nested(f *forgeries) {
	f.alike("JWE", toBase64(`{"alg":"dir","enc":"A128GCM"}`)+"..48V1_ALb6US04U3b.5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6ji.SdiwkIr3ajwQzaBtQD_A")
	for _, k := range f.kinds() {
		header, _ := f.s.parts(k.token)
		k.add("nested", signHS256(k.secret, header, k.token))
		k.add("nested, cty", signHS256(k.secret, strings.Replace(header, `{`, `{"cty":"JWT",`, 1), k.token))
		k.add("compressed", signHS256(k.secret, strings.Replace(header, `{`, `{"zip":"DEF",`, 1), "\xaaV\x4a\x03\x00"))
	}
}

// malformedAccess changes one claim of an access token that is signed with the
// right key. RFC 7519, section 4.1.4: exp is a NumericDate.
func malformedAccess(f *forgeries) {
	token, session := f.pair.AccessToken, f.pair.SessionID
	change(f.access, f.s, token, accessSecret, map[string][]string{
		"exp": {`0`, `-1`, `-0`, `"9999999999"`, `9999999999.5`, `9999999999.0`, `1e400`, `1e10`, `-1e400`, `9007199254740992`, `9223372036854775807`,
			`9223372036854775808`, `99999999999999999999999`, `null`, `true`, `[]`, `{}`, `[9999999999]`},
		"iat":       {`"1"`, `1.5`, `1e400`, `[]`, `true`},
		"auth_time": {`"1"`, `1.5`, `1e400`, `{}`},
		"sub":       {`""`, `null`, `1`, `[]`, `["alice"]`, `{}`, `"` + strings.Repeat("a", 257) + `"`},
		"sid":       {`""`, `null`, `1`, `"short"`, `"` + strings.Repeat("A", 23) + `"`, `"AAAAAAAAAAAAAAAAAAAAA="`, `"AAAAAAAAAAAAAAAAAAAAAB"`, `"AAAAAAAAAAAAAAAAAAAA\r\n"`, `"AAAAAAAAAAAAAAAAAAAA:}"`, `["AAAAAAAAAAAAAAAAAAAAAA"]`},
		"jti":       {`""`, `null`, `0`, `"` + session + `"`, `"` + session + `."`, `"` + session + `.1"`, `"` + session + `.00"`, `"` + session + `.0 "`, `"x.0"`},
		"gen":       {`-1`, `null`, `"0"`, `0.0`, `0.5`, `1`, `-0.0`, `1e0`, `9007199254740991`, `9007199254740993`, `9223372036854775808`},
	})
	leaveOut(f.access, f.s, token, accessSecret, "iss", "aud", "sub", "exp", "jti", "sid", "gen")
}

func malformedRefresh(f *forgeries) {
	token, secret := f.pair.RefreshToken, refreshSecret(accessSecret)
	change(f.refresh, f.s, token, secret, map[string][]string{
		"exp": {`0`, `-1`, `"9999999999"`, `9999999999.5`, `1e400`, `1e10`, `9007199254740992`, `99999999999999999999999`, `true`},
		"sub": {`""`, `null`, `1`, `["alice"]`},
		"sid": {`""`, `null`, `1`, `"short"`, `"AAAAAAAAAAAAAAAAAAAAAB"`, `"AAAAAAAAAAAAAAAAAAAA\r\n"`},
	})
	leaveOut(f.refresh, f.s, token, secret, "iss", "aud", "sub", "sid", "gen", "seed")
	// What a refresh token says of the custom claims goes into the access
	// token, where it must stay what a login could have said.
	seed := f.s.field(token, "seed")
	for name, custom := range map[string]string{
		"text": `"x"`, "number": `1`, "list": `[]`, "true": `true`, "sub": `{"sub":"admin"}`, "exp": `{"exp":9999999999}`,
		"SUB": `{"SUB":"admin"}`, "sid among others": `{"role":"user","sid":"` + f.pair.SessionID + `"}`,
	} {
		f.refresh["claims "+name] = f.s.forgeRefresh(token, seed, seed+`,"claims":`+custom)
	}
}

// change signs tokens in which one claim has another value.
func change(into map[string]string, s *scene, token, secret string, values map[string][]string) {
	s.t.Helper()
	for name, list := range values {
		old := s.field(token, name)
		for _, value := range list {
			into[fmt.Sprintf("%s %.40s of %d", name, value, len(value))] = s.forge(secret, token, old, `"`+name+`":`+value)
		}
	}
}

// leaveOut signs tokens in which one claim is missing.
func leaveOut(into map[string]string, s *scene, token, secret string, names ...string) {
	s.t.Helper()
	_, payload := s.parts(token)
	for _, name := range names {
		f := s.field(token, name)
		if strings.Contains(payload, f+",") {
			f += ","
		} else {
			f = "," + f
		}
		into[name+" missing"] = s.forge(secret, token, f, "")
	}
}

// RFC 7519, section 4.1.5: a token must not be accepted before its nbf. The
// library issues none; another holder of the key may.
func notYetValid(f *forgeries) {
	later := f.s.Clock.Now().Add(time.Hour).Unix()
	for name, nbf := range map[string]string{
		"in an hour": fmt.Sprint(later), "text": `"1"`, "fraction": fmt.Sprint(later) + ".5", "1e400": `1e400`, "list": `[]`,
	} {
		f.both("nbf "+name, `"iss"`, `"nbf":`+nbf+`,"iss"`)
	}
}

// Of a token that is whole and old a client may be told that it is old.
func longPast(t *testing.T, d deployment) {
	s := d.start(t)
	pair := s.Login("alice")
	s.takeEvents()
	s.noCalls("a token long past", func() {
		access := s.forgeAccess(pair.AccessToken, s.field(pair.AccessToken, "exp"), `"exp":1`)
		s.wantError("access", s.Me(access), core.ErrTokenExpired)
		refresh := s.forgeRefresh(pair.RefreshToken, s.field(pair.RefreshToken, "exp"), `"exp":1`)
		for _, w := range ways() {
			s.want("reissue "+w.name, w.send(s.Client, refresh), w.refused)
		}
	})
	s.wantCounts(map[told]int{{core.RefreshRefused, pair.SessionID, "expired"}: len(ways())})
	s.wantAlive(pair)
}

func malformedGeneration(f *forgeries) {
	letters := func(n int) string { return strings.Repeat("A", n) }
	change(f.refresh, f.s, f.pair.RefreshToken, refreshSecret(accessSecret), map[string][]string{
		"gen": {`-1`, `null`, `"0"`, `0.5`, `0.0`, `1e0`, `1e3`, `true`, `[0]`, `9007199254740991`, `9007199254740993`, `9223372036854775807`, `9223372036854775808`, `-9223372036854775809`},
		"seed": {`""`, `null`, `0`, `"A"`, `"` + letters(21) + `"`, `"` + letters(23) + `"`, `"` + letters(24) + `"`,
			`"` + letters(21) + `B"`, `"` + letters(20) + `\r\n"`, `"` + letters(21) + `+"`, `"` + letters(20) + `=="`, `"` + letters(2000) + `"`, `["` + letters(22) + `"]`},
	})
}

// The greatest generation is the one whose child is still an exact number in
// JSON and in Lua.
func greatestGeneration(t *testing.T, d deployment) {
	s := d.start(t)
	pair := s.Login("alice")
	child := s.reissue(s.generation(pair.RefreshToken, "9007199254740990"))
	for _, token := range []string{child.AccessToken, child.RefreshToken} {
		if got, want := fmt.Sprint(s.claims(token)["gen"]), "9007199254740991"; got != want {
			t.Errorf("gen: got %s, want %s", got, want)
		}
	}
	if again := s.reissue(s.generation(pair.RefreshToken, "9007199254740990")); again.SessionID != pair.SessionID {
		t.Errorf("again: got the session %s, want %s", again.SessionID, pair.SessionID)
	}
}
