package shop

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"sync"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// shop is what knows no framework.
type shop struct {
	authority *core.Authority
	store     *facetest.Store
	clock     *facetest.Clock
	provider  *provider

	mu      sync.Mutex
	pending map[string]string // where a login at the provider goes on to, by its state
}

func newShop(t *testing.T) *shop {
	t.Helper()
	clock := facetest.NewClock()
	s := &shop{clock: clock, provider: newProvider(t), pending: make(map[string]string)}
	s.store = facetest.NewStore(core.NewMemoryStore(core.MemoryOptions{Now: clock.Now}))
	key, err := core.NewHMACKey("shop", bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	s.authority, err = core.New(core.Config{
		Issuer: "shop.example", Audience: []string{"shop"}, Keys: []core.Key{key},
		Store: s.store, Now: clock.Now, LoadClaims: loadClaims,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// options are the Options of every face.
func (s *shop) options() httpauth.Options {
	return httpauth.Options{Transport: httpauth.Cookie(httpauth.CookieOptions{SilentReissue: true}), LoginPage: "/login"}
}

// loadClaims says what a user may do.
func loadClaims(_ context.Context, r core.ClaimsRequest) (any, error) {
	switch r.Subject {
	case "alice":
		return map[string]any{"roles": []string{"customer"}, "scope": "orders:read orders:write"}, nil
	case "root":
		return map[string]any{"roles": []string{"admin"}, "scope": "orders:read"}, nil
	}
	return map[string]any{"roles": []string{"customer"}, "scope": "orders:read"}, nil
}

// authenticate stands for the check of a password.
func authenticate(name, password string) bool {
	return password != "" && map[string]string{"alice": "wonderland", "root": "toor"}[name] == password
}

// stateCookie binds a login at the provider to the browser that began it. It comes
// with a callback that the provider's page posts, as a Lax cookie would not.
const stateCookie = "__Host-state"

// begin begins a login at the provider and returns its address and the cookie.
func (s *shop) begin(r *http.Request) (address string, cookie *http.Cookie) {
	state := rand.Text()
	s.mu.Lock()
	s.pending[state] = httpauth.Next(r)
	s.mu.Unlock()
	return s.provider.address(state, "https://"+r.Host+"/oauth/callback", r.FormValue("mode")),
		&http.Cookie{Name: stateCookie, Value: state, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteNoneMode}
}

// finish returns whom the provider has recognised, and where to go on to.
func (s *shop) finish(r *http.Request) (user, next string, err error) {
	state := r.FormValue("state")
	cookie, err := r.Cookie(stateCookie)
	if err != nil || cookie.Value != state {
		return "", "", fmt.Errorf("%w: the state is not this browser's", core.ErrRequestInvalid)
	}
	s.mu.Lock()
	next, ok := s.pending[state]
	delete(s.pending, state)
	s.mu.Unlock()
	if !ok {
		return "", "", fmt.Errorf("%w: the state is used up", core.ErrRequestInvalid)
	}
	user, err = s.provider.redeem(r.Context(), r.FormValue("code"))
	return user, next, err
}

// problem is the shop's own format of errors.
type problem struct {
	Type   string `json:"type"`
	Status int    `json:"status"`
}

const problemMedia = "application/problem+json"

// problemOf returns what the shop says of an error. One that is none of the library's
// has the status given.
func problemOf(err error, status int) problem {
	var e *core.Error
	if errors.As(err, &e) {
		return newProblem(e.Code(), e.Status())
	}
	return newProblem(http.StatusText(status), status)
}

func newProblem(kind string, status int) problem {
	return problem{"https://shop.example/problems/" + kind, status}
}

func (p problem) text() []byte {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // cannot happen: it has a text and a number
	}
	return text
}

var pages = template.Must(template.New("").Parse(`
{{- define "front"}}<h1>Shop</h1>{{with .}}<p>Hello, {{.}}.</p><form method="post" action="/logout"><button>Log out</button></form>{{end}}{{end}}
{{- define "orders"}}<h1>Orders of {{.}}</h1>{{end}}
{{- define "login"}}<h1>Log in</h1>{{with .Fault}}<p>{{.}}</p>{{end}}
<form method="post" action="/login"><input type="hidden" name="next" value="{{.Next}}"><input name="username" value="{{.Name}}"></form>{{end}}`))

func orders(user string) string { return page("orders", user) }

// front returns the front page for a user, or for a stranger.
func front(c *core.Claims) string {
	if c == nil {
		return page("front", "")
	}
	return page("front", c.Subject())
}

// loginForm returns the form, after a wrong password with the reason.
func loginForm(r *http.Request, fault string) string {
	return page("login", map[string]string{"Fault": fault, "Next": httpauth.Next(r), "Name": r.PostFormValue("username")})
}

const wrong = "The password is wrong."

func page(name string, data any) string {
	var text bytes.Buffer
	if err := pages.ExecuteTemplate(&text, name, data); err != nil {
		panic(err) // the templates and what they show are above
	}
	return text.String()
}
