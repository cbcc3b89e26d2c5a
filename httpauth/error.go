package httpauth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/ratchetauth/ratchet/core"
)

// Prepare makes an answer ready for a refusal, which is any error: it sets the
// challenge, Retry-After and Cache-Control: no-store, logs what the client is not
// told, and returns the error whose status and body are to be answered.
//
// A [core.Error] that err is or wraps is answered as it is. A deadline that has
// passed is [core.ErrUnavailable], logged as a warning; any other error is
// [core.ErrInternal], which is logged.
func (f *Face) Prepare(w http.ResponseWriter, r *http.Request, err error) *core.Error {
	e := f.classify(r, err)
	h := w.Header()
	switch e.Status() {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", f.challenge(e))
	case http.StatusForbidden:
		var lacking *scopeError
		if errors.As(err, &lacking) {
			h.Set("WWW-Authenticate", f.challenge(e)+lacking.param())
		}
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", "1")
	}
	NoStore(h)
	return e
}

// WriteError writes the status and the body of an error that [Face.Prepare] has
// returned.
func WriteError(w http.ResponseWriter, e *core.Error) {
	writeJSON(w, e.Status(), e) // every Error has a form in JSON
}

// Cause returns the error of a refusal as an error handler of the application
// gets it: err, in which [core.AsError] finds e, which [Face.Prepare] has returned
// for it.
func Cause(e *core.Error, err error) error {
	switch {
	case err == nil:
		return e
	case !errors.Is(err, e):
		return fmt.Errorf("%w: %w", e, err)
	}
	return err
}

// classify finds the error to answer with and logs what the client is not told.
// A client that went away, or a deadline that passed, says nothing about the
// token: it is answered as a store that could not be asked.
func (f *Face) classify(r *http.Request, err error) *core.Error {
	e := core.AsError(err)
	if e == nil {
		e, err = core.ErrInternal, errors.New("httpauth: there is no error to answer")
	}
	if e != core.ErrInternal {
		if (e == core.ErrRequestInvalid || e == core.ErrCrossOrigin) && err != error(e) { // the client's developer asks the operator why
			f.log(r, slog.LevelInfo, slog.String("error", err.Error()))
		}
		return e
	}
	level := slog.LevelError
	switch {
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil: // the client has gone
		return core.ErrUnavailable
	case errors.Is(err, context.DeadlineExceeded):
		e, level = core.ErrUnavailable, slog.LevelWarn
	}
	f.log(r, level, slog.String("error", err.Error()))
	return e
}

// log writes a line about a request.
func (f *Face) log(r *http.Request, level slog.Level, attrs ...slog.Attr) {
	attrs = append(attrs, slog.String("method", cut(r.Method)), slog.String("path", cut(r.URL.Path)))
	f.logger.LogAttrs(r.Context(), level, "ratchet", attrs...)
}

// cut bounds what a client can put into one line of the log.
func cut(s string) string {
	const most = 256
	return s[:min(len(s), most)]
}

// challenge returns the WWW-Authenticate header of a 401. RFC 6750, section 3:
// the scheme "MUST be followed by one or more auth-param values", so there is
// always a realm, the issuer's name. Section 3.1: a request that "lacks any
// authentication information" gets no error code. The words are core's own,
// never a request's, and need no escape in a quoted string.
func (f *Face) challenge(e *core.Error) string {
	realm := `Bearer realm="` + f.realm + `"`
	if e == core.ErrTokenMissing || e == core.ErrRefreshMissing {
		return realm
	}
	return realm + `, error="` + e.OAuthCode() + `", error_description="` + e.Description() + `"`
}

// quotable returns a text as a quoted string of a header can have it without
// escapes (RFC 9110, section 5.6.4).
func quotable(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return '?'
		}
		return c
	}, s)
}
