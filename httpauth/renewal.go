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
func (f *Face) renew(w http.ResponseWriter, p *presented, t core.Tokens) *Renewal {
	NoStore(w.Header())
	if p.bounced {
		f.cookies.mark(w, -1)
	}
	f.setCookies(w, t)
	lines := w.Header()["Set-Cookie"]
	return &Renewal{slices.Clone(lines[len(lines)-2:])} // the two that setCookies has just added
}

// Writer returns a writer that carries out [Renewal.Keep] last, at whatever sends
// the header, and a function that does for a handler that has written nothing. It
// is for a framework whose writer is a plain [http.ResponseWriter].
func (n *Renewal) Writer(w http.ResponseWriter) (keeping http.ResponseWriter, finish func()) {
	k := &renewalWriter{ResponseWriter: w, renewal: n}
	return k, k.finish
}

// renewalWriter has its say last.
type renewalWriter struct {
	http.ResponseWriter
	renewal *Renewal
	sent    bool // the header is out of reach
}

// finish has its say about a header that has not been sent.
func (w *renewalWriter) finish() {
	if !w.sent {
		w.renewal.Keep(w.Header())
	}
}

// Unwrap is for [http.ResponseController].
func (w *renewalWriter) Unwrap() http.ResponseWriter {
	w.finish()
	return w.ResponseWriter
}

// WriteHeader implements [http.ResponseWriter].
func (w *renewalWriter) WriteHeader(status int) {
	w.finish()
	w.sent = w.sent || status >= 200 // 1xx is not the header yet
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *renewalWriter) Write(data []byte) (int, error) {
	w.finish()
	w.sent = true
	return w.ResponseWriter.Write(data)
}

// Flush implements [http.Flusher]. It does nothing if what is below cannot flush.
func (w *renewalWriter) Flush() { w.FlushError() }

// FlushError is for [http.ResponseController].
func (w *renewalWriter) FlushError() error {
	w.finish()
	w.sent = true
	return http.NewResponseController(w.ResponseWriter).Flush()
}
