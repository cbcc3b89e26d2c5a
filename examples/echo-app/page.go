package main

import (
	"embed"
	"net/http"
	"strings"
)

//go:embed index.html *.css *.js
var pageFiles embed.FS

// pagePolicy lets the page run and load nothing but its own files, and lets
// nobody frame it. Scripts from elsewhere would find the tokens of the bearer
// transport.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

// mountPage mounts the demo page and the client that it uses.
func mountPage(mount func(path string, h http.Handler)) {
	for name, media := range map[string]string{
		"index.html": "text/html",
		"page.css":   "text/css",
		"page.js":    "text/javascript",
		"feed.js":    "text/javascript",
		"life.js":    "text/javascript",
		"theft.js":   "text/javascript",
		"ratchet.js": "text/javascript",
	} {
		mount("/"+strings.TrimSuffix(name, "index.html"), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("Content-Type", media+"; charset=utf-8")
			h.Set("Content-Security-Policy", pagePolicy)
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Cache-Control", "no-cache")
			http.ServeFileFS(w, r, pageFiles, name)
		}))
	}
}
