package echoauth

import "net/http"

// lastWriter stands below [echo.Response] and has its say last, at whatever
// sends the header.
type lastWriter struct {
	w      http.ResponseWriter
	before func(http.Header) // what it has to say, if anything
	sent   bool              // the header is out of reach
}

func (w *lastWriter) say() {
	if !w.sent && w.before != nil {
		w.before(w.w.Header())
	}
}

// Unwrap is for [http.ResponseController].
func (w *lastWriter) Unwrap() http.ResponseWriter {
	w.say()
	return w.w
}

// Header implements [http.ResponseWriter].
func (w *lastWriter) Header() http.Header { return w.w.Header() }

// WriteHeader implements [http.ResponseWriter].
func (w *lastWriter) WriteHeader(status int) {
	w.say()
	w.sent = w.sent || status >= 200
	w.w.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *lastWriter) Write(data []byte) (int, error) {
	w.say()
	w.sent = true
	return w.w.Write(data)
}

// Flush implements [http.Flusher]. It does nothing if what is below cannot
// flush.
func (w *lastWriter) Flush() { w.FlushError() }

// FlushError is for [http.ResponseController].
func (w *lastWriter) FlushError() error {
	w.say()
	w.sent = true
	return http.NewResponseController(w.w).Flush()
}
