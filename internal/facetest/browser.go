package facetest

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
)

// Browser is a browser that shows a page of the application: it keeps the
// cookies, tells the server where its requests come from, and comes by https
// through a proxy that terminates TLS. The test fails if a cookie is one that
// browsers refuse or scripts can read.
type Browser struct {
	*Client
	// Origin is the page's, such as "https://127.0.0.1:4711".
	Origin string

	jar *jar
}

// NewBrowser returns a browser without cookies. All browsers of a server reach
// it by one origin.
func (s *Server) NewBrowser() *Browser {
	s.tb.Helper()
	if s.https == nil {
		s.https = newProxy(s.tb, s.host(), func(r *httputil.ProxyRequest) { r.Out.Host = r.In.Host })
	}
	return newBrowser(s.tb, s.https, s.layout.Prefix)
}

// newProxy starts a proxy that terminates TLS for the server at a host.
func newProxy(tb testing.TB, host string, rewrite func(*httputil.ProxyRequest)) *httptest.Server {
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	proxy := httptest.NewTLSServer(&httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: host})
			r.SetXForwarded()
			rewrite(r)
		},
	})
	tb.Cleanup(func() {
		proxy.Close()
		transport.CloseIdleConnections()
	})
	return proxy
}

func newBrowser(tb testing.TB, proxy *httptest.Server, prefix string) *Browser {
	tb.Helper()
	cookies, err := cookiejar.New(nil)
	if err != nil {
		tb.Fatal(err)
	}
	b := &Browser{Client: newClient(tb, proxy.URL+prefix), Origin: proxy.URL, jar: &jar{tb, cookies}}
	b.http.Jar = b.jar
	b.http.Transport = page{proxy.URL, proxy.Client().Transport}
	return b
}

// Cookie returns the value of a cookie, the empty string if the browser has
// none of that name.
func (b *Browser) Cookie(name string) string {
	for _, c := range b.jar.Cookies(b.root()) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// SetCookie gives the browser a cookie, which it keeps as it keeps the
// server's; with an empty value it drops the one of that name.
func (b *Browser) SetCookie(name, value string) {
	c := &http.Cookie{Name: name, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if value == "" {
		c.MaxAge = -1
	}
	b.jar.SetCookies(b.root(), []*http.Cookie{c})
}

// Get sends a GET as a script of the page does.
func (b *Browser) Get(path string, header ...string) Answer {
	b.tb.Helper()
	return b.Do(get(path, header...))
}

// Post sends a POST without a body as a script of the page does.
func (b *Browser) Post(path string, header ...string) Answer {
	b.tb.Helper()
	return b.Do(post(path, header...))
}

func (b *Browser) root() *url.URL {
	u, err := url.Parse(b.Origin)
	if err != nil {
		panic(err) // it is the address of a server that runs
	}
	return u
}

// page says of each request what browsers say of a script's, but where the
// request says something itself. A header with an empty value is left out.
type page struct {
	origin string
	next   http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (p page) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	say := map[string]string{"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		say["Origin"] = p.origin
	}
	for name, value := range say {
		if _, ok := r.Header[name]; !ok {
			r.Header.Set(name, value)
		}
		if r.Header.Get(name) == "" {
			r.Header.Del(name)
		}
	}
	return p.next.RoundTrip(r)
}

// jar keeps cookies as strictly as browsers do (RFC 6265bis, section 4.1.3).
type jar struct {
	tb testing.TB
	http.CookieJar
}

// SetCookies implements [http.CookieJar].
func (j *jar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	for _, c := range cookies {
		if err := refusable(c); err != nil {
			j.tb.Errorf("cookie %s: got %v", c.Name, err)
			return
		}
	}
	j.CookieJar.SetCookies(u, cookies)
}

func refusable(c *http.Cookie) error {
	switch {
	case strings.HasPrefix(c.Name, "__Host-") && (!c.Secure || c.Path != "/" || c.Domain != ""):
		return fmt.Errorf("%q, which __Host- does not allow", c.Raw)
	case strings.HasPrefix(c.Name, "__Secure-") && !c.Secure:
		return fmt.Errorf("%q, which __Secure- does not allow", c.Raw)
	case len(c.Name)+len(c.Value) > 4096:
		return fmt.Errorf("%d bytes, more than browsers keep", len(c.Name)+len(c.Value))
	case c.SameSite == http.SameSiteNoneMode && !c.Secure:
		return fmt.Errorf("%q: None needs Secure", c.Raw)
	case !c.HttpOnly:
		return fmt.Errorf("%q, which scripts can read", c.Raw)
	}
	return nil
}
