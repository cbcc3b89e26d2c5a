package main

import (
	_ "embed"
	"net/http"
)

var (
	//go:embed index.html
	pageHTML []byte
	//go:embed page.css
	pageCSS []byte
	//go:embed page.js
	pageJS []byte
	//go:embed ratchet.js
	ratchetJS []byte
)

// pagePolicy lets the page run and load nothing but its own files, and lets
// nobody frame it. Scripts from elsewhere would find the tokens of the bearer
// transport.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

// mountPage mounts the demo page and the client that it uses. Nothing else in
// the program needs them.
func mountPage(mount func(path string, h http.Handler)) {
	for _, file := range []struct {
		path, media string
		content     []byte
	}{
		{"/", "text/html; charset=utf-8", pageHTML},
		{"/page.css", "text/css; charset=utf-8", pageCSS},
		{"/page.js", "text/javascript; charset=utf-8", pageJS},
		{"/ratchet.js", "text/javascript; charset=utf-8", ratchetJS},
	} {
		mount(file.path, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			h := w.Header()
			h.Set("Content-Type", file.media)
			h.Set("Content-Security-Policy", pagePolicy)
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Cache-Control", "no-cache")
			w.Write(file.content) // fails only if the client has gone
		}))
	}
}
