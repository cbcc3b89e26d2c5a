package facetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

// RunAccounts plays applications that each use the library in their own way,
// from the first login to the last logout. What an application needs to
// configure for its way is at the top of each.
func RunAccounts(t *testing.T, newHandler NewHandler) {
	for name, play := range map[string]func(*testing.T, NewHandler){
		"both tokens in JSON, for as long as they are used": tokensInJSON,
		"reissue with the expired access token":             reissueWithBoth,
		"both tokens in cookies, reissued on the way":       tokensInCookies,
		"logout blacklists what is left":                    logoutBlacklists,
		"behind a proxy that terminates TLS":                behindProxy,
	} {
		t.Run(name, func(t *testing.T) { play(t, newHandler) })
	}
}

// wantCode checks an answer by its code, the empty string for a success.
func wantCode(t *testing.T, what string, got Answer, code string) {
	t.Helper()
	if got.Code() != code || (code == "") != (got.Status < 300) {
		t.Errorf("%s: got %d %s, want the code %q", what, got.Status, got.Body, code)
	}
}

// wantPair checks a pair of the session and returns it.
func wantPair(t *testing.T, what string, a Answer, sessionID string) Pair {
	t.Helper()
	p := a.Pair()
	if a.Status != 200 || p.AccessToken == "" || p.RefreshToken == "" || p.SessionID != sessionID {
		t.Fatalf("%s: got %d %s, want a pair of the session %s", what, a.Status, a.Body, sessionID)
	}
	return p
}

// tokensInJSON is a service for clients of any kind. A login lasts as long as
// it is used; an administrator may end it, or keep the user out.
func tokensInJSON(t *testing.T, newHandler NewHandler) {
	s := NewServer(t, newHandler, Layout{Prefix: "/api/v1"}, func(c *core.Config) {
		c.SessionTTL = core.NoLimit
	})
	login := s.TryLogin("alice")
	first := wantPair(t, "login", login, login.Pair().SessionID)
	if len(login.Header["Set-Cookie"])+len(login.Header["Authorization"]) > 0 || !strings.Contains(login.Body, first.RefreshToken) {
		t.Errorf("login: got the header %v, want the tokens in the body alone", login.Header)
	}
	wantCode(t, "me", s.Me(first.AccessToken), "")

	s.Clock.Advance(10 * time.Minute)
	late := s.Me(first.AccessToken)
	wantCode(t, "me after the access token's end", late, "token_expired")
	if !strings.Contains(late.Body, `has expired"`) || !strings.Contains(late.Header.Get("WWW-Authenticate"), "has expired") {
		t.Errorf("me after the access token's end: got %s, want it to say expired", late.Body)
	}
	second := wantPair(t, "reissue", s.Reissue(first.RefreshToken), first.SessionID)
	if second.AccessToken == first.AccessToken || second.RefreshToken == first.RefreshToken {
		t.Error("reissue: got a token again, want both replaced")
	}
	wantCode(t, "me with the new token", s.Me(second.AccessToken), "")

	newest := second
	for range 100 { // nearly two years
		s.Clock.Advance(7*24*time.Hour - time.Second)
		newest = wantPair(t, "reissue after a week", s.Reissue(newest.RefreshToken), first.SessionID)
		if newest.RefreshExpiresIn != 7*24*3600 {
			t.Fatalf("refresh_token_expires_in: got %d, want a week each time", newest.RefreshExpiresIn)
		}
	}
	idle := s.Login("bob")
	s.Clock.Advance(7 * 24 * time.Hour)
	wantCode(t, "reissue after a week of silence", s.Reissue(idle.RefreshToken), "refresh_invalid")

	phone, laptop := s.Login("alice"), s.Login("alice")
	if n, err := s.Authority.RevokeAll(t.Context(), "alice"); n != 2 || err != nil {
		t.Errorf("forced logout: got %d, %v, want 2", n, err)
	}
	for _, p := range []Pair{phone, laptop} {
		wantCode(t, "me after a forced logout", s.Me(p.AccessToken), "token_revoked")
		wantCode(t, "reissue after a forced logout", s.Reissue(p.RefreshToken), "refresh_invalid")
	}

	phone = s.Login("alice")
	if err := s.Authority.Block(t.Context(), "alice", time.Time{}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "me of a blocked user", s.Me(phone.AccessToken), "token_revoked")
	wantCode(t, "reissue of a blocked user", s.Reissue(phone.RefreshToken), "refresh_invalid")
	wantCode(t, "login of a blocked user", s.TryLogin("alice"), "user_blocked")
	if err := s.Authority.Unblock(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "me with the token from before the block", s.Me(phone.AccessToken), "token_revoked")
	wantCode(t, "me after the block", s.Me(s.Login("alice").AccessToken), "")
}

// reissueWithBoth is a service whose clients hand in both tokens for the next
// pair, and whose old tokens are good for nothing from then on.
func reissueWithBoth(t *testing.T, newHandler NewHandler) {
	s := NewServer(t, newHandler, Layout{}, func(c *core.Config) {
		c.BindAccessToken = true
		c.ReuseGrace = core.Strict
	})
	alice, bob := s.Login("alice"), s.Login("bob")
	s.Clock.Advance(10 * time.Minute)
	reissue := func(refreshToken, accessToken string) Answer {
		return s.Do(postJSON(reissuePath, `{"refresh_token":"`+refreshToken+`","access_token":"`+accessToken+`"}`))
	}
	wantCode(t, "without the access token", s.Reissue(alice.RefreshToken), "refresh_invalid")
	wantCode(t, "with another user's", reissue(alice.RefreshToken, bob.AccessToken), "refresh_invalid")
	wantCode(t, "with rubbish", reissue(alice.RefreshToken, "rubbish"), "refresh_invalid")
	wantCode(t, "me with the expired token", s.Me(alice.AccessToken), "token_expired")
	next := wantPair(t, "with the expired access token", reissue(alice.RefreshToken, alice.AccessToken), alice.SessionID)
	again := wantPair(t, "in the header", s.Reissue(next.RefreshToken, "Authorization: Bearer "+next.AccessToken), alice.SessionID)
	wantCode(t, "me", s.Me(again.AccessToken), "")

	wantCode(t, "with the pair before", reissue(next.RefreshToken, next.AccessToken), "refresh_invalid")
	wantCode(t, "me, now that two parties hold the session", s.Me(again.AccessToken), "token_revoked")
	wantCode(t, "bob, whom it does not concern", reissue(bob.RefreshToken, bob.AccessToken), "")
}

// logoutBlacklists is a service that looks at the blacklist on each request.
func logoutBlacklists(t *testing.T, newHandler NewHandler) {
	s := NewServer(t, newHandler, Layout{}, func(c *core.Config) {
		c.AccessTTL = 30 * time.Minute
	})
	other := s.Sibling()
	pair := s.Login("alice")
	for range 3 {
		wantCode(t, "me", s.Me(pair.AccessToken), "")
	}
	if got := s.Store.Calls("Revoked"); got != 3 {
		t.Errorf("looks at the blacklist: got %d in 3 requests, want one each", got)
	}
	s.Clock.Advance(20 * time.Minute)
	wantCode(t, "logout", s.Logout(pair.AccessToken), "")
	for range 10 { // what is left of its life
		wantCode(t, "me after logout", s.Me(pair.AccessToken), "token_revoked")
		wantCode(t, "me after logout, another process", other.Me(pair.AccessToken), "token_revoked")
		s.Clock.Advance(time.Minute)
	}
	checks := s.Store.Calls("Revoked")
	wantCode(t, "me after the access token's end", s.Me(pair.AccessToken), "token_expired")
	if got := s.Store.Calls("Revoked") - checks; got != 0 {
		t.Errorf("looks at the blacklist for an expired token: got %d, want none", got)
	}
	wantCode(t, "reissue after logout", s.Reissue(pair.RefreshToken), "refresh_invalid")

	pair = s.Login("alice")
	if err := s.Authority.Blacklist(t.Context(), pair.AccessToken); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "me with a token on the blacklist", other.Me(pair.AccessToken), "token_revoked")
	next := wantPair(t, "reissue of its session, which goes on", s.Reissue(pair.RefreshToken), pair.SessionID)
	wantCode(t, "me with the next token", other.Me(next.AccessToken), "")
}

// tokensInCookies is a web application whose pages know nothing of tokens.
func tokensInCookies(t *testing.T, newHandler NewHandler) {
	transport := httpauth.Cookie(httpauth.CookieOptions{SilentReissue: true})
	s := NewServer(t, newHandler, Layout{Transport: transport}, func(c *core.Config) {
		c.SessionTTL = 24 * time.Hour
	})
	b := s.NewBrowser()
	wantCode(t, "me before the login", b.Get("/api/me"), "token_missing")
	login := b.TryLogin("alice")
	for _, token := range []string{b.Cookie("__Host-access"), b.Cookie("__Host-refresh")} {
		if token == "" || strings.Contains(login.Body, token) || login.Header.Get("Authorization") != "" {
			t.Errorf("login: got %s, want both tokens in cookies alone", login.Body)
		}
	}
	wantCode(t, "me", b.Get("/api/me"), "")

	for hour := 1; hour < 24; hour++ {
		s.Clock.Advance(time.Hour)
		access, refresh := b.Cookie("__Host-access"), b.Cookie("__Host-refresh")
		a := b.Get("/api/me")
		wantCode(t, "me after an hour", a, "")
		if b.Cookie("__Host-access") == access || b.Cookie("__Host-refresh") == refresh {
			t.Fatalf("hour %d: got the cookies of the hour before", hour)
		}
		if !strings.Contains(strings.Join(a.Header["Set-Cookie"], "\n"), "Max-Age="+decimal((24-hour)*3600)+";") {
			t.Errorf("hour %d: got %q, want the original end", hour, a.Header["Set-Cookie"])
		}
	}
	s.Clock.Advance(time.Hour)
	wantCode(t, "me after the session's end", b.Get("/api/me"), "token_expired")
	wantCode(t, "reissue after the session's end", b.Post(reissuePath), "refresh_invalid")

	wantCode(t, "login again", b.TryLogin("alice"), "")
	thief := s.NewBrowser()
	thief.SetCookie("__Host-refresh", b.Cookie("__Host-refresh"))
	s.Clock.Advance(time.Hour)
	wantCode(t, "the user moves on", b.Get("/api/me"), "")
	s.Clock.Advance(time.Minute)
	wantCode(t, "the thief comes with the cookie from before", thief.Get("/api/me"), "token_missing")
	wantCode(t, "the user has to log in again", b.Get("/api/me"), "token_revoked")
	events := s.Events()
	if !slices.ContainsFunc(events, func(e core.Event) bool { return e.Type == core.SessionRevoked && e.Reason == "reuse" }) {
		t.Errorf("got events %+v, want the theft among them", events)
	}

	wantCode(t, "login after the theft", b.TryLogin("alice"), "")
	wantCode(t, "logout", b.Post(logoutPath), "")
	if b.Cookie("__Host-access") != "" || b.Cookie("__Host-refresh") != "" {
		t.Error("logout: the browser still has a cookie")
	}
	wantCode(t, "me after logout", b.Get("/api/me"), "token_missing")
}
