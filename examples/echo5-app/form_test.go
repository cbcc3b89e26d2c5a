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
		{"wrong, not remembered", "username=alice&password=builder", "", "", 401, `name="remember">`},
		{"wrong, remembered", "username=alice&password=builder&remember=on", "", "", 401, `name="remember" checked>`},
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

// TestRemember checks that a login sets cookies which outlive the browser only if
// the user wants that, which a JSON login does by default.
func TestRemember(t *testing.T) {
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
		path, media, body string
		status            int
		remembered        bool
	}{
		{"/auth/login", "application/json", `{"username":"alice","password":"wonderland"}`, 200, true},
		{"/auth/login", "application/json", `{"username":"alice","password":"wonderland","remember":true}`, 200, true},
		{"/auth/login", "application/json", `{"remember":false,"username":"alice","password":"wonderland"}`, 200, false},
		{"/auth/login", "application/json", `{"username":"alice","password":"wonderland","remember":"no"}`, 400, false},
		{"/auth/login", "application/json", `{"username":"alice","remember":false}`, 400, false},
		{"/auth/form", "application/x-www-form-urlencoded", "username=alice&password=wonderland&remember=on", 303, true},
		{"/auth/form", "application/x-www-form-urlencoded", "username=alice&password=wonderland", 303, false},
	} {
		r := httptest.NewRequest("POST", tt.path, strings.NewReader(tt.body))
		r.Header.Set("Content-Type", tt.media)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		cookies := w.Result().Cookies()
		if w.Code != tt.status || (len(cookies) == 2) != (tt.status < 400) {
			t.Errorf("%s %s: got %d with %v, want %d", tt.path, tt.body, w.Code, cookies, tt.status)
		}
		for _, c := range cookies {
			if (c.MaxAge > 0) != tt.remembered {
				t.Errorf("%s %s: got the cookie %v, want it remembered: %v", tt.path, tt.body, c, tt.remembered)
			}
		}
	}
}
