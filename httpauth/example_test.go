package httpauth_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

// newAuth returns an Auth for the examples, on a store in memory.
func newAuth(o httpauth.Options) *httpauth.Auth {
	key, err := core.NewHMACKey("2026-11", []byte("32 bytes that no one can guess.."))
	if err != nil {
		panic(err)
	}
	authority, err := core.New(core.Config{
		Issuer: "https://app.example.com", Audience: []string{"app"}, Keys: []core.Key{key},
		Store: core.NewMemoryStore(core.MemoryOptions{}), Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	auth, err := httpauth.New(authority, o)
	if err != nil {
		panic(err)
	}
	return auth
}

// send sends a request to a handler, with header lines.
func send(h http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// cookies returns what an answer sets as a browser sends it.
func cookies(w *httptest.ResponseRecorder) string {
	var pairs []string
	for _, c := range w.Result().Cookies() {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	return "Cookie: " + strings.Join(pairs, "; ")
}

// recognise stands for the check of a password.
func recognise(*http.Request) string { return "alice" }

func ExampleNew() {
	_, err := httpauth.New(nil, httpauth.Options{Transport: httpauth.Cookie(httpauth.CookieOptions{RefreshName: "a b"})})
	fmt.Println(err)
	// Output:
	// httpauth: the Authority is nil
	// httpauth: CookieOptions.RefreshName "a b" is not a cookie name
}

func ExampleAuth_Login() {
	auth := newAuth(httpauth.Options{Transport: httpauth.Cookie(httpauth.CookieOptions{})})
	login := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		auth.Login(w, r, core.Login{Subject: recognise(r)})
	})
	w := send(login, "POST", "/auth/login")
	for _, c := range w.Result().Cookies() {
		fmt.Println(w.Code, c.Name)
	}
	// Output:
	// 200 __Host-access
	// 200 __Host-refresh
}

func ExampleAuth_Require() {
	auth := newAuth(httpauth.Options{Transport: httpauth.Cookie(httpauth.CookieOptions{})})
	mux := http.NewServeMux()
	mux.HandleFunc("POST /auth/login", func(w http.ResponseWriter, r *http.Request) {
		auth.Login(w, r, core.Login{Subject: recognise(r)})
	})
	mux.Handle("GET /api/me", auth.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "hello", httpauth.Claims(r).Subject())
	})))
	fmt.Print(send(mux, "GET", "/api/me").Body)
	fmt.Print(send(mux, "GET", "/api/me", cookies(send(mux, "POST", "/auth/login"))).Body)
	// Output:
	// {"error":"invalid_token","error_description":"an access token is required","code":"token_missing"}
	// hello alice
}

// A login form answers with a redirect instead of JSON.
func ExampleAuth_Issue() {
	auth := newAuth(httpauth.Options{Transport: httpauth.Cookie(httpauth.CookieOptions{})})
	form := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := auth.Issue(w, r, core.Login{Subject: recognise(r)}); err != nil {
			auth.Error(w, r, err)
			return
		}
		http.Redirect(w, r, "/home", http.StatusSeeOther)
	})
	w := send(form, "POST", "/login")
	fmt.Println(w.Code, w.Header().Get("Location"), len(w.Result().Cookies()), "cookies")
	// Output: 303 /home 2 cookies
}

func ExampleAuth_Reissue() {
	auth := newAuth(httpauth.Options{Transport: httpauth.Cookie(httpauth.CookieOptions{})})
	mux := http.NewServeMux()
	mux.HandleFunc("POST /auth/login", func(w http.ResponseWriter, r *http.Request) {
		auth.Login(w, r, core.Login{Subject: recognise(r)})
	})
	mux.HandleFunc("POST /auth/reissue", auth.Reissue)
	fmt.Println(send(mux, "POST", "/auth/reissue").Code)
	fmt.Println(send(mux, "POST", "/auth/reissue", cookies(send(mux, "POST", "/auth/login"))).Code)
	// Output:
	// 401
	// 200
}

func ExampleAuth_Logout() {
	auth := newAuth(httpauth.Options{Transport: httpauth.Cookie(httpauth.CookieOptions{})})
	mux := http.NewServeMux()
	mux.HandleFunc("POST /auth/login", func(w http.ResponseWriter, r *http.Request) {
		auth.Login(w, r, core.Login{Subject: recognise(r)})
	})
	mux.HandleFunc("POST /auth/reissue", auth.Reissue)
	mux.HandleFunc("POST /auth/logout", auth.Logout)
	browser := cookies(send(mux, "POST", "/auth/login"))
	fmt.Print(send(mux, "POST", "/auth/logout", browser).Body)
	fmt.Println(send(mux, "POST", "/auth/reissue", browser).Code)
	// Output:
	// {}
	// 401
}

// Refusals in the format of RFC 9457.
func ExampleOptions_errorHandler() {
	auth := newAuth(httpauth.Options{ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
		e := core.AsError(err)
		w.Header().Set("Content-Type", "application/problem+json")
		fmt.Fprintf(w, `{"type":"https://app.example.com/errors/%s","status":%d}`, e.Code(), e.Status())
	}})
	w := send(auth.Require(http.NotFoundHandler()), "GET", "/api/me")
	fmt.Println(w.Code, w.Body)
	// Output: 401 {"type":"https://app.example.com/errors/token_missing","status":401}
}

// The callback of a provider that answers by a form of its own page.
func ExampleFromOrigin() {
	auth := newAuth(httpauth.Options{Transport: httpauth.Cookie(httpauth.CookieOptions{})})
	callback := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// check state and nonce, then:
		_, err := auth.Issue(w, r, core.Login{Subject: recognise(r)}, httpauth.FromOrigin("https://appleid.apple.com"))
		if err != nil {
			auth.Error(w, r, err)
			return
		}
		http.Redirect(w, r, "/home", http.StatusSeeOther)
	})
	fmt.Println(send(callback, "POST", "/auth/apple", "Origin: https://appleid.apple.com").Code)
	fmt.Println(send(callback, "POST", "/auth/apple", "Origin: https://evil.example").Code)
	// Output:
	// 303
	// 403
}

// What administrators do is behind Require and the application's own check.
func ExampleAuth_BlockUser() {
	auth := newAuth(httpauth.Options{Transport: httpauth.Cookie(httpauth.CookieOptions{})})
	requireAdmin := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if httpauth.Claims(r).Subject() != "root" {
				auth.Error(w, r, core.ErrForbidden)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /auth/login/{user}", func(w http.ResponseWriter, r *http.Request) {
		auth.Login(w, r, core.Login{Subject: r.PathValue("user")})
	})
	mux.Handle("PUT /admin/users/{user}/block", auth.Require(requireAdmin(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		auth.BlockUser(w, r, r.PathValue("user"))
	}))))
	for _, user := range []string{"alice", "root"} {
		fmt.Println(user, send(mux, "PUT", "/admin/users/bob/block", cookies(send(mux, "POST", "/auth/login/"+user))).Code)
	}
	fmt.Println("bob", send(mux, "POST", "/auth/login/bob").Code)
	// Output:
	// alice 403
	// root 204
	// bob 403
}

// chain is the shape of chi's Router.With, and of every router whose middleware is
// func(http.Handler) http.Handler: r.With(auth.Require).Get("/api/me", me).
func chain(middleware ...func(http.Handler) http.Handler) func(http.HandlerFunc) http.Handler {
	return func(h http.HandlerFunc) http.Handler {
		var next http.Handler = h
		for i := len(middleware) - 1; i >= 0; i-- {
			next = middleware[i](next)
		}
		return next
	}
}

// Routers such as chi take the middleware as it is: r.Use(auth.Optional), then
// r.With(auth.Require).Get("/api/me", me).
func ExampleAuth_Optional() {
	auth := newAuth(httpauth.Options{})
	page := chain(auth.Optional)(func(w http.ResponseWriter, r *http.Request) {
		if httpauth.Claims(r) == nil {
			io.WriteString(w, "hello, stranger")
		}
	})
	fmt.Println(send(page, "GET", "/").Body)
	// Output: hello, stranger
}
