package facetest

import (
	"errors"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

// row is one row of the table. In the request's and the answer's text $name
// stands for what the scene has under that name.
type row struct {
	name    string
	config  func(*core.Config) // what differs from the Server's configuration
	given   func(*scene)       // what happens before the request
	request Request
	want    want
	then    func(*scene, Answer) // what is to hold after the answer
	// any leaves the row out where the framework's router answers before the
	// library's handler can.
	any bool
}

// want is an answer: the status, all headers but Date and Content-Length, and
// the body. In both <jwt> stands for a token, in the body <id> for a new
// session's id.
type want struct {
	status int
	header []string
	body   string
	// router says that in every layout the framework's router answers, so
	// that the order of the methods in Allow is its own.
	router bool
}

// scene is the stage of a row: a server on which alice is logged in. Her
// tokens and her session are $access, $refresh and $session; $host is where
// the server is.
type scene struct {
	*Server
	t      *testing.T
	layout Layout
	names  map[string]string
	before int // calls of the store until the request
}

// table is the rows of one transport.
type table struct {
	name      string // of its rows too, but for the bearer transport
	transport httpauth.Transport
	rows      []row
}

// tables are all tables: that of the bearer transport, and those of the
// transports with cookies.
func tables() []table {
	bearer := table{name: "bearer", rows: slices.Concat(
		accessRows(), optionalRows(), loginRows(),
		reissueRows(), reissueBodyRows(), reissueFormRows(), bindingRows(), idempotencyRows(),
		logoutRows(), logoutBodyRows(), logoutAllRows(), sessionRows(), revokeRows(), jwksRows(), errorRows(),
		usersRows(), healthRows(),
	)}
	return append([]table{bearer}, cookieTables()...)
}

// Quirk is a way in which a framework's answers are not those of the table.
type Quirk string

// BareHead is for a framework that answers a refusal of HEAD with neither
// Content-Type nor Content-Length, as Echo's error handlers do.
const BareHead Quirk = "bare HEAD"

// Run checks every row of the bearer transport's table in every layout, and of
// the other tables in those that have no prefix, which is nothing to cookies.
func Run(t *testing.T, newHandler NewHandler, quirks ...Quirk) {
	for _, l := range layouts() {
		t.Run(l.Name, func(t *testing.T) {
			for _, table := range tables() {
				if table.transport != (httpauth.Transport{}) && l.Prefix != "" {
					continue
				}
				l.Transport = table.transport
				for _, r := range table.rows {
					if r.any && !l.AnyMethod {
						continue
					}
					t.Run(r.name, func(t *testing.T) { r.run(t, newHandler, l, quirks) })
				}
			}
		})
	}
}

func (r row) run(t *testing.T, newHandler NewHandler, l Layout, quirks []Quirk) {
	var configure []func(*core.Config)
	if r.config != nil {
		configure = append(configure, r.config)
	}
	s := &scene{Server: NewServer(t, newHandler, l, configure...), t: t, layout: l, names: make(map[string]string)}
	s.names["host"] = s.host()
	s.login("", "alice")
	if r.given != nil {
		r.given(s)
	}
	s.before = s.Store.Calls()
	got := s.Do(s.expandRequest(r.request))
	s.check(got, r.want, r.request.Method, quirks)
	if r.then != nil {
		s.Store.Heal()
		r.then(s, got)
	}
	s.checkSilence()
}

// login logs a user in and keeps the names $<as>_access, $<as>_refresh and
// $<as>_session, without the prefix if as is empty.
func (s *scene) login(as, user string) {
	s.t.Helper()
	s.keep(as, s.Login(user))
}

// reissue reissues $refresh and keeps the new pair as login does.
func (s *scene) reissue(as string) {
	s.t.Helper()
	a := s.Reissue(s.names["refresh"])
	if a.Status != http.StatusOK {
		s.t.Fatalf("reissue: got %d %s, want 200", a.Status, a.Body)
	}
	s.keep(as, a.Pair())
}

func (s *scene) keep(as string, p Pair) {
	if as != "" {
		as += "_"
	}
	s.names[as+"access"], s.names[as+"refresh"], s.names[as+"session"] = p.AccessToken, p.RefreshToken, p.SessionID
}

// fail makes the store fail as a driver would.
func (s *scene) fail() { s.Store.Fail(errors.New(secretDetail)) }

func (s *scene) expand(text string) string {
	return os.Expand(text, func(name string) string {
		value, ok := s.names[name]
		if !ok {
			s.t.Fatalf("the row has the unknown name $%s", name)
		}
		return value
	})
}

func (s *scene) expandRequest(r Request) Request {
	r.Path, r.Body = s.expand(r.Path), s.expand(r.Body)
	r.Header = slices.Clone(r.Header)
	for i, line := range r.Header {
		r.Header[i] = s.expand(line)
	}
	return r
}

// check compares a whole answer.
func (s *scene) check(got Answer, w want, method string, quirks []Quirk) {
	s.t.Helper()
	bare := method == http.MethodHead && w.status >= 400 && slices.Contains(quirks, BareHead)
	if bare {
		w.header = slices.DeleteFunc(slices.Clone(w.header), func(line string) bool { return strings.HasPrefix(line, "Content-Type: ") })
	}
	if got.Status != w.status {
		s.t.Errorf("status: got %d, want %d", got.Status, w.status)
	}
	s.checkHeader(got.Header, w)
	if body := mask(got.Body, w.body); body != s.expand(w.body) {
		s.t.Errorf("body:\n got %s\nwant %s", body, s.expand(w.body))
	}
	length := got.Header.Get("Content-Length")
	switch {
	case got.Status == http.StatusNoContent || bare:
		if length != "" {
			s.t.Errorf("Content-Length: got %q, want none", length)
		}
	case method == http.MethodHead:
		if length == "" || length == "0" {
			s.t.Errorf("Content-Length: got %q, want the length that GET has", length)
		}
	case length != strconv.Itoa(len(got.Body)):
		s.t.Errorf("Content-Length: got %q, want %d", length, len(got.Body))
	}
}

func (s *scene) checkHeader(got http.Header, w want) {
	s.t.Helper()
	wanted := make(http.Header)
	for _, line := range w.header {
		name, value, _ := strings.Cut(line, ": ")
		wanted.Add(name, value)
	}
	got = maps.Clone(got)
	got.Del("Date")
	got.Del("Content-Length")
	if allow, ok := got["Allow"]; ok && (w.router || !s.layout.AnyMethod) {
		got["Allow"] = routed(allow)
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		lines := slices.Clone(got[name])
		for i, line := range lines {
			lines[i] = mask(line, "")
		}
		if !slices.Equal(lines, wanted[name]) {
			s.t.Errorf("header %s: got %q, want %q", name, lines, wanted[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if _, ok := got[name]; !ok {
			s.t.Errorf("header %s: got none, want %q", name, wanted[name])
		}
	}
}

// routed returns an Allow header that a router has made in one order and
// without OPTIONS, which Echo answers by itself.
func routed(allow []string) []string {
	var methods []string
	for _, line := range allow {
		methods = append(methods, strings.Split(line, ", ")...)
	}
	methods = slices.DeleteFunc(methods, func(m string) bool { return m == http.MethodOptions })
	slices.Sort(methods)
	return []string{strings.Join(methods, ", ")}
}

// mask replaces tokens and, if the text wanted has a new one, session ids.
func mask(body, wanted string) string {
	body = regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`).ReplaceAllString(body, "<jwt>")
	if strings.Contains(wanted, "<id>") {
		body = regexp.MustCompile(`"session_id":"[\w-]{22}"`).ReplaceAllString(body, `"session_id":"<id>"`)
	}
	return body
}

// checkSilence checks that no token is in the log.
func (s *scene) checkSilence() {
	s.t.Helper()
	log := s.Log()
	for name, value := range s.names {
		secret := strings.HasSuffix(name, "access") || strings.HasSuffix(name, "refresh")
		if secret && value != "" && strings.Contains(log, value) {
			s.t.Errorf("the log has the token $%s", name)
		}
	}
}
