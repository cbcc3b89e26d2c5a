package httpauth

import (
	"net/http"

	"github.com/ratchetauth/ratchet/core"
)

// Auth is the middleware and the handlers of one transport for net/http, and for
// every router that mounts an [http.Handler]. It is safe for concurrent use.
type Auth struct {
	face    *Face
	onError func(http.ResponseWriter, *http.Request, error)
}

// New returns an Auth for the Authority. Any number of Auths may share one. It
// reports every fault of the options, each with the name of its field.
func New(a *core.Authority, o Options) (*Auth, error) {
	f, err := NewFace(a, o)
	if err != nil {
		return nil, err
	}
	return &Auth{face: f, onError: o.ErrorHandler}, nil
}

// Claims returns the claims of the request's access token, nil if neither
// [Auth.Require] nor [Auth.Optional] has found a good one.
func Claims(r *http.Request) *core.Claims {
	claims, _ := core.FromContext(r.Context())
	return claims
}

// ClaimsAs returns the custom claims of the request's access token as a T. For a
// request without a good one it returns [core.ErrTokenMissing].
func ClaimsAs[T any](r *http.Request) (T, error) { return core.ClaimsAs[T](Claims(r)) }

// Require is middleware that lets only requests with a good access token pass,
// with the claims in the context of the request: see [Claims]. It refuses any
// other:
//
//   - 401 without a token ("token_missing"), or with one that is bad
//     ("token_invalid"), has expired ("token_expired") or has been revoked
//     ("token_revoked"). WWW-Authenticate has the challenge of RFC 6750,
//     section 3: the realm alone if there was no token, otherwise error and
//     error_description as well.
//   - 400 with two credentials ("request_invalid"), such as a header and a
//     cookie.
//   - 403 for a request from another origin that would change something by a
//     cookie ("cross_origin").
//   - 503 with Retry-After if the store could not be asked
//     ("store_unavailable"), unless core.Config.OnStoreFailure is
//     [core.FailOpen]. It says nothing about the token.
//   - 500 for a fault of the program ("internal"), which is logged.
//
// With [CookieOptions].SilentReissue a request whose access token is missing or
// has expired, but whose refresh cookie is good, passes too. Its answer has the
// new cookies, and Cache-Control: no-store whatever the handler says; the
// handler finds the new cookies in the request. If the refresh token is
// refused, the answer is the 401 of the access token, and no cookie is
// cleared. A navigation is answered first with a page that loads itself again, and
// is reissued then. A prefetch that would reissue is answered with 503.
func (a *Auth) Require(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		admission, err := a.face.Require(w, r)
		a.admit(next, w, r, admission, err)
	})
}

// Optional is [Auth.Require], but it also lets requests without a credential pass,
// for which [Claims] is nil. A bad Bearer header is refused with 401: its sender
// should learn that it is bad. An invalid cookie is treated as absent: browsers
// send cookies unasked.
func (a *Auth) Optional(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		admission, err := a.face.Optional(w, r)
		a.admit(next, w, r, admission, err)
	})
}

// RequireRole is middleware behind [Auth.Require] that lets only requests pass whose
// access token has one of the roles in its claim "roles", an array of strings, which
// [core.Config.LoadClaims] or [core.Login.Claims] has set. It refuses any other with
// 403 ("forbidden"), and one without claims with 401 ("token_missing"): every request
// if Require does not come before it. An empty list lets nobody pass.
func (a *Auth) RequireRole(any ...string) func(http.Handler) http.Handler {
	return a.further(func(r *http.Request) error { return a.face.RequireRole(r, any...) })
}

// RequireScope is middleware behind [Auth.Require] that lets only requests pass
// whose access token has all of the scopes in its claim "scope", which spaces
// divide. It refuses as [Auth.RequireRole] does, and the challenge names the scopes
// (RFC 6750, section 3.1). An empty list lets nobody pass.
func (a *Auth) RequireScope(all ...string) func(http.Handler) http.Handler {
	return a.further(func(r *http.Request) error { return a.face.RequireScope(r, all...) })
}

// further returns middleware that looks at what Require has found.
func (a *Auth) further(check func(*http.Request) error) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := check(r); err != nil {
				a.Error(w, r, err)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func (a *Auth) admit(next http.Handler, w http.ResponseWriter, r *http.Request, admission Admission, err error) {
	if admission.Renewal != nil {
		var finish func()
		w, finish = admission.Renewal.Writer(w)
		defer finish() // for a handler that has written nothing, or panics
	}
	switch {
	case err != nil:
		a.Error(w, r, err)
	case admission.Answered:
	default:
		next.ServeHTTP(w, admission.Request)
	}
}

// answered answers an operation that was refused.
func (a *Auth) answered(w http.ResponseWriter, r *http.Request, err error) {
	if err != nil {
		a.Error(w, r, err)
	}
}

// Error answers an error as the library does, or by Options.ErrorHandler: a
// [core.Error], wrapped or not, with its own status, words and challenge, any
// other as [core.ErrInternal], which is logged; a deadline that has passed as
// [core.ErrUnavailable], logged as a warning. What is around a core.Error is never
// shown. [core.ErrBadCredentials] is for a wrong password, [core.ErrForbidden]
// for a caller without the role, [core.ErrNotFound] for a path without a handler.
func (a *Auth) Error(w http.ResponseWriter, r *http.Request, err error) {
	e := a.face.Prepare(w, r, err)
	if a.onError == nil {
		WriteError(w, e)
		return
	}
	refusing := &refusalWriter{ResponseWriter: w, status: e.Status()}
	a.onError(refusing, r, Cause(e, err))
	refusing.WriteHeader(e.Status()) // for a handler that has written nothing
}

// refusalWriter sends the status of a refusal unless it is told another.
type refusalWriter struct {
	http.ResponseWriter
	status int
	sent   bool
}

// Unwrap is for [http.ResponseController].
func (w *refusalWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements [http.ResponseWriter]. The first status counts.
func (w *refusalWriter) WriteHeader(status int) {
	if w.sent {
		return
	}
	w.sent = status >= 200 // 1xx is not the header yet
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *refusalWriter) Write(data []byte) (int, error) {
	w.WriteHeader(w.status)
	return w.ResponseWriter.Write(data)
}

// FlushError is for [http.ResponseController]. What is below would send 200.
func (w *refusalWriter) FlushError() error {
	w.WriteHeader(w.status)
	return http.NewResponseController(w.ResponseWriter).Flush()
}
