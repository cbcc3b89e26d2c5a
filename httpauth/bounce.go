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

// bounce answers, in place of a silent reissue, what another origin may have
// caused or the browser may drop, and reports whether it did. Whoever causes a
// request can cancel it: the session would then move on, the browser would not
// get the new cookies, and its next request would look like theft.
//
//   - A navigation from another origin gets a page that loads the same address
//     again. That is a request of the application's own page, and its opener has
//     lost its hold on it.
//   - A prefetch or prerender is refused.
//
// It asks no store and sets no cookie. refusal is why the request does not pass
// as it is.
func (f *Face) bounce(w http.ResponseWriter, r *http.Request, p *presented, refusal error) bool {
	if !isUnauthorized(refusal) || p.bearer.presented || !p.refresh.presented || p.refresh.once() != nil {
		return false
	}
	foreign := foreignNavigation(r)
	switch {
	case (foreign || reissuable(refusal) && f.cookies.mayReissue(r)) && refuseAhead(w, r):
	case foreign:
		writeBounce(w, r)
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

// foreignNavigation reports whether a page of another origin, or a link in it,
// has sent a browser's tab here. Redirects on the way do not change that. A
// service worker of the application that passes the navigation on leaves its mode
// but not its destination, and no script can ask for that mode.
func foreignNavigation(r *http.Request) bool {
	h := r.Header
	site, dest := h.Get("Sec-Fetch-Site"), h.Get("Sec-Fetch-Dest")
	return r.Method == http.MethodGet && (site == "cross-site" || site == "same-site") &&
		h.Get("Sec-Fetch-Mode") == "navigate" && (dest == "document" || dest == "empty")
}

// bounceScript keeps the fragment of the address, which the server never sees.
const bounceScript = "location.reload()"

// bouncePage is the page, with the script and, for browsers without scripts, the
// address. A refresh without an address would do nothing where the page's own
// has a fragment.
const bouncePage = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Loading</title>` +
	`<script>%s</script><noscript><meta http-equiv="refresh" content="0;url=%s"></noscript></head>` +
	`<body><noscript><a href="%[2]s">Continue</a></noscript></body></html>` + "\n"

func writeBounce(w http.ResponseWriter, r *http.Request) {
	hash := sha256.Sum256([]byte(bounceScript))
	h := w.Header()
	NoStore(h)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'sha256-"+
		base64.StdEncoding.EncodeToString(hash[:])+"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	w.WriteHeader(http.StatusOK)
	io.WriteString(w, fmt.Sprintf(bouncePage, bounceScript, html.EscapeString(ownAddress(r)))) // fails only if the client has gone
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
