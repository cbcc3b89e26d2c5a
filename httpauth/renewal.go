package httpauth

import (
	"net/http"
	"slices"
	"strings"

	"github.com/ratchetauth/ratchet/core"
)

// Renewal is what an answer owes to a silent reissue on the way.
type Renewal struct{ cookies []string }

// Keep has the header carry the new cookies, unless it sets others of their
// names, and keeps it from caches. The old refresh token is used up: a handler
// that drops the cookies would log the browser out.
func (n *Renewal) Keep(h http.Header) {
	NoStore(h)
	for _, line := range n.cookies {
		name, _, _ := strings.Cut(line, "=")
		if !slices.ContainsFunc(h["Set-Cookie"], func(l string) bool { return strings.HasPrefix(l, name+"=") }) {
			h["Set-Cookie"] = append(h["Set-Cookie"], line)
		}
	}
}

// renew sets the cookies of a silent reissue and returns what the answer owes to
// them.
func (f *Face) renew(w http.ResponseWriter, t core.Tokens) *Renewal {
	NoStore(w.Header())
	f.setCookies(w, t)
	lines := w.Header()["Set-Cookie"]
	return &Renewal{slices.Clone(lines[len(lines)-2:])} // the two that setCookies has just added
}

// Writer returns a writer that carries out [Renewal.Keep] last, at whatever sends
// the header. It is for a framework whose writer is a plain
// [http.ResponseWriter]; Finish is for a handler that has written nothing.
func (n *Renewal) Writer(w http.ResponseWriter) *Writer { return &Writer{w: w, renewal: n} }

// Writer is what [Renewal.Writer] returns.
type Writer struct {
	w       http.ResponseWriter
	renewal *Renewal
	sent    bool // the header is out of reach
}

// Finish has its say about a header that has not been sent.
func (w *Writer) Finish() {
	if !w.sent {
		w.renewal.Keep(w.w.Header())
	}
}

// Unwrap is for [http.ResponseController].
func (w *Writer) Unwrap() http.ResponseWriter {
	w.Finish()
	return w.w
}

// Header implements [http.ResponseWriter].
func (w *Writer) Header() http.Header { return w.w.Header() }

// WriteHeader implements [http.ResponseWriter].
func (w *Writer) WriteHeader(status int) {
	w.Finish()
	w.sent = w.sent || status >= 200 // 1xx is not the header yet
	w.w.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *Writer) Write(data []byte) (int, error) {
	w.Finish()
	w.sent = true
	return w.w.Write(data)
}

// Flush implements [http.Flusher]. It does nothing if what is below cannot flush.
func (w *Writer) Flush() { w.FlushError() }

// FlushError is for [http.ResponseController].
func (w *Writer) FlushError() error {
	w.Finish()
	w.sent = true
	return http.NewResponseController(w.w).Flush()
}
