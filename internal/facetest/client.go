package facetest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Media types of requests.
const (
	JSON = "Content-Type: application/json"
	Form = "Content-Type: application/x-www-form-urlencoded"
)

// Request is an HTTP request, as it goes over the wire.
type Request struct {
	Method string
	Path   string   // below the layout's prefix, with the query
	Header []string // lines, such as "Authorization: Bearer x"; a name may come twice
	Body   string
	// Chunked sends the body without saying how long it is.
	Chunked bool
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Code returns the code member of an error, the empty string for another
// answer.
func (a Answer) Code() string {
	var body struct {
		Code string `json:"code"`
	}
	if json.Unmarshal([]byte(a.Body), &body) != nil {
		return ""
	}
	return body.Code
}

// Pair returns the tokens of a successful login or reissue, from the body or
// from cookies whose names end in access and refresh, the zero Pair for another
// answer.
func (a Answer) Pair() Pair {
	var p Pair
	if a.Status != http.StatusOK || json.Unmarshal([]byte(a.Body), &p) != nil {
		return Pair{}
	}
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		switch {
		case p.AccessToken == "" && strings.HasSuffix(c.Name, "access"):
			p.AccessToken = c.Value
		case p.RefreshToken == "" && strings.HasSuffix(c.Name, "refresh"):
			p.RefreshToken = c.Value
		}
	}
	return p
}

// Pair is the body of a successful login or reissue.
type Pair struct {
	AccessToken      string `json:"access_token"`
	TokenType        string `json:"token_type"`
	ExpiresIn        int64  `json:"expires_in"`
	RefreshToken     string `json:"refresh_token"`
	RefreshExpiresIn int64  `json:"refresh_token_expires_in"`
	SessionID        string `json:"session_id"`
}

// Client talks to a [Server]. It is safe for concurrent use, and none of its
// methods but Login ends the test.
type Client struct {
	tb   testing.TB
	url  string
	http *http.Client
}

func newClient(tb testing.TB, url string) *Client {
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}
	tb.Cleanup(transport.CloseIdleConnections)
	return &Client{tb: tb, url: url, http: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// URL returns the server's address with the layout's prefix.
func (c *Client) URL() string { return c.url }

// Do sends a request. If there is no answer the test fails and the zero Answer
// is returned.
func (c *Client) Do(r Request) Answer {
	c.tb.Helper()
	var body io.Reader = strings.NewReader(r.Body)
	if r.Chunked {
		body = io.NopCloser(body)
	}
	request, err := http.NewRequestWithContext(c.tb.Context(), r.Method, c.url+r.Path, body)
	if err != nil {
		c.tb.Errorf("%s %s: %v", r.Method, r.Path, err)
		return Answer{}
	}
	request.Header.Set("User-Agent", "facetest")
	for _, line := range r.Header {
		name, value, _ := strings.Cut(line, ": ")
		request.Header.Add(name, value)
	}
	response, err := c.http.Do(request)
	if err != nil {
		c.tb.Errorf("%s %s: %v", r.Method, r.Path, err)
		return Answer{}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		c.tb.Errorf("%s %s: %v", r.Method, r.Path, err)
		return Answer{}
	}
	return Answer{response.StatusCode, response.Header, string(text)}
}

// Login logs a user in and returns the tokens. It ends the test if it cannot.
func (c *Client) Login(user string) Pair {
	c.tb.Helper()
	a := c.TryLogin(user)
	if a.Status != http.StatusOK {
		c.tb.Fatalf("login of %q: got %d %s, want 200", user, a.Status, a.Body)
	}
	return a.Pair()
}

// TryLogin logs a user in.
func (c *Client) TryLogin(user string) Answer {
	c.tb.Helper()
	return c.Do(postJSON("/auth/login", object("username", user)))
}

// Me asks who the access token's owner is.
func (c *Client) Me(accessToken string) Answer {
	c.tb.Helper()
	return c.Do(get("/api/me", bearer(accessToken)))
}

// Reissue reissues by JSON, with further header lines such as
// "Idempotency-Key: x".
func (c *Client) Reissue(refreshToken string, header ...string) Answer {
	c.tb.Helper()
	return c.Do(postJSON("/auth/reissue", object("refresh_token", refreshToken), header...))
}

// ReissueForm reissues as an OAuth client does (RFC 6749, section 6).
func (c *Client) ReissueForm(refreshToken string, header ...string) Answer {
	c.tb.Helper()
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}}
	return c.Do(postForm("/auth/reissue", form.Encode(), header...))
}

// Logout logs out by an access or a refresh token in the Authorization header.
func (c *Client) Logout(token string) Answer {
	c.tb.Helper()
	return c.Do(post("/auth/logout", bearer(token)))
}

// LogoutAll ends all of the caller's sessions, with keep all others.
func (c *Client) LogoutAll(accessToken string, keepCurrent bool) Answer {
	c.tb.Helper()
	path := "/auth/logout-all"
	if keepCurrent {
		path += "?keep=current"
	}
	return c.Do(post(path, bearer(accessToken)))
}

// Sessions lists the caller's sessions.
func (c *Client) Sessions(accessToken string) Answer {
	c.tb.Helper()
	return c.Do(get("/auth/sessions", bearer(accessToken)))
}

// RevokeSession ends one of the caller's sessions.
func (c *Client) RevokeSession(accessToken, sessionID string) Answer {
	c.tb.Helper()
	return c.Do(Request{Method: "DELETE", Path: "/auth/sessions/" + url.PathEscape(sessionID), Header: []string{bearer(accessToken)}})
}

// object returns the JSON object with one member.
func object(name, value string) string {
	text, _ := json.Marshal(map[string]string{name: value}) // strings always marshal
	return string(text)
}

func bearer(token string) string { return "Authorization: Bearer " + token }

func get(path string, header ...string) Request {
	return Request{Method: "GET", Path: path, Header: header}
}

func post(path string, header ...string) Request {
	return Request{Method: "POST", Path: path, Header: header}
}

func postJSON(path, body string, header ...string) Request {
	return Request{Method: "POST", Path: path, Header: append([]string{JSON}, header...), Body: body}
}

func postForm(path, body string, header ...string) Request {
	return Request{Method: "POST", Path: path, Header: append([]string{Form}, header...), Body: body}
}
