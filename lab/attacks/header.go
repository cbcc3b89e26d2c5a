package attacks

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func headerRows() []row {
	return []row{
		{"04_kid", rubbish(strangeKid)},
		{"05_keys_in_the_header", keysInHeader},
		{"05_critical_extensions", rubbish(criticalExtensions)},
		{"08_tokens_confused", tokensConfused},
		{"09_foreign", rubbish(foreign)},
		{"09_another_deployment", anotherDeployment},
	}
}

// A kid is looked up in a map and goes nowhere else: not into a file, not into
// a query, not into the answer or the log.
func strangeKid(f *forgeries) {
	for name, kid := range map[string]string{
		"unknown": `"k2"`, "empty": `""`, "null": `null`, "number": `1`, "list": `["first"]`, "object": `{"kid":"first"}`,
		"upper case": `"FIRST"`, "space": `"first "`, "NUL": `"first\u0000"`, "path": `"../../x"`, "device": `"/dev/null"`,
		"SQL": `"x' UNION SELECT 'secret"`, "URL": `"http://127.0.0.1:1/key"`, "long": `"` + strings.Repeat("k", 2500) + `"`,
		"10 kB": `"` + strings.Repeat("k", 10<<10) + `"`, "line breaks": `"\u001b[31m\r\nfirst"`,
	} {
		f.both(name, `"kid":"first"`, `"kid":`+kid)
	}
	f.both("absent", `"kid":"first",`, ``)
	f.both("another name", `"kid"`, `"KID"`)
}

// Keys and addresses of keys that a token brings along are never looked at:
// neither do they verify anything, nor is the address asked.
func keysInHeader(t *testing.T, d deployment) {
	evil := "an attacker's own secret of 38 bytes!!"
	jwk := `{"kty":"oct","kid":"first","alg":"HS256","k":"` + toBase64(evil) + `"}`
	var asked atomic.Int64
	trap := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "application/jwk-set+json")
		w.Write([]byte(`{"keys":[` + jwk + `]}`))
	}))
	defer trap.Close()
	headers := map[string]string{
		"jwk": `"jwk":` + jwk, "jku": `"jku":"` + trap.URL + `/jwks"`, "x5u": `"x5u":"` + trap.URL + `/x"`,
		"x5c": `"x5c":["` + base64.StdEncoding.EncodeToString([]byte(evil)) + `"]`, "jwk as text": `"jwk":"` + evil + `"`,
	}
	t.Run("by the attacker's key", func(t *testing.T) {
		rubbish(func(f *forgeries) {
			for _, k := range f.kinds() {
				for name, header := range headers {
					k.add(name+", right kid", f.s.forge(evil, k.token, `"kid":"first"`, `"kid":"first",`+header))
					k.add(name+", kid of the attacker", f.s.forge(evil, k.token, `"kid":"first"`, `"kid":"evil",`+header))
					k.add(name+", no kid", f.s.forge(evil, k.token, `"kid":"first"`, header))
				}
			}
		})(t, d)
	})
	t.Run("by the right key", func(t *testing.T) {
		s := d.start(t)
		pair := s.Login("alice")
		for name, header := range headers {
			a := s.Me(s.forgeAccess(pair.AccessToken, `"kid":"first"`, `"kid":"first",`+header))
			if a.Status != http.StatusOK && render(a) != render(refusal(core.ErrTokenInvalid)) {
				t.Errorf("%s: got %s\nwant 200 or a refusal", name, render(a))
			}
		}
		s.wantAlive(pair)
	})
	if n := asked.Load(); n != 0 {
		t.Errorf("the addresses in the tokens were asked %d times", n)
	}
}

// RFC 7515, section 4.1.11: an extension that must be understood and is not
// makes the token invalid.
func criticalExtensions(f *forgeries) {
	for _, crit := range []string{`["exp"]`, `["b64"],"b64":false`, `["x"],"x":1`, `["kid"]`, `[]`, `null`, `"exp"`} {
		f.both("crit "+crit, `"alg"`, `"crit":`+crit+`,"alg"`)
	}
}

// One kind of token is never taken for the other, and confusing them is no
// theft.
func tokensConfused(t *testing.T, d deployment) {
	s := d.start(t)
	pair, other := s.Login("alice"), s.Login("alice")
	s.takeEvents()
	s.noCalls("confused tokens", func() {
		for range 2 {
			s.wantError("access by the refresh token", s.Me(pair.RefreshToken), core.ErrTokenInvalid)
			for _, w := range ways() {
				s.want("reissue by the access token "+w.name, w.send(s.Client, pair.AccessToken), w.refused)
			}
		}
		// Nor does the right type or the right key alone help.
		for _, k := range []struct{ name, typ, wrongTyp, token, secret, wrongSecret string }{
			{"access", "at+jwt", "rt+jwt", pair.AccessToken, accessSecret, refreshSecret(accessSecret)},
			{"refresh", "rt+jwt", "at+jwt", pair.RefreshToken, refreshSecret(accessSecret), accessSecret},
		} {
			for name, token := range map[string]string{
				"another type":         s.forge(k.secret, k.token, k.typ, k.wrongTyp),
				"another key":          s.forge(k.wrongSecret, k.token),
				"another type and key": s.forge(k.wrongSecret, k.token, k.typ, k.wrongTyp),
			} {
				s.wantNoAccess(k.name+" token of "+name, token)
				s.wantNoReissue(k.name+" token of "+name, token, ways()...)
				s.wantNoLogout(k.name+" token of "+name, token)
			}
		}
	})
	s.wantEvents()
	s.wantAlive(pair)
	s.wantAlive(other)
}

// foreign has tokens of another issuer, audience and type.
func foreign(f *forgeries) {
	for name, iss := range map[string]string{
		"iss": `"https://evil.example"`, "iss with a slash": `"auth.example/"`, "iss in capitals": `"AUTH.EXAMPLE"`,
		"iss empty": `""`, "iss null": `null`, "iss list": `["auth.example"]`,
	} {
		f.both(name, `"iss":"auth.example"`, `"iss":`+iss)
	}
	for name, aud := range map[string]string{
		"aud": `"web"`, "aud list": `["web","admin"]`, "aud empty": `[]`, "aud empty text": `""`, "aud null": `null`,
		"aud null list": `[null]`, "aud in capitals": `"API"`, "aud object": `{"api":1}`, "aud number": `1`, "aud nested": `[["api"]]`,
		"aud number in list": `["api",1]`, "aud of the refresh token": `"reissue"`,
	} {
		f.access[name] = f.s.forgeAccess(f.pair.AccessToken, `"aud":"api"`, `"aud":`+aud)
	}
	for name, aud := range map[string]string{
		"aud": `"web"`, "aud of the access token": `"api"`, "aud of both": `["reissue","api"]`, "aud twice": `["reissue","reissue"]`,
		"aud empty": `[]`, "aud null": `null`, "aud in capitals": `"REISSUE"`, "aud object": `{"reissue":1}`,
	} {
		f.refresh[name] = f.s.forgeRefresh(f.pair.RefreshToken, `"aud":"reissue"`, `"aud":`+aud)
	}
	for _, k := range f.kinds() {
		typ := `"typ":"` + k.typ + `"`
		for _, other := range []string{`"JWT"`, `"jwt"`, `"dpop+jwt"`, `"` + strings.ToUpper(k.typ) + `"`, `"application/` + k.typ + `"`, `""`, `null`, `["` + k.typ + `"]`} {
			k.add("typ "+other, f.s.forge(k.secret, k.token, typ, `"typ":`+other))
		}
		k.add("typ missing", f.s.forge(k.secret, k.token, `,`+typ, ``))
	}
}

// anotherDeployment has the same names and another secret.
func anotherDeployment(t *testing.T, d deployment) {
	ours := d.start(t)
	theirs := d.start(t, func(c *core.Config) { c.Keys = []core.Key{hmacKey(t, "first", strings.Repeat("\x02", 32))} })
	our, their := ours.Login("alice"), theirs.Login("alice")
	for s, pair := range map[*scene]facetest.Pair{ours: their, theirs: our} {
		s.takeEvents()
		s.noCalls("tokens of another deployment", func() {
			s.wantNoAccess("another deployment's", pair.AccessToken)
			s.wantNoReissue("another deployment's", pair.RefreshToken, ways()...)
			s.wantNoLogout("another deployment's", pair.AccessToken)
			s.wantNoLogout("another deployment's", pair.RefreshToken)
		})
		s.wantEvents()
	}
	ours.wantAlive(our)
	theirs.wantAlive(their)
}
