// Package demo is the demo page of the example programs: it counts down both
// tokens, lets you steal the refresh token, and shows what the server noticed. It
// knows no framework. A program mounts it by one call of [Mount], and to remove
// the page deletes that call.
package demo

import (
	"context"
	"embed"
	"io/fs"
	"net/http"
	"strings"
	"sync"

	ratchetjs "github.com/ratchetauth/ratchet/clients/js"
	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

//go:embed index.html *.css *.js
var pageFiles embed.FS

// pagePolicy lets the page run and load nothing but its own files, and lets
// nobody frame it. Scripts from elsewhere would find the tokens of the bearer
// transport.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

// Mount mounts the page at /, the files that it loads, and at /events its stream
// of events, which shows users what concerns them, and those whom isAdmin
// reports everything. Each of the handlers is for GET and HEAD. The stream ends
// with the session, or when ctx does.
//
// Mount must come before core.New, because it sets s.Core.OnEvent. The program
// has its Authority at the given address before it serves.
func Mount(ctx context.Context, s *config.Settings, a **core.Authority, isAdmin func(*core.Claims) bool, mount func(path string, h http.Handler)) {
	events := newFeed(ctx.Done())
	s.Core.OnEvent = events.publish
	for name, media := range map[string]string{
		"index.html": "text/html",
		"page.css":   "text/css",
		"page.js":    "text/javascript",
		"feed.js":    "text/javascript",
		"life.js":    "text/javascript",
		"theft.js":   "text/javascript",
	} {
		mount("/"+strings.TrimSuffix(name, "index.html"), file(pageFiles, name, media))
	}
	mount("/ratchet.js", file(ratchetjs.Files, "ratchet.js", "text/javascript"))

	auth := sync.OnceValues(func() (*httpauth.Auth, error) {
		return httpauth.New(*a, httpauth.Options{Transport: s.Transport})
	})
	mount("/events", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		auth, err := auth()
		if err != nil { // the program could not have started
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			return
		}
		auth.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token, _ := core.FromContext(r.Context())
			if err := events.serve(w, r, *a, token, isAdmin(token)); err != nil {
				auth.Error(w, r, err)
			}
		})).ServeHTTP(w, r)
	}))
}

// file serves a file of the page.
func file(files fs.FS, name, media string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", media+"; charset=utf-8")
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-cache")
		http.ServeFileFS(w, r, files, name)
	})
}
