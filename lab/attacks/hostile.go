package attacks

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func hostileRows() []row {
	return []row{
		{"13_subject", hostileSubjects},
		{"13_subject_refused", subjectsRefused},
		{"13_device", hostileDevices},
		{"13_claims", hostileClaims},
		{"13_session_id", hostileIDs},
		{"13_idempotency_key", hostileKeys},
	}
}

// hostileTexts hold what breaks a key, a log line or a header that is put
// together carelessly.
func hostileTexts() []string {
	return []string{
		"a:b", "{a}", "}{", "a\r\nSet-Cookie: x=1", "\x00", "a\x00b", `"`, `\`, `\"`, "'", "*", "?", "[a-z]", " ", "  a  ", "\t", "\x7f", "\x1b[31mred",
		"a.b", "..", "../../etc/passwd", "%00", "%s%n%v", "${jndi:ldap://x}", "<script>", "\u2028\u2029", "\u202egnp.exe", "null", "-1",
		"Jos\u00e9", "Jose\u0301", "\U0001f600", "\ufffd", strings.Repeat("x", 256), strings.Repeat("\x01", 256), strings.Repeat("\U0001f600", 64),
	}
}

// loginRequest is a login with whatever the body has.
func loginRequest(body map[string]any, header ...string) facetest.Request {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // the rows have texts and lists of texts only
	}
	return facetest.Request{Method: "POST", Path: "/auth/login", Header: append([]string{facetest.JSON}, header...), Body: string(text)}
}

// me is what the application answers about the caller.
type me struct {
	User, Session string
	Roles         []string
}

// me asks who the token's owner is and ends the test if nobody is.
func (s *scene) me(accessToken string) (m me) {
	s.t.Helper()
	a := s.Me(accessToken)
	if err := json.Unmarshal([]byte(a.Body), &m); err != nil || a.Status != http.StatusOK {
		s.t.Fatalf("access: got %s\nwant 200", render(a))
	}
	return m
}

// Subjects are one if their bytes are, whatever is in them.
func hostileSubjects(t *testing.T, d deployment) {
	s := d.start(t)
	subjects := hostileTexts()
	pairs := make([]facetest.Pair, len(subjects))
	for i, subject := range subjects {
		pairs[i] = s.reissue(s.issued(s.Do(loginRequest(map[string]any{"username": subject}))).RefreshToken)
		if got, want := s.me(pairs[i].AccessToken), (me{User: subject, Session: pairs[i].SessionID}); got.User != want.User || got.Session != want.Session {
			t.Errorf("%q: got %+v, want %+v", subject, got, want)
		}
	}
	for i, subject := range subjects {
		s.wantIDs(pairs[i].AccessToken, pairs[i])
		if i%2 == 0 {
			s.want(fmt.Sprintf("logout of all of %q", subject), s.LogoutAll(pairs[i].AccessToken, false), answered(200, `{"ended":1}`))
		}
	}
	for i, p := range pairs {
		if i%2 == 0 {
			s.wantDead(p)
		} else {
			s.wantAlive(p)
		}
	}
	s.wantWholeLog()
}

// wantWholeLog checks that each line of the log is an event or an error and
// begins where the logger began it.
func (s *scene) wantWholeLog() {
	s.t.Helper()
	for line := range strings.Lines(s.Log()) {
		line = strings.TrimSuffix(line, "\n")
		if !strings.HasPrefix(line, "time=") || !strings.Contains(line, "msg=ratchet") || !utf8.ValidString(line) {
			s.t.Fatalf("log line %q: want a whole one", line)
		}
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || '\u0080' <= r && r < '\u00a0' || r == '\u2028' || r == '\u2029' }) {
			s.t.Errorf("log line %q has a control character", line)
		}
		if len(line) > 2000 {
			s.t.Errorf("a log line has %d bytes, want 2000 at most", len(line))
		}
	}
}

// An over-long subject is a fault of the application, before anything is
// stored.
func subjectsRefused(t *testing.T, d deployment) {
	s := d.start(t)
	pair := s.Login("alice")
	s.takeEvents()
	for _, length := range []int{257, megabyte} {
		s.noCalls("an over-long subject", func() {
			a := s.Do(loginRequest(map[string]any{"username": strings.Repeat("x", length)}))
			s.wantError(fmt.Sprint("a subject of ", length, " bytes"), a, core.ErrInternal)
		})
	}
	s.wantEvents()
	s.wantWholeLog()
	// An application that reads JSON never sees bytes that are not UTF-8: the
	// decoder has replaced them.
	a := s.Do(facetest.Request{Method: "POST", Path: "/auth/login", Header: []string{facetest.JSON}, Body: "{\"username\":\"a\xff\"}"})
	if got := s.me(s.issued(a).AccessToken).User; got != "a\ufffd" {
		t.Errorf("not UTF-8: got the subject %q, want the replaced one", got)
	}
	if _, err := s.Authority.Issue(t.Context(), core.Login{Subject: "a\xff"}); err == nil {
		t.Error("not UTF-8: Issue accepted it")
	}
	s.wantAlive(pair)
}

// A device is a label: it is cut, and breaks neither the list nor the log.
func hostileDevices(t *testing.T, d deployment) {
	s := d.start(t)
	first := s.Login("alice")
	for _, text := range append(hostileTexts(), strings.Repeat("x", megabyte)) {
		var header []string
		if fitsHeader(text) && len(text) < 1000 {
			header = append(header, "User-Agent: "+text)
		}
		pair := s.issued(s.Do(loginRequest(map[string]any{"username": "alice", "device": text}, header...)))
		s.checkDevice(pair, text)
		s.want("logout", s.Logout(pair.RefreshToken), loggedOut())
	}
	for _, agent := range []string{"\xff\xfe", "a\xffb", strings.Repeat("\x80", 100), strings.Repeat("x", 100_000), "\u009b31m", strings.Repeat("\u00e9", 50)} {
		pair := s.issued(s.Do(loginRequest(map[string]any{"username": "alice"}, "User-Agent: "+agent)))
		s.checkDevice(pair, "")
		s.want("logout", s.Logout(pair.RefreshToken), loggedOut())
	}
	s.wantWholeLog()
	s.wantAlive(first)
}

// checkDevice checks what the list shows of the newest session's device.
func (s *scene) checkDevice(pair facetest.Pair, name string) {
	s.t.Helper()
	a := s.Sessions(pair.AccessToken)
	var list struct {
		Sessions []struct {
			ID     string
			Device struct {
				Name      string
				UserAgent string `json:"user_agent"`
				IP        string
			}
		}
	}
	if err := json.Unmarshal([]byte(a.Body), &list); err != nil || !utf8.ValidString(a.Body) || len(list.Sessions) != 2 {
		s.t.Errorf("the list: got %s\nwant two sessions in UTF-8", render(a))
		return
	}
	for _, session := range list.Sessions {
		if session.ID != pair.SessionID {
			continue
		}
		got := session.Device
		if !strings.HasPrefix(name, got.Name) || len(got.Name) < min(len(name), 61) {
			s.t.Errorf("device %.80q: got %q, want its beginning", name, got.Name)
		}
		for _, field := range []string{got.Name, got.UserAgent, got.IP} {
			if len(field) > 64 {
				s.t.Errorf("device: got a field of %d bytes, want 64 at most", len(field))
			}
		}
	}
}

// Claims of any content come through as they were; what does not fit is
// refused, and nothing is changed then.
func hostileClaims(t *testing.T, d deployment) {
	s := d.start(t)
	var roles []string
	for _, text := range hostileTexts() {
		if len(text) < 256 {
			roles = append(roles, text)
		}
	}
	pair := s.issued(s.Do(loginRequest(map[string]any{"username": "alice", "roles": roles})))
	for range 3 {
		if got := s.me(pair.AccessToken).Roles; !slices.Equal(got, roles) {
			t.Errorf("roles: got %q, want %q", got, roles)
		}
		pair = s.reissue(pair.RefreshToken)
	}
	s.takeEvents()
	for _, size := range []int{1100, 5000, megabyte / 4} {
		s.noCalls("over-long claims", func() {
			a := s.Do(loginRequest(map[string]any{"username": "alice", "roles": []string{strings.Repeat("x", size)}}))
			s.wantError(fmt.Sprint("claims of ", size, " bytes"), a, core.ErrInternal)
		})
	}
	s.wantEvents()
	s.wantWholeLog()
	s.wantIDs(pair.AccessToken, pair)
	s.wantAlive(pair)
}

// A session id in a path is a name to look up, and only if it can be one.
func hostileIDs(t *testing.T, d deployment) {
	s := d.start(t)
	pair, other := s.Login("alice"), s.Login("bob")
	s.takeEvents()
	for _, text := range append(hostileTexts(), pair.SessionID+"x", pair.SessionID[1:], pair.SessionID+"\n", "*", strings.ToLower(other.SessionID)+"=", pair.RefreshToken) {
		if text == "." || text == ".." || strings.Contains(text, "/") {
			continue // routers clean these away
		}
		ends := s.Store.Calls("End")
		s.wantError(fmt.Sprintf("the end of %q", text), s.RevokeSession(pair.AccessToken, text), core.ErrSessionNotFound)
		if n := s.Store.Calls("End") - ends; n != 0 {
			t.Errorf("the end of %q: the store was asked %d times, want none", text, n)
		}
	}
	s.wantEvents()
	s.wantAlive(pair)
	s.wantAlive(other)
}

// An Idempotency-Key may hold what a header may.
func hostileKeys(t *testing.T, d deployment) {
	s := d.start(t, func(c *core.Config) { c.ReuseGrace = core.Strict })
	pair := s.Login("alice")
	for _, key := range append(hostileTexts(), "\xff", "\u009b") {
		if !fitsHeader(key) || strings.TrimSpace(key) == "" || len(key) > 255 {
			continue
		}
		next := s.reissue(pair.RefreshToken, "Idempotency-Key: "+key)
		s.wantSame(s.reissue(pair.RefreshToken, "Idempotency-Key: "+key), next)
		pair = next
	}
	s.wantAlive(pair)
	s.wantWholeLog()
}
