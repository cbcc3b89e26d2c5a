package httpauth_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// mostWork is how many times an ordinary request's work a hostile one of its
// size may cost before its sender is known.
const mostWork = 3

// hostile is a request of 16 KiB at most that a handler is given again and
// again. What its handler does with the ordinary one is the measure.
type hostile struct {
	name    string
	handler http.HandlerFunc
	header  http.Header
	body    *bytes.Reader
}

// send gives the request to its handler.
func (h hostile) send(r *http.Request, w *nowhere) {
	h.body.Seek(0, 0)
	r.Body = readCloser{h.body}
	clear(w.header)
	h.handler(w, r)
}

func (h hostile) request() *http.Request {
	r := httptest.NewRequest("POST", "/", nil)
	r.Header, r.ContentLength = h.header, h.body.Size()
	return r
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

// nowhere is a response that costs nothing.
type nowhere struct {
	header http.Header
	status int
}

func (w *nowhere) Header() http.Header         { return w.header }
func (w *nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (w *nowhere) WriteHeader(status int)      { w.status = status }

// work returns how many objects and how many bytes the request allocates, the
// header among the bytes, which the server has allocated for the handler.
func (h hostile) work() (objects, size float64) {
	head := 0.0
	for name, lines := range h.header {
		for _, line := range lines {
			head += float64(len(name) + len(line))
		}
	}
	r, w := h.request(), &nowhere{header: make(http.Header)}
	const runs = 20
	var before, after runtime.MemStats
	for round := range 3 { // the least is the handler's own
		n := testing.AllocsPerRun(runs, func() { h.send(r, w) })
		runtime.ReadMemStats(&before)
		for range runs {
			h.send(r, w)
		}
		runtime.ReadMemStats(&after)
		b := head + float64(after.TotalAlloc-before.TotalAlloc)/runs
		if round == 0 || n < objects {
			objects = n
		}
		if round == 0 || b < size {
			size = b
		}
	}
	return objects, size
}

// hostileRequests returns for each handler that a stranger reaches an ordinary
// request with bad tokens, which comes first, and those that are made to cost
// more.
func hostileRequests(t testing.TB) map[string][]hostile {
	s := newServer(t)
	bearer := facetest.Must(httpauth.New(s.Authority, httpauth.Options{}))
	cookie, pair := newCookieAuth(t, s, httpauth.CookieOptions{SilentReissue: true})
	segment := base64.RawURLEncoding.EncodeToString
	header, _, _ := strings.Cut(pair.AccessToken, ".")
	// token returns three segments of 4 KiB together, as far as the text goes.
	token := func(header, payload string) string {
		long := header + "." + payload + "." + segment(make([]byte, 32))
		return long[:min(len(long), 4096)]
	}
	bad := token(header, segment([]byte(`{"sub":"`+strings.Repeat("a", 2975)+`"}`)))

	bodies := func(handler http.HandlerFunc, list ...string) (requests []hostile) {
		for i := 0; i < len(list); i += 3 {
			h := hostile{list[i], handler, http.Header{"Content-Type": {list[i+1]}}, bytes.NewReader([]byte(list[i+2]))}
			if h.body.Len() < 12<<10+200 {
				h.header.Set("Authorization", "Bearer "+bad+"C")
			}
			requests = append(requests, h)
		}
		return requests
	}
	const (
		asJSON = "application/json"
		asForm = "application/x-www-form-urlencoded"
		room   = 16 << 10
	)
	fill := func(before, unit, after string) string {
		return before + strings.Repeat(unit, (room-len(before)-len(after))/len(unit)) + after
	}
	of := func(token string) string {
		return fmt.Sprintf(`{"token":"%[1]s","refresh_token":"%[1]sA","access_token":"%[1]sB"}`, token)
	}
	names := func(n int, format string) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(format, i))
		}
		return strings.Join(list, ",")
	}
	deep := segment([]byte(`{"x":` + strings.Repeat("[", 1475) + strings.Repeat("]", 1475) + "}"))
	list := []string{
		"tokens, header nested", asJSON, of(token(deep, "e30")),
		"tokens, header of many names", asJSON, of(token(segment([]byte("{"+names(340, `"%d":1`)+"}")), "e30")),
		"tokens, payload nested", asJSON, of(token(header, deep)),
		"tokens, payload of many names", asJSON, of(token(header, segment([]byte("{"+names(340, `"%d":1`)+"}")))),
		"tokens, audience of many", asJSON, of(token(header, segment([]byte(`{"aud":[`+names(500, `"%d"`)+"]}")))),
		"tokens, long signature", asJSON, of(header + ".e30." + segment(make([]byte, 2960))),
		"tokens, dots", asJSON, of(strings.Repeat(".", 4096)),
		"tokens, by form", asForm, "token=" + bad + "&refresh_token=" + bad + "A&access_token=" + bad + "B",
		"JSON, nested", asJSON, fill(`{"x":`, "[", ""),
		"JSON, nested and closed", asJSON, `{"x":` + strings.Repeat("[", 8000) + strings.Repeat("]", 8000) + "}",
		"JSON, objects nested", asJSON, strings.Repeat(`{"":`, 2700) + "0" + strings.Repeat("}", 2700),
		"JSON, many names", asJSON, "{" + names(1600, `"%d":0`) + "}",
		"JSON, many elements", asJSON, fill(`{"x":[0`, ",0", "]}"),
		"JSON, many objects", asJSON, fill(`{"x":[0`, ",{}", "]}"),
		"JSON, as many names as there may be", asJSON, "{" + names(16, `"a name with more than a few characters %d":123456789`) + "}",
		"JSON, as many objects as there may be", asJSON, "{" + names(8, `"a name with more than a few characters %d":{"x":[]}`) + "}",
		"JSON, escapes", asJSON, fill(`{"token":"`, `\u0041`, `"}`),
		"JSON, one name", asJSON, fill(`{"`, `\u0041`, `":0}`),
		"JSON, not text", asJSON, fill(`{"token":"`, "\xff", `"}`),
		"JSON, behind the object", asJSON, fill(`{} `, `{"":0} `, ""),
		"JSON, cut off", asJSON, fill(`{"token":"`, `a`, ""),
		"form, many parameters", asForm, fill("", "a=&", ""),
		"form, many names", asForm, strings.ReplaceAll(names(2700, "%d="), ",", "&"),
		"form, separators", asForm, fill("", "&", ""),
		"form, escapes", asForm, fill("token=", "%41", ""),
		"form, as many parameters as there may be", asForm, strings.ReplaceAll(names(16, "a_name_with_more_than_a_few_characters%d=1+1"), ",", "&"),
		"type, many parameters", "application/json; " + strings.ReplaceAll(names(2000, "a%d=1"), ",", "; "), "{}",
		"type, continued", "application/json; " + strings.ReplaceAll(names(1400, "a*%d*=1"), ",", "; "), "{}",
	}

	// Cookies and other headers go with a request whose body is empty.
	headers := func(handler http.HandlerFunc, cookies map[string]string) (requests []hostile) {
		for name, line := range cookies {
			requests = append(requests, hostile{name, handler, http.Header{"Cookie": {line}}, bytes.NewReader(nil)})
		}
		lines := func(unit string) (list []string) {
			for range room / len(unit) {
				list = append(list, unit)
			}
			return list
		}
		for name, header := range map[string]http.Header{
			"many Basic headers":  {"Authorization": lines("Basic x")},
			"many Bearer headers": {"Authorization": lines("Bearer x")},
			"spaces":              {"Authorization": {"Bearer" + strings.Repeat(" ", room)}},
			"long origin":         {"Origin": {fill("https://", "a:", "")}, "Cookie": {"__Host-access=x"}},
			"many Cookie headers": {"Cookie": lines("a=b")},
			"long key":            {"Idempotency-Key": {fill("", `"`, "")}, "Cookie": {"__Host-refresh=x"}},
		} {
			requests = append(requests, hostile{name, handler, header, bytes.NewReader(nil)})
		}
		return requests
	}
	// short returns a cookie many times, each with a token of its own that is
	// short, so that many fit, and has a header of ours.
	short := func(name string, n int) (cookies string) {
		for i := range n {
			cookies += name + token(header, segment(fmt.Appendf(nil, `{"sub":"%d"}`, i))) + "; "
		}
		return cookies
	}
	cookies := map[string]string{
		"cookies, separators":                        fill("", ";", ""),
		"cookies, many":                              fill("", "a=b; ", ""),
		"cookies, as many as there may be":           strings.Repeat("a=bcdefghijk; ", 1023) + "a=b",
		"cookies, an access token again":             fill("", "__Host-access=x; ", ""),
		"cookies, a refresh token again":             fill("", "__Host-refresh=x; ", ""),
		"cookies, bad ones":                          fill("", "__Host-access=\x01; ", ""),
		"cookies, names alone":                       fill("", "__Host-access;", ""),
		"cookies, many short tokens with our header": short("__Host-access=", 40) + short("__Host-refresh=", 40),
		"cookies, a bad access token, and others":    "__Host-access=" + token(deep, "e30") + "; " + strings.Repeat("a=b; ", 1000),
	}
	ordinary := fmt.Sprintf("x=%s; __Host-access=%sA; __Host-refresh=%sB", strings.Repeat("x", room-2*4096-40), bad, bad)
	both := func(handler http.HandlerFunc) []hostile {
		first := hostile{"ordinary", handler, http.Header{"Cookie": {ordinary}}, bytes.NewReader(nil)}
		return append([]hostile{first}, headers(handler, cookies)...)
	}
	blockUser := func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(core.NewContext(r.Context(), new(core.Claims)))
		r.Method = http.MethodPut
		bearer.BlockUser(w, r, "bob")
	}
	list = append([]string{"ordinary", asJSON, of(bad)}, list...)
	return map[string][]hostile{
		"Logout":          bodies(bearer.Logout, list...),
		"Reissue":         bodies(bearer.Reissue, list...),
		"BlockUser":       bodies(blockUser, list...),
		"Require, cookie": both(func(w http.ResponseWriter, r *http.Request) { through(cookie.Require, w, r) }),
		"Logout, cookie":  both(cookie.Logout),
		"Reissue, cookie": both(cookie.Reissue),
	}
}

// TestBounded checks that no request of a stranger makes more work than an
// ordinary one with bad tokens, but for a small factor. Work is counted in what
// is allocated, which no machine changes.
func TestBounded(t *testing.T) {
	all := hostileRequests(t)
	for name, requests := range all {
		t.Run(name, func(t *testing.T) {
			ordinary := requests[0]
			if name == "BlockUser" { // which verifies no token
				ordinary = all["Logout"][0]
			}
			objects, size := ordinary.work()
			for _, h := range requests {
				t.Run(h.name, func(t *testing.T) {
					if n, b := h.work(); n > mostWork*objects || b > mostWork*size {
						t.Errorf("got %.0f objects and %.0f bytes, want at most %d times %.0f and %.0f", n, b, mostWork, objects, size)
					}
				})
			}
		})
	}
}

// BenchmarkBounded shows what the same requests cost, the ordinary one first.
func BenchmarkBounded(b *testing.B) {
	for name, requests := range hostileRequests(b) {
		for _, h := range requests {
			b.Run(name+"/"+h.name, func(b *testing.B) {
				r, w := h.request(), &nowhere{header: make(http.Header)}
				b.ReportAllocs()
				for b.Loop() {
					h.send(r, w)
				}
			})
		}
	}
}
