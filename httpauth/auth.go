package httpauth

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/ratchetauth/ratchet/core"
)

// Options configures [New]. The zero value is ready to use. The adapters'
// Options have the same fields, so that one converts to the other.
type Options struct {
	// Transport says where tokens travel. Default: bearer.
	Transport Transport

	// Logger receives the faults that clients are not told. Default: the
	// Authority's.
	Logger *slog.Logger
}

// Auth answers HTTP requests for an Authority. It is safe for concurrent use.
type Auth struct {
	authority *core.Authority
	cookies   *cookies // nil in the bearer transport
	logger    *slog.Logger
}

// New returns an Auth.
func New(a *core.Authority, o Options) *Auth {
	if o.Logger == nil {
		o.Logger = a.Logger()
	}
	return &Auth{authority: a, cookies: o.Transport.cookies, logger: o.Logger}
}

// Admission is a request that may pass.
type Admission struct {
	// Request has the claims in its context, if there are any, and after a
	// silent reissue the new cookies in its header.
	Request *http.Request
	// Renewal is set if the answer carries new cookies. It must then be kept
	// from caches, and the cookies in it, whatever the handler says.
	Renewal *Renewal
}

// Require lets a request with a good access token pass. Otherwise it writes
// the refusal and returns false.
func (a *Auth) Require(w http.ResponseWriter, r *http.Request) (Admission, bool) {
	admission, err := a.admit(w, r)
	if err != nil {
		a.Error(w, r, err)
		return Admission{}, false
	}
	return admission, true
}

// Optional is as Require, but lets a request without a credential pass as it
// is. A bad header is refused: its sender should learn that it is bad. A bad
// cookie is as none, because a browser sends what it has.
func (a *Auth) Optional(w http.ResponseWriter, r *http.Request) (Admission, bool) {
	admission, err := a.admit(w, r)
	if errors.Is(err, core.ErrTokenMissing) || isUnauthorized(err) && a.sentNoBearer(r) {
		return Admission{Request: r, Renewal: admission.Renewal}, true
	}
	if err != nil {
		a.Error(w, r, err)
		return Admission{}, false
	}
	return admission, true
}

// admit authenticates a request, by a silent reissue if need be.
func (a *Auth) admit(w http.ResponseWriter, r *http.Request) (Admission, error) {
	claims, err := a.authenticate(r)
	if err != nil && a.cookies != nil && a.cookies.silent {
		if a.bounce(w, r, err) {
			return Admission{}, errAnswered
		}
		return a.reissueSilently(w, r, err)
	}
	if err != nil {
		return Admission{}, err
	}
	return Admission{r.WithContext(core.NewContext(r.Context(), claims)), nil}, nil
}
