package httpauth

import (
	"net/http"
	"net/netip"

	"github.com/ratchetauth/ratchet/core"
)

// Login starts a session for a user whom the application has recognised and
// answers with its tokens. It fills in the device's user agent and address
// where the application has not. With cookies the browser's previous session
// ends once the new one stands.
func (a *Auth) Login(w http.ResponseWriter, r *http.Request, l core.Login) {
	r, cancel := limit(r)
	defer cancel()
	previous, err := a.cookieTokens(r)
	if err != nil {
		a.Error(w, r, err)
		return
	}
	if l.Device.UserAgent == "" {
		l.Device.UserAgent = r.UserAgent()
	}
	if l.Device.IP == "" {
		l.Device.IP = peer(r)
	}
	if a.cookies != nil {
		l.Limits = a.tokenLimits()
	}
	tokens, err := a.authority.Issue(r.Context(), l)
	if err == nil {
		err = a.logout(r, previous)
	}
	if err != nil {
		a.Error(w, r, err)
		return
	}
	a.writeTokens(w, r, tokens)
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
