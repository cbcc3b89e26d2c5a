package between

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

// expired is how long after a login its access token is no longer good, and
// late how long after a reissue the refresh token that it used is no longer
// given the same pair.
const (
	expired = 10 * time.Minute
	late    = 31 * time.Second
)

const (
	accessName  = "__Host-access"
	refreshName = "__Host-refresh"
)

// world is an Authority, its users' server and what its operator sees.
type world struct {
	authority *core.Authority
	auth      *httpauth.Auth // the cookie transport with silent reissue

	mu     sync.Mutex
	events []core.Event
}

func newWorld(t *testing.T, now func() time.Time) *world {
	t.Helper()
	w := &world{}
	key, err := core.NewHMACKey("k", []byte(strings.Repeat("s", 32)))
	if err != nil {
		t.Fatal(err)
	}
	w.authority, err = core.New(core.Config{
		Issuer: "https://id.example", Audience: []string{"shop"}, Keys: []core.Key{key}, Now: now,
		Store: core.NewMemoryStore(core.MemoryOptions{Now: now}),
		OnEvent: func(_ context.Context, e core.Event) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.events = append(w.events, e)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.auth, err = httpauth.New(w.authority, httpauth.Options{
		Transport: httpauth.Cookie(httpauth.CookieOptions{SilentReissue: true}), LoginPage: "/login",
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// count returns how many events of a type there were.
func (w *world) count(kind core.EventType) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		if e.Type == kind {
			n++
		}
	}
	return n
}

// checkTheft says whether the session has ended as one that was stolen, because
// of the refresh token before its last, or lives.
func (w *world) checkTheft(t *testing.T, want bool) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	var thefts int
	for _, e := range w.events {
		if e.Type == core.SessionRevoked {
			thefts++
			if e.Reason != "reuse" || e.Distance != 1 {
				t.Errorf("the session has ended by %s at distance %d, want reuse at 1", e.Reason, e.Distance)
			}
		}
	}
	if got := thefts == 1; got != want || thefts > 1 {
		t.Errorf("got %d sessions ended, want one: %t", thefts, want)
	}
}

// browser keeps cookies and sends them, over plain http too: what would be
// before a server has the TLS.
type browser struct {
	client *http.Client
	url    string
	jar    map[string]string
}

// login returns a browser of a user who has just logged in.
func (w *world) login(t *testing.T, url string) *browser {
	t.Helper()
	b := &browser{client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		url: url, jar: make(map[string]string)}
	recorder := httptest.NewRecorder()
	w.auth.Login(recorder, httptest.NewRequest(http.MethodPost, "/auth/login", nil), core.Login{Subject: "alice"})
	b.keep(recorder.Result())
	if b.jar[accessName] == "" || b.jar[refreshName] == "" {
		t.Fatalf("the login answers %d %s", recorder.Code, recorder.Body)
	}
	return b
}

// request returns what a page of the application sends, unless the header says
// otherwise.
func (b *browser) request(method, path, body string, header ...string) *http.Request {
	r := httptest.NewRequest(method, b.url+path, strings.NewReader(body))
	r.RequestURI = "" // a client's request has none
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for name, value := range b.jar {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

// keep keeps the cookies of an answer.
func (b *browser) keep(answer *http.Response) {
	for _, c := range answer.Cookies() {
		b.jar[c.Name] = c.Value
		if c.MaxAge < 0 {
			delete(b.jar, c.Name)
		}
	}
}

// answer is what came, with what it says of redirects on the way.
type answer struct {
	status   int
	location string
	body     string
}

// send sends one request and follows no redirect.
func (b *browser) send(t *testing.T, r *http.Request) answer {
	t.Helper()
	response, err := b.client.Do(r.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b.keep(response)
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header.Get("Location"), string(body)}
}

// visit sends a request and does what browsers do with the answer: it follows
// redirects within the host, and loads again a page that asks for it.
func (b *browser) visit(t *testing.T, method, path, body string, header ...string) answer {
	t.Helper()
	for range 5 {
		got := b.send(t, b.request(method, path, body, header...))
		switch got.status {
		case http.StatusSeeOther:
			method, body = http.MethodGet, ""
		case http.StatusTemporaryRedirect:
		default:
			if !strings.Contains(got.body, "<script>location.reload()</script>") {
				return got
			}
			method, body, header = http.MethodGet, "", append(header[:len(header):len(header)], "Sec-Fetch-Site", "same-origin")
			continue
		}
		path = got.location
	}
	t.Fatalf("the redirects have no end: %s", path)
	return answer{}
}

// inProcess has the browser's requests served without a network.
func (b *browser) inProcess(h http.Handler) *browser {
	b.client.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		recorder := httptest.NewRecorder()
		h.ServeHTTP(recorder, r)
		return recorder.Result(), nil
	})
	return b
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

const guide = "../../../docs/guides/between.md"

// blocks returns the blocks of a language in the guide.
func blocks(t *testing.T, language string) (found []string) {
	t.Helper()
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		found = append(found, m[1])
	}
	return found
}

// TestGuide checks that the Go of the guide is what these tests run.
func TestGuide(t *testing.T) {
	program, err := os.ReadFile("recipes.go")
	if err != nil {
		t.Fatal(err)
	}
	found := blocks(t, "go")
	if len(found) != 3 {
		t.Errorf("the guide has %d Go blocks, want 3", len(found))
	}
	for _, block := range found {
		if !strings.Contains(string(program), block) {
			t.Errorf("recipes.go does not have this block of the guide:\n%s", block)
		}
	}
}

// missing ends a test that cannot do without something: as skipped, or as
// failed where a run is meant to be complete.
func missing(t *testing.T, what string, err error) {
	t.Helper()
	if os.Getenv("RATCHET_REQUIRE_SERVERS") != "" {
		t.Fatalf("%s: %v", what, err)
	}
	t.Skipf("%s: %v", what, err)
}
