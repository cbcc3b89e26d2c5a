package facetest

import (
	"net/http"
	"net/http/httputil"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

// behindProxy is the same application where operators put it: under a prefix,
// in a group of the framework's or stripped before it, behind a proxy that
// terminates TLS and keeps the Host or does not.
func behindProxy(t *testing.T, newHandler NewHandler) {
	keep := func(r *httputil.ProxyRequest) { r.Out.Host = r.In.Host }
	change := func(*httputil.ProxyRequest) {}
	stripped := func(tb testing.TB, a *core.Authority, l Layout) http.Handler {
		prefix := l.Prefix
		l.Prefix = ""
		mux := http.NewServeMux()
		mux.Handle(prefix+"/", http.StripPrefix(prefix, newHandler(tb, a, l)))
		return mux
	}
	for _, tt := range []struct {
		name    string
		handler NewHandler
		layout  Layout
		rewrite func(*httputil.ProxyRequest)
		old     string // what an old browser's reissue is answered with, as a code
	}{
		{"Host kept", newHandler, Layout{}, keep, ""},
		{"Host kept, in a group", newHandler, Layout{Prefix: "/v1/tenant"}, keep, ""},
		{"Host kept, prefix stripped", stripped, Layout{Prefix: "/shop"}, keep, ""},
		{"Host changed", newHandler, Layout{}, change, "cross_origin"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for name, construct := range map[string]func(httpauth.CookieOptions) httpauth.Transport{"hybrid": httpauth.Hybrid, "cookie": httpauth.Cookie} {
				t.Run(name, func(t *testing.T) {
					tt.layout.Transport = construct(httpauth.CookieOptions{})
					s := NewServer(t, tt.handler, tt.layout)
					proxy := newProxy(t, s.host(), tt.rewrite)
					visit(t, s, newBrowser(t, proxy, tt.layout.Prefix), tt.old)
				})
			}
		})
	}
	t.Run("Host changed, origin trusted", func(t *testing.T) {
		// The proxy's origin is known only once it runs, here as in operation
		// the origin is known before the server: so the proxy finds the
		// server later.
		var host string
		proxy := newProxy(t, "", func(r *httputil.ProxyRequest) { r.Out.URL.Host = host })
		transport := httpauth.Cookie(httpauth.CookieOptions{TrustedOrigins: []string{proxy.URL}})
		s := NewServer(t, newHandler, Layout{Transport: transport})
		host = s.host()
		visit(t, s, newBrowser(t, proxy, ""), "")
	})
}

// visit is what somebody does with a browser. An old browser, which does not
// say Sec-Fetch-Site, is answered the code.
func visit(t *testing.T, s *Server, b *Browser, old string) {
	t.Helper()
	pair := b.TryLogin("alice").Pair()
	var header []string // in the hybrid transport the page keeps the access token
	if b.Cookie("__Host-access") == "" {
		header = []string{"Authorization: Bearer " + pair.AccessToken}
	}
	wantCode(t, "me", b.Get("/api/me", header...), "")
	s.Clock.Advance(10 * time.Minute)
	wantCode(t, "me after the access token's end", b.Get("/api/me", header...), "token_expired")
	before := b.Cookie("__Host-refresh")
	a := b.Post(reissuePath)
	wantCode(t, "reissue", a, "")
	if b.Cookie("__Host-refresh") == before {
		t.Error("reissue: the browser has the refresh token of before")
	}
	if header != nil {
		header = []string{"Authorization: " + a.Header.Get("Authorization")}
	}
	wantCode(t, "me after the reissue", b.Get("/api/me", header...), "")
	wantCode(t, "a change", b.Do(put(header...)), "")

	silence := []string{"Sec-Fetch-Site: ", "Sec-Fetch-Mode: ", "Sec-Fetch-Dest: "}
	wantCode(t, "reissue by an old browser", b.Post(reissuePath, silence...), old)
	wantCode(t, "reissue by an old browser for another page", b.Post(reissuePath, append(silence, "Origin: https://evil.example")...), "cross_origin")
	wantCode(t, "logout from another page", b.Post(logoutPath, "Sec-Fetch-Site: cross-site", "Origin: https://evil.example"), "cross_origin")
	wantCode(t, "logout", b.Post(logoutPath), "")
	if b.Cookie("__Host-access") != "" || b.Cookie("__Host-refresh") != "" {
		t.Error("logout: the browser still has a cookie")
	}
	wantCode(t, "reissue after logout", b.Post(reissuePath), "refresh_missing")
}
