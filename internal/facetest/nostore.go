package facetest

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

// anyone is what a handler says that lets all caches keep its answer.
const anyone = "public, max-age=600"

// cacheFields are the other fields that let a cache keep an answer, as servers
// write them: nothing makes a handler keep to one case.
func cacheFields() []string {
	return []string{
		"cache-control", "CDN-Cache-Control", "Cloudflare-CDN-Cache-Control", "Vercel-CDN-Cache-Control", "Netlify-CDN-Cache-Control",
		"x-litespeed-cache-control", "Surrogate-Control", "Edge-Control", "X-Accel-Expires", "Expires", "expires",
	}
}

// handlerOf is what a handler of an application may do with its answer.
type handlerOf struct {
	name   string
	status int
	body   string
	serve  http.HandlerFunc
}

// handlers are ways to answer, each of which lets caches keep the answer.
func handlers() []handlerOf {
	public := func(w http.ResponseWriter) {
		w.Header().Set("Cache-Control", anyone)
		for _, name := range cacheFields() {
			w.Header()[name] = []string{anyone}
		}
	}
	flush := func(w http.ResponseWriter) {
		if err := http.NewResponseController(w).Flush(); err != nil {
			panic(err)
		}
	}
	content := func(w http.ResponseWriter, r *http.Request) {
		public(w)
		w.Header().Set("ETag", `"one"`)
		http.ServeContent(w, r, "a.txt", time.Time{}, strings.NewReader("hello"))
	}
	return []handlerOf{
		{"writes", 200, "hello", func(w http.ResponseWriter, _ *http.Request) { public(w); io.WriteString(onlyWriter{w}, "hello") }},
		{"writes a string", 200, "hello", func(w http.ResponseWriter, _ *http.Request) { public(w); io.WriteString(w, "hello") }},
		{"writes in parts", 200, "hello", func(w http.ResponseWriter, _ *http.Request) {
			public(w)
			for _, part := range []string{"he", "l", "lo"} {
				io.WriteString(w, part)
				public(w)
			}
		}},
		{"copies a reader", 200, "hello", func(w http.ResponseWriter, _ *http.Request) { public(w); io.Copy(w, strings.NewReader("hello")) }},
		{"sets a status", 201, "", func(w http.ResponseWriter, _ *http.Request) { public(w); w.WriteHeader(201) }},
		{"sets a status and speaks after it", 201, "", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201); public(w) }},
		{"sets a status and writes", 201, "hello", func(w http.ResponseWriter, _ *http.Request) {
			public(w)
			w.WriteHeader(201)
			io.WriteString(w, "hello")
		}},
		{"sets a cookie in place of all others", 200, "hello", func(w http.ResponseWriter, _ *http.Request) {
			public(w)
			if w.Header().Get("Set-Cookie") != "" {
				w.Header().Set("Set-Cookie", "theme=dark")
			}
			io.WriteString(w, "hello")
		}},
		{"clears the header", 200, "hello", func(w http.ResponseWriter, _ *http.Request) { // as httputil.ReverseProxy after a 1xx
			clear(w.Header())
			public(w)
			io.WriteString(w, "hello")
		}},
		{"writes nothing", 200, "", func(w http.ResponseWriter, _ *http.Request) { public(w) }},
		{"says it in several lines", 200, "hello", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Cache-Control"] = []string{"public", "max-age=600"}
			io.WriteString(w, "hello")
		}},
		{"takes away what is there", 200, "hello", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Del("Cache-Control")
			io.WriteString(w, "hello")
		}},
		{"flushes first", 200, "hello", func(w http.ResponseWriter, _ *http.Request) {
			public(w)
			w.(http.Flusher).Flush()
			io.WriteString(w, "hello")
		}},
		{"flushes only", 200, "", func(w http.ResponseWriter, _ *http.Request) { public(w); w.(http.Flusher).Flush() }},
		{"flushes by a controller", 200, "hello", func(w http.ResponseWriter, _ *http.Request) { public(w); flush(w); io.WriteString(w, "hello") }},
		{"streams", 200, "hello", func(w http.ResponseWriter, _ *http.Request) {
			public(w)
			io.WriteString(w, "he")
			flush(w)
			io.WriteString(w, "llo")
			flush(w)
		}},
		{"sets a deadline by a controller", 200, "hello", func(w http.ResponseWriter, _ *http.Request) {
			public(w)
			if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
				panic(err)
			}
			io.WriteString(w, "hello")
		}},
		{"unwraps the writer", 200, "hello", func(w http.ResponseWriter, _ *http.Request) {
			public(w)
			for {
				u, ok := w.(interface{ Unwrap() http.ResponseWriter })
				if !ok {
					break
				}
				w = u.Unwrap()
			}
			io.WriteString(w, "hello")
		}},
		{"serves content", 200, "hello", content},
		{"serves content that the browser has", 304, "", func(w http.ResponseWriter, r *http.Request) {
			r.Header.Set("If-None-Match", `"one"`)
			content(w, r)
		}},
		{"redirects", http.StatusSeeOther, "", func(w http.ResponseWriter, r *http.Request) {
			public(w)
			http.Redirect(w, r, "/next", http.StatusSeeOther)
		}},
		{"refuses", http.StatusConflict, "no\n", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusConflict); public(w) }},
		{"panics", 500, "", func(w http.ResponseWriter, _ *http.Request) { public(w); panic(http.ErrBodyNotAllowed) }},
		{"panics after a part", 200, "he", func(w http.ResponseWriter, _ *http.Request) {
			public(w)
			io.WriteString(w, "he")
			flush(w)
			panic(http.ErrBodyNotAllowed)
		}},
	}
}

// onlyWriter hides that a writer writes strings too.
type onlyWriter struct{ io.Writer }

// CheckNoStore checks that an answer with the cookies of a silent reissue is
// kept from caches whatever its handler says and does, and that nothing is
// done to other answers. mount returns a handler that has GET / behind
// middleware that turns a panic into a 500, Require, and the handler given.
func CheckNoStore(t *testing.T, mount func(*core.Authority, httpauth.Transport, http.HandlerFunc) http.Handler) {
	for _, h := range handlers() {
		t.Run(h.name, func(t *testing.T) {
			CheckKept(t, h.status, h.body, func(a *core.Authority, transport httpauth.Transport) http.Handler {
				return mount(a, transport, h.serve)
			})
		})
	}
}

// CheckKept is CheckNoStore for one handler of the framework's own kind, which
// answers GET / with the status and a body that begins like this.
func CheckKept(t *testing.T, status int, body string, mount func(*core.Authority, httpauth.Transport) http.Handler) {
	t.Helper()
	transport := httpauth.Cookie(httpauth.CookieOptions{SilentReissue: true})
	s := NewServer(t, func(_ testing.TB, a *core.Authority, l Layout) http.Handler { return mount(a, l.Transport) }, Layout{Transport: transport})
	tokens, err := s.Authority.Issue(t.Context(), core.Login{Subject: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	ask := get("/", "Cookie: __Host-access="+tokens.AccessToken+"; __Host-refresh="+tokens.RefreshToken)

	plain := s.Do(ask)
	if plain.Status != status || !strings.HasPrefix(plain.Body, body) || len(plain.Header["Set-Cookie"]) > 0 {
		t.Errorf("good token: got %d %q with %q, want %d %q and no cookie", plain.Status, plain.Body, plain.Header["Set-Cookie"], status, body)
	}
	if got := plain.Header.Get("Cache-Control"); got == "no-store" && status < 400 {
		t.Error("good token: got no-store, though the handler says otherwise")
	}
	s.Clock.Advance(time.Hour)
	kept := s.Do(ask)
	if kept.Status != status || !strings.HasPrefix(kept.Body, body) {
		t.Errorf("silent reissue: got %d %q, want %d %q", kept.Status, kept.Body, status, body)
	}
	if got := kept.Header["Cache-Control"]; len(got) != 1 || got[0] != "no-store" {
		t.Errorf("silent reissue: got Cache-Control %q, want no-store alone", got)
	}
	for _, name := range cacheFields()[1:] {
		if got := kept.Header.Values(name); len(got) > 0 {
			t.Errorf("silent reissue: got %s %q, want none", name, got)
		}
	}
	p := Answer{Status: 200, Header: kept.Header, Body: "{}"}.Pair()
	if _, err := s.Authority.Verify(t.Context(), p.AccessToken); err != nil {
		t.Errorf("silent reissue: got %v of the access token in %q", err, kept.Header["Set-Cookie"])
	}
	if _, err := s.Authority.Reissue(t.Context(), p.RefreshToken); err != nil {
		t.Errorf("silent reissue: got %v of the refresh token in %q", err, kept.Header["Set-Cookie"])
	}
}
