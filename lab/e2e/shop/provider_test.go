package shop

import (
	"context"
	"crypto/rand"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/ratchetauth/ratchet/core"
)

// provider plays a provider of OAuth, at which carol is logged in. It hands over the
// code in the address of the callback, or by a page that posts it.
type provider struct {
	server *httptest.Server

	mu    sync.Mutex
	codes map[string]bool
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{codes: make(map[string]bool)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	p.server = httptest.NewTLSServer(mux)
	t.Cleanup(p.server.Close)
	return p
}

func (p *provider) origin() string { return p.server.URL }

// address returns where a login begins.
func (p *provider) address(state, callback, mode string) string {
	return p.origin() + "/authorize?" + url.Values{"state": {state}, "redirect_uri": {callback}, "response_mode": {mode}}.Encode()
}

func (p *provider) authorize(w http.ResponseWriter, r *http.Request) {
	code := rand.Text()
	p.mu.Lock()
	p.codes[code] = true
	p.mu.Unlock()
	callback, state := r.FormValue("redirect_uri"), r.FormValue("state")
	if r.FormValue("response_mode") != "form_post" {
		http.Redirect(w, r, callback+"?"+url.Values{"state": {state}, "code": {code}}.Encode(), http.StatusFound)
		return
	}
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprintf(w, `<form method="post" action="%s"><input name="state" value="%s"><input name="code" value="%s"></form>`,
		html.EscapeString(callback), html.EscapeString(state), code)
}

// token says once whose a code is.
func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	code := r.FormValue("code")
	p.mu.Lock()
	good := p.codes[code]
	delete(p.codes, code)
	p.mu.Unlock()
	if !good {
		http.Error(w, "invalid_grant", http.StatusBadRequest)
		return
	}
	io.WriteString(w, "carol")
}

// redeem is the shop's side of it: it returns whose a code is.
func (p *provider) redeem(ctx context.Context, code string) (user string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.origin()+"/token?"+url.Values{"code": {code}}.Encode(), nil)
	if err != nil {
		return "", err
	}
	response, err := p.server.Client().Do(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%w: %s", core.ErrRequestInvalid, text)
	}
	return string(text), err
}
