// Package chi_test mounts Ratchet on chi, which the library does not depend on.
package chi_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/go-chi/chi/v5"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

// The middleware is chi's own kind, and the handlers need no adapter.
func Example() {
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
	auth, err := httpauth.New(authority, httpauth.Options{Transport: httpauth.Cookie(httpauth.CookieOptions{})})
	if err != nil {
		panic(err)
	}

	r := chi.NewRouter()
	r.NotFound(func(w http.ResponseWriter, r *http.Request) { auth.Error(w, r, core.ErrNotFound) })
	r.Post("/auth/login", func(w http.ResponseWriter, r *http.Request) {
		// check the password, then:
		auth.Login(w, r, core.Login{Subject: "alice"})
	})
	r.Post("/auth/reissue", auth.Reissue)
	r.Post("/auth/logout", auth.Logout)
	r.Group(func(r chi.Router) {
		r.Use(auth.Require)
		r.Get("/api/me", func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, "hello ", httpauth.Claims(r).Subject())
		})
		r.Delete("/auth/sessions/{id}", func(w http.ResponseWriter, r *http.Request) {
			auth.RevokeSession(w, r, chi.URLParam(r, "id"))
		})
	})

	login := httptest.NewRecorder()
	r.ServeHTTP(login, httptest.NewRequest("POST", "/auth/login", nil))
	send := func(method, path string) {
		w, request := httptest.NewRecorder(), httptest.NewRequest(method, path, nil)
		for _, c := range login.Result().Cookies() {
			request.AddCookie(c)
		}
		r.ServeHTTP(w, request)
		fmt.Println(w.Code, w.Body)
	}
	send("GET", "/api/me")
	send("DELETE", "/auth/sessions/none")
	// Output:
	// 200 hello alice
	// 404 {"error":"not_found","error_description":"no such session","code":"session_not_found"}
}
