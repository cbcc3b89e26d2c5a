package attacks

import (
	"crypto/ecdsa"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func spellingRows() []row {
	return []row{
		{"06_spellings", rubbish(spellings)},
		{"06_spellings_ES256", spellingsES256},
		{"06_spellings_after_logout", spellingsAfterLogout},
		{"06_malleable_signature", malleableSignature},
		{"06_duplicate_keys", duplicateKeys},
	}
}

// withES256 signs access tokens with the key and refresh tokens with the HMAC
// key of refresh tokens.
func withES256(t *testing.T, key *ecdsa.PrivateKey) func(*core.Config) {
	return func(c *core.Config) {
		c.Keys = []core.Key{privateKey(t, "first", key)}
		c.RefreshKeys = []core.Key{hmacKey(t, "first", refreshSecret(accessSecret))}
	}
}

// spellings writes both tokens in every other way that some decoder takes for
// the same bytes.
//
// Secure-proxy-manager knew used refresh tokens by their hash as well, so that
// one could be used once for each of its spellings.
//
//   - https://github.com/fabriziosalmi/secure-proxy-manager/pull/185
func spellings(f *forgeries) {
	for _, k := range f.kinds() {
		for name, spelling := range f.s.spellings(k.token) {
			// White space around a header's value, the end of its line included,
			// belongs to no token: net/http takes it away.
			bare := strings.TrimSuffix(strings.TrimSuffix(spelling, "\n"), "\r")
			if k.typ == "at+jwt" && (bare == k.token && bare+"\r" != spelling || strings.Trim(spelling, " ") == k.token || spelling == k.token+"\t") {
				continue
			}
			k.add(name, spelling)
		}
	}
}

// An ECDSA signature has unused bits of its own.
func spellingsES256(t *testing.T, d deployment) {
	rubbish(func(f *forgeries) {
		spellings(f)
		clear(f.refresh) // which is signed by an HMAC key
	}, withES256(t, newECKey(t)))(t, d)
}

func (s *scene) spellings(token string) map[string]string {
	s.t.Helper()
	all := make(map[string]string)
	add := func(name, spelling string) {
		if spelling != token {
			all[name] = spelling
		}
	}
	segments := strings.Split(token, ".")
	for i, segment := range segments {
		join := func(changed string) string {
			other := append([]string(nil), segments...)
			other[i] = changed
			return strings.Join(other, ".")
		}
		decoded := s.decode(segment)
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		for _, c := range alphabet {
			other := segment[:len(segment)-1] + string(c)
			if again, err := fromBase64(other); err == nil && string(again) == decoded {
				add(fmt.Sprintf("segment %d, trailing bits %c", i, c), join(other))
			}
		}
		for _, padding := range []string{"=", "==", "A"} {
			add(fmt.Sprintf("segment %d, padded %s", i, padding), join(segment+padding))
		}
		for _, between := range []string{"\n", "\r", "\r\n", " ", "\t", "\x00", "\x80", "%0A", "+", "=", "\u00a0", "\u200b"} {
			for where, at := range map[string]int{"start": 0, "middle": len(segment) / 2, "end": len(segment)} {
				add(fmt.Sprintf("segment %d, %q at the %s", i, between, where), join(segment[:at]+between+segment[at:]))
			}
		}
		add(fmt.Sprintf("segment %d in the standard alphabet", i), join(strings.NewReplacer("-", "+", "_", "/").Replace(segment)))
		add(fmt.Sprintf("segment %d in the standard alphabet, padded", i), join(base64.StdEncoding.EncodeToString([]byte(decoded))))
		add(fmt.Sprintf("segment %d in hex", i), join(fmt.Sprintf("%x", decoded)))
	}
	add("a folded line", token+"\r\n ")
	add("Bearer", "Bearer "+token)
	add("quoted", `"`+token+`"`)
	add("in full-width dots", strings.ReplaceAll(token, ".", "\uff0e"))
	add("JSON serialization", fmt.Sprintf(`{"protected":%q,"payload":%q,"signature":%q}`, segments[0], segments[1], segments[2]))
	add("in lower case", strings.ToLower(token))
	add("in upper case", strings.ToUpper(token))
	return all
}

// Whatever a spelling is taken for, it ends with the session, and the verified
// token that the server remembers does not bring it back.
//
// Secure-proxy-manager (GHSA-j5fj-8wxc-gvmj), and the way of the OWASP cheat
// sheet until 2026, keep the hash of a revoked token's text. Its bytes have
// other spellings, with bits of base64 that do not count, padding, line breaks
// or, with ES256, the signature's twin, and who was logged out goes on with
// one. Here what is on the blacklist is the session.
//
//   - https://github.com/fabriziosalmi/secure-proxy-manager/pull/185
//   - https://github.com/OWASP/CheatSheetSeries/pull/2242
//   - https://github.com/golang-jwt/jwt/pull/259
func spellingsAfterLogout(t *testing.T, d deployment) {
	s := d.start(t)
	pair := s.Login("alice")
	s.wantOK("access", s.Me(pair.AccessToken))
	s.want("logout", s.Logout(pair.AccessToken), loggedOut())
	for name, token := range s.spellings(pair.AccessToken) {
		if !fitsHeader(token) {
			continue // 06_spellings sends them
		}
		if a := s.Me(token); a.Status != http.StatusUnauthorized {
			t.Errorf("%s: got %s\nwant 401", name, render(a))
		}
	}
	i := 0
	for name, token := range s.spellings(pair.RefreshToken) {
		s.wantNoReissue(name, token, ways()[i%2])
		i++
	}
	s.wantDead(pair)
}

// ECDSA signatures come in pairs, (r, s) and (r, n-s): the second spelling of
// a token may be good, but then it is the same token and dies with the first.
func malleableSignature(t *testing.T, d deployment) {
	for name, end := range map[string]func(s *scene, pair facetest.Pair, twin string) error{
		"logout by the token": func(s *scene, pair facetest.Pair, _ string) error {
			s.want("logout", s.Logout(pair.AccessToken), loggedOut())
			return nil
		},
		"logout by the twin": func(s *scene, _ facetest.Pair, twin string) error {
			s.want("logout", s.Logout(twin), loggedOut())
			return nil
		},
		"logout by the refresh token": func(s *scene, pair facetest.Pair, _ string) error {
			s.want("logout", s.logoutByBody(pair.RefreshToken), loggedOut())
			return nil
		},
		"blacklist of the token": func(s *scene, pair facetest.Pair, _ string) error {
			return s.Authority.Blacklist(s.t.Context(), pair.AccessToken)
		},
		"blacklist of the twin": func(s *scene, _ facetest.Pair, twin string) error {
			return s.Authority.Blacklist(s.t.Context(), twin)
		},
	} {
		t.Run(name, func(t *testing.T) {
			key := newECKey(t)
			s := d.start(t, withES256(t, key))
			two := s.sibling()
			pair := s.Login("alice")
			twin := s.twin(pair.AccessToken, key)
			s.wantOK("access", s.Me(pair.AccessToken))
			accepted := s.Me(twin)
			if accepted.Status == http.StatusUnauthorized {
				s.wantError("access by the twin", accepted, core.ErrTokenInvalid)
				return
			}
			if got, want := accepted.Body, s.Me(pair.AccessToken).Body; got != want {
				t.Errorf("access by the twin: got %s, want %s", got, want)
			}
			s.must(end(s, pair, twin))
			for _, process := range []*facetest.Server{s.Server, two} {
				s.wantError("access", process.Me(pair.AccessToken), core.ErrTokenRevoked)
				s.wantError("access by the twin", process.Me(twin), core.ErrTokenRevoked)
			}
		})
	}
}

// A signed token may hold one name twice. Whatever is made of it, it is one
// session, and ends with it.
func duplicateKeys(t *testing.T, d deployment) {
	s := d.start(t)
	pair, other := s.Login("alice"), s.Login("bob")
	other = s.reissue(other.RefreshToken)
	tokens := make(map[string]string)
	for _, name := range []string{"sid", "SID", "gen", "Gen", "jti", "sub", "exp", "aud", "iss"} {
		mine := s.field(pair.AccessToken, strings.ToLower(name))
		theirs := strings.Replace(s.field(other.AccessToken, strings.ToLower(name)), strings.ToLower(name), name, 1)
		for _, twice := range []string{mine + "," + theirs, theirs + "," + mine, mine + "," + mine} {
			tokens[twice] = s.forgeAccess(pair.AccessToken, mine, twice)
		}
	}
	session := make(map[string]string)
	for twice, token := range tokens {
		a := s.Me(token)
		switch {
		case a.Status == http.StatusUnauthorized:
			s.wantError(twice, a, core.ErrTokenInvalid)
		case strings.Contains(a.Body, pair.SessionID):
			session[twice] = pair.SessionID
		case !strings.Contains(a.Body, other.SessionID):
			t.Errorf("%s: got %s\nwant a session", twice, render(a))
		}
	}
	s.want("logout", s.Logout(pair.AccessToken), loggedOut())
	for twice, token := range tokens {
		if a := s.Me(token); a.Status != http.StatusUnauthorized && (session[twice] != "" || strings.Contains(a.Body, pair.SessionID)) {
			t.Errorf("%s, of an ended session: got %s\nwant 401", twice, render(a))
		}
	}
	s.wantDead(pair)
	s.wantAlive(other)
}
