package echoauth

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/ratchetauth/ratchet/internal/wire"
)

// keepFromCaches keeps an answer from caches whatever the handler says,
// because it carries new cookies. What it returns is to be called after the
// handler, for one that has written nothing.
func keepFromCaches(r *echo.Response, n *wire.Renewal) (after func()) {
	keep := func() {
		if !r.Committed {
			n.Keep(r.Header())
		}
	}
	r.Before(keep)                                     // for what is written after the handler, by whichever writer is in place then
	r.Writer = &noStoreWriter{w: r.Writer, renewal: n} // for what goes past Before, as Flush does
	return keep
}

// noStoreWriter has its say last, at whatever sends the header.
type noStoreWriter struct {
	w       http.ResponseWriter
	renewal *wire.Renewal
	sent    bool
}

// keep forbids caches to store the answer unless the header has been sent.
func (w *noStoreWriter) keep() {
	if !w.sent {
		w.renewal.Keep(w.w.Header())
	}
}

// Unwrap is for [http.ResponseController].
func (w *noStoreWriter) Unwrap() http.ResponseWriter {
	w.keep()
	return w.w
}

// Header implements [http.ResponseWriter].
func (w *noStoreWriter) Header() http.Header { return w.w.Header() }

// WriteHeader implements [http.ResponseWriter].
func (w *noStoreWriter) WriteHeader(status int) {
	w.keep()
	w.sent = w.sent || status >= 200
	w.w.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *noStoreWriter) Write(data []byte) (int, error) {
	w.keep()
	w.sent = true
	return w.w.Write(data)
}

// Flush implements [http.Flusher]. It does nothing if what is below cannot
// flush.
func (w *noStoreWriter) Flush() { w.FlushError() }

// FlushError is for [http.ResponseController].
func (w *noStoreWriter) FlushError() error {
	w.keep()
	w.sent = true
	return http.NewResponseController(w.w).Flush()
}
