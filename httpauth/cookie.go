package httpauth

import (
	"fmt"
	"math"
	"net"
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

// readCookies notes the tokens in the cookies. Of each name it parses a few at most,
// and no cookie of another name: a browser sends many others.
func (p *presented) readCookies(names *cookies, h http.Header) error {
	p.access.cookie, p.refresh.cookie = names.access, names.refresh
	count := 0
	for _, line := range h["Cookie"] {
		if count += 1 + strings.Count(line, ";"); count > maxCookies {
			return fmt.Errorf("%w: more than %d cookies", core.ErrRequestInvalid, maxCookies)
		}
		for cookie := range strings.SplitSeq(line, ";") {
			switch name := cookieName(cookie); {
			case name == "":
			case name == names.bounced:
				p.bounced = true
			case name == p.refresh.cookie && !p.refresh.full():
				p.refresh.add(cookieValue(cookie, name))
			case name == p.access.cookie && !p.access.full():
				p.access.add(cookieValue(cookie, name))
			}
		}
	}
	return nil
}

// cookieName returns the name of a cookie in a Cookie header. It trims as
// net/http does: to trim more could make one name of another.
func cookieName(cookie string) string {
	name, _, _ := strings.Cut(textproto.TrimString(cookie), "=")
	return textproto.TrimString(name)
}

// cookieValue returns the value of a cookie as net/http reads it, and false for one
// that net/http does not accept.
func cookieValue(cookie, name string) (value string, ok bool) {
	alone := http.Request{Header: http.Header{"Cookie": {cookie}}}
	for _, c := range alone.CookiesNamed(name) {
		return c.Value, true
	}
	return "", false
}

// setCookies sets the cookies of a pair of tokens. The access token's lives as
// long as the refresh token's, so never past the session's end: one that has
// expired still shows which session a reissue belongs to, and gets a clearer
// refusal than none. A silent reissue without binding needs neither, and there
// it ends with its token, so that the key that signed it may be retired. A
// browser session's cookies have no Max-Age: they end with the browser.
func (f *Face) setCookies(w http.ResponseWriter, t core.Tokens) {
	c, now := f.cookies, f.authority.Now()
	life := func(end time.Time) int {
		if t.BrowserSession {
			return 0
		}
		return maxAge(end, now)
	}
	if c.access != "" {
		end := t.RefreshExpiresAt
		if c.silent && !f.authority.BindAccessToken() {
			end = t.AccessExpiresAt
		}
		c.set(w, c.access, t.AccessToken, life(end))
	}
	c.set(w, c.refresh, t.RefreshToken, life(t.RefreshExpiresAt))
}

// maxAge returns the Max-Age of a cookie that lives until end. A life of more
// seconds than 32 bits hold is cut: browsers keep a cookie for 400 days.
func maxAge(end, now time.Time) int { return int(min(remaining(end, now), math.MaxInt32)) }

// checkDomain refuses to set cookies that the browser would drop: a request to a
// host that is not of the cookies' domain (RFC 6265, section 5.3, step 6). It comes
// before anything is changed.
func (f *Face) checkDomain(r *http.Request) error {
	if f.cookies == nil || f.cookies.domain == "" {
		return nil
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if host = strings.ToLower(host); host != f.cookies.domain && !strings.HasSuffix(host, "."+f.cookies.domain) {
		return fmt.Errorf("httpauth: CookieOptions.Domain is %q, which is not a parent of the request's host %q", f.cookies.domain, cut(host))
	}
	return nil
}

// clearCookies removes the cookies, if there are any. Only a logout does: whoever
// loses a race must not take the winner's cookies away.
func (f *Face) clearCookies(w http.ResponseWriter) {
	c := f.cookies
	if c == nil {
		return
	}
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
		Name: name, Value: value, Path: "/", Domain: c.domain, MaxAge: maxAge,
		Secure: c.secure, HttpOnly: true, SameSite: c.sameSite, Partitioned: c.partitioned,
	})
}

// tokenLimits is how long tokens may be to fit into the cookies that carry them.
func (f *Face) tokenLimits() (l core.TokenLimits) {
	if f.cookies == nil {
		return l
	}
	l.Refresh = maxCookie - len(f.cookies.refresh)
	if f.cookies.access != "" {
		l.Access = maxCookie - len(f.cookies.access)
	}
	return l
}

// renewed returns the header of a request as the browser will send it from now
// on. What handles the request next must not present the old refresh token
// again.
func (c *cookies) renewed(h http.Header, t core.Tokens) http.Header {
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
	// A cache that gets a 304 may answer from its copy and drop the new cookies.
	for _, name := range []string{"If-None-Match", "If-Modified-Since", "If-Range"} {
		h.Del(name)
	}
	return h
}
