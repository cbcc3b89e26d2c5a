package facetest

import (
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// RunShop plays an application whose settings come from outside: a login
// anywhere ends the user's login elsewhere, the access token goes out in the
// Authorization header, the refresh token in a cookie. Besides the routes of
// /auth and /api/me it has GET /orders/{id}, which is alice's for 1, somebody
// else's for 2, and a fault for any other. Access tokens live 5 minutes, logins
// a day without use, 2 days in all.
func RunShop(t *testing.T, newHandler NewHandler, l Layout, configure func(*core.Config)) {
	s := NewServer(t, newHandler, l, func(c *core.Config) {
		store, now := c.Store, c.Now
		configure(c)
		c.Store, c.Now = store, now
	})
	phone, laptop := s.NewBrowser(), s.NewBrowser()
	login := func(b *Browser) (authorization string) {
		t.Helper()
		a := b.TryLogin("alice")
		token, ok := strings.CutPrefix(a.Header.Get("Authorization"), "Bearer ")
		if p := a.Pair(); !ok || p.AccessToken != token || p.ExpiresIn != 300 || p.RefreshExpiresIn != 86400 {
			t.Fatalf("login: got %d %s with %v, want a token of 5 minutes in the header", a.Status, a.Body, a.Header)
		}
		refresh := b.Cookie("__Host-refresh")
		if refresh == "" || strings.Contains(a.Body, refresh) {
			t.Errorf("login: got %s, want the refresh token in a cookie alone", a.Body)
		}
		return "Authorization: Bearer " + token
	}
	first := login(phone)
	wantCode(t, "me", phone.Get("/api/me", first), "")
	second := login(laptop)
	wantCode(t, "me on the phone, after the login on the laptop", phone.Get("/api/me", first), "token_revoked")
	wantCode(t, "reissue on the phone", phone.Post(reissuePath), "refresh_invalid")
	wantCode(t, "me on the laptop", laptop.Get("/api/me", second), "")

	wantCode(t, "an order", laptop.Get("/orders/1", second), "")
	wantCode(t, "somebody else's order", laptop.Get("/orders/2", second), "forbidden")
	wantCode(t, "an order when the database is gone", laptop.Get("/orders/3", second), "internal")
	wantCode(t, "login of nobody", laptop.TryLogin(""), "bad_credentials")
	wantCode(t, "an order without a token", laptop.Get("/orders/1"), "token_missing")
	if log := s.Log(); !strings.Contains(log, "database") {
		t.Errorf("log: got %s, want the fault that no client sees", log)
	}

	for hour := 20; hour < 48; hour += 20 {
		s.Clock.Advance(20 * time.Hour)
		wantCode(t, "me after some hours", laptop.Get("/api/me", second), "token_expired")
		a := laptop.Post(reissuePath)
		wantCode(t, "reissue", a, "")
		second = "Authorization: " + a.Header.Get("Authorization")
		wantCode(t, "me after the reissue", laptop.Get("/api/me", second), "")
	}
	s.Clock.Advance(8 * time.Hour)
	wantCode(t, "reissue after 2 days", laptop.Post(reissuePath), "refresh_invalid")
	second = login(laptop)
	wantCode(t, "logout", laptop.Post(logoutPath, second), "")
	wantCode(t, "me after logout", laptop.Get("/api/me", second), "token_revoked")
	if laptop.Cookie("__Host-refresh") != "" {
		t.Error("logout: the browser still has the cookie")
	}
}
