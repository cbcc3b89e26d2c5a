package facetest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

// cookieTables are the tables of the transports with cookies.
func cookieTables() []table {
	const trusted = "https://app.example.com"
	return []table{
		{"hybrid", httpauth.Hybrid(httpauth.CookieOptions{}), slices.Concat(
			hybridRows(), hybridReissueRows(), hybridEndRows(),
			refreshCookieRows("hybrid", "Strict", hybridTokens, "Authorization: Bearer <jwt>"))},
		{"cookie", httpauth.Cookie(httpauth.CookieOptions{}), slices.Concat(
			cookieAccessRows(), cookieLoginRows(), cookieReissueRows(), cookieLogoutRows(), cookieSessionRows(), cookieUsersRows(),
			refreshCookieRows("cookie", "Lax", cookieTokens, accessCookie("Lax", 604800)))},
		{"silent", httpauth.Cookie(httpauth.CookieOptions{SilentReissue: true}), slices.Concat(
			silentRows(), silentOriginRows(), bounceRows(), prefetchRows(), silentEndpointRows(), silentBindingRows())},
		{"trusted", (httpauth.Cookie(httpauth.CookieOptions{
			SameSite: http.SameSiteNoneMode, TrustedOrigins: []string{trusted}, SilentReissue: true,
		})), trustedRows(trusted)},
		{"insecure", httpauth.Cookie(httpauth.CookieOptions{Insecure: true}), insecureRows()},
		{"named", (httpauth.Cookie(httpauth.CookieOptions{
			AccessName: "__Secure-a.access", RefreshName: "r-refresh", SameSite: http.SameSiteStrictMode,
		})), namedRows()},
	}
}

// What a login and a reissue answer in the body, as tokens is for the bearer
// transport.
const (
	hybridTokens = `{"access_token":"<jwt>","token_type":"Bearer","expires_in":600,"refresh_token_expires_in":604800,"session_id":`
	cookieTokens = `{"expires_in":600,"refresh_token_expires_in":604800,"session_id":`
)

// Cookies as a browser sends them.
const (
	refreshOnly = "Cookie: __Host-refresh=$refresh"
	accessOnly  = "Cookie: __Host-access=$access"
	bothCookies = "Cookie: __Host-access=$access; __Host-refresh=$refresh"
)

// What browsers say of where a request comes from.
const (
	fromHere    = "Sec-Fetch-Site: same-origin"
	fromSibling = "Sec-Fetch-Site: same-site"
	fromAfar    = "Sec-Fetch-Site: cross-site"
	byLink      = "Sec-Fetch-Mode: navigate"
	asPage      = "Sec-Fetch-Dest: document"
)

// setCookie is the line that sets a cookie of an adapter's default names.
func setCookie(name, value, sameSite string, maxAge string) string {
	return "Set-Cookie: __Host-" + name + "=" + value + "; Path=/; Max-Age=" + maxAge + "; HttpOnly; Secure; SameSite=" + sameSite
}

func accessCookie(sameSite string, maxAge int) string {
	return setCookie("access", "<jwt>", sameSite, decimal(maxAge))
}

func refreshCookie(sameSite string, maxAge int) string {
	return setCookie("refresh", "<jwt>", sameSite, decimal(maxAge))
}

// laxCookies are both cookies of a pair at the moment of the last rotation.
func laxCookies() []string {
	return []string{accessCookie("Lax", 604800), refreshCookie("Lax", 604800)}
}

// noCookies are the lines that remove the cookies, in hybrid only one.
func noCookies(sameSite string, access bool) []string {
	lines := []string{setCookie("access", "", sameSite, "0"), setCookie("refresh", "", sameSite, "0")}
	if !access {
		return lines[1:]
	}
	return lines
}

// noLaxCookies are the lines that remove both cookies in cookie mode.
func noLaxCookies() []string { return noCookies("Lax", true) }

// with adds header lines to a request.
func with(r Request, header ...string) Request {
	r.Header = append(slices.Clone(r.Header), header...)
	return r
}

// put is a request that changes something.
func put(header ...string) Request {
	return Request{Method: "PUT", Path: "/api/write", Header: header}
}

// remove is a request to end a session.
func remove(id string, header ...string) Request {
	return Request{Method: "DELETE", Path: sessionsPath + "/" + id, Header: header}
}

// foreign returns rows with the request as pages of other origins make it. All
// are refused before the store is asked, and alice's session goes on.
func foreign(name string, r Request, given func(*scene)) []row {
	var rows []row
	for _, from := range []struct {
		name   string
		header []string
	}{
		{"from another site", []string{fromAfar, "Origin: https://evil.example"}},
		{"from a sibling", []string{fromSibling, "Origin: https://blog.$host"}},
		{"by a form of another site", []string{fromAfar, byLink, asPage, "Origin: null"}},
		{"by an old browser", []string{"Origin: https://evil.example"}},
	} {
		rows = append(rows, row{name: name + "/" + from.name, given: given, request: with(r, from.header...), want: answer(403, crossOrigin),
			then: func(s *scene, a Answer) { s.wantNoCalls(); cookieAlive(s, a) }})
	}
	return rows
}

// own returns rows with the request as pages of the same origin make it. The
// other rows make theirs as clients that are no browsers.
func own(name string, r Request, w want, given func(*scene), then func(*scene, Answer)) []row {
	var rows []row
	for _, from := range []struct {
		name   string
		header []string
	}{
		{"from its own page", []string{fromHere, "Origin: http://$host"}},
		{"from its own page, by an old browser", []string{"Origin: https://$host"}},
	} {
		rows = append(rows, row{name: name + "/" + from.name, given: given, request: with(r, from.header...), want: w, then: then})
	}
	return rows
}

// wantNoCalls checks that the request made no call of the store.
func (s *scene) wantNoCalls() {
	s.t.Helper()
	// What follows the request in then has not happened yet.
	if n := s.Store.Calls() - s.before; n != 0 {
		s.t.Errorf("calls of the store: got %d, want none", n)
	}
}

// byCookie reissues with a refresh token in the cookie.
func (s *scene) byCookie(refreshToken string) Answer {
	s.t.Helper()
	return s.Do(post(reissuePath, "Cookie: __Host-refresh="+refreshToken))
}

// next reissues $refresh by cookie and keeps the new pair as login does.
func (s *scene) next(as string) {
	s.t.Helper()
	a := s.byCookie(s.names["refresh"])
	if a.Status != http.StatusOK {
		s.t.Fatalf("reissue: got %d %s, want 200", a.Status, a.Body)
	}
	s.keep(as, a.Pair())
}

// cookieAlive checks that alice's session goes on.
func cookieAlive(s *scene, _ Answer) {
	s.t.Helper()
	s.wantCode("me", s.Me(s.names["access"]), "")
	s.wantCode("reissue", s.byCookie(s.names["refresh"]), "")
}

// cookieEnded checks that alice's session is over.
func cookieEnded(s *scene, _ Answer) {
	s.t.Helper()
	s.wantCode("me", s.Me(s.names["access"]), "token_revoked")
	s.wantCode("reissue", s.byCookie(s.names["refresh"]), "refresh_invalid")
}

// pairWorks checks that the pair that the answer has is a session's newest, of
// alice's session if same is set, of a new one otherwise.
func pairWorks(same bool) func(*scene, Answer) {
	return func(s *scene, a Answer) {
		s.t.Helper()
		p := a.Pair()
		if (p.SessionID == s.names["session"]) != same {
			s.t.Errorf("session: got %s, alice's is %s", p.SessionID, s.names["session"])
		}
		s.wantCode("me", s.Me(p.AccessToken), "")
		s.wantCode("reissue of the new", s.byCookie(p.RefreshToken), "")
	}
}

// failBefore makes a method of the store fail before it happens.
func (s *scene) failBefore(method string) {
	s.Store.Before(func(_ context.Context, m string) error {
		if m == method {
			return errors.New(secretDetail)
		}
		return nil
	})
}

// namedAs joins rows and gives them a prefix.
func namedAs(prefix string, rows ...[]row) []row {
	all := slices.Concat(rows...)
	for i := range all {
		all[i].name = prefix + "/" + strings.TrimPrefix(all[i].name, "/")
	}
	return all
}

// decimal writes a number of seconds.
func decimal(n int) string { return strconv.Itoa(n) }

// failingClaims makes every reissue ask for claims that cannot be loaded, but
// no login.
func failingClaims(c *core.Config) {
	asked := false
	c.LoadClaims = func(context.Context, core.ClaimsRequest) (any, error) {
		if !asked {
			asked = true // by the login
			return nil, nil
		}
		return nil, errors.New(secretDetail)
	}
}
