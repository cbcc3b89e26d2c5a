package httpauth_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/httpauth"
)

// constructors are those of the transports with cookies.
func constructors() map[string]func(httpauth.CookieOptions) httpauth.Transport {
	return map[string]func(httpauth.CookieOptions) httpauth.Transport{"Hybrid": httpauth.Hybrid, "Cookie": httpauth.Cookie}
}

// TestTransportFaults checks that each fault names its field, and that New reports
// it.
func TestTransportFaults(t *testing.T) {
	none := http.SameSiteNoneMode
	tests := []struct {
		name   string
		only   string // the constructor, both if empty
		o      httpauth.CookieOptions
		fields []string
	}{
		{"access name in hybrid", "Hybrid", httpauth.CookieOptions{AccessName: "a"}, []string{"AccessName"}},
		{"silent reissue in hybrid", "Hybrid", httpauth.CookieOptions{SilentReissue: true}, []string{"SilentReissue"}},
		{"access name with a space", "Cookie", httpauth.CookieOptions{AccessName: "a b"}, []string{"AccessName"}},
		{"access name over 64 bytes", "Cookie", httpauth.CookieOptions{AccessName: strings.Repeat("a", 65)}, []string{"AccessName"}},
		{"equal names", "Cookie", httpauth.CookieOptions{AccessName: "a", RefreshName: "a"}, []string{"AccessName", "RefreshName"}},
		{"name equal to a default", "Cookie", httpauth.CookieOptions{RefreshName: "__Host-access"}, []string{"AccessName", "RefreshName"}},
		{"insecure access name with __Host-", "Cookie", httpauth.CookieOptions{Insecure: true, AccessName: "__Host-a"}, []string{"AccessName"}},
		{"insecure access name with __secure-", "Cookie", httpauth.CookieOptions{Insecure: true, AccessName: "__secure-a"}, []string{"AccessName"}},

		{"name with a semicolon", "", httpauth.CookieOptions{RefreshName: "a;b"}, []string{"RefreshName"}},
		{"name with =", "", httpauth.CookieOptions{RefreshName: "a=b"}, []string{"RefreshName"}},
		{"name with a line break", "", httpauth.CookieOptions{RefreshName: "a\r\nSet-Cookie: b"}, []string{"RefreshName"}},
		{"name that is not ASCII", "", httpauth.CookieOptions{RefreshName: "é"}, []string{"RefreshName"}},
		{"name over 64 bytes", "", httpauth.CookieOptions{RefreshName: strings.Repeat("a", 65)}, []string{"RefreshName"}},
		{"insecure name with __Host-", "", httpauth.CookieOptions{Insecure: true, RefreshName: "__Host-r"}, []string{"RefreshName"}},
		{"insecure name with __HOST-", "", httpauth.CookieOptions{Insecure: true, RefreshName: "__HOST-r"}, []string{"RefreshName"}},
		{"insecure name with __Http-", "", httpauth.CookieOptions{Insecure: true, RefreshName: "__Http-r"}, []string{"RefreshName"}},
		{"SameSite of net/http's default", "", httpauth.CookieOptions{SameSite: http.SameSiteDefaultMode}, []string{"SameSite"}},
		{"SameSite out of range", "", httpauth.CookieOptions{SameSite: 5}, []string{"SameSite"}},
		{"SameSite negative", "", httpauth.CookieOptions{SameSite: -1}, []string{"SameSite"}},
		{"SameSite None without Secure", "", httpauth.CookieOptions{SameSite: none, Insecure: true}, []string{"SameSite", "Insecure"}},
		{"domain of one label", "", httpauth.CookieOptions{Domain: "localhost"}, []string{"Domain"}},
		{"domain with a dot before", "", httpauth.CookieOptions{Domain: ".example.com"}, []string{"Domain"}},
		{"domain in capitals", "", httpauth.CookieOptions{Domain: "Example.com"}, []string{"Domain"}},
		{"domain with a port", "", httpauth.CookieOptions{Domain: "example.com:80"}, []string{"Domain"}},
		{"address as a domain", "", httpauth.CookieOptions{Domain: "192.0.2.1"}, []string{"Domain"}},
		{"domain with a semicolon", "", httpauth.CookieOptions{Domain: "example.com; Path=/x"}, []string{"Domain"}},
		{"domain and a name with __Host-", "", httpauth.CookieOptions{Domain: "example.com", RefreshName: "__Host-r"}, []string{"RefreshName"}},
		{"partitioned without Secure", "", httpauth.CookieOptions{Partitioned: true, Insecure: true}, []string{"Partitioned", "Insecure"}},
		{"several", "", httpauth.CookieOptions{SameSite: 7, RefreshName: "a b", TrustedOrigins: []string{"x"}}, []string{"SameSite", "RefreshName", "TrustedOrigins"}},
	}
	for _, origin := range []string{
		"", "*", "null", "app.example.com", "//app.example.com", "https://", "https:app.example.com", "an app://localhost", "capacitor:localhost", "capacitor://",
		"https://app.example.com/", "https://app.example.com/path", "https://app.example.com?a", "https://app.example.com#a", "https://user@app.example.com",
		"HTTPS://app.example.com", "https://App.example.com", "https://*.*.example.com", "https://a.*.example.com", "https://*.com", "https://*", "https://*.com:8443", "*.example.com", "https://*example.com", "https://bücher.example",
		"https://app.example.com:443", "http://app.example.com:80", "https://app.example.com:", "https://app.example.com:x", " https://app.example.com", "%zz://a",
	} {
		tests = append(tests, struct {
			name   string
			only   string
			o      httpauth.CookieOptions
			fields []string
		}{"origin " + origin, "", httpauth.CookieOptions{TrustedOrigins: []string{"https://good.example", origin}}, []string{"TrustedOrigins"}})
	}
	authority := newServer(t).Authority
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for name, construct := range constructors() {
				if tt.only != "" && tt.only != name {
					continue
				}
				auth, err := httpauth.New(authority, httpauth.Options{Transport: construct(tt.o)})
				if err == nil || auth != nil {
					t.Fatalf("New of %s(%+v): got the error %v and the Auth %v", name, tt.o, err, auth)
				}
				for _, field := range tt.fields {
					if !strings.Contains(err.Error(), field) {
						t.Errorf("%s: got the error %q, want it to name %s", name, err, field)
					}
				}
				if !strings.HasPrefix(err.Error(), "httpauth: CookieOptions.") {
					t.Errorf("%s: got the error %q, want it to begin with the struct", name, err)
				}
			}
		})
	}
}

func TestTransportOptions(t *testing.T) {
	for name, o := range map[string]httpauth.CookieOptions{
		"zero":                     {},
		"insecure":                 {Insecure: true},
		"name of 64 bytes":         {RefreshName: strings.Repeat("a", 64)},
		"name without a prefix":    {RefreshName: "refresh"},
		"Strict":                   {SameSite: http.SameSiteStrictMode},
		"Lax":                      {SameSite: http.SameSiteLaxMode},
		"None":                     {SameSite: http.SameSiteNoneMode},
		"origin":                   {TrustedOrigins: []string{"https://app.example.com"}},
		"origins with ports":       {TrustedOrigins: []string{"https://app.example.com:8443", "http://localhost:3000", "https://app.example.com:80"}},
		"origin of an address":     {TrustedOrigins: []string{"http://192.0.2.1", "https://[2001:db8::1]:8443", "https://[2001:db8::1]"}},
		"origin of an IDN":         {TrustedOrigins: []string{"https://xn--bcher-kva.example"}},
		"origin of an app":         {TrustedOrigins: []string{"capacitor://localhost", "ionic://localhost", "tauri://localhost"}},
		"pattern":                  {TrustedOrigins: []string{"https://*.preview.example.com", "http://*.app.localhost:3000"}},
		"domain":                   {Domain: "example.com"},
		"domain, insecure":         {Domain: "shop.example.com", Insecure: true},
		"partitioned":              {Partitioned: true, SameSite: http.SameSiteNoneMode},
		"one origin named twice":   {TrustedOrigins: []string{"https://a.example", "https://a.example"}},
		"origin with odd letters_": {TrustedOrigins: []string{"https://a_b-c.example"}},
	} {
		t.Run(name, func(t *testing.T) {
			for name, construct := range constructors() {
				if got := construct(o); got.Err() != nil || got == (httpauth.Transport{}) {
					t.Errorf("%s(%+v): got %v, %v, want a transport", name, o, got, got.Err())
				}
			}
		})
	}
}
