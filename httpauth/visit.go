package httpauth

import (
	"context"
	"net/http"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// patience is how long one request waits for the store in all: a client should
// have its answer within 4 seconds. What a request has waited for before counts.
// The time that the application takes for itself, for a password hash, say, does
// not.
const patience = 3900 * time.Millisecond

// notable is the wait below which a request's context need not remember it.
const notable = 10 * time.Millisecond

// visit is what middleware leaves in the context of a request. It is a context
// itself, so that claims and what else there is cost one allocation.
type visit struct {
	context.Context
	face    *Face
	claims  *core.Claims  // nil if there are none
	token   string        // which they are of
	spent   time.Duration // waiting for the store
	reissue *reissued     // set after a silent reissue
}

// reissued is what a silent reissue leaves to an operation behind it.
type reissued struct {
	presented string // the refresh token that is used up
	tokens    core.Tokens
}

type visitKey struct{}

// Value implements [context.Context].
func (v *visit) Value(key any) any {
	switch key.(type) {
	case core.ClaimsKey:
		if v.claims != nil {
			return v.claims
		}
	case visitKey:
		return v
	}
	return v.Context.Value(key)
}

// visitOf returns what middleware has left, nil if there is nothing.
func visitOf(r *http.Request) *visit {
	v, _ := r.Context().Value(visitKey{}).(*visit)
	return v
}

// reissueBefore returns the silent reissue of this Face that the request has been
// through, nil if there is none. Middleware of another Face may have come after.
func (f *Face) reissueBefore(r *http.Request) *reissued {
	v := visitOf(r)
	for v != nil && (v.face != f || v.reissue == nil) {
		v, _ = v.Context.Value(visitKey{}).(*visit)
	}
	if v == nil {
		return nil
	}
	return v.reissue
}

// in returns the request with the visit in its context.
func (v visit) in(r *http.Request) *http.Request {
	v.Context = r.Context()
	return r.WithContext(&v)
}

// noted returns the request with the visit in its context if that has something
// to remember.
func (v visit) noted(r *http.Request) *http.Request {
	if v.claims == nil && v.spent < notable {
		return r
	}
	return v.in(r)
}

// waited returns how long the request has waited for the store.
func (v *visit) waited() time.Duration {
	if v == nil {
		return 0
	}
	return v.spent
}

// limited returns the request with a context for the calls of one operation,
// which ends when the request's patience does.
func limited(r *http.Request) (*http.Request, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(r.Context(), patience-visitOf(r).waited())
	return r.WithContext(ctx), cancel
}
