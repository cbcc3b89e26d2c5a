package httpauth

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/ratchetauth/ratchet/core"
)

// writeJSON writes an answer of the library, which ends with a newline as Echo's
// do. None may be stored: most carry or end a token, and caches would keep a 404
// or 405 as they please (RFC 9111, section 4.2.2).
func writeJSON(w http.ResponseWriter, status int, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("httpauth: %w", err)
	}
	NoStore(w.Header())
	w.Header().Set("Content-Type", mediaJSON)
	w.WriteHeader(status)
	w.Write(append(text, '\n')) // fails only if the client has gone
	return nil
}

// writeNothing writes the answer of what is done and has nothing to say.
func writeNothing(w http.ResponseWriter) {
	NoStore(w.Header())
	w.WriteHeader(http.StatusNoContent)
}

// NoStore keeps an answer from caches. It takes away what the header tells them:
// some caches prefer fields of their own to Cache-Control, and RFC 9213 lets them.
// Pragma is RFC 6749's, section 5.1.
func NoStore(h http.Header) {
	for name := range h {
		if isForCaches(name) {
			delete(h, name)
		}
	}
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
}

// isForCaches reports whether a field lets a cache keep an answer. A handler may
// have set it in any case, and each network of caches has a field of its own
// whose name ends as RFC 9213, section 2.1, has it.
func isForCaches(name string) bool {
	for _, end := range []string{"Cache-Control", "Surrogate-Control", "Edge-Control"} {
		if i := len(name) - len(end); i >= 0 && strings.EqualFold(name[i:], end) {
			return true
		}
	}
	return strings.EqualFold(name, "Expires") || strings.EqualFold(name, "X-Accel-Expires") || strings.EqualFold(name, "Pragma")
}

// allow refuses a request whose method is not among those given and sets Allow
// (RFC 9110, section 15.5.6). An operation that belongs to one method checks it
// before anything else.
func allow(w http.ResponseWriter, r *http.Request, methods ...string) error {
	if slices.Contains(methods, r.Method) {
		return nil
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	return core.ErrMethodNotAllowed
}
