package facetest

import "time"

// userSessionRows are what an administrator does with single sessions of bob's,
// who has two, the other from a minute later.
func userSessionRows() []row {
	given := func(s *scene) {
		s.login("bob", "bob")
		s.Clock.Advance(time.Minute)
		s.keep("other", s.Do(postJSON("/auth/login", `{"username":"bob","device":"phone"}`)).Pair())
	}
	list := func(user string, header ...string) Request { return get(usersPath+user+"/sessions", header...) }
	revoke := func(path string, header ...string) Request { return removeOf(path, header...) }
	route := func(method, path string) Request {
		return Request{Method: method, Path: usersPath + path, Header: []string{withAccess}}
	}
	both := answer(200, `{"sessions":[`+listed("$other_session", "phone", false)+`,`+listed("$bob_session", "", false)+`]}`)
	none := answer(200, `{"sessions":[]}`)
	invalid, gone := answer(400, requestInvalid), answer(404, sessionNotFound)
	missing, rubbish := answer(401, tokenMissing, challengeMissing), answer(401, tokenInvalid, challengeInvalid)
	untouched := func(s *scene, a Answer) { alive(s, a); bobAlive(s, a) }
	bobEnded := func(s *scene, a Answer) {
		alive(s, a)
		s.wantCode("bob", s.Me(s.names["bob_access"]), "token_revoked")
		s.wantCode("bob's reissue", s.Reissue(s.names["bob_refresh"]), "refresh_invalid")
		s.wantCode("bob's other", s.Me(s.names["other_access"]), "")
	}
	return prefixed("", []row{
		{name: "list/another's", request: list("bob", withAccess), want: both, then: untouched},
		{name: "list/one's own", request: list("alice", withAccess), want: answer(200, `{"sessions":[`+listed("$session", "", true)+`]}`)},
		{name: "list/who has none", request: list("carol", withAccess), want: none},
		{name: "list/of a blocked user", given: func(s *scene) { given(s); block("bob")(s) }, request: list("bob", withAccess), want: none},
		{name: "list/name with a slash", given: func(s *scene) { s.login("bob", "a/b") }, request: list("a%2Fb", withAccess),
			want: answer(200, `{"sessions":[`+listed("$bob_session", "", false)+`]}`)},
		{name: "list/name not UTF-8", request: list("%FF", withAccess), want: invalid},
		{name: "list/name too long", request: list(letters(257), withAccess), want: invalid},
		{name: "list/no token", request: list("bob"), want: missing},
		{name: "list/rubbish", request: list("bob", "Authorization: Bearer rubbish"), want: rubbish},
		{name: "list/revoked token", given: func(s *scene) { given(s); s.Logout(s.names["access"]) }, request: list("bob", withAccess),
			want: answer(401, tokenRevoked, challengeRevoked)},
		{name: "list/two headers", request: list("bob", withAccess, withAccess), want: invalid},
		{name: "list/store fails", given: func(s *scene) { given(s); s.failBefore("Sessions") }, request: list("bob", withAccess), want: unavailable()},
		{name: "list/HEAD", request: route("HEAD", "bob/sessions"), want: headOnly(both)},
		{name: "list/HEAD without a token", request: Request{Method: "HEAD", Path: usersPath + "bob/sessions"}, want: headOnly(missing)},
		{name: "list/PUT", request: route("PUT", "bob/sessions"), want: notRouted("DELETE, GET, HEAD"), then: untouched},

		{name: "revoke/another's", request: revoke("bob/sessions/$bob_session", withAccess), want: done(), then: bobEnded},
		{name: "revoke/one's own", request: revoke("alice/sessions/$session", withAccess), want: done(), then: ended},
		{name: "revoke/with escapes", request: revoke("%62ob/sessions/$escaped", withAccess), want: done(), then: bobEnded,
			given: func(s *scene) { given(s); s.names["escaped"] = escaped(s.names["bob_session"]) }},
		{name: "revoke/of somebody else", request: revoke("alice/sessions/$bob_session", withAccess), want: gone, then: untouched},
		{name: "revoke/one's own of somebody else", request: revoke("bob/sessions/$session", withAccess), want: gone, then: untouched},
		{name: "revoke/of nobody", request: revoke("carol/sessions/$bob_session", withAccess), want: gone, then: untouched},
		{name: "revoke/none", request: revoke("bob/sessions/AAAAAAAAAAAAAAAAAAAAAA", withAccess), want: gone, then: untouched},
		{name: "revoke/no id", request: revoke("bob/sessions/x", withAccess), want: gone, then: untouched},
		{name: "revoke/strange id", request: revoke("bob/sessions/%7B*%7D%00%0d%0a", withAccess), want: gone, then: untouched},
		{name: "revoke/ended already", given: func(s *scene) { given(s); s.Logout(s.names["bob_access"]) },
			request: revoke("bob/sessions/$bob_session", withAccess), want: gone, then: bobEnded},
		{name: "revoke/name with a slash", given: func(s *scene) { s.login("bob", "a/b") }, request: revoke("a%2Fb/sessions/$bob_session", withAccess), want: done(),
			then: func(s *scene, _ Answer) { s.wantCode("a/b", s.Me(s.names["bob_access"]), "token_revoked") }},
		{name: "revoke/name not UTF-8", request: revoke("%FF/sessions/$bob_session", withAccess), want: invalid, then: untouched},
		{name: "revoke/name too long", request: revoke(letters(257)+"/sessions/$bob_session", withAccess), want: invalid, then: untouched},
		{name: "revoke/no token", request: revoke("bob/sessions/$bob_session"), want: missing, then: untouched},
		{name: "revoke/rubbish", request: revoke("bob/sessions/$bob_session", "Authorization: Bearer rubbish"), want: rubbish, then: untouched},
		{name: "revoke/two headers", request: revoke("bob/sessions/$bob_session", withAccess, withAccess), want: invalid, then: untouched},
		{name: "revoke/store fails", given: func(s *scene) { given(s); s.failBefore("End") }, request: revoke("bob/sessions/$bob_session", withAccess),
			want: unavailable(), then: untouched},
		{name: "revoke/GET", request: route("GET", "bob/sessions/$bob_session"), want: notRouted("DELETE"), then: untouched},
		{name: "revoke/HEAD", request: route("HEAD", "bob/sessions/$bob_session"), want: headOnly(notRouted("DELETE")), then: untouched},
		{name: "revoke/POST", request: route("POST", "bob/sessions/$bob_session"), want: notRouted("DELETE"), then: untouched},
	}, given)
}

// listed is a session in a list: one of the server's first minute, or if it has a
// device's name of the second.
func listed(id, deviceName string, current bool) string {
	day, time := "2026-03-0", "T12:00:00Z"
	if deviceName != "" {
		time = "T12:01:00Z"
	}
	flag := "false"
	if current {
		flag = "true"
	}
	return `{"id":"` + id + `","current":` + flag + `,"created_at":"` + day + `2` + time + `","last_used_at":"` + day + `2` + time +
		`","expires_at":"` + day + `9` + time + `","device":{"name":"` + deviceName + `","user_agent":"facetest","ip":"127.0.0.1"}}`
}
