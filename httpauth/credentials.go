package httpauth

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/ratchetauth/ratchet/core"
)

// credential is a token as a request presents it. A credential that is
// presented may be empty, and then it is a bad one.
type credential struct {
	token     string
	presented bool
}

// authenticate verifies the request's access token and returns its claims. The
// errors are those of [core.Authority.Verify], [core.ErrRequestInvalid] for a
// request with two credentials and [core.ErrCrossOrigin] for one that would
// change something by a cookie of another origin.
func (a *Auth) authenticate(r *http.Request) (*core.Claims, error) {
	access, err := readBearer(r.Header)
	if err != nil {
		return nil, err
	}
	if a.cookies != nil {
		if access, err = a.cookies.readAccess(r, access); err != nil {
			return nil, err
		}
	}
	if !access.presented {
		return nil, core.ErrTokenMissing
	}
	if access.token == "" {
		return nil, core.ErrTokenInvalid
	}
	return a.authority.Verify(r.Context(), access.token)
}

// caller returns the claims that the middleware has put in the request's
// context. An endpoint that is mounted without the middleware authenticates
// by itself, as Require does.
func (a *Auth) caller(w http.ResponseWriter, r *http.Request) (*http.Request, *core.Claims, error) {
	if c, ok := core.FromContext(r.Context()); ok {
		return r, c, nil
	}
	admission, err := a.admit(w, r)
	if err != nil {
		return r, nil, err
	}
	c, _ := core.FromContext(admission.Request.Context())
	return admission.Request, c, nil
}

// readBearer returns the token of the Authorization header. RFC 6750, section
// 2.1: the scheme is Bearer, in any case (RFC 9110, section 11.1). A header of
// another scheme is somebody else's. Whatever follows the scheme is the token:
// what is no token is refused by whoever verifies it, not overlooked here.
func readBearer(h http.Header) (credential, error) {
	const scheme = "Bearer"
	var c credential
	for _, line := range h["Authorization"] {
		if len(line) < len(scheme) || !strings.EqualFold(line[:len(scheme)], scheme) {
			continue
		}
		rest := line[len(scheme):]
		if rest != "" && rest[0] != ' ' && rest[0] != '\t' { // the scheme goes on
			continue
		}
		if c.presented {
			return credential{}, fmt.Errorf("%w: two Bearer headers", core.ErrRequestInvalid)
		}
		c = credential{token: strings.TrimLeft(rest, " "), presented: true}
	}
	return c, nil
}

// sentNoBearer reports whether a request has no Bearer header.
func (a *Auth) sentNoBearer(r *http.Request) bool {
	header, err := readBearer(r.Header)
	return err == nil && !header.presented
}

// isUnauthorized reports whether a token was refused.
func isUnauthorized(err error) bool {
	return err != nil && core.AsError(err).Status() == http.StatusUnauthorized
}
