package httpauth

import (
	"fmt"
	"net/http"
	"runtime/debug"
)

// Recovered answers a request whose handler has panicked with value, and
// leaves the stack in the log. It is called by the function that has recovered.
// Where the answer has begun, or the handler asked for it, the panic goes on to
// net/http, which cuts the connection: a client must not take half an answer
// for a whole one.
func (a *Auth) Recovered(w http.ResponseWriter, r *http.Request, value any, begun bool) {
	if begun || value == http.ErrAbortHandler {
		panic(value)
	}
	for _, name := range []string{"Content-Length", "Content-Encoding", "Content-Range", "Etag", "Last-Modified"} {
		w.Header().Del(name) // they were the handler's answer's
	}
	a.Error(w, r, fmt.Errorf("panic: %v\n%s", value, debug.Stack()))
}
