package wire

import (
	"log/slog"
	"net/http"

	"github.com/ratchetauth/ratchet/core"
)

// Options configures [New]. The zero value is ready to use. The adapters'
// Options have the same fields, so that one converts to the other.
type Options struct {
	// Logger receives the faults that clients are not told. Default: the
	// Authority's.
	Logger *slog.Logger
}

// Auth answers HTTP requests for an Authority. It is safe for concurrent use.
type Auth struct {
	authority *core.Authority
	logger    *slog.Logger
}

// New returns an Auth.
func New(a *core.Authority, o Options) *Auth {
	if o.Logger == nil {
		o.Logger = a.Logger()
	}
	return &Auth{authority: a, logger: o.Logger}
}

// Require lets a request with a good access token pass and returns it with the
// claims in its context. Otherwise it writes the refusal and returns false.
func (a *Auth) Require(w http.ResponseWriter, r *http.Request) (*http.Request, bool) {
	claims, err := a.Authenticate(r)
	if err != nil {
		a.Error(w, r, err)
		return nil, false
	}
	return withClaims(r, claims), true
}

// Optional is as Require, but lets a request without a credential pass as it
// is. A bad credential is refused: its owner should learn that it is bad.
func (a *Auth) Optional(w http.ResponseWriter, r *http.Request) (*http.Request, bool) {
	claims, err := a.Authenticate(r)
	if isMissing(err) {
		return r, true
	}
	if err != nil {
		a.Error(w, r, err)
		return nil, false
	}
	return withClaims(r, claims), true
}

func withClaims(r *http.Request, c *core.Claims) *http.Request {
	return r.WithContext(core.NewContext(r.Context(), c))
}
