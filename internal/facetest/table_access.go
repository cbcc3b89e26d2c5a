package facetest

import (
	"strings"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

const withAccess = "Authorization: Bearer $access"

// accessRows are a route behind Require.
func accessRows() []row {
	me := func(header ...string) Request { return get("/api/me", header...) }
	invalid := answer(401, tokenInvalid, challengeInvalid)
	missing := answer(401, tokenMissing, challengeMissing)
	return []row{
		{name: "access", request: me(withAccess), want: alice()},
		{name: "access/HEAD", request: Request{Method: "HEAD", Path: "/api/me", Header: []string{withAccess}}, want: headOnly(alice())},
		{name: "access/HEAD without a token", request: Request{Method: "HEAD", Path: "/api/me"}, want: headOnly(missing)},
		{name: "access/scheme in lower case", request: me("Authorization: bearer $access"), want: alice()},
		{name: "access/scheme in upper case", request: me("Authorization: BEARER $access"), want: alice()},
		{name: "access/scheme in mixed case", request: me("Authorization: bEaReR $access"), want: alice()},
		{name: "access/spaces after the scheme", request: me("Authorization: Bearer   $access"), want: alice()},

		{name: "access/no header", request: me(), want: missing},
		{name: "access/empty header", request: me("Authorization: "), want: missing},
		{name: "access/another scheme", request: me("Authorization: Basic YWxpY2U6eA=="), want: missing},
		{name: "access/a scheme that begins with Bearer", request: me("Authorization: BearerX $access"), want: missing},
		{name: "access/Bearer in the header of another scheme", request: me("Authorization: Basic x, Bearer $access"), want: missing},
		{name: "access/token without a scheme", request: me("Authorization: $access"), want: missing},
		{name: "access/token in the query", request: get("/api/me?access_token=$access"), want: missing},
		{name: "access/token in a cookie", request: me("Cookie: __Host-access=$access; access_token=$access"), want: missing},
		{name: "access/token in another header", request: me("X-Access-Token: $access", "Proxy-Authorization: Bearer $access"), want: missing},
		{name: "access/token in a body", request: Request{Method: "GET", Path: "/api/me", Header: []string{Form}, Body: "access_token=$access"}, want: missing},
		{name: "access/beside another scheme", request: me("Authorization: Basic YWxpY2U6eA==", withAccess), want: alice()},

		{name: "access/scheme alone", request: me("Authorization: Bearer"), want: invalid},
		{name: "access/tab after the scheme", request: me("Authorization: Bearer\t$access"), want: invalid},
		{name: "access/space inside", request: me("Authorization: Bearer $access x"), want: invalid},
		{name: "access/two in one header", request: me("Authorization: Bearer x, Bearer $access"), want: invalid},
		{name: "access/quoted", request: me(`Authorization: Bearer "$access"`), want: invalid},
		{name: "access/rubbish", request: me("Authorization: Bearer rubbish"), want: invalid},
		{name: "access/over 4 KiB", request: me("Authorization: Bearer " + strings.Repeat("a", 5000)), want: invalid,
			then: func(s *scene, _ Answer) { s.wantCalls(0, "Revoked") }},
		{name: "access/refresh token", request: me("Authorization: Bearer $refresh"), want: invalid},
		{name: "access/altered", given: func(s *scene) { s.names["altered"] = alter(s.names["access"]) },
			request: me("Authorization: Bearer $altered"), want: invalid},
		{name: "access/two headers", request: me(withAccess, withAccess), want: answer(400, requestInvalid)},
		{name: "access/two headers, one empty", request: me(withAccess, "Authorization: bearer"), want: answer(400, requestInvalid)},

		{name: "access/last second", given: wait(10*time.Minute - time.Second), request: me(withAccess), want: alice()},
		{name: "access/expired", given: wait(10 * time.Minute), request: me(withAccess), want: answer(401, tokenExpired, challengeExpired)},
		{name: "access/after logout", given: func(s *scene) { s.Logout(s.names["access"]) }, request: me(withAccess),
			want: answer(401, tokenRevoked, challengeRevoked)},
		{name: "access/of a blocked user", given: block("alice"), request: me(withAccess),
			want: answer(401, tokenRevoked, challengeRevoked)},
		{name: "access/previous token after a reissue", given: func(s *scene) { s.reissue("next") }, request: me(withAccess), want: alice()},
		{name: "access/roles", given: func(s *scene) {
			s.keep("", s.Do(postJSON("/auth/login", `{"username":"alice","roles":["user","admin"]}`)).Pair())
		}, request: me(withAccess), want: application(`{"user":"alice","session":"$session","roles":["user","admin"]}` + "\n")},

		{name: "access/store fails", given: (*scene).fail, request: me(withAccess), want: unavailable()},
		{name: "access/store fails, open", config: func(c *core.Config) { c.OnStoreFailure = core.FailOpen }, given: (*scene).fail,
			request: me(withAccess), want: alice()},
		{name: "access/store fails, no token", given: (*scene).fail, request: me(), want: missing},

		{name: "access/another method", request: post("/api/me"), want: notRouted("GET, HEAD")},
		{name: "access/another method with a token", request: post("/api/me", withAccess), want: notRouted("GET, HEAD")},
		{name: "access/another path", request: get("/api/nothing", withAccess), want: answer(404, notFound)},
	}
}

// optionalRows are a route behind Optional.
func optionalRows() []row {
	maybe := func(header ...string) Request { return get("/api/maybe", header...) }
	return []row{
		{name: "optional", request: maybe(withAccess), want: alice()},
		{name: "optional/no header", request: maybe(), want: nobody()},
		{name: "optional/another scheme", request: maybe("Authorization: Basic YWxpY2U6eA=="), want: nobody()},
		{name: "optional/scheme alone", request: maybe("Authorization: Bearer"), want: answer(401, tokenInvalid, challengeInvalid)},
		{name: "optional/rubbish", request: maybe("Authorization: Bearer rubbish"), want: answer(401, tokenInvalid, challengeInvalid)},
		{name: "optional/expired", given: wait(time.Hour), request: maybe(withAccess), want: answer(401, tokenExpired, challengeExpired)},
		{name: "optional/after logout", given: func(s *scene) { s.Logout(s.names["refresh"]) }, request: maybe(withAccess),
			want: answer(401, tokenRevoked, challengeRevoked)},
		{name: "optional/two headers", request: maybe(withAccess, withAccess), want: answer(400, requestInvalid)},
		{name: "optional/store fails", given: (*scene).fail, request: maybe(withAccess), want: unavailable()},
		{name: "optional/store fails, no header", given: (*scene).fail, request: maybe(), want: nobody()},
		{name: "optional/another method", request: post("/api/maybe", "Authorization: Bearer rubbish"), want: notRouted("GET")},
	}
}

// wait returns a given that moves the clock.
func wait(d time.Duration) func(*scene) { return func(s *scene) { s.Clock.Advance(d) } }

// block returns a given that blocks a user for ever.
func block(user string) func(*scene) {
	return func(s *scene) {
		if err := s.Authority.Block(s.t.Context(), user, time.Time{}); err != nil {
			s.t.Fatal(err)
		}
	}
}

func refreshClaims(user string) func(*scene) {
	return func(s *scene) {
		if err := s.Authority.RefreshClaims(s.t.Context(), user); err != nil {
			s.t.Fatal(err)
		}
	}
}

// alter returns the token with another first letter of its signature.
func alter(token string) string {
	i := strings.LastIndexByte(token, '.') + 1
	letter := "A"
	if token[i] == 'A' {
		letter = "B"
	}
	return token[:i] + letter + token[i+1:]
}

// wantCalls checks how often the store's methods have been called.
func (s *scene) wantCalls(n int, methods ...string) {
	s.t.Helper()
	if got := s.Store.Calls(methods...); got != n {
		s.t.Errorf("calls of %v: got %d, want %d", methods, got, n)
	}
}

// wantCode checks an answer by its code, the empty string for a success.
func (s *scene) wantCode(what string, got Answer, code string) {
	s.t.Helper()
	if got.Code() != code || (code == "") != (got.Status < 300) {
		s.t.Errorf("%s: got %d %s, want the code %q", what, got.Status, got.Body, code)
	}
}
