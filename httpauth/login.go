package httpauth

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"

	"github.com/ratchetauth/ratchet/core"
)

// CallOption is a further part of a login, of [Auth.Login] and [Auth.Issue].
type CallOption func(*call)

type call struct{ origins []string }

// FromOrigin lets a login come from another origin, such as
// "https://appleid.apple.com": a provider that has the browser post the callback
// of an OAuth or SAML login. Browsers send no Lax or Strict cookie with such a
// request, so no previous session is found to end. The state and the nonce of
// the protocol are the application's to check.
func FromOrigin(origin string) CallOption {
	return func(c *call) { c.origins = append(c.origins, origin) }
}

// Login starts a session for a user whom the application has recognised and
// answers with its tokens.
func (f *Face) Login(w http.ResponseWriter, r *http.Request, l core.Login, options ...CallOption) error {
	tokens, err := f.Issue(w, r, l, options...)
	if err != nil {
		return err
	}
	return f.answerTokens(w, tokens)
}

// Issue is [Face.Login] without an answer: it starts the session and sets the
// cookies and headers of the transport, but writes neither a status nor a body.
// With cookies the browser's previous session ends once the new one stands.
func (f *Face) Issue(w http.ResponseWriter, r *http.Request, l core.Login, options ...CallOption) (core.Tokens, error) {
	if err := f.checkLoginOrigin(r, options); err != nil {
		return core.Tokens{}, err
	}
	if err := f.checkDomain(r); err != nil {
		return core.Tokens{}, err
	}
	r, cancel := limited(r)
	defer cancel()
	if l.Device.UserAgent == "" {
		l.Device.UserAgent = r.UserAgent()
	}
	if l.Device.IP == "" {
		l.Device.IP = peer(r)
	}
	p, err := f.read(r)
	if err != nil {
		return core.Tokens{}, err
	}
	var previous []string
	if f.cookies != nil {
		l.Limits = f.tokenLimits()
		previous = p.inCookies()
		f.logTwice(r, &p)
	}
	tokens, err := f.authority.Issue(r.Context(), l)
	if err == nil {
		err = f.endEach(r, previous)
	}
	if err != nil {
		return core.Tokens{}, err
	}
	f.carry(w, tokens)
	return tokens, nil
}

// checkLoginOrigin refuses, with cookies, a login that another origin has caused:
// it would log the browser in as somebody else.
func (f *Face) checkLoginOrigin(r *http.Request, options []CallOption) error {
	if f.cookies == nil {
		return nil
	}
	var c call
	for _, o := range options {
		o(&c)
	}
	for _, origin := range c.origins {
		if err := checkOriginName(origin); err != nil {
			return fmt.Errorf("httpauth: FromOrigin(%q) %w", origin, err)
		}
	}
	if origin := r.Header.Get("Origin"); origin != "" && slices.Contains(c.origins, origin) {
		return nil
	}
	return f.cookies.checkOrigin(r)
}

// peer returns the address of the connection's other end, the empty string if
// that has none. Behind a proxy it is the proxy's: only the application knows
// which header to believe.
func peer(r *http.Request) string {
	if ap, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return ap.Addr().Unmap().String()
	}
	if a, err := netip.ParseAddr(r.RemoteAddr); err == nil { // as proxy middleware sets it
		return a.Unmap().String()
	}
	return ""
}
