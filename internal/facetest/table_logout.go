package facetest

import "time"

const logoutPath = "/auth/logout"

// loggedOut is the answer to every logout that the store has carried out.
func loggedOut() want { return answer(200, `{}`) }

// ended checks that alice's session is over, the access and the refresh token.
func ended(s *scene, _ Answer) {
	s.t.Helper()
	s.wantCode("me", s.Me(s.names["access"]), "token_revoked")
	s.wantCode("reissue", s.Reissue(s.names["refresh"]), "refresh_invalid")
}

// alive checks that alice's session goes on.
func alive(s *scene, _ Answer) {
	s.t.Helper()
	s.wantCode("me", s.Me(s.names["access"]), "")
	s.wantCode("reissue", s.Reissue(s.names["refresh"]), "")
}

// logoutRows are the places that a logout reads tokens from, and what becomes
// of them.
func logoutRows() []row {
	withBob := func(s *scene) { s.login("bob", "bob") }
	both := func(s *scene, a Answer) {
		ended(s, a)
		s.wantCode("bob", s.Me(s.names["bob_access"]), "token_revoked")
	}
	return []row{
		{name: "logout/access token in the header", request: post(logoutPath, withAccess), want: loggedOut(), then: ended},
		{name: "logout/refresh token in the header", request: post(logoutPath, "Authorization: Bearer $refresh"), want: loggedOut(), then: ended},
		{name: "logout/refresh_token in JSON", request: postJSON(logoutPath, `{"refresh_token":"$refresh"}`), want: loggedOut(), then: ended},
		{name: "logout/access_token in JSON", request: postJSON(logoutPath, `{"access_token":"$access"}`), want: loggedOut(), then: ended},
		{name: "logout/token in JSON", request: postJSON(logoutPath, `{"token":"$refresh"}`), want: loggedOut(), then: ended},
		{name: "logout/token in a form", request: postForm(logoutPath, "token=$refresh"), want: loggedOut(), then: ended},
		{name: "logout/access token in a form", request: postForm(logoutPath, "token=$access&token_type_hint=access_token"), want: loggedOut(), then: ended},
		{name: "logout/wrong hint", request: postForm(logoutPath, "token=$refresh&token_type_hint=access_token"), want: loggedOut(), then: ended},
		{name: "logout/unknown hint", request: postForm(logoutPath, "token=$refresh&token_type_hint=x&token_type_hint=y"), want: loggedOut(), then: ended},
		{name: "logout/refresh_token in a form", request: postForm(logoutPath, "refresh_token=$refresh"), want: loggedOut(), then: ended},
		{name: "logout/access_token in a form", request: postForm(logoutPath, "access_token=$access"), want: loggedOut(), then: ended},
		{name: "logout/both of one session", request: postJSON(logoutPath, `{"refresh_token":"$refresh"}`, withAccess), want: loggedOut(), then: ended},
		{name: "logout/one token in two places", request: postJSON(logoutPath, `{"token":"$access","access_token":"$access"}`, withAccess),
			want: loggedOut(), then: func(s *scene, a Answer) { s.wantCalls(1, "End"); ended(s, a) }},
		{name: "logout/two sessions", given: withBob, request: postJSON(logoutPath, `{"refresh_token":"$bob_refresh"}`, withAccess),
			want: loggedOut(), then: both},
		{name: "logout/two sessions by form", given: withBob, request: postForm(logoutPath, "token=$bob_access&refresh_token=$refresh"),
			want: loggedOut(), then: both},
		{name: "logout/other session of the user", given: func(s *scene) { s.login("other", "alice") },
			request: post(logoutPath, "Authorization: Bearer $other_access"), want: loggedOut(), then: alive},

		{name: "logout/expired access token", given: wait(time.Hour), request: post(logoutPath, withAccess), want: loggedOut(),
			then: func(s *scene, _ Answer) { s.wantCode("reissue", s.Reissue(s.names["refresh"]), "refresh_invalid") }},
		{name: "logout/earlier refresh token", given: func(s *scene) { s.reissue("next") },
			request: postJSON(logoutPath, `{"refresh_token":"$refresh"}`), want: loggedOut(),
			then: func(s *scene, _ Answer) { s.wantCode("child", s.Me(s.names["next_access"]), "token_revoked") }},
		{name: "logout/expired refresh token", given: wait(40 * 24 * time.Hour), request: postJSON(logoutPath, `{"refresh_token":"$refresh"}`), want: loggedOut()},
		{name: "logout/twice", given: func(s *scene) { s.Logout(s.names["access"]) }, request: post(logoutPath, withAccess), want: loggedOut(), then: ended},
		{name: "logout/rubbish", request: postJSON(logoutPath, `{"token":"rubbish"}`, "Authorization: Bearer rubbish"), want: loggedOut(), then: alive},
		{name: "logout/altered", given: func(s *scene) { s.names["altered"] = alter(s.names["access"]) },
			request: post(logoutPath, "Authorization: Bearer $altered"), want: loggedOut(), then: alive},
		{name: "logout/nothing", request: post(logoutPath), want: loggedOut(), then: alive},
		{name: "logout/another scheme", request: post(logoutPath, "Authorization: Basic YWxpY2U6eA=="), want: loggedOut(), then: alive},
		{name: "logout/scheme alone", request: post(logoutPath, "Authorization: Bearer"), want: loggedOut(), then: alive},
		{name: "logout/in the query only", request: post(logoutPath + "?token=$refresh"), want: loggedOut(), then: alive},

		{name: "logout/two Bearer headers", request: post(logoutPath, withAccess, withAccess), want: answer(400, requestInvalid), then: alive},
		{name: "logout/store fails", given: (*scene).fail, request: post(logoutPath, withAccess), want: unavailable(), then: alive},
		{name: "logout/store fails, no good token", given: (*scene).fail, request: post(logoutPath, "Authorization: Bearer rubbish"), want: loggedOut(), then: alive},
		{name: "logout/store fails, two sessions", given: func(s *scene) { withBob(s); s.fail() },
			request: postJSON(logoutPath, `{"refresh_token":"$bob_refresh"}`, withAccess), want: unavailable(),
			then: func(s *scene, a Answer) { s.wantCalls(1, "End"); alive(s, a) }},

		{name: "logout/GET", request: get(logoutPath, withAccess), want: notAllowed("POST"), then: alive},
		{name: "logout/DELETE", request: Request{Method: "DELETE", Path: logoutPath, Header: []string{withAccess}}, want: notAllowed("POST"), then: alive},
	}
}

// logoutBodyRows are bodies that a logout refuses, and it ends nothing then.
func logoutBodyRows() []row {
	refused := func(name string, w want, r Request) row {
		return row{name: "logout/body/" + name, request: r, want: w, then: alive}
	}
	invalid := answer(400, requestInvalid)
	return []row{
		refused("not JSON", invalid, postJSON(logoutPath, `token=$refresh`, withAccess)),
		refused("array", invalid, postJSON(logoutPath, `["$refresh"]`)),
		refused("number", invalid, postJSON(logoutPath, `{"token":1}`, withAccess)),
		refused("member twice", invalid, postJSON(logoutPath, `{"token":"$refresh","token":"x"}`)),
		refused("field twice", invalid, postForm(logoutPath, "token=$refresh&token=x")),
		refused("bad escape", invalid, postForm(logoutPath, "token=$refresh&x=%zz")),
		refused("over 16 KiB", answer(413, requestTooLarge), postForm(logoutPath, "token=$refresh&x="+letters(16<<10), withAccess)),
		refused("of another type", answer(415, unsupportedMediaType),
			Request{Method: "POST", Path: logoutPath, Header: []string{"Content-Type: text/plain", withAccess}, Body: "$refresh"}),
		refused("without a type", answer(415, unsupportedMediaType),
			Request{Method: "POST", Path: logoutPath, Header: []string{withAccess}, Body: `{"token":"$refresh"}`}),
		{name: "logout/body/empty object", request: postJSON(logoutPath, `{}`, withAccess), want: loggedOut(), then: ended},
		{name: "logout/body/empty form", request: postForm(logoutPath, ``, withAccess), want: loggedOut(), then: ended},
		{name: "logout/body/form without a token", request: postForm(logoutPath, `a=b`), want: loggedOut(), then: alive},
		{name: "logout/body/null member", request: postJSON(logoutPath, `{"refresh_token":null}`, withAccess), want: loggedOut(), then: ended},
	}
}
