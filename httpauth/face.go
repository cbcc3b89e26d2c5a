package httpauth

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// Face is the seam on which the adapters stand, [Auth] among them. Each of its
// methods is an operation that answers a request whole, or returns a refusal and
// has written nothing of it: then [Face.Prepare] says what to answer. A Face is
// safe for concurrent use.
type Face struct {
	authority *core.Authority
	cookies   *cookies // nil in the bearer transport
	logger    *slog.Logger
	realm     string
	loginPage string // empty if there is none
}

// NewFace returns a Face. It reports every fault of the options. It does not look
// at ErrorHandler, which is for the adapter.
func NewFace(a *core.Authority, o Options) (*Face, error) {
	if err := o.check(a); err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = a.Logger()
	}
	return &Face{authority: a, cookies: o.Transport.cookies, logger: o.Logger, realm: quotable(a.Issuer()), loginPage: o.LoginPage}, nil
}

// Admission is what middleware decides about a request.
type Admission struct {
	// Request is the request to go on with. It has the claims in its context,
	// if there are any, and after a silent reissue the new cookies in its
	// header.
	Request *http.Request
	// Renewal is set if the answer carries new cookies. It must then be kept
	// from caches, and the cookies in it, whatever the handler says.
	Renewal *Renewal
	// Answered is set if the library has answered the request by itself: with
	// a page that loads it again, or a way to the login page. No handler must
	// run.
	Answered bool
}

// Require admits a request with a good access token and returns a refusal for any
// other. The [Auth.Require] middleware documents the refusals.
func (f *Face) Require(w http.ResponseWriter, r *http.Request) (Admission, error) {
	admission, err := f.admit(w, r)
	if err != nil && f.toLoginPage(w, r, err) {
		return Admission{Answered: true}, nil
	}
	return admission, err
}

// Optional is Require, but it also admits a request without a credential, as it
// is. A bad Bearer header is refused: its sender should learn that it is bad. An
// invalid cookie is treated as absent: browsers send cookies unasked.
func (f *Face) Optional(w http.ResponseWriter, r *http.Request) (Admission, error) {
	admission, err := f.admit(w, r)
	if isUnauthorized(err) && !readBearer(r.Header).presented {
		if admission.Request == nil {
			admission.Request = r
		}
		return admission, nil
	}
	return admission, err
}

// admit authenticates a request, by a silent reissue if need be. A request that
// middleware of this Face has admitted before is not checked again, unless it
// presents another token by now: a request that was made inside of another, with
// its context, is not the other's.
func (f *Face) admit(w http.ResponseWriter, r *http.Request) (Admission, error) {
	before := visitOf(r)
	began := time.Now().Add(-before.waited())
	p, err := f.read(r)
	if err != nil {
		return Admission{}, err
	}
	if before != nil && before.face == f && before.claims != nil && p.onlyAccess(before.token) {
		return Admission{Request: r}, nil
	}
	claims, err := f.authenticate(r, &p)
	if err != nil && f.cookies != nil && f.cookies.silent {
		if f.bounce(w, r, &p, err) {
			return Admission{Answered: true}, nil
		}
		return f.reissueSilently(w, r, &p, began, err)
	}
	v := visit{face: f, claims: claims, token: p.accessToken(), spent: time.Since(began)}
	if err != nil {
		return Admission{Request: v.noted(r)}, err
	}
	return Admission{Request: v.in(r)}, nil
}

// isUnauthorized reports whether a token was refused.
func isUnauthorized(err error) bool {
	return err != nil && core.AsError(err).Status() == http.StatusUnauthorized
}
