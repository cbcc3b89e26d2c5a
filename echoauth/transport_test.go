package echoauth_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/echoauth"
)

// TestTransportFaults checks that each fault is a line that names the package
// and the field, and that what comes with it is the bearer transport.
func TestTransportFaults(t *testing.T) {
	constructors := map[string]func(echoauth.CookieOptions) (echoauth.Transport, error){
		"Hybrid": echoauth.Hybrid, "Cookie": echoauth.Cookie,
	}
	tests := []struct {
		name   string
		only   string // the constructor, both if empty
		o      echoauth.CookieOptions
		fields []string
	}{
		{"access name in hybrid", "Hybrid", echoauth.CookieOptions{AccessName: "a"}, []string{"AccessName"}},
		{"silent reissue in hybrid", "Hybrid", echoauth.CookieOptions{SilentReissue: true}, []string{"SilentReissue"}},
		{"access name", "Cookie", echoauth.CookieOptions{AccessName: "a b"}, []string{"AccessName"}},
		{"one", "", echoauth.CookieOptions{SameSite: 7}, []string{"SameSite"}},
		{"insecure", "", echoauth.CookieOptions{SameSite: http.SameSiteNoneMode, Insecure: true}, []string{"SameSite"}},
		{"several", "", echoauth.CookieOptions{RefreshName: "a b", SameSite: 7, TrustedOrigins: []string{"x", "y"}},
			[]string{"RefreshName", "SameSite", "TrustedOrigins", "TrustedOrigins"}},
	}
	for _, tt := range tests {
		for name, construct := range constructors {
			if tt.only != "" && tt.only != name {
				continue
			}
			t.Run(name+"/"+tt.name, func(t *testing.T) {
				got, err := construct(tt.o)
				if err == nil {
					t.Fatalf("%s(%+v): got no error", name, tt.o)
				}
				if got != (echoauth.Transport{}) {
					t.Error("got a transport beside the error")
				}
				lines := strings.Split(err.Error(), "\n")
				if len(lines) != len(tt.fields) {
					t.Fatalf("got the error %q, want %d lines", err, len(tt.fields))
				}
				for i, line := range lines {
					if prefix := "echoauth: CookieOptions." + tt.fields[i] + " "; !strings.HasPrefix(line, prefix) {
						t.Errorf("got the line %q, want it to begin with %q", line, prefix)
					}
				}
			})
		}
	}
}
