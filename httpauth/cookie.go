package httpauth

import (
	"fmt"
	"math"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// maxCookie is how many bytes a cookie's name and value may have together.
// Browsers drop a cookie of more than 4096 bytes, its attributes included.
const maxCookie = 3800

// maxCookies is how many cookies a request may have. Browsers keep some hundreds
// for a site, and net/http finds none where there are more than 3000.
const maxCookies = 1024

// maxOrigin is how many bytes an Origin may have: a scheme, a host of 253 bytes
// and a port fit.
const maxOrigin = 512

// readCookie returns the cookie of a name. Two cookies of one name are two
// credentials, of which a subdomain or a page on plain http may have planted
// one. Only a cookie of the name is parsed: a browser sends many others.
func readCookie(r *http.Request, name string) (credential, error) {
	line, found, count := "", false, 0
	for _, cookies := range r.Header["Cookie"] {
		if count += 1 + strings.Count(cookies, ";"); count > maxCookies {
			return credential{}, fmt.Errorf("%w: more than %d cookies", core.ErrRequestInvalid, maxCookies)
		}
		for cookie := range strings.SplitSeq(cookies, ";") {
			if cookieName(cookie) != name {
				continue
			}
			if found {
				return credential{}, fmt.Errorf("%w: two cookies named %s", core.ErrRequestInvalid, name)
			}
			line, found = cookie, true
		}
	}
	alone := http.Request{Header: http.Header{"Cookie": {line}}}
	for _, c := range alone.CookiesNamed(name) {
		return credential{token: c.Value, presented: true}, nil
	}
	return credential{}, nil
}

// cookieName returns the name of a cookie in a Cookie header. It trims as
// net/http does: to trim more could make one name of another.
func cookieName(cookie string) string {
	name, _, _ := strings.Cut(textproto.TrimString(cookie), "=")
	return textproto.TrimString(name)
}

// readAccess returns the access token of the header or the cookie, whichever
// is there. A cookie counts only where a page of another origin could not have
// made the browser send it for its own ends.
func (c *cookies) readAccess(r *http.Request, header credential) (credential, error) {
	if c.access == "" {
		return header, nil
	}
	cookie, err := readCookie(r, c.access)
	if err != nil || !cookie.presented {
		return header, err
	}
	if header.presented {
		return credential{}, fmt.Errorf("%w: an access token in the header and in a cookie", core.ErrRequestInvalid)
	}
	return cookie, c.checkOrigin(r)
}

// setCookies sets the cookies of a pair of tokens. The access token's lives as
// long as the refresh token's, so never past the session's end: one that has
// expired still shows which session a reissue belongs to, and gets a clearer
// refusal than none. A silent reissue without binding needs neither, and there
// it ends with its token, so that the key that signed it may be retired.
func (a *Auth) setCookies(w http.ResponseWriter, t core.Tokens) {
	c, now := a.cookies, a.authority.Now()
	if c.access != "" {
		end := t.RefreshExpiresAt
		if c.silent && !a.authority.BindAccessToken() {
			end = t.AccessExpiresAt
		}
		c.set(w, c.access, t.AccessToken, maxAge(end, now))
	}
	c.set(w, c.refresh, t.RefreshToken, maxAge(t.RefreshExpiresAt, now))
}

// maxAge returns the Max-Age of a cookie that lives until end. A life of more
// seconds than 32 bits hold is cut: browsers keep a cookie for 400 days.
func maxAge(end, now time.Time) int { return int(min(remaining(end, now), math.MaxInt32)) }

// clear removes the cookies. Only a logout does: whoever loses a race must not
// take the winner's cookies away.
func (c *cookies) clear(w http.ResponseWriter) {
	if c.access != "" {
		c.set(w, c.access, "", -1)
	}
	c.set(w, c.refresh, "", -1)
}

// set adds a cookie to the answer, in place of one of its name that a silent
// reissue on the way has left there (RFC 6265, section 4.1.1: not two of one
// name).
func (c *cookies) set(w http.ResponseWriter, name, value string, maxAge int) {
	h := w.Header()
	if lines := h["Set-Cookie"]; len(lines) > 0 {
		h["Set-Cookie"] = slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, name+"=") })
	}
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: maxAge,
		Secure: c.secure, HttpOnly: true, SameSite: c.sameSite,
	})
}

// tokenLimits is how long tokens may be to fit into the cookies that carry them.
func (a *Auth) tokenLimits() (l core.TokenLimits) {
	if a.cookies == nil {
		return l
	}
	l.Refresh = maxCookie - len(a.cookies.refresh)
	if a.cookies.access != "" {
		l.Access = maxCookie - len(a.cookies.access)
	}
	return l
}

// renew returns the header of a request as the browser will send it from now
// on. What handles the request next must not present the old refresh token
// again.
func (c *cookies) renew(h http.Header, t core.Tokens) http.Header {
	h = h.Clone()
	var kept []string
	for _, line := range h["Cookie"] {
		for cookie := range strings.SplitSeq(line, ";") {
			if name := cookieName(cookie); name != "" && name != c.access && name != c.refresh {
				kept = append(kept, textproto.TrimString(cookie))
			}
		}
	}
	h.Set("Cookie", strings.Join(append(kept, c.access+"="+t.AccessToken, c.refresh+"="+t.RefreshToken), "; "))
	return h
}

// checkOrigin refuses a state-changing request from another origin. The
// handshake of a WebSocket is one, though it is a GET (RFC 6455, section
// 4.1): what follows may change anything, and browsers let any page begin it.
func (c *cookies) checkOrigin(r *http.Request) error {
	if len(r.Header.Get("Origin")) > maxOrigin {
		return core.ErrCrossOrigin
	}
	check := c.origins.Check
	if r.Header.Get("Upgrade") != "" {
		check = c.sameOrigin
	}
	if err := check(r); err != nil {
		return fmt.Errorf("%w: %w", core.ErrCrossOrigin, err)
	}
	return nil
}

// sameOrigin checks the origin of a request whatever its method.
func (c *cookies) sameOrigin(r *http.Request) error {
	asPost := *r
	asPost.Method = http.MethodPost // the protection lets safe methods pass unseen
	return c.origins.Check(&asPost)
}
