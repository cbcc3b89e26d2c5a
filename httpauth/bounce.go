package httpauth

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// bounceLife is how long a bounce that has arrived counts: in seconds.
const bounceLife = 10

// bounce answers, in place of a silent reissue, what another origin may have
// caused or the browser may drop, and reports whether it did. Whoever causes a
// request can cancel it: the session would then move on, the browser would not
// get the new cookies, and its next request would look like theft.
//
//   - A navigation gets a page that loads the same address again, and a cookie
//     that says so. That is a request of the application's own page, which has
//     arrived: whoever caused the first has no hold on the tab any more. A
//     navigation reissues only with that cookie, because of one in the tab's
//     history the browser says who made it first, not who goes back to it.
//   - A prefetch or prerender is refused.
//
// What scripts of the application's own pages fetch, a form that they post, and a
// browser that says nothing of where a request comes from are not concerned. It asks
// no store. refusal is why the request does not pass as it is.
func (f *Face) bounce(w http.ResponseWriter, r *http.Request, p *presented, refusal error) bool {
	if !isUnauthorized(refusal) || p.bearer.presented || !p.refresh.presented || p.refresh.once() != nil {
		return false
	}
	mends := reissuable(refusal) && f.cookies.mayReissue(r)
	foreign := foreignNavigation(r)
	switch {
	case (foreign || mends) && refuseAhead(w, r):
	case foreign || mends && !p.bounced && getsPage(r):
		f.writeBounce(w, r)
	default:
		return false
	}
	return true
}

// refuseAhead refuses a page that a browser loads ahead of its user, and reports
// whether it has: browsers drop the 503 and ask again when somebody goes there.
func refuseAhead(w http.ResponseWriter, r *http.Request) bool {
	if r.Header.Get("Sec-Purpose") == "" {
		return false
	}
	NoStore(w.Header())
	w.WriteHeader(http.StatusServiceUnavailable)
	return true
}

// getsPage reports whether a browser goes to a page, and says where from.
func getsPage(r *http.Request) bool {
	h := r.Header
	return r.Method == http.MethodGet && h.Get("Sec-Fetch-Mode") == "navigate" && h.Get("Sec-Fetch-Site") != ""
}

// foreignNavigation reports whether a page of another origin, or a link in it,
// has sent a browser's tab here. Redirects on the way do not change that. A
// service worker of the application that passes the navigation on leaves its mode
// but not its destination, and no script can ask for that mode.
func foreignNavigation(r *http.Request) bool {
	site, dest := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Sec-Fetch-Dest")
	return getsPage(r) && (site == "cross-site" || site == "same-site") && (dest == "document" || dest == "empty")
}

// bounceScript keeps the fragment of the address, which the server never sees.
const bounceScript = "location.reload()"

// bouncePage is the page, with the script and, for browsers without scripts, the
// address. A refresh without an address would do nothing where the page's own
// has a fragment.
const bouncePage = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Loading</title>` +
	`<script>%s</script><noscript><meta http-equiv="refresh" content="0;url=%s"></noscript></head>` +
	`<body><noscript><a href="%[2]s">Continue</a></noscript></body></html>` + "\n"

func (f *Face) writeBounce(w http.ResponseWriter, r *http.Request) {
	f.cookies.mark(w, bounceLife)
	hash := sha256.Sum256([]byte(bounceScript))
	h := w.Header()
	NoStore(h)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'sha256-"+
		base64.StdEncoding.EncodeToString(hash[:])+"'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	w.WriteHeader(http.StatusOK)
	io.WriteString(w, fmt.Sprintf(bouncePage, bounceScript, html.EscapeString(ownAddress(r)))) // fails only if the client has gone
}

// mark sets the cookie that says that a bounce has arrived, or takes it away. It is
// of this host alone, and no request that another site causes carries it.
func (c *cookies) mark(w http.ResponseWriter, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: c.bounced, Value: "1", Path: "/", MaxAge: maxAge,
		Secure: c.secure, HttpOnly: true, SameSite: http.SameSiteStrictMode, Partitioned: c.partitioned,
	})
}

// ownAddress returns the path and query that the client asked for, as a
// reference that leads back to this origin.
func ownAddress(r *http.Request) string {
	u, err := url.ParseRequestURI(r.RequestURI) // what is in r.URL may lack a prefix by now
	if err != nil {
		u = r.URL
	}
	path := u.EscapedPath()
	if strings.HasPrefix(path, "//") {
		path = "/." + path // the same path, where two slashes alone would begin a host
	}
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	return path
}
