package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
)

// TestForm checks whom the login form lets in, and what it shows to the others.
func TestForm(t *testing.T) {
	s, err := config.FromEnv(func(name string) string { return map[string]string{"TRANSPORT": "cookie"}[name] }, config.Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	s.Core.Store = core.NewMemoryStore(core.MemoryOptions{})
	h, err := newHandler(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, form, media, origin string
		status                    int
		shows                     string
	}{
		{"good", "username=alice&password=wonderland&next=/api/me", "", "", 303, ""},
		{"wrong", "username=alice&password=builder&next=/api/me", "", "", 401, `name="next" value="/api/me"`},
		{"markup", `username="><script>&password=x`, "", "", 401, `name="username" value="&#34;&gt;&lt;script&gt;"`},
		{"another origin", "username=alice&password=wonderland", "", "https://evil.example", 403, "cross_origin"},
		{"another type", "username=alice&password=wonderland", "text/plain", "", 415, "unsupported_media_type"},
		{"too long", "username=alice&password=wonderland&x=" + strings.Repeat("x", maxBody), "", "", 413, "request_too_large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/auth/form", strings.NewReader(tt.form))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if tt.media != "" {
				r.Header.Set("Content-Type", tt.media)
			}
			if tt.origin != "" {
				r.Header.Set("Origin", tt.origin)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			in := len(w.Header()["Set-Cookie"]) > 0
			if w.Code != tt.status || in != (tt.status == http.StatusSeeOther) || !strings.Contains(w.Body.String(), tt.shows) {
				t.Errorf("got %d %v %s, want %d and a body with %s", w.Code, w.Header(), w.Body, tt.status, tt.shows)
			}
		})
	}
}
