package attacks

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func logRows() []row {
	return []row{
		{"63_user_agent_and_device", logOfDevices},
		{"63_kid_alg_and_typ", logOfHeaders},
		{"63_path_and_error", logOfFaults},
		{"64_login_refused_alike", loginRefusedAlike},
	}
}

// escapes is what a terminal would obey and what would begin a line.
const escapes = "\x1b[31mred\x1b]0;title\x07\r\nlevel=ERROR msg=forged \x00\u009b31m\u2028\u2029 \"quoted\" "

// What a client says of itself goes into the log in quotes, on one line and
// cut.
func logOfDevices(t *testing.T, d deployment) {
	s := d.start(t)
	long := escapes + strings.Repeat("x", 10_000)
	agent := "\u009b31m\u2028 \"quoted\" \xff\t" + strings.Repeat("x", 10_000) // what a header may have
	s.issued(s.Do(loginRequest(map[string]any{"username": "alice\r\nlevel=ERROR \x1b[31m", "device": long}, "User-Agent: "+agent)))
	s.issued(s.Do(loginRequest(map[string]any{"username": escapes, "device": ""}, "User-Agent: "+agent)))
	if got := strings.Count(s.Log(), "\n"); got != 2 {
		t.Errorf("the log has %d lines, want 2:\n%s", got, s.Log())
	}
	for line := range strings.Lines(s.Log()) {
		if len(line) > 1000 || strings.Contains(line, strings.Repeat("x", 65)) {
			t.Errorf("log line %q has %d bytes, want it cut", line, len(line))
		}
		if strings.Contains(line, "\" level=ERROR") || !strings.HasPrefix(line[strings.Index(line, " level="):], " level=DEBUG") {
			t.Errorf("log line %q: what the client sent is not quoted", line)
		}
	}
	s.wantWholeLog()
}

// A header that a token brings along is not repeated at all, neither to the
// client nor to the operator.
func logOfHeaders(t *testing.T, d deployment) {
	rubbish(func(f *forgeries) {
		quoted := member("x", escapes)
		quoted = quoted[len(`{"x":`) : len(quoted)-1]
		for _, change := range [][2]string{{`"kid":"first"`, `"kid":`}, {`"alg":"HS256"`, `"alg":`}} {
			f.both(change[1], change[0], change[1]+quoted)
		}
		for _, k := range f.kinds() {
			k.add("typ", f.s.forge(k.secret, k.token, `"typ":"`+k.typ+`"`, `"typ":`+quoted))
			k.add("another name", f.s.forge(k.secret, k.token, `"typ"`, quoted+`:1,"TYP"`))
		}
		f.access["claims"] = f.s.forgeAccess(f.pair.AccessToken, `"aud":"api"`, `"aud":`+quoted)
		f.refresh["claims"] = f.s.forgeRefresh(f.pair.RefreshToken, `"aud":"reissue"`, `"aud":`+quoted)
	})(t, d)
}

// The path of a request and the text of an error are quoted too, and the path
// is cut.
func logOfFaults(t *testing.T, d deployment) {
	s := d.start(t, func(c *core.Config) {
		c.OnEvent = func(_ context.Context, e core.Event) {
			if e.Type == core.StoreFailed {
				panic(escapes)
			}
		}
	})
	pair := s.Login("alice")
	before := len(s.Log())
	s.Store.Fail(errors.New(escapes))
	id := url.PathEscape(escapes + strings.Repeat("x", 10_000))
	a := s.Do(facetest.Request{Method: "DELETE", Path: "/auth/sessions/" + id, Header: []string{"Authorization: Bearer " + pair.AccessToken}})
	s.wantError("the end of a session", a, core.ErrInternal)
	s.Store.Heal()
	log := s.Log()[before:]
	if got := strings.Count(log, "\n"); got != 3 {
		t.Errorf("the log has %d lines more, want the event, the panic and the fault:\n%s", got, log)
	}
	for line := range strings.Lines(log) {
		if len(line) > 1500 || strings.Contains(line, strings.Repeat("x", 257)) {
			t.Errorf("log line %q has %d bytes, want it cut", line, len(line))
		}
	}
	s.wantWholeLog()
	s.wantAlive(pair)
}

// A login is refused in the same words, whoever finds what wrong: the
// application that knows no such user, the application that compared a
// password, or the loader of the claims of a user who is gone.
func loginRefusedAlike(t *testing.T, d deployment) {
	var loader claimsLoader
	s := d.start(t, loader.configure)
	pair := s.Login("alice")
	s.Clock.Advance(time.Second)
	s.takeEvents()
	noUser := s.Do(loginRequest(map[string]any{"username": ""}))
	s.wantError("no such user", noUser, core.ErrBadCredentials)
	s.wantError("a wrong password", s.Do(facetest.Request{Method: "GET", Path: "/api/fail?code=bad_credentials"}), core.ErrBadCredentials)
	loader.set(core.ErrUserGone)
	s.wantError("a user who is gone", s.TryLogin("carol"), core.ErrBadCredentials)
	loader.set(nil)
	s.wantEvents()
	s.wantAlive(pair)
}
