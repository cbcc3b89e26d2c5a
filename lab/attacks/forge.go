package attacks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/ratchetauth/ratchet/internal/facetest"
)

// accessSecret is the secret of the server's key, "first".
var accessSecret = strings.Repeat("\x01", 32)

// refreshSecret derives the refresh secret of an HMAC key as RFC 5869 says,
// with no salt, without using a library for it.
func refreshSecret(secret string) string {
	extracted := mac(strings.Repeat("\x00", sha256.Size), secret)
	return mac(extracted, "ratchet refresh token\x01")
}

func mac(secret, text string) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(text))
	return string(h.Sum(nil))
}

// toBase64 and fromBase64 are base64url without padding, as in each segment.
func toBase64(data string) string { return base64.RawURLEncoding.EncodeToString([]byte(data)) }

func fromBase64(segment string) ([]byte, error) { return base64.RawURLEncoding.DecodeString(segment) }

// decode returns the bytes of a segment.
func (s *scene) decode(segment string) string {
	s.t.Helper()
	data, err := fromBase64(segment)
	if err != nil {
		s.t.Fatalf("segment %q: %v", segment, err)
	}
	return string(data)
}

// parts returns the JSON of a token's header and payload.
func (s *scene) parts(token string) (header, payload string) {
	s.t.Helper()
	segments := strings.Split(token, ".")
	if len(segments) != 3 {
		s.t.Fatalf("%.80q has %d segments, want the 3 of a token", token, len(segments))
	}
	return s.decode(segments[0]), s.decode(segments[1])
}

// claims returns a token's claims, numbers as [json.Number].
func (s *scene) claims(token string) map[string]any {
	s.t.Helper()
	_, payload := s.parts(token)
	d := json.NewDecoder(strings.NewReader(payload))
	d.UseNumber()
	var claims map[string]any
	if err := d.Decode(&claims); err != nil {
		s.t.Fatalf("payload: %v", err)
	}
	return claims
}

// field returns a claim as it stands in the JSON of a token: "name":value.
func (s *scene) field(token, name string) string {
	s.t.Helper()
	_, payload := s.parts(token)
	var claims map[string]json.RawMessage
	if err := json.Unmarshal([]byte(payload), &claims); err != nil {
		s.t.Fatal(err)
	}
	text := `"` + name + `":` + string(claims[name])
	if claims[name] == nil || !strings.Contains(payload, text) {
		s.t.Fatalf("the payload %s has no claim %s", payload, name)
	}
	return text
}

// signHS256 signs any two texts as HS256 does, whatever the header says.
func signHS256(secret, header, payload string) string {
	input := toBase64(header) + "." + toBase64(payload)
	return input + "." + toBase64(mac(secret, input))
}

// forge signs a token anew after changing the JSON of its header and payload:
// the first of each pair, which one of the two has once, becomes the second.
func (s *scene) forge(secret, token string, pairs ...string) string {
	s.t.Helper()
	header, payload := s.parts(token)
	for i := 0; i < len(pairs); i += 2 {
		switch {
		case strings.Count(header, pairs[i]) == 1:
			header = strings.Replace(header, pairs[i], pairs[i+1], 1)
		case strings.Count(payload, pairs[i]) == 1:
			payload = strings.Replace(payload, pairs[i], pairs[i+1], 1)
		default:
			s.t.Fatalf("neither %s nor %s has %s once", header, payload, pairs[i])
		}
	}
	return signHS256(secret, header, payload)
}

// forgeAccess and forgeRefresh forge with the server's own keys.
func (s *scene) forgeAccess(token string, pairs ...string) string {
	s.t.Helper()
	return s.forge(accessSecret, token, pairs...)
}

func (s *scene) forgeRefresh(token string, pairs ...string) string {
	s.t.Helper()
	return s.forge(refreshSecret(accessSecret), token, pairs...)
}

// generation returns the refresh token of another generation of the session.
func (s *scene) generation(refreshToken, generation string) string {
	s.t.Helper()
	return s.forgeRefresh(refreshToken, s.field(refreshToken, "gen"), `"gen":`+generation)
}

// forgeries are tokens that somebody has made up, by a name for each.
type forgeries struct {
	s       *scene
	pair    facetest.Pair // of the session that they are made from
	access  map[string]string
	refresh map[string]string
}

// both adds the pair's two tokens, signed with their right keys after the same
// change of both.
func (f *forgeries) both(name string, pairs ...string) {
	f.s.t.Helper()
	f.access[name] = f.s.forgeAccess(f.pair.AccessToken, pairs...)
	f.refresh[name] = f.s.forgeRefresh(f.pair.RefreshToken, pairs...)
}

// alike adds one text as either token.
func (f *forgeries) alike(name, token string) { f.access[name], f.refresh[name] = token, token }

// kind is one of the two kinds of token of a session.
type kind struct {
	token, secret, typ string
	add                func(name, token string)
}

// kinds returns both kinds.
func (f *forgeries) kinds() []kind {
	return []kind{
		{f.pair.AccessToken, accessSecret, "at+jwt", func(name, token string) { f.access[name] = token }},
		{f.pair.RefreshToken, refreshSecret(accessSecret), "rt+jwt", func(name, token string) { f.refresh[name] = token }},
	}
}
