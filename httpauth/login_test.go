package httpauth_test

import (
	"net/http/httptest"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func TestLoginDevice(t *testing.T) {
	tests := []struct {
		name   string
		remote string
		given  core.Device
		want   core.Device
	}{
		{"IPv4", "192.0.2.1:4711", core.Device{}, core.Device{UserAgent: "browser/1", IP: "192.0.2.1"}},
		{"IPv6", "[2001:db8::1]:4711", core.Device{}, core.Device{UserAgent: "browser/1", IP: "2001:db8::1"}},
		{"IPv4 in IPv6", "[::ffff:192.0.2.1]:4711", core.Device{}, core.Device{UserAgent: "browser/1", IP: "192.0.2.1"}},
		{"set by middleware, without a port", "192.0.2.1", core.Device{}, core.Device{UserAgent: "browser/1", IP: "192.0.2.1"}},
		{"Unix socket", "@", core.Device{}, core.Device{UserAgent: "browser/1"}},
		{"none", "", core.Device{}, core.Device{UserAgent: "browser/1"}},
		{"set by the application", "192.0.2.1:4711", core.Device{Name: "tablet", UserAgent: "app/2", IP: "198.51.100.7"},
			core.Device{Name: "tablet", UserAgent: "app/2", IP: "198.51.100.7"}},
		{"name only", "192.0.2.1:4711", core.Device{Name: "tablet"}, core.Device{Name: "tablet", UserAgent: "browser/1", IP: "192.0.2.1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			r := httptest.NewRequest("POST", "/", nil)
			r.RemoteAddr = tt.remote
			r.Header.Set("User-Agent", "browser/1")
			facetest.Must(httpauth.New(s.Authority, httpauth.Options{})).Login(httptest.NewRecorder(), r, core.Login{Subject: "alice", Device: tt.given})
			list, err := s.Authority.Sessions(t.Context(), "alice")
			if err != nil || len(list) != 1 {
				t.Fatalf("Sessions: got %v, %v, want one", list, err)
			}
			if got := list[0].Device; got != tt.want {
				t.Errorf("Device: got %+v, want %+v", got, tt.want)
			}
		})
	}
}
