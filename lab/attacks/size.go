package attacks

import (
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func sizeRows() []row {
	return []row{
		{"12_tokens", rubbish(tooLong)},
		{"12_longest_token", longestToken},
		{"12_bodies", largeBodies},
		{"12_headers", largeHeaders},
	}
}

const megabyte = 1 << 20

// tooLong has tokens of more than 4 KiB and tokens whose JSON is deep.
func tooLong(f *forgeries) {
	f.access["a megabyte"] = strings.Repeat("a", megabyte)
	f.alike("letters", strings.Repeat("a", 100_000))
	f.alike("dots", strings.Repeat(".", 100_000))
	f.alike("deep JSON", toBase64(strings.Repeat("[", 50_000))+"."+toBase64(strings.Repeat("[", 50_000))+".AAAA")
	for _, k := range f.kinds() {
		k.add("4 KiB and a byte", f.s.padded(k.secret, k.token, 4097))
		k.add("5 KiB", f.s.padded(k.secret, k.token, 5<<10))
		k.add("100 KB", f.s.forge(k.secret, k.token, `"iss"`, `"pad":"`+strings.Repeat("p", 75_000)+`","iss"`))
		header, payload := f.s.parts(k.token)
		k.add("deep header", signHS256(k.secret, strings.Replace(header, "{", `{"x":`+strings.Repeat("[", 1400), 1), payload))
		k.add("deep payload", signHS256(k.secret, header, strings.Repeat(`{"a":`, 500)+payload))
	}
}

// padded signs a token that has size bytes, or one more where base64 makes no
// text of that size.
func (s *scene) padded(secret, token string, size int) string {
	s.t.Helper()
	for pad := max(0, (size-len(token))*3/4-16); ; pad++ {
		long := s.forge(secret, token, `"iss"`, `"pad":"`+strings.Repeat("p", pad)+`","iss"`)
		switch {
		case len(long) == size || len(long) == size+1:
			return long
		case len(long) > size:
			s.t.Fatalf("got a token of %d bytes, want %d", len(long), size)
		}
	}
}

// A token as long as is allowed is as good as another.
func longestToken(t *testing.T, d deployment) {
	s := d.start(t)
	pair := s.Login("alice")
	s.wantOK("access", s.Me(s.padded(accessSecret, pair.AccessToken, 4095)))
	s.reissue(s.padded(refreshSecret(accessSecret), pair.RefreshToken, 4095))
}

// No more of a body is read than a body may have, and nothing of one that says
// that it is larger.
func largeBodies(t *testing.T, d deployment) {
	s := d.start(t)
	pair := s.Login("alice")
	s.takeEvents()
	token := `"token":"` + pair.RefreshToken + `","refresh_token":"` + pair.RefreshToken + `"`
	form := "grant_type=refresh_token&token=" + pair.RefreshToken + "&refresh_token=" + pair.RefreshToken
	bodies := map[string]struct{ media, text string }{
		"a byte too long":      {facetest.JSON, fill("{"+token+"}", maxBody+1)},
		"a form too long":      {facetest.Form, form + "&x=" + strings.Repeat("x", maxBody)},
		"a million deep":       {facetest.JSON, `{` + token + `,"x":` + strings.Repeat("[", 1_000_000)},
		"200 000 objects":      {facetest.JSON, strings.Repeat(`{"token":`, 200_000)},
		"200 000 fields":       {facetest.Form, strings.Repeat("token=x&", 200_000)},
		"a megabyte of a text": {facetest.JSON, `{` + token + `,"x":"` + strings.Repeat("x", megabyte) + `"}`},
		"of another type":      {"Content-Type: text/plain", strings.Repeat("x", megabyte)},
	}
	for _, path := range []string{"/auth/reissue", "/auth/logout"} {
		for name, body := range bodies {
			for how, most := range map[string]int64{"with its length": 0, "chunked": maxBody + 1} {
				s.noCalls(name, func() {
					before := s.spy.read.Load()
					a := s.Do(facetest.Request{Method: "POST", Path: path, Header: []string{body.media}, Body: body.text, Chunked: how == "chunked"})
					s.wantError(path+" "+name+" "+how, a, core.ErrRequestTooLarge)
					if read := s.spy.read.Load() - before; read > most {
						t.Errorf("%s %s %s: %d bytes were read, want %d at most", path, name, how, read, most)
					}
				})
			}
		}
		// Within the size, depth is malformed.
		s.noCalls("depth", func() {
			a := s.Do(facetest.Request{Method: "POST", Path: path, Header: []string{facetest.JSON}, Body: `{"x":` + strings.Repeat("[", maxBody-5)})
			s.wantError(path+" deep", a, core.ErrRequestInvalid)
		})
	}
	deep := strings.Repeat("[", 7000) + strings.Repeat("]", 7000)
	a := s.Do(facetest.Request{Method: "POST", Path: "/auth/reissue", Header: []string{facetest.JSON}, Body: `{"x":` + deep + `}`})
	s.wantError("deep and closed", a, core.ErrRequestInvalid)
	s.wantEvents()
	s.wantAlive(pair)
}

// fill fills a text up with spaces.
func fill(text string, size int) string { return text + strings.Repeat(" ", size-len(text)) }

// A header is at most as long as net/http takes, which is about a megabyte.
func largeHeaders(t *testing.T, d deployment) {
	s := d.start(t, func(c *core.Config) { c.BindAccessToken = true })
	pair := s.Login("alice")
	s.takeEvents()
	huge, large := strings.Repeat("A", megabyte), strings.Repeat("A", 100_000)
	bearer := "Authorization: Bearer "
	reissue := func(header ...string) facetest.Answer { return s.Reissue(pair.RefreshToken, header...) }
	logout := func(header ...string) facetest.Answer {
		return s.Do(facetest.Request{Method: "POST", Path: "/auth/logout", Header: header, Body: member("token", pair.RefreshToken)})
	}
	s.noCalls("a header of a megabyte", func() {
		s.wantError("access by a megabyte", s.Me(huge), core.ErrTokenInvalid)
		s.wantError("access of letters and dots", s.Me(strings.Repeat("A.", len(large)/2)), core.ErrTokenInvalid)
		s.wantError("no token", s.Do(facetest.Request{Method: "GET", Path: "/api/me", Header: []string{"Authorization: Basic " + large}}), core.ErrTokenMissing)
		s.wantError("sessions", s.Sessions(large), core.ErrTokenInvalid)
		s.wantError("logout of all", s.LogoutAll(large, false), core.ErrTokenInvalid)
		s.wantError("the end of a session", s.RevokeSession(large, pair.SessionID), core.ErrTokenInvalid)
		s.want("logout", s.Logout(large), loggedOut())
		s.wantError("bound access token of a megabyte", reissue(bearer+huge), core.ErrRefreshInvalid)
		s.wantError("idempotency key", reissue(bearer+pair.AccessToken, "Idempotency-Key: "+large), core.ErrRequestInvalid)
		s.wantError("type", logout("Content-Type: "+large), core.ErrUnsupportedMediaType)
		s.wantError("type and boundary", logout("Content-Type: multipart/form-data; boundary="+large), core.ErrUnsupportedMediaType)
		s.wantError("session id", s.Do(facetest.Request{Method: "DELETE", Path: "/auth/sessions/" + large, Header: []string{bearer + large[:1000]}}), core.ErrTokenInvalid)
	})
	s.wantEvents(told{core.RefreshRefused, pair.SessionID, "unbound"})
	s.wantOK("access", s.Me(pair.AccessToken))
	next := s.issued(reissue(bearer+pair.AccessToken, "User-Agent: "+large))
	if next.SessionID != pair.SessionID {
		t.Errorf("reissue: got the session %s, want %s", next.SessionID, pair.SessionID)
	}
}
