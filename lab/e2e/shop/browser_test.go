package shop

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// browser is a browser without scripts. It keeps the shop's cookies and says where
// its requests come from, and to a page of another site it lends the cookies that
// SameSite lets it lend.
type browser struct {
	t       *testing.T
	shop    *httptest.Server
	client  *http.Client
	cookies map[string]*http.Cookie
	first   *http.Response // of the last visit, before it followed a redirect
}

// view is what a visit ends with.
type view struct {
	address string // path and query at the shop, else the whole
	status  int
	header  http.Header
	body    string
}

func newBrowser(t *testing.T, shop *httptest.Server) *browser {
	return &browser{t: t, shop: shop, cookies: make(map[string]*http.Cookie), client: &http.Client{
		Transport:     shop.Client().Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// open goes to a page by its address, or a link of the shop's.
func (b *browser) open(path string) view { return b.visit(http.MethodGet, path, nil, b.shop.URL) }

// post sends a form of the shop's.
func (b *browser) post(path string, fields url.Values) view {
	return b.visit(http.MethodPost, path, fields, b.shop.URL)
}

// fetch sends a request of a program, with the cookies.
func (b *browser) fetch(method, path string, header ...string) view {
	b.t.Helper()
	r := b.request(method, path, nil, b.shop.URL, false)
	for _, name := range []string{"Sec-Fetch-Mode", "Sec-Fetch-Dest", "Accept"} {
		r.Header.Del(name)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return b.answer(r, b.send(r))
}

// visit is a navigation that a page of an origin causes. It follows redirects.
func (b *browser) visit(method, path string, fields url.Values, origin string) view {
	b.t.Helper()
	b.first = nil
	for crossed := false; ; {
		crossed = crossed || origin != b.shop.URL
		r := b.request(method, path, fields, origin, crossed)
		response := b.send(r)
		if b.first == nil {
			b.first = response
		}
		location, err := response.Location()
		if err != nil {
			v := b.answer(r, response)
			if !strings.Contains(v.body, "<script>location.reload()</script>") {
				return v
			}
			// A page that loads itself again, as its own page does.
			b.first, crossed, method, path, fields, origin = nil, false, http.MethodGet, r.URL.String(), nil, b.shop.URL
			continue
		}
		crossed = crossed || location.Host != r.URL.Host || r.URL.Host != strings.TrimPrefix(b.shop.URL, "https://")
		method, path, fields = http.MethodGet, location.String(), nil
	}
}

func (b *browser) request(method, path string, fields url.Values, origin string, crossed bool) *http.Request {
	b.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = b.shop.URL + path
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, path, strings.NewReader(fields.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html,*/*;q=0.8")
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	r.Header.Set("Sec-Fetch-Site", map[bool]string{false: "same-origin", true: "cross-site"}[crossed])
	if method != http.MethodGet {
		r.Header.Set("Origin", origin)
	}
	if fields != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range b.cookies {
		lent := c.SameSite == http.SameSiteNoneMode || c.SameSite == http.SameSiteLaxMode && method == http.MethodGet
		if r.URL.Host == strings.TrimPrefix(b.shop.URL, "https://") && (!crossed || lent) {
			r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
		}
	}
	return r
}

func (b *browser) send(r *http.Request) *http.Response {
	b.t.Helper()
	response, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	if "https://"+r.URL.Host == b.shop.URL {
		for _, c := range response.Cookies() {
			if b.cookies[c.Name] = c; c.MaxAge < 0 {
				delete(b.cookies, c.Name)
			}
		}
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	response.Body.Close()
	response.Body = io.NopCloser(strings.NewReader(string(text)))
	return response
}

func (b *browser) answer(r *http.Request, response *http.Response) view {
	b.t.Helper()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return view{strings.TrimPrefix(r.URL.String(), b.shop.URL), response.StatusCode, response.Header, string(text)}
}

var (
	action = regexp.MustCompile(`action="([^"]*)"`)
	input  = regexp.MustCompile(`name="([^"]*)" value="([^"]*)"`)
)

// form returns the form of a page: where it goes and what it holds.
func (v view) form() (to string, fields url.Values) {
	fields = make(url.Values)
	for _, m := range input.FindAllStringSubmatch(v.body, -1) {
		fields.Set(m[1], m[2])
	}
	if m := action.FindStringSubmatch(v.body); m != nil {
		to = m[1]
	}
	return to, fields
}
