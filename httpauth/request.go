package httpauth

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/ratchetauth/ratchet/core"
)

// credential is a token as a request presents it. A credential that is
// presented may be empty, and then it is a bad one.
type credential struct {
	cookie    string // its name, empty for the header
	token     string
	presented bool
	named     bool     // there is one of the name, which may hold no value
	again     []string // others of the name, which contradict the first
}

// maxAgain is how many others are looked at: a login or a logout verifies each and
// calls the store for it.
const maxAgain = 2

// add notes a token that the request presents. One without a value is as none,
// unless there is another of its name.
func (c *credential) add(token string, valued bool) {
	switch {
	case !c.named:
		c.token, c.presented, c.named = token, valued, true
	case !c.full():
		c.again = append(c.again, token)
	}
}

// full reports whether no other is looked at any more.
func (c *credential) full() bool { return len(c.again) == maxAgain }

// once returns an error for a credential that the request presents twice. Of two
// cookies a subdomain or a page on plain http may have planted one.
func (c *credential) once() error {
	switch {
	case len(c.again) == 0:
		return nil
	case c.cookie == "":
		return fmt.Errorf("%w: two Bearer headers", core.ErrRequestInvalid)
	}
	return fmt.Errorf("%w: two cookies named %s", core.ErrRequestInvalid, c.cookie)
}

// presented is what the header of a request presents, read once.
type presented struct {
	bearer  credential // of the Authorization header
	access  credential // cookies, which only transports with cookies read
	refresh credential
	bounced bool // a bounce has arrived before
}

// read reads what the header of a request presents.
func (f *Face) read(r *http.Request) (p presented, err error) {
	p.bearer = readBearer(r.Header)
	if f.cookies != nil {
		err = p.readCookies(f.cookies, r.Header)
	}
	return p, err
}

// accessOnce returns an error for a request that presents two access tokens of
// one kind.
func (p *presented) accessOnce() error {
	return cmp.Or(p.bearer.once(), p.access.once())
}

// accessToken returns the access token of a request that presents one.
func (p *presented) accessToken() string { return cmp.Or(p.bearer.token, p.access.token) }

// onlyAccess reports whether a token is the one access token of the request.
func (p *presented) onlyAccess(token string) bool {
	return p.accessOnce() == nil && p.bearer.presented != p.access.presented && p.accessToken() == token
}

// inCookies returns the tokens in cookies that a login or a logout leaves behind,
// each once.
func (p *presented) inCookies() (tokens []string) {
	for _, c := range []*credential{&p.access, &p.refresh} {
		tokens = appendNew(tokens, c.token)
		tokens = appendNew(tokens, c.again...)
	}
	return tokens
}

// appendNew appends those tokens that are not among the others.
func appendNew(tokens []string, more ...string) []string {
	for _, token := range more {
		if token != "" && !slices.Contains(tokens, token) {
			tokens = append(tokens, token)
		}
	}
	return tokens
}

// logTwice says that a login or a logout met two cookies of one name. It goes on,
// and overwrites or clears what it can: to refuse it would lock the user out.
func (f *Face) logTwice(r *http.Request, p *presented) {
	for _, c := range []*credential{&p.access, &p.refresh} {
		if err := c.once(); err != nil {
			f.log(r, slog.LevelWarn, slog.String("error", err.Error()))
		}
	}
}

// readBearer returns the token of the Authorization header. RFC 6750, section
// 2.1: the scheme is Bearer, in any case (RFC 9110, section 11.1). Other schemes
// are ignored. Everything after "Bearer" is treated as the token, so a malformed
// one is rejected by verification rather than skipped here.
func readBearer(h http.Header) (c credential) {
	const scheme = "Bearer"
	for _, line := range h["Authorization"] {
		if len(line) < len(scheme) || !strings.EqualFold(line[:len(scheme)], scheme) {
			continue
		}
		if rest := line[len(scheme):]; rest == "" || rest[0] == ' ' || rest[0] == '\t' {
			c.add(strings.TrimLeft(rest, " "), true)
		}
	}
	return c
}

// authenticate verifies the access token that a request presents and returns its
// claims. The errors are those of [core.Authority.Verify],
// [core.ErrRequestInvalid] for a request with two credentials and
// [core.ErrCrossOrigin] for one that would change something by a cookie of
// another origin.
func (f *Face) authenticate(r *http.Request, p *presented) (*core.Claims, error) {
	if err := p.accessOnce(); err != nil {
		return nil, err
	}
	access := p.bearer
	if p.access.presented {
		if access.presented {
			return nil, fmt.Errorf("%w: an access token in the header and in a cookie", core.ErrRequestInvalid)
		}
		// The cookie is used only if the request cannot be a cross-origin forgery.
		if err := f.cookies.checkOrigin(r); err != nil {
			return nil, err
		}
		access = p.access
	}
	if !access.presented {
		return nil, core.ErrTokenMissing
	}
	if access.token == "" {
		return nil, core.ErrTokenInvalid
	}
	return f.authority.Verify(r.Context(), access.token)
}

// caller returns the claims of the request, and false if there are none, or those
// of another Authority: a user there, who may have chosen any name, is nobody here.
func (f *Face) caller(r *http.Request) (*core.Claims, bool) {
	claims, ok := core.FromContext(r.Context())
	v := visitOf(r)
	for v != nil && v.claims != claims {
		v, _ = v.Context.Value(visitKey{}).(*visit)
	}
	if !ok || v != nil && v.face.authority != f.authority {
		return nil, false
	}
	return claims, true
}

// byCaller runs an operation that acts on the caller: whom middleware has admitted,
// or whom it authenticates by itself, as Require does, where there is none.
func (f *Face) byCaller(w http.ResponseWriter, r *http.Request, operate func(*http.Request, *core.Claims) error, methods ...string) error {
	if err := allow(w, r, methods...); err != nil {
		return err
	}
	caller, ok := f.caller(r)
	if !ok {
		admission, err := f.admit(w, r)
		if err != nil || admission.Answered {
			return err
		}
		r = admission.Request
		caller, _ = core.FromContext(r.Context())
	}
	r, cancel := limited(r)
	defer cancel()
	return operate(r, caller)
}

// byAdmitted runs an operation that acts on any user. It does not authenticate
// by itself: where no middleware has, nothing has checked the caller's rights
// either, and every user would be an administrator.
func (f *Face) byAdmitted(w http.ResponseWriter, r *http.Request, operate func(*http.Request, *core.Claims) error, methods ...string) error {
	if err := allow(w, r, methods...); err != nil {
		return err
	}
	caller, ok := f.caller(r)
	if !ok {
		return errors.New("httpauth: a handler that acts on any user has no Require before it")
	}
	r, cancel := limited(r)
	defer cancel()
	return operate(r, caller)
}
