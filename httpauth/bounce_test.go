package httpauth_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// asNavigation says of a request what browsers say of a link in a page of
// another site.
func asNavigation(r *http.Request) {
	for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"} {
		r.Header.Set(name, value)
	}
}

// TestBounceAddress checks where the page leads in a browser without scripts:
// to what was asked for, and nowhere else.
func TestBounceAddress(t *testing.T) {
	_, auth, cookies, _ := newSilent(t)
	for target, want := range map[string]string{
		"/":                         "/",
		"/a/b?c=d&e=f":              "/a/b?c=d&amp;e=f",
		"/a%2Fb/%22":                "/a%2Fb/%22",
		"/a;b":                      "/a;b",
		"//evil.example/x":          "/.//evil.example/x",
		"///evil.example/x":         "/.///evil.example/x",
		`/\evil.example/x`:          "/%5Cevil.example/x",
		`/"><script>alert(1)`:       "/%22%3E%3Cscript%3Ealert%281%29",
		`/?"><script>alert(1)`:      "/?&#34;&gt;&lt;script&gt;alert(1)",
		"https://shop.example/a?b":  "/a?b",
		"/strip/under/a/prefix?b=c": "/strip/under/a/prefix?b=c",
	} {
		r := httptest.NewRequest("GET", target, nil)
		r.Header = cookies.Header.Clone()
		asNavigation(r)
		w := httptest.NewRecorder()
		var handler http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, ok := through(auth.Require, w, r); ok {
				t.Errorf("%s: it passed", target)
			}
		})
		if strings.HasPrefix(target, "/strip/") {
			handler = http.StripPrefix("/strip", handler)
		}
		handler.ServeHTTP(w, r)
		body := w.Body.String()
		for _, tag := range []string{`content="0;url=` + want + `">`, `<a href="` + want + `">`} {
			if !strings.Contains(body, tag) {
				t.Errorf("%s: got %s\nwant %s", target, body, tag)
			}
		}
	}
}

// TestBounceScript checks that the policy allows the script that the page has,
// and no other.
func TestBounceScript(t *testing.T) {
	_, auth, r, _ := newSilent(t)
	r.Method = http.MethodGet
	asNavigation(r)
	w := httptest.NewRecorder()
	through(auth.Optional, w, r)
	before, rest, _ := strings.Cut(w.Body.String(), "<script>")
	script, after, found := strings.Cut(rest, "</script>")
	if !found || strings.Contains(before+after, "<script") {
		t.Fatalf("got %s, want one script", w.Body)
	}
	hash := sha256.Sum256([]byte(script))
	want := "script-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "';"
	if got := w.Header().Get("Content-Security-Policy"); !strings.Contains(got, want) || strings.Contains(got, "unsafe") {
		t.Errorf("policy: got %q, want %q", got, want)
	}
}
