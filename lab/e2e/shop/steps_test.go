package shop

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// mounts are the same shop on each face, and the files that they are in.
var mounts = map[string]struct {
	mount func(*shop) (http.Handler, error)
	file  string
}{
	"net/http": {mountHTTP, "http_test.go"},
	"Gin":      {mountGin, "gin_test.go"},
	"Echo v4":  {mountEcho, "echo_test.go"},
	"Echo v5":  {mountEcho5, "echo5_test.go"},
}

// scene is one face's shop and a browser in it.
type scene struct {
	*shop
	*browser
}

// byProvider logs in at the provider, which answers as mode says, and goes on to
// the orders.
func (s *scene) byProvider(mode string) view {
	v := s.open("/oauth/start?next=/orders&mode=" + mode)
	if mode != "form_post" {
		return v
	}
	to, fields := v.form()
	return s.visit("POST", to, fields, s.provider.origin())
}

func login(name, password, next string) url.Values {
	return url.Values{"username": {name}, "password": {password}, "next": {next}}
}

// step is what somebody does and sees. The steps of the table follow each other.
type step struct {
	name    string
	do      func(*scene) view
	status  int
	address string // at which the browser is then, empty for that of the request
	shows   string // a part of the page
	problem string // the refusal, which is of the shop's own format to the last byte
	header  map[string]string
}

const stranger, toLogin = "<h1>Shop</h1>", "/login?next=%2Forders"

var steps = []step{
	{name: "the front page", do: func(s *scene) view { return s.open("/") }, status: 200, shows: stranger},
	{name: "a stranger's orders", do: func(s *scene) view { return s.open("/orders") }, status: 200, address: toLogin, shows: `name="next" value="/orders"`},
	{name: "a wrong password", do: func(s *scene) view { return s.post("/login", login(`"><i>`, "x", "/orders")) }, status: 401, shows: `value="&#34;&gt;&lt;i&gt;"`},
	{name: "a form of another site", do: func(s *scene) view {
		return s.visit("POST", "/login", login("alice", "wonderland", "/orders"), "https://evil.example")
	}, status: 403, problem: "cross_origin"},
	{name: "nobody is logged in by that", do: func(s *scene) view { return s.open("/") }, status: 200, shows: stranger},
	{name: "a login", do: func(s *scene) view { return s.post("/login", login("alice", "wonderland", "/orders")) }, status: 200, address: "/orders", shows: "Orders of alice"},
	{name: "a next of another site", do: func(s *scene) view { return s.post("/login", login("alice", "wonderland", "//evil.example")) }, status: 200, address: "/", shows: "Hello, alice"},

	{name: "the API", do: func(s *scene) view { return s.fetch("GET", "/api/orders") }, status: 200, shows: `{"orders":[1]}`},
	{name: "with the scope", do: func(s *scene) view { return s.fetch("POST", "/api/orders") }, status: 200, shows: `{"orders":[1]}`},
	{name: "without the role", do: func(s *scene) view { return s.fetch("DELETE", "/api/orders") }, status: 403, problem: "forbidden",
		header: map[string]string{"WWW-Authenticate": `Bearer realm="shop.example", error="insufficient_scope", error_description="the caller may not do this"`}},
	{name: "a bad header", do: func(s *scene) view {
		s.browser.cookies = map[string]*http.Cookie{}
		return s.fetch("GET", "/api/orders", "Authorization", "Bearer x.y.z")
	}, status: 401, problem: "token_invalid"},
	{name: "nothing", do: func(s *scene) view { return s.fetch("GET", "/api/orders") }, status: 401, problem: "token_missing",
		header: map[string]string{"WWW-Authenticate": `Bearer realm="shop.example"`, "Cache-Control": "no-store"}},
	{name: "nothing to renew", do: func(s *scene) view { return s.fetch("POST", "/api/session") }, status: 401, problem: "refresh_missing"},
	{name: "no route", do: func(s *scene) view { return s.fetch("GET", "/api/nothing") }, status: 404, problem: "Not Found"},

	{name: "a login again", do: func(s *scene) view { return s.post("/login", login("alice", "wonderland", "/orders")) }, status: 200, address: "/orders", shows: "Orders of alice"},
	{name: "a page an hour later", do: func(s *scene) view { s.clock.Advance(time.Hour); return s.open("/orders") }, status: 200, shows: "Orders of alice",
		header: map[string]string{"Cache-Control": "no-store"}},
	{name: "a renewal", do: func(s *scene) view { return s.fetch("POST", "/api/session") }, status: 200, shows: `{"session":"renewed"}`},
	{name: "the store is away", do: func(s *scene) view {
		s.store.Fail(errors.New("away"))
		defer s.store.Heal()
		return s.fetch("GET", "/api/orders")
	}, status: 503, problem: "store_unavailable", header: map[string]string{"Retry-After": "1"}},
	{name: "the store is away at a logout", do: func(s *scene) view {
		s.store.Fail(errors.New("away"))
		defer s.store.Heal()
		return s.post("/logout", nil)
	}, status: 503, problem: "store_unavailable"},
	{name: "a logout of another site", do: func(s *scene) view { return s.visit("POST", "/logout", nil, "https://evil.example") }, status: 403, problem: "cross_origin"},
	{name: "still there", do: func(s *scene) view { return s.open("/") }, status: 200, shows: "Hello, alice"},
	{name: "a logout", do: func(s *scene) view {
		token := s.browser.cookies["__Host-access"].Value
		v := s.post("/logout", nil)
		if got := s.fetch("GET", "/api/orders", "Authorization", "Bearer "+token); got.status != 401 || got.body != string(newProblem("token_revoked", 401).text()) {
			s.t.Errorf("a token from before the logout: got %d %s", got.status, got.body)
		}
		return v
	}, status: 200, address: "/", shows: stranger},

	{name: "the provider, by an address", do: func(s *scene) view { return s.byProvider("query") }, status: 200, address: "/orders", shows: "Orders of carol"},
	{name: "without the scope", do: func(s *scene) view { return s.fetch("POST", "/api/orders") }, status: 403, problem: "forbidden",
		header: map[string]string{"WWW-Authenticate": `Bearer realm="shop.example", error="insufficient_scope", error_description="the caller may not do this", scope="orders:write"`}},
	{name: "a session that has expired", do: func(s *scene) view { s.clock.Advance(31 * 24 * time.Hour); return s.open("/orders") }, status: 200, address: toLogin, shows: "Log in"},
	{name: "the provider, by a form", do: func(s *scene) view { return s.byProvider("form_post") }, status: 200, address: "/orders", shows: "Orders of carol"},
	{name: "a callback again", do: func(s *scene) view {
		state := s.browser.cookies[stateCookie].Value
		return s.visit("POST", "/oauth/callback", url.Values{"state": {state}, "code": {"x"}}, s.provider.origin())
	}, status: 400, problem: "request_invalid"},
	{name: "a callback with a state of somebody else's", do: func(s *scene) view {
		other := newBrowser(s.t, s.browser.shop)
		_, fields := other.open("/oauth/start?mode=form_post").form()
		return s.visit("POST", "/oauth/callback", fields, s.provider.origin())
	}, status: 400, problem: "request_invalid"},
	{name: "a callback with a bad code", do: func(s *scene) view {
		_, fields := s.open("/oauth/start?mode=form_post").form()
		fields.Set("code", "guessed")
		return s.visit("POST", "/oauth/callback", fields, s.provider.origin())
	}, status: 400, problem: "request_invalid"},
	{name: "a callback of another origin", do: func(s *scene) view {
		_, fields := s.open("/oauth/start?mode=form_post").form()
		return s.visit("POST", "/oauth/callback", fields, "https://evil.example")
	}, status: 403, problem: "cross_origin"},
	{name: "carol all the same", do: func(s *scene) view { return s.open("/") }, status: 200, shows: "Hello, carol"},
	{name: "an administrator", do: func(s *scene) view { return s.post("/login", login("root", "toor", "")) }, status: 200, address: "/", shows: "Hello, root"},
	{name: "with the role", do: func(s *scene) view { return s.fetch("DELETE", "/api/orders") }, status: 200, shows: `{"orders":[1]}`},
}

// TestShop runs the steps against each face.
func TestShop(t *testing.T) {
	for name, m := range mounts {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			handler, err := m.mount(s)
			if err != nil {
				t.Fatal(err)
			}
			server := httptest.NewTLSServer(handler)
			t.Cleanup(server.Close)
			visit := &scene{s, newBrowser(t, server)}
			for _, st := range steps {
				st.check(t, visit.play(st))
			}
		})
	}
}

func (s *scene) play(st step) view { return st.do(s) }

func (st step) check(t *testing.T, got view) {
	t.Helper()
	if got.status != st.status || st.address != "" && got.address != st.address || !strings.Contains(got.body, st.shows) {
		t.Errorf("%s: got %d at %s: %s\nwant %d at %s: %s", st.name, got.status, got.address, got.body, st.status, st.address, st.shows)
	}
	for name, value := range st.header {
		if got.header.Get(name) != value {
			t.Errorf("%s: got %s: %q, want %q", st.name, name, got.header.Get(name), value)
		}
	}
	if st.problem == "" {
		return
	}
	want := newProblem(st.problem, st.status)
	if got.body != string(want.text()) || got.header.Get("Content-Type") != problemMedia {
		t.Errorf("%s: got %s %s, want the shop's own answer and no byte more: %s", st.name, got.header.Get("Content-Type"), got.body, want.text())
	}
}

// TestNoWriters checks that no shop has needed a writer of its own.
func TestNoWriters(t *testing.T) {
	writer := regexp.MustCompile(`(?m)^func \(.*\) (WriteHeader|Write)\(|^\thttp\.ResponseWriter$|^\t\w+\.ResponseWriter$`)
	for name, m := range mounts {
		text, err := os.ReadFile(m.file)
		if err != nil {
			t.Fatal(err)
		}
		if found := writer.Find(text); found != nil {
			t.Errorf("%s: %s wraps a writer: %s", name, m.file, found)
		}
	}
}
