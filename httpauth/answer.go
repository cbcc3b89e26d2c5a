package httpauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/ratchetauth/ratchet/core"
)

// fault is the body of an error.
type fault struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Code        string `json:"code"`
}

// Error answers an error as the library does: a [core.Error] that err is or
// wraps with its own words, any other error as [core.ErrInternal]. What is
// around the core.Error is never shown. An internal error is logged. A deadline
// that has passed is answered as [core.ErrUnavailable] and logged as a warning.
func (a *Auth) Error(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, errAnswered) {
		return
	}
	e := a.classify(r, err)
	if e.Status() == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", challenge(e))
	}
	a.writeFault(w, r, e, e.Status())
}

// classify finds the error to answer with and logs what the client is not
// told. A client that went away, or a deadline that passed, says nothing about
// the token: it is answered as a store that could not be asked.
func (a *Auth) classify(r *http.Request, err error) *core.Error {
	e := core.AsError(err)
	if e == nil {
		e, err = core.ErrInternal, errors.New("httpauth: there is no error to answer")
	}
	if e != core.ErrInternal {
		return e
	}
	level := slog.LevelError
	switch {
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil: // the client has gone
		return core.ErrUnavailable
	case errors.Is(err, context.DeadlineExceeded):
		e, level = core.ErrUnavailable, slog.LevelWarn
	}
	a.logger.LogAttrs(r.Context(), level, "ratchet",
		slog.String("error", err.Error()),
		slog.String("method", cut(r.Method)),
		slog.String("path", cut(r.URL.Path)))
	return e
}

// cut bounds what a client can put into one line of the log.
func cut(s string) string {
	const most = 256
	return s[:min(len(s), most)]
}

func (a *Auth) writeFault(w http.ResponseWriter, r *http.Request, e *core.Error, status int) {
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	a.writeJSON(w, r, status, fault{e.OAuthCode(), e.Description(), e.Code()})
}

// challenge returns the WWW-Authenticate header of a 401. RFC 6750, section
// 3.1: a request that "lacks any authentication information" gets no error
// code. The words are core's own, never a request's, and need no escape in a
// quoted string.
func challenge(e *core.Error) string {
	if e == core.ErrTokenMissing || e == core.ErrRefreshMissing {
		return "Bearer"
	}
	return fmt.Sprintf(`Bearer error="%s", error_description="%s"`, e.OAuthCode(), e.Description())
}

// writeJSON writes an answer of the library. None may be stored: most carry or
// end a token, and caches would keep a 404 or 405 as they please (RFC 9111,
// section 4.2.2). Pragma is RFC 6749's, section 5.1.
func (a *Auth) writeJSON(w http.ResponseWriter, r *http.Request, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		a.Error(w, r, fmt.Errorf("httpauth: %w", err))
		return
	}
	NoStore(w.Header())
	w.Header().Set("Content-Type", mediaJSON)
	w.WriteHeader(status)
	w.Write(text) // fails only if the client has gone
}

// writeNothing writes the answer of what is done and has nothing to say.
func writeNothing(w http.ResponseWriter) {
	NoStore(w.Header())
	w.WriteHeader(http.StatusNoContent)
}

// NoStore keeps an answer from caches. It takes away what the header tells them:
// some caches prefer fields of their own to Cache-Control, and RFC 9213 lets them.
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

// allow reports whether the request's method is among those given and
// otherwise writes the 405, with Allow (RFC 9110, section 15.5.6).
func (a *Auth) allow(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	if slices.Contains(methods, r.Method) {
		return true
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	a.MethodNotAllowed(w, r)
	return false
}

// MethodNotAllowed answers a request that the framework's router has for
// other methods only. The router knows them and has set Allow.
func (a *Auth) MethodNotAllowed(w http.ResponseWriter, r *http.Request) {
	a.Error(w, r, core.ErrMethodNotAllowed)
}

// NotFound answers a request for which the framework's router has no route.
func (a *Auth) NotFound(w http.ResponseWriter, r *http.Request) {
	a.writeJSON(w, r, http.StatusNotFound, fault{"not_found", "there is nothing at this path", "not_found"})
}
