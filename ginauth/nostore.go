package ginauth

import (
	"bufio"
	"net"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/httpauth"
)

// noStoreWriter keeps an answer from caches whatever the handler says, because
// it carries new cookies. It has its say last, at whatever sends the header.
type noStoreWriter struct {
	gin.ResponseWriter
	renewal *httpauth.Renewal
}

// keep says so unless the header has been sent.
func (w noStoreWriter) keep() {
	if !w.Written() || w.Status() < 200 { // 1xx is not the header yet
		w.renewal.Keep(w.Header())
	}
}

// Unwrap is for [http.ResponseController].
func (w noStoreWriter) Unwrap() http.ResponseWriter {
	w.keep()
	return w.ResponseWriter
}

// WriteHeader implements [http.ResponseWriter].
func (w noStoreWriter) WriteHeader(status int) {
	w.keep()
	w.ResponseWriter.WriteHeader(status)
}

// WriteHeaderNow implements [gin.ResponseWriter].
func (w noStoreWriter) WriteHeaderNow() {
	w.keep()
	w.ResponseWriter.WriteHeaderNow()
}

// Write implements [http.ResponseWriter].
func (w noStoreWriter) Write(data []byte) (int, error) {
	w.keep()
	return w.ResponseWriter.Write(data)
}

// WriteString implements [io.StringWriter].
func (w noStoreWriter) WriteString(s string) (int, error) {
	w.keep()
	return w.ResponseWriter.WriteString(s)
}

// Flush implements [http.Flusher].
func (w noStoreWriter) Flush() {
	w.keep()
	w.ResponseWriter.Flush()
}

// Hijack implements [http.Hijacker].
func (w noStoreWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.keep()
	return w.ResponseWriter.Hijack()
}
