package main

import (
	"fmt"
	"net/http"
	"path"
	"runtime/debug"

	"github.com/ratchetauth/ratchet/core"
)

// routed gives the 404 and 405 of the mux the library's format. A path that the
// mux would redirect to a cleaner one is 404.
func (a *app) routed(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := r.URL.EscapedPath(); p != path.Clean(p) {
			a.auth.Error(w, r, core.ErrNotFound)
			return
		}
		own, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		said := refusal{header: make(http.Header)}
		own.ServeHTTP(&said, r)
		err := core.ErrNotFound
		if said.status == http.StatusMethodNotAllowed {
			w.Header()["Allow"] = said.header["Allow"]
			err = core.ErrMethodNotAllowed
		}
		a.auth.Error(w, r, err)
	})
}

// refusal is an [http.ResponseWriter] that keeps what the mux says.
type refusal struct {
	header http.Header
	status int
}

func (f *refusal) Header() http.Header            { return f.header }
func (f *refusal) WriteHeader(status int)         { f.status = status }
func (f *refusal) Write(data []byte) (int, error) { return len(data), nil }

// recovered answers 500 for a handler that panics, and leaves the stack in the
// log. http.ErrAbortHandler and a panic after the answer has begun go on to
// net/http, which cuts the connection: half an answer must not look like a whole
// one.
func (a *app) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		noting := &notingWriter{ResponseWriter: w}
		defer func() {
			value := recover()
			if value == nil {
				return
			}
			if value == http.ErrAbortHandler || noting.begun {
				panic(value)
			}
			a.auth.Error(w, r, fmt.Errorf("panic: %v\n%s", value, debug.Stack()))
		}()
		next.ServeHTTP(noting, r)
	})
}

// notingWriter notes whether the answer has begun.
type notingWriter struct {
	http.ResponseWriter
	begun bool
}

// Unwrap is for [http.ResponseController], which can send the header.
func (w *notingWriter) Unwrap() http.ResponseWriter { w.begun = true; return w.ResponseWriter }

// WriteHeader implements [http.ResponseWriter].
func (w *notingWriter) WriteHeader(status int) {
	w.begun = w.begun || status >= 200 // 1xx is not the header yet
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *notingWriter) Write(data []byte) (int, error) {
	w.begun = true
	return w.ResponseWriter.Write(data)
}
