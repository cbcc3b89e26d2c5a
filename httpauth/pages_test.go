package httpauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

const page = "text/html,application/xhtml+xml,*/*;q=0.8"

// TestLoginPage checks who is sent to the login page, and where it leads back to.
func TestLoginPage(t *testing.T) {
	s := newServer(t)
	auth := facetest.Must(httpauth.New(s.Authority, httpauth.Options{
		LoginPage: "/login",
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			w.Write([]byte("own: " + core.AsError(err).Code()))
		},
	}))
	for _, tt := range []struct {
		name, method, target, header string
		location                     string // empty: it is refused
		status                       int
	}{
		{"a navigation", "GET", "/a/b?c=d&e", "Accept: " + page, "/login?next=%2Fa%2Fb%3Fc%3Dd%26e", 303},
		{"HEAD", "HEAD", "/a", "Accept: " + page, "/login?next=%2Fa", 303},
		{"by Sec-Fetch-Mode", "GET", "/a", "Accept: " + page + "\nSec-Fetch-Mode: navigate", "/login?next=%2Fa", 303},
		{"an expired or bad token", "GET", "/a", "Accept: " + page + "\nAuthorization: Bearer rubbish", "/login?next=%2Fa", 303},
		{"a long address", "GET", "/?" + strings.Repeat("a", 3000), "Accept: " + page, "/login", 303},
		{"two slashes", "GET", "//evil.example/a", "Accept: " + page, "/login?next=%2F.%2F%2Fevil.example%2Fa", 303},
		{"a prefetch", "GET", "/a", "Accept: " + page + "\nSec-Purpose: prefetch;prerender", "", 503},
		{"the page itself", "GET", "/login?next=x", "Accept: " + page, "", 401},
		{"a script's request for HTML", "GET", "/a", "Accept: " + page + "\nSec-Fetch-Mode: cors", "", 401},
		{"a client of an API", "GET", "/a", "Accept: application/json", "", 401},
		{"any type", "GET", "/a", "Accept: */*", "", 401},
		{"a form", "POST", "/a", "Accept: " + page + "\nSec-Fetch-Mode: navigate", "", 401},
		{"another refusal", "GET", "/a", "Accept: " + page + "\nAuthorization: Bearer a\nAuthorization: Bearer b", "", 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, "/", nil)
			var err error
			if r.URL, err = url.ParseRequestURI(tt.target); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(tt.target, "//") { // which a URL takes for a host, and a request line for a path
				r.URL = &url.URL{Path: tt.target}
			}
			r.RequestURI = tt.target
			for line := range strings.SplitSeq(tt.header, "\n") {
				name, value, _ := strings.Cut(line, ": ")
				r.Header.Add(name, value)
			}
			w := httptest.NewRecorder()
			if _, ok := through(auth.Require, w, r); ok {
				t.Fatal("it passed")
			}
			if got := w.Header().Get("Location"); w.Code != tt.status || got != tt.location {
				t.Errorf("got %d and the Location %q, want %d and %q", w.Code, got, tt.status, tt.location)
			}
			if w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("got Cache-Control %q", w.Header().Get("Cache-Control"))
			}
			own := strings.HasPrefix(w.Body.String(), "own: ")
			if refused := tt.status >= 400 && tt.status < 500; own != refused || !refused && w.Body.Len() > 0 {
				t.Errorf("got the body %q", w.Body)
			}
			if tt.location != "" && len(tt.target) < 100 {
				back := httptest.NewRequest("GET", tt.location, nil)
				if got := httpauth.Next(back); !strings.HasSuffix(got, strings.TrimPrefix(tt.target, "/")) || strings.HasPrefix(got, "//") {
					t.Errorf("it leads back to %q, want %q", got, tt.target)
				}
			}
		})
	}
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/a", nil)
	r.Header.Set("Accept", page)
	if _, ok := through(auth.Optional, w, r); !ok {
		t.Errorf("Optional: got %d, want it to pass", w.Code)
	}
}

func TestLoginPageFaults(t *testing.T) {
	s := newServer(t)
	for _, bad := range []string{"login", "//evil.example", "https://evil.example/login", "/login?next=/", "/log in", `/\evil`, "/login#a", "/%zz", "/a\nb", "./login"} {
		if _, err := httpauth.New(s.Authority, httpauth.Options{LoginPage: bad}); err == nil || !strings.Contains(err.Error(), "LoginPage") {
			t.Errorf("%q: got the error %v, want one that names LoginPage", bad, err)
		}
	}
}

// TestNext checks that a login page leads to no other origin.
func TestNext(t *testing.T) {
	for next, want := range map[string]string{
		"/":                              "/",
		"/a/b?c=d&e=%2F#f":               "/a/b?c=d&e=%2F#f",
		"/a//b":                          "/a//b",
		"/?u=https://evil.example":       "/?u=https://evil.example",
		"/ä":                             "/ä",
		"":                               "/",
		"a":                              "/",
		"//evil.example":                 "/",
		"///evil.example":                "/",
		`/\evil.example`:                 "/",
		`\/evil.example`:                 "/",
		`/a\..\..\evil`:                  "/",
		"https://evil.example/":          "/",
		"javascript:alert(1)":            "/",
		"/\t/evil.example":               "/",
		"/\n/evil.example":               "/",
		"\t//evil.example":               "/",
		" /a":                            "/",
		"/a\x00b":                        "/",
		"/a\x7f":                         "/",
		"/a\u0085b":                      "/",
		"/%zz":                           "/",
		"/" + strings.Repeat("a", 8<<10): "/",
	} {
		for name, r := range map[string]*http.Request{
			"query": httptest.NewRequest("GET", "/login?next="+url.QueryEscape(next), nil),
			"form":  httptest.NewRequest("POST", "/login", strings.NewReader("next="+url.QueryEscape(next))),
		} {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if got := httpauth.Next(r); got != want {
				t.Errorf("%s %.40q: got %.40q, want %q", name, next, got, want)
			}
		}
	}
}

// FuzzNext checks that a browser finds no other origin in what Next returns.
func FuzzNext(f *testing.F) {
	for _, next := range []string{"/a", "//a", `/\a`, "/\t/a", "/a?b#c", "https://a"} {
		f.Add(next)
	}
	base := &url.URL{Scheme: "https", Host: "shop.example", Path: "/login"}
	f.Fuzz(func(t *testing.T, next string) {
		r := httptest.NewRequest("GET", "/login?"+url.Values{"next": {next}}.Encode(), nil)
		got := httpauth.Next(r)
		u, err := base.Parse(got)
		if err != nil || u.Host != base.Host || u.Scheme != base.Scheme || got[0] != '/' {
			t.Errorf("%q: got %q, which leads to %v, %v", next, got, u, err)
		}
		if strings.ContainsAny(got, "\\\r\n\t") || strings.HasPrefix(got, "//") {
			t.Errorf("%q: got %q, of which browsers make something else", next, got)
		}
	})
}
