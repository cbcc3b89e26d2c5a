package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// client talks to one program and keeps a record of all answers.
type client struct {
	t      testing.TB
	name   string // of the program
	url    string
	record []exchange
}

// exchange is a request and its answer, masked.
type exchange struct {
	text     string
	excepted bool
}

// each runs the scenario against each program with the same environment, and
// compares what they answered. Programs that share no server run at the same time,
// because most of a scenario is waiting.
func each(t *testing.T, e env, scenario func(t *testing.T, c *client)) {
	t.Helper()
	clients := make([]*client, len(programs))
	ok := t.Run("programs", func(t *testing.T) {
		for i, p := range programs {
			t.Run(p.name, func(t *testing.T) {
				if e["REDIS_URL"] == "" {
					t.Parallel()
				}
				clients[i] = startClient(t, p.name, e)
				scenario(t, clients[i])
			})
		}
	})
	if !ok { // a scenario that has ended early has said why
		return
	}
	for _, c := range clients[1:] {
		compare(t, clients[0], c)
	}
}

// startClient runs a program and returns its client.
func startClient(t testing.TB, name string, e env) *client {
	t.Helper()
	return &client{t: t, name: name, url: start(t, name, e).url}
}

func compare(t *testing.T, first, other *client) {
	t.Helper()
	if len(first.record) != len(other.record) {
		t.Fatalf("the programs gave %d and %d answers", len(first.record), len(other.record))
	}
	for i, want := range first.record {
		if got := other.record[i]; got.text != want.text && !got.excepted && !want.excepted {
			t.Errorf("the programs answer differently:\n%s\n%s\n\n%s\n%s", first.name, want.text, other.name, got.text)
		}
	}
}

// exceptions are where programs answer in another way than the others, as their
// frameworks make them. Nothing else may differ.
var exceptions = []struct {
	programs, why string
	differs       func(method, path string, a answer) bool
}{
	{"echo-app echo5-app", "Echo answers HEAD with an error without the header of a body", func(method, _ string, a answer) bool {
		return method == http.MethodHead && a.status >= 400
	}},
	{"http-app", "ServeMux cleans paths, and knows no empty segment", func(_, path string, _ answer) bool {
		return strings.Contains(path, "//") || strings.Contains(path, "/./")
	}},
	{"http-app", "to ServeMux a letter that is escaped without need is the letter", func(_, path string, _ answer) bool {
		return strings.Contains(path, "%6C")
	}},
}

// excepted reports whether a program's answer is among the exceptions.
func excepted(program, method, path string, a answer) bool {
	for _, e := range exceptions {
		if strings.Contains(" "+e.programs+" ", " "+program+" ") && e.differs(method, path, a) {
			return true
		}
	}
	return false
}

// httpClient never follows a redirect and keeps no connection, so that no test
// depends on another.
var httpClient = &http.Client{
	Timeout:       patience,
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// answer is what came back.
type answer struct {
	status   int
	header   http.Header
	body     string
	excepted bool // the others answer in another way, see exceptions
}

// option changes a request.
type option func(*http.Request)

func bearer(token string) option { return header("Authorization", "Bearer "+token) }

func header(name, value string) option {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// jsonBody sends text as JSON.
func jsonBody(text string) option { return body("application/json", text) }

func body(media, text string) option {
	return func(r *http.Request) {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
		if media != "" {
			r.Header.Set("Content-Type", media)
		}
	}
}

// do sends a request and records the answer.
func (c *client) do(method, path string, options ...option) answer {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("User-Agent", "e2e")
	for _, o := range options {
		o(r)
	}
	response, err := httpClient.Do(r)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	a := answer{status: response.StatusCode, header: response.Header, body: string(text)}
	a.excepted = excepted(c.name, method, path, a)
	if a.header.Get("Content-Type") == "application/json" && a.body != "" && !strings.HasSuffix(a.body, "\n") {
		c.t.Errorf("%s %s: the body %q does not end with a newline", method, path, a.body)
	}
	c.record = append(c.record, exchange{fmt.Sprintf("%s %s: %d\n%s%s", method, mask(path), a.status, mask(a.headers()), mask(a.body)), a.excepted})
	return a
}

// headers returns the header lines in order, but for the date.
func (a answer) headers() string {
	var lines strings.Builder
	for _, name := range slices.Sorted(maps.Keys(a.header)) {
		switch value := strings.Join(a.header[name], " | "); name {
		case "Date":
		case "Allow":
			fmt.Fprintf(&lines, "Allow: %s\n", a.allow())
		default:
			fmt.Fprintf(&lines, "%s: %s\n", name, value)
		}
	}
	return lines.String()
}

// allow returns the methods that Allow names but OPTIONS.
func (a answer) allow() string {
	methods := strings.Split(strings.Join(a.header["Allow"], ", "), ", ")
	methods = slices.DeleteFunc(methods, func(m string) bool { return m == "" || m == http.MethodOptions })
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}

// code returns the code of an error.
func (a answer) code() string {
	var fault struct{ Code string }
	if json.Unmarshal([]byte(a.body), &fault) != nil {
		return ""
	}
	return fault.Code
}

// want checks the status and the whole body, masked.
func (c *client) want(a answer, status int, body string) {
	c.t.Helper()
	if got := strings.TrimSuffix(mask(a.body), "\n"); a.status != status || got != body {
		c.t.Errorf("answer %d %s\n  want %d %s", a.status, got, status, body)
	}
}

// refused checks the status and the code of an error.
func (c *client) refused(a answer, status int, code string) {
	c.t.Helper()
	if a.status != status || a.code() != code {
		c.t.Errorf("answer %d %s\n  want %d with the code %s", a.status, a.body, status, code)
	}
}

// tokens are the members of a token answer.
type tokens struct {
	AccessToken           string `json:"access_token"`
	TokenType             string `json:"token_type"`
	ExpiresIn             int    `json:"expires_in"`
	RefreshToken          string `json:"refresh_token"`
	RefreshTokenExpiresIn int    `json:"refresh_token_expires_in"`
	SessionID             string `json:"session_id"`
}

// tokens returns the tokens of an answer that must have some.
func (c *client) tokens(a answer) tokens {
	c.t.Helper()
	var v tokens
	if a.status != http.StatusOK {
		c.t.Fatalf("answer %d %s\n  want 200 with tokens", a.status, a.body)
	}
	d := json.NewDecoder(bytes.NewReader([]byte(a.body)))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil || v.AccessToken == "" || v.RefreshToken == "" {
		c.t.Fatalf("the body %s has no tokens: %v", a.body, err)
	}
	return v
}

// login logs a user in who can.
func (c *client) login(name, password string) tokens {
	c.t.Helper()
	return c.tokens(c.tryLogin(name, password))
}

func (c *client) tryLogin(name, password string) answer {
	c.t.Helper()
	return c.do("POST", "/auth/login", jsonBody(fmt.Sprintf(`{"username":%q,"password":%q}`, name, password)))
}

// reissue presents a refresh token as JSON.
func (c *client) reissue(refreshToken string, options ...option) answer {
	c.t.Helper()
	options = append([]option{jsonBody(fmt.Sprintf(`{"refresh_token":%q}`, refreshToken))}, options...)
	return c.do("POST", "/auth/reissue", options...)
}

// me asks who the owner of an access token is.
func (c *client) me(accessToken string) answer {
	c.t.Helper()
	return c.do("GET", "/api/me", bearer(accessToken))
}

// await repeats a request until its answer is as wanted. What was answered
// meanwhile is not recorded.
func (c *client) await(what string, ask func() bool) {
	c.t.Helper()
	kept := len(c.record)
	for deadline := time.Now().Add(patience); !ask(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.t.Fatalf("in vain: waiting until %s", what)
		}
	}
	c.record = c.record[:kept]
}

var masks = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`), "TOKEN"},
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), "TIME"},
	{regexp.MustCompile(`("id":"|"session":"|"session_id":"|/sessions/)[\w-]{22}`), "${1}ID"},
	{regexp.MustCompile(`expires_in":\d+`), `expires_in":N`},
	{regexp.MustCompile(`Max-Age=[1-9]\d*`), `Max-Age=N`},
}

// mask replaces what differs from run to run.
func mask(text string) string {
	for _, m := range masks {
		text = m.pattern.ReplaceAllString(text, m.with)
	}
	return text
}
