package main

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"mime"
	"net/http"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

//go:embed form.html
var formText string

// newForm returns the template of the login form, which needs no script.
func newForm() *template.Template { return template.Must(template.New("form").Parse(formText)) }

// formPolicy lets the page send its forms home and do nothing else.
const formPolicy = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// formPage is what the login form shows.
type formPage struct {
	User     string // who is logged in, empty for nobody
	Username string // as it was typed
	Remember bool   // whether the login outlives the browser
	Next     string // where a login goes on to
	Fault    string // why the last one failed
}

// newPage returns the page for a request behind Optional.
func newPage(r *http.Request) formPage {
	p := formPage{Remember: true, Next: httpauth.Next(r)}
	if token := httpauth.Claims(r); token != nil {
		p.User = token.Subject()
	}
	return p
}

// refusedPage returns the page for a login that was refused, and false where the
// reason is not for the user to read.
func refusedPage(r *http.Request, name string, err error) (p formPage, shown bool) {
	switch e := core.AsError(err); e {
	case core.ErrBadCredentials, core.ErrUserBlocked, core.ErrSessionLimit:
		return formPage{Username: name, Remember: r.PostForm.Has("remember"), Next: httpauth.Next(r), Fault: e.Description()}, true
	}
	return formPage{}, false
}

// writePage answers with the login form.
func writePage(w http.ResponseWriter, form *template.Template, status int, p formPage) error {
	var text bytes.Buffer
	if err := form.Execute(&text, p); err != nil {
		return err
	}
	h := w.Header()
	httpauth.NoStore(h)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", formPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	w.Write(text.Bytes()) // fails only if the client has gone
	return nil
}

// readForm reads a login that the form has sent. A box that is not ticked is not
// sent at all.
func readForm(w http.ResponseWriter, r *http.Request) (name, password string, remember bool, err error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return "", "", false, core.ErrUnsupportedMediaType
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	err = r.ParseForm()
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return "", "", false, core.ErrRequestTooLarge
	case err != nil:
		return "", "", false, fmt.Errorf("%w: %w", core.ErrRequestInvalid, err)
	}
	return r.PostForm.Get("username"), r.PostForm.Get("password"), r.PostForm.Has("remember"), nil
}
