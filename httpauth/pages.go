package httpauth

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// maxNext is how many bytes the address that a login page returns to may have.
const maxNext = 2048

// toLoginPage sends a navigation that was refused for its token to the login page,
// if there is one, and reports whether it has answered.
func (f *Face) toLoginPage(w http.ResponseWriter, r *http.Request, refusal error) bool {
	if f.loginPage == "" || !isUnauthorized(refusal) || !navigates(r) || r.URL.Path == f.loginPage {
		return false
	}
	if refuseAhead(w, r) {
		return true
	}
	location := f.loginPage
	if next := ownAddress(r); len(next) <= maxNext {
		location += "?next=" + url.QueryEscape(next)
	}
	NoStore(w.Header())
	w.Header().Set("Location", location)
	w.WriteHeader(http.StatusSeeOther)
	return true
}

// navigates reports whether a browser shows the answer to its user as a page. A
// browser that does not say so in Sec-Fetch-Mode asks for HTML.
func navigates(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	accepts := strings.Contains(strings.Join(r.Header["Accept"], ","), "text/html")
	mode := r.Header.Get("Sec-Fetch-Mode")
	return accepts && (mode == "" || mode == "navigate")
}

// Next returns where a login page goes on to: the path and query of this origin
// that the form value "next" holds, and "/" for anything that a browser could
// take for another origin's address or that is longer than 2 KiB.
func Next(r *http.Request) string {
	next := r.FormValue("next")
	if len(next) > maxNext || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") ||
		strings.ContainsFunc(next, func(c rune) bool { return c <= ' ' || c == '\\' || c >= 0x7f && c <= 0x9f }) {
		return "/"
	}
	if u, err := url.Parse(next); err != nil || u.IsAbs() || u.Host != "" {
		return "/"
	}
	return next
}

// checkLoginPage refuses a login page that is not a path of this origin.
func checkLoginPage(page string) error {
	u, err := url.Parse(page)
	if err != nil || !strings.HasPrefix(page, "/") || strings.HasPrefix(page, "//") || u.Path != page || strings.ContainsAny(page, "\\\r\n\t ") {
		return errors.New(`httpauth: Options.LoginPage is not a path, such as "/login"`)
	}
	return nil
}
