package facetest

import (
	"strings"
	"time"
)

// usersRows are what an administrator does to a user: bob, who has two
// sessions. That alice is one is for the application to check; the routes of
// the table check nothing but her token.
func usersRows() []row {
	given := func(s *scene) { s.login("bob", "bob"); s.login("other", "bob") }
	invalid := answer(400, requestInvalid)
	missing := answer(401, tokenMissing, challengeMissing)
	rows := []row{
		{name: "block/for ever", request: blockUser("bob", withAccess), want: done(), then: blocked("bob", true)},
		{name: "block/until", request: blockUntil(`{"until":"2026-03-02T13:00:00Z"}`), want: done(), then: blocked("bob", false)},
		{name: "block/until, in another zone", request: blockUntil(`{"until":"2026-03-02T14:00:00.5+01:00"}`), want: done(), then: blocked("bob", false)},
		{name: "block/until null", request: blockUntil(`{"until":null}`), want: done(), then: blocked("bob", true)},
		{name: "block/empty object", request: blockUntil(`{}`), want: done(), then: blocked("bob", true)},
		{name: "block/member in another case", request: blockUntil(`{"Until":"2026-03-02T13:00:00Z"}`), want: done(), then: blocked("bob", false)},
		{name: "block/again, for longer", request: blockUser("bob", withAccess), want: done(), then: blocked("bob", true),
			given: func(s *scene) { given(s); s.Do(s.expandRequest(blockUntil(`{"until":"2026-03-02T13:00:00Z"}`))) }},
		{name: "block/who has never logged in", request: blockUser("carol", withAccess), want: done(), then: blocked("carol", true)},
		{name: "block/oneself", request: blockUser("alice", withAccess), want: done(), then: ended},

		{name: "block/until now", request: blockUntil(`{"until":"2026-03-02T12:00:00Z"}`), want: invalid, then: bobAlive},
		{name: "block/until the year 1", request: blockUntil(`{"until":"0001-01-01T00:00:00Z"}`), want: invalid, then: bobAlive},
		{name: "block/until a date", request: blockUntil(`{"until":"2999-01-01"}`), want: invalid, then: bobAlive},
		{name: "block/until a number", request: blockUntil(`{"until":32472144000}`), want: invalid, then: bobAlive},
		{name: "block/another member", request: blockUntil(`{"untill":"2999-01-01T00:00:00Z"}`), want: invalid, then: bobAlive},
		{name: "block/member twice", request: blockUntil(`{"until":"2999-01-01T00:00:00Z","until":null}`), want: invalid, then: bobAlive},
		{name: "block/broken body", request: blockUntil(`{`), want: invalid, then: bobAlive},
		{name: "block/array", request: blockUntil(`[]`), want: invalid, then: bobAlive},
		{name: "block/over 16 KiB", request: blockUntil(pad(`{}`, 16<<10+1)), want: answer(413, requestTooLarge), then: bobAlive},
		{name: "block/form", request: Request{Method: "PUT", Path: usersPath + "bob/block", Header: []string{Form, withAccess}, Body: "until=2999-01-01T00:00:00Z"},
			want: answer(415, unsupportedMediaType), then: bobAlive},
		{name: "block/no token", request: blockUser("bob"), want: missing, then: bobAlive},
		{name: "block/rubbish", request: blockUser("bob", "Authorization: Bearer rubbish"), want: answer(401, tokenInvalid, challengeInvalid), then: bobAlive},
		{name: "block/store fails", request: blockUser("bob", withAccess), want: unavailable(), then: bobAlive,
			given: func(s *scene) { given(s); s.failBefore("Block") }},
		{name: "block/GET", request: Request{Method: "GET", Path: usersPath + "bob/block", Header: []string{withAccess}}, want: notRouted("DELETE, PUT"), then: bobAlive},

		{name: "block/name with a slash", request: blockUser("a%2Fb", withAccess), want: done(), then: blocked("a/b", true)},
		{name: "block/name with a percent sign", request: blockUser("50%25", withAccess), want: done(), then: blocked("50%", true)},
		{name: "block/name with an escape in it", request: blockUser("a%252Fb", withAccess), want: done(), then: blocked("a%2Fb", true)},
		{name: "block/name with both", request: blockUser("a%2Fb%252F", withAccess), want: done(), then: blocked("a/b%2F", true)},
		{name: "block/name with a plus", request: blockUser("a+b@example.org", withAccess), want: done(), then: blocked("a+b@example.org", true)},
		{name: "block/name with a plus and a slash", request: blockUser("a+b%2F", withAccess), want: done(), then: blocked("a+b/", true)},
		{name: "block/name with a space", request: blockUser("a%20b", withAccess), want: done(), then: blocked("a b", true)},
		{name: "block/name escaped without need", request: blockUser("%62%6Fb", withAccess), want: done(), then: blocked("bob", true)},
		{name: "block/name not in ASCII", request: blockUser("%C3%A9", withAccess), want: done(), then: blocked("é", true)},
		{name: "block/name not UTF-8", request: blockUser("%FF", withAccess), want: invalid, then: bobAlive},
		{name: "block/name too long", request: blockUser(letters(257), withAccess), want: invalid, then: bobAlive},

		{name: "unblock", given: func(s *scene) { given(s); block("bob")(s) }, request: removeOf("bob/block", withAccess), want: done(), then: free("bob")},
		{name: "unblock/who is not blocked", request: removeOf("bob/block", withAccess), want: done(), then: bobAlive},
		{name: "unblock/name with a slash", given: block("a/b"), request: removeOf("a%2Fb/block", withAccess), want: done(), then: free("a/b")},
		{name: "unblock/name not UTF-8", request: removeOf("%FF/block", withAccess), want: invalid},
		{name: "unblock/no token", given: block("bob"), request: removeOf("bob/block"), want: missing, then: blocked("bob", true)},
		{name: "unblock/store fails", request: removeOf("bob/block", withAccess), want: unavailable(), then: blocked("bob", true),
			given: func(s *scene) { block("bob")(s); s.failBefore("Unblock") }},

		{name: "refresh claims", request: post(usersPath+"bob/refresh-claims", withAccess), want: done(), then: func(s *scene, a Answer) {
			alive(s, a)
			s.wantCode("bob", s.Me(s.names["bob_access"]), "token_revoked")
			s.wantCode("bob's reissue", s.Reissue(s.names["bob_refresh"]), "")
		}},
		{name: "refresh claims/no token", request: post(usersPath + "bob/refresh-claims"), want: missing, then: bobAlive},
		{name: "refresh claims/name not UTF-8", request: post(usersPath+"%FF/refresh-claims", withAccess), want: invalid, then: bobAlive},
		{name: "refresh claims/store fails", request: post(usersPath+"bob/refresh-claims", withAccess), want: unavailable(), then: bobAlive,
			given: func(s *scene) { given(s); s.failBefore("RefreshClaims") }},

		{name: "revoke all", request: removeOf("bob/sessions", withAccess), want: answer(200, `{"ended":2}`), then: func(s *scene, a Answer) {
			alive(s, a)
			s.wantCode("bob", s.Me(s.names["bob_access"]), "token_revoked")
			s.wantCode("bob's other", s.Me(s.names["other_access"]), "token_revoked")
			free("bob")(s, a)
		}},
		{name: "revoke all/who has none", request: removeOf("carol/sessions", withAccess), want: answer(200, `{"ended":0}`), then: bobAlive},
		{name: "revoke all/one's own", request: removeOf("alice/sessions", withAccess), want: answer(200, `{"ended":1}`), then: ended},
		{name: "revoke all/name with a slash", given: func(s *scene) { s.login("slash", "a/b") }, request: removeOf("a%2Fb/sessions", withAccess),
			want: answer(200, `{"ended":1}`)},
		{name: "revoke all/name not UTF-8", request: removeOf("%FF/sessions", withAccess), want: invalid, then: bobAlive},
		{name: "revoke all/no token", request: removeOf("bob/sessions"), want: missing, then: bobAlive},
		{name: "revoke all/store fails", request: removeOf("bob/sessions", withAccess), want: unavailable(), then: bobAlive,
			given: func(s *scene) { given(s); s.failBefore("EndAll") }},
		{name: "revoke all/POST", request: post(usersPath+"bob/sessions", withAccess), want: notRouted("DELETE, GET, HEAD"), then: bobAlive},
	}
	rows = append(rows, userSessionRows()...)
	return prefixed("users/", rows, given)
}

// cookieUsersRows are the same by cookie: whoever gets an administrator's
// browser to send a request must not be served.
func cookieUsersRows() []row {
	given := func(s *scene) { s.login("bob", "bob") }
	request := Request{Method: "PUT", Path: usersPath + "bob/block", Header: []string{bothCookies}}
	remove := Request{Method: "DELETE", Path: usersPath + "bob/sessions", Header: []string{bothCookies}}
	one := Request{Method: "DELETE", Path: usersPath + "bob/sessions/$bob_session", Header: []string{bothCookies}}
	rows := append(foreign("block", request, nil), foreign("revoke all", remove, nil)...)
	rows = append(rows, foreign("revoke", one, nil)...)
	for i, r := range rows {
		rows[i].then = func(s *scene, a Answer) {
			r.then(s, a)
			s.wantCode("bob", s.Me(s.names["bob_access"]), "")
		}
	}
	rows = append(rows, own("block", request, done(), nil, blocked("bob", true))...)
	rows = append(rows, own("revoke all", remove, answer(200, `{"ended":1}`), nil, nil)...)
	cleared := done()
	cleared.header = append(cleared.header, noLaxCookies()...)
	rows = append(rows,
		row{name: "block/oneself", request: with(blockUser("alice"), bothCookies), want: cleared, then: cookieEnded},
		row{name: "revoke all/one's own", request: with(removeOf("alice/sessions"), bothCookies), want: answer(200, `{"ended":1}`, noLaxCookies()...), then: cookieEnded},
		row{name: "list/from another site", request: get(usersPath+"bob/sessions", bothCookies, fromAfar), then: cookieAlive,
			want: answer(200, `{"sessions":[`+listed("$bob_session", "", false)+`]}`)},
		row{name: "revoke/another's", request: with(removeOf("bob/sessions/$bob_session"), bothCookies), want: done(), then: cookieAlive},
		row{name: "revoke/one's own", request: with(removeOf("alice/sessions/$session"), bothCookies), want: cleared, then: cookieEnded},
		row{name: "revoke/one's own of somebody else", request: with(removeOf("bob/sessions/$session"), bothCookies), want: answer(404, sessionNotFound), then: cookieAlive},
		row{name: "unblock/oneself", request: with(removeOf("alice/block"), bothCookies), want: done(), then: cookieAlive})
	return prefixed("cookie/users/", rows, given)
}

const usersPath = "/admin/users/"

// blockUser asks for a user to be blocked.
func blockUser(escaped string, header ...string) Request {
	return Request{Method: "PUT", Path: usersPath + escaped + "/block", Header: header}
}

// blockUntil asks for bob to be blocked.
func blockUntil(body string) Request {
	return Request{Method: "PUT", Path: usersPath + "bob/block", Header: []string{JSON, withAccess}, Body: body}
}

// removeOf asks for something of a user to be removed.
func removeOf(path string, header ...string) Request {
	return Request{Method: "DELETE", Path: usersPath + path, Header: header}
}

// done is the answer of what has nothing to say.
func done() want {
	return want{status: 204, header: []string{"Cache-Control: no-store", "Pragma: no-cache"}}
}

// blocked checks that a user, and only that one, is blocked for ever or for an
// hour.
func blocked(user string, forEver bool) func(*scene, Answer) {
	return func(s *scene, _ Answer) {
		s.t.Helper()
		if bob := s.names["bob_access"]; user == "bob" && bob != "" {
			s.wantCode("bob", s.Me(bob), "token_revoked")
		}
		s.wantCode("login of "+user, s.TryLogin(user), "user_blocked")
		for _, other := range []string{"dave", "a", "b", strings.ReplaceAll(user, "+", " "), strings.ReplaceAll(user, "%2F", "/")} {
			if other != user {
				s.wantCode("login of "+other, s.TryLogin(other), "")
			}
		}
		s.Clock.Advance(time.Hour - time.Second)
		s.wantCode("login of "+user+" before the hour is over", s.TryLogin(user), "user_blocked")
		s.Clock.Advance(2 * time.Second)
		if !forEver {
			s.wantCode("login of "+user+" after an hour", s.TryLogin(user), "")
			return
		}
		s.Clock.Advance(10 * 365 * 24 * time.Hour)
		s.wantCode("login of "+user+" after ten years", s.TryLogin(user), "user_blocked")
	}
}

// free checks that a user may log in.
func free(user string) func(*scene, Answer) {
	return func(s *scene, _ Answer) {
		s.t.Helper()
		s.wantCode("login of "+user, s.TryLogin(user), "")
	}
}

// bobAlive checks that nothing has become of bob.
func bobAlive(s *scene, _ Answer) {
	s.t.Helper()
	s.wantCode("bob", s.Me(s.names["bob_access"]), "")
	s.wantCode("bob's other", s.Me(s.names["other_access"]), "")
	s.wantCode("login of bob", s.TryLogin("bob"), "")
}
