package facetest

import (
	"slices"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// cookieAccessRows are routes behind Require and Optional in the cookie
// transport.
func cookieAccessRows() []row {
	me := func(header ...string) Request { return get("/api/me", header...) }
	maybe := func(header ...string) Request { return get("/api/maybe", header...) }
	missing := answer(401, tokenMissing, challengeMissing)
	invalid := answer(401, tokenInvalid, challengeInvalid)
	expired := answer(401, tokenExpired, challengeExpired)
	revoked := answer(401, tokenRevoked, challengeRevoked)
	twice := answer(400, requestInvalid)
	out := func(s *scene) { s.Logout(s.names["access"]) }
	rows := []row{
		{name: "access", request: me(bothCookies), want: alice()},
		{name: "access/access cookie only", request: me(accessOnly), want: alice()},
		{name: "access/HEAD", request: Request{Method: "HEAD", Path: "/api/me", Header: []string{accessOnly}}, want: headOnly(alice())},
		{name: "access/quoted cookie", request: me(`Cookie: __Host-access="$access"`), want: alice()},
		{name: "access/by header", request: me(withAccess), want: alice()},
		{name: "access/by header, beside the refresh cookie", request: me(withAccess, refreshOnly), want: alice()},
		{name: "access/beside a Basic header", request: me("Authorization: Basic YWxpY2U6eA==", accessOnly), want: alice()},
		{name: "access/GET from another site", request: me(accessOnly, fromAfar, "Origin: https://evil.example"), want: alice()},
		{name: "access/GET from a sibling", request: me(accessOnly, fromSibling), want: alice()},

		{name: "access/no cookie", request: me(), want: missing},
		{name: "access/refresh cookie only", request: me(refreshOnly), want: missing},
		{name: "access/name in another case", request: me("Cookie: __host-access=$access"), want: missing},
		{name: "access/name without its prefix", request: me("Cookie: access=$access"), want: missing},
		{name: "access/empty cookie", request: me("Cookie: __Host-access="), want: invalid},
		{name: "access/rubbish cookie", request: me("Cookie: __Host-access=rubbish"), want: invalid},
		{name: "access/refresh token as access", request: me("Cookie: __Host-access=$refresh"), want: invalid},
		{name: "access/expired", given: wait(10 * time.Minute), request: me(bothCookies), want: expired},
		{name: "access/expired, by a link from another site", given: wait(10 * time.Minute), request: me(bothCookies, fromAfar, byLink, asPage), want: expired},
		{name: "access/after logout", given: out, request: me(bothCookies), want: revoked},
		{name: "access/store fails", given: (*scene).fail, request: me(bothCookies), want: unavailable()},

		{name: "access/two cookies", request: me("Cookie: __Host-access=$access; __Host-access=$access"), want: twice},
		{name: "access/two cookies, one empty", request: me("Cookie: __Host-access=; __Host-access=$access"), want: twice},
		{name: "access/two cookies in two lines", request: me(accessOnly, accessOnly), want: twice},
		{name: "access/two cookies and a header", request: me(accessOnly, accessOnly, withAccess), want: twice},
		{name: "access/cookie and header", request: me(accessOnly, withAccess), want: twice},
		{name: "access/stale cookie and good header", request: me("Cookie: __Host-access=rubbish", withAccess), want: twice},
		{name: "access/good cookie and bad header", request: me(accessOnly, "Authorization: Bearer"), want: twice},
		{name: "access/PUT by header from another site", request: put(withAccess, fromAfar, "Origin: https://evil.example"), want: alice()},
		{name: "access/PUT by header from a sibling, beside the refresh cookie", request: put(withAccess, refreshOnly, fromSibling), want: alice()},
		{name: "access/PUT without a credential from another site", request: put(fromAfar, "Origin: https://evil.example"), want: missing},
		{name: "access/PUT with rubbish from another site", request: put("Cookie: __Host-access=rubbish", fromAfar), want: answer(403, crossOrigin)},
		{name: "access/a WebSocket's handshake", request: me(accessOnly, "Connection: Upgrade", "Upgrade: websocket", fromHere, "Origin: http://$host"), want: alice()},
		{name: "access/another method from another site", request: post("/api/me", accessOnly, fromAfar), want: notRouted("GET, HEAD")},

		{name: "optional", request: maybe(bothCookies), want: alice()},
		{name: "optional/by header", request: maybe(withAccess), want: alice()},
		{name: "optional/no cookie", request: maybe(), want: nobody()},
		{name: "optional/refresh cookie only", request: maybe(refreshOnly), want: nobody()},
		{name: "optional/rubbish cookie", request: maybe("Cookie: __Host-access=rubbish"), want: nobody()},
		{name: "optional/empty cookie", request: maybe("Cookie: __Host-access="), want: nobody()},
		{name: "optional/expired cookie", given: wait(time.Hour), request: maybe(bothCookies), want: nobody()},
		{name: "optional/revoked cookie", given: out, request: maybe(bothCookies), want: nobody()},
		{name: "optional/rubbish header", request: maybe("Authorization: Bearer rubbish"), want: invalid},
		{name: "optional/rubbish header beside the refresh cookie", request: maybe("Authorization: Bearer rubbish", refreshOnly), want: invalid},
		{name: "optional/expired header", given: wait(time.Hour), request: maybe(withAccess), want: expired},
		{name: "optional/cookie and header", request: maybe(accessOnly, withAccess), want: twice},
		{name: "optional/two cookies", request: maybe(accessOnly, accessOnly), want: twice},
		{name: "optional/store fails", given: (*scene).fail, request: maybe(bothCookies), want: unavailable()},
	}
	return namedAs("cookie", rows,
		foreign("access/PUT", put(bothCookies), nil), own("access/PUT", put(bothCookies), alice(), nil, cookieAlive),
		foreign("access/POST", post("/api/write", accessOnly), nil),
		foreign("access/a WebSocket's handshake", me(accessOnly, "Connection: Upgrade", "Upgrade: websocket"), nil))
}

// cookieLoginRows are a login in a browser that has an access cookie.
func cookieLoginRows() []row {
	login := postJSON("/auth/login", object("username", "bob"))
	fresh := answer(200, cookieTokens+`"<id>"}`, laxCookies()...)
	accessEnded := func(s *scene, a Answer) {
		cookieEnded(s, a)
		s.wantCode("other", s.Me(s.names["other_access"]), "token_revoked")
		s.wantLog("two cookies named __Host-access")
	}
	return namedAs("cookie/login", []row{
		{name: "over both cookies", request: with(login, bothCookies), want: fresh, then: cookieEnded},
		{name: "over the access cookie alone", request: with(login, accessOnly), want: fresh, then: cookieEnded},
		{name: "over an expired access cookie", given: wait(time.Hour), request: with(login, accessOnly), want: fresh,
			then: func(s *scene, _ Answer) {
				s.wantCode("reissue", s.byCookie(s.names["refresh"]), "refresh_invalid")
			}},
		{name: "over cookies of two sessions", given: func(s *scene) { s.login("other", "alice") },
			request: with(login, "Cookie: __Host-access=$other_access; __Host-refresh=$refresh"), want: fresh,
			then: func(s *scene, a Answer) {
				cookieEnded(s, a)
				s.wantCode("other", s.Me(s.names["other_access"]), "token_revoked")
			}},
		{name: "a header is no cookie", request: with(login, withAccess), want: fresh, then: cookieAlive},
		{name: "two access cookies", given: func(s *scene) { s.login("other", "alice") },
			request: with(login, accessOnly+"; __Host-access=$other_access"), want: fresh, then: accessEnded},
		{name: "absolute end sooner than idle end", config: func(c *core.Config) { c.SessionTTL = time.Hour }, request: login,
			want: answer(200, `{"expires_in":600,"refresh_token_expires_in":3600,"session_id":"<id>"}`, accessCookie("Lax", 3600), refreshCookie("Lax", 3600))},
		{name: "no absolute end", config: func(c *core.Config) { c.SessionTTL = core.NoLimit }, request: login, want: fresh},
		{name: "shortest lives", config: func(c *core.Config) { c.AccessTTL, c.IdleTTL = time.Second, time.Second }, given: wait(900 * time.Millisecond), request: login,
			want: answer(200, `{"expires_in":1,"refresh_token_expires_in":1,"session_id":"<id>"}`, accessCookie("Lax", 1), refreshCookie("Lax", 1))},
	})
}

// cookieReissueRows are a reissue in a browser that has an access cookie.
func cookieReissueRows() []row {
	binds := func(c *core.Config) { c.BindAccessToken = true }
	pair := answer(200, cookieTokens+`"$session"}`, laxCookies()...)
	others := func(s *scene) { s.login("other", "alice"); s.login("bob", "bob") }
	untouched := func(s *scene, _ Answer) {
		s.wantCalls(0, "Rotate", "End")
		s.wantCode("reissue with both", s.Do(s.expandRequest(post(reissuePath, bothCookies))), "")
	}
	return namedAs("cookie", []row{
		{name: "reissue/both cookies", request: post(reissuePath, bothCookies), want: pair, then: pairWorks(true)},
		{name: "reissue/another user's access cookie", given: others, request: post(reissuePath, refreshOnly+"; __Host-access=$bob_access"), want: pair},
		{name: "reissue/another user's access token in the header", given: others, request: post(reissuePath, bothCookies, "Authorization: Bearer $bob_access"), want: pair},
		{name: "reissue/two access cookies", request: post(reissuePath, bothCookies+"; __Host-access=x"), want: answer(400, requestInvalid), then: cookieAlive},
		{name: "reissue/access cookie only", request: post(reissuePath, accessOnly), want: missing(), then: cookieAlive},
		{name: "binding/both cookies", config: binds, request: post(reissuePath, bothCookies), want: pair},
		{name: "binding/expired cookie", config: binds, given: wait(time.Hour), request: post(reissuePath, bothCookies), want: pair},
		{name: "binding/in the header", config: binds, request: post(reissuePath, refreshOnly, withAccess), want: pair},
		{name: "binding/in cookie and header", config: binds, request: post(reissuePath, bothCookies, withAccess), want: pair},
		{name: "binding/cookie and header differ", config: binds, given: others, request: post(reissuePath, bothCookies, "Authorization: Bearer $other_access"),
			want: answer(400, requestInvalid), then: untouched},
		{name: "binding/cookie and body differ", config: binds, given: others, request: postJSON(reissuePath, `{"access_token":"$other_access"}`, bothCookies),
			want: answer(400, requestInvalid), then: untouched},
		{name: "binding/none", config: binds, request: post(reissuePath, refreshOnly), want: refused(), then: untouched},
		{name: "binding/another session's", config: binds, given: others, request: post(reissuePath, refreshOnly+"; __Host-access=$other_access"), want: refused(), then: untouched},
		{name: "binding/another user's", config: binds, given: others, request: post(reissuePath, refreshOnly+"; __Host-access=$bob_access"), want: refused(), then: untouched},
		{name: "binding/rubbish", config: binds, request: post(reissuePath, refreshOnly+"; __Host-access=rubbish"), want: refused(), then: untouched},
	})
}

// cookieLogoutRows are a logout in a browser.
func cookieLogoutRows() []row {
	out := answer(200, `{}`, noLaxCookies()...)
	withBob := func(s *scene) { s.login("bob", "bob") }
	bothEnded := func(s *scene, a Answer) {
		cookieEnded(s, a)
		s.wantCode("bob", s.Me(s.names["bob_access"]), "token_revoked")
	}
	rows := []row{
		{name: "both cookies", request: post(logoutPath, bothCookies), want: out, then: cookieEnded},
		{name: "access cookie", request: post(logoutPath, accessOnly), want: out, then: cookieEnded},
		{name: "refresh cookie", request: post(logoutPath, refreshOnly), want: out, then: cookieEnded},
		{name: "header", request: post(logoutPath, withAccess), want: out, then: cookieEnded},
		{name: "body", request: postJSON(logoutPath, `{"token":"$refresh"}`), want: out, then: cookieEnded},
		{name: "expired access cookie", given: wait(time.Hour), request: post(logoutPath, bothCookies), want: out,
			then: func(s *scene, _ Answer) {
				s.wantCode("reissue", s.byCookie(s.names["refresh"]), "refresh_invalid")
			}},
		{name: "used refresh cookie", given: func(s *scene) { s.next("next") }, request: post(logoutPath, refreshOnly), want: out,
			then: func(s *scene, _ Answer) { s.wantCode("child", s.Me(s.names["next_access"]), "token_revoked") }},
		{name: "cookies of two sessions", given: withBob, request: post(logoutPath, "Cookie: __Host-access=$bob_access; __Host-refresh=$refresh"), want: out, then: bothEnded},
		{name: "cookie and body", given: withBob, request: postJSON(logoutPath, `{"token":"$bob_refresh"}`, bothCookies), want: out, then: bothEnded},
		{name: "cookie and header", given: withBob, request: post(logoutPath, bothCookies, "Authorization: Bearer $bob_access"), want: out, then: bothEnded},
		{name: "twice", given: func(s *scene) { s.Logout(s.names["access"]) }, request: post(logoutPath, bothCookies), want: out, then: cookieEnded},
		{name: "rubbish", request: post(logoutPath, "Cookie: __Host-access=rubbish; __Host-refresh="), want: out, then: cookieAlive},
		{name: "nothing", request: post(logoutPath), want: out, then: cookieAlive},
		{name: "store fails", given: (*scene).fail, request: post(logoutPath, bothCookies), want: unavailable(), then: cookieAlive},
		{name: "outcome unknown", given: func(s *scene) {
			withBob(s)
			s.failAfter("End")
		}, request: post(logoutPath, "Cookie: __Host-access=$bob_access; __Host-refresh=$refresh"), want: unavailable(), then: cookieAlive},
		{name: "two access cookies", given: withBob, request: post(logoutPath, bothCookies+"; __Host-access=$bob_access"), want: out,
			then: func(s *scene, a Answer) { bothEnded(s, a); s.wantLog("two cookies named __Host-access") }},
		{name: "two of each", given: withBob, request: post(logoutPath, bothCookies+"; __Host-access=$bob_access; __Host-refresh=rubbish"), want: out,
			then: func(s *scene, a Answer) {
				bothEnded(s, a)
				s.wantLog("two cookies named __Host-access", "two cookies named __Host-refresh")
			}},
		{name: "two Bearer headers", request: post(logoutPath, bothCookies, withAccess, withAccess), want: answer(400, requestInvalid), then: cookieAlive},
		{name: "broken body", request: postJSON(logoutPath, `{`, bothCookies), want: answer(400, requestInvalid), then: cookieAlive},
		{name: "body of another type", request: Request{Method: "POST", Path: logoutPath, Header: []string{"Content-Type: text/plain", bothCookies}, Body: "x"},
			want: answer(415, unsupportedMediaType), then: cookieAlive},
		{name: "GET", request: get(logoutPath, bothCookies), want: notAllowed("POST"), then: cookieAlive},
		{name: "GET as an image of another site", request: get(logoutPath, bothCookies, fromAfar, "Sec-Fetch-Dest: image"), want: notAllowed("POST"), then: cookieAlive},
	}
	return namedAs("cookie/logout", rows, foreign("", post(logoutPath, bothCookies), nil), own("", post(logoutPath, bothCookies), out, nil, cookieEnded))
}

// cookieSessionRows are the management of sessions by cookie.
func cookieSessionRows() []row {
	given := func(s *scene) { s.login("other", "alice"); s.login("bob", "bob") }
	done := want{status: 204, header: []string{"Cache-Control: no-store", "Pragma: no-cache"}}
	doneAndCleared := done
	doneAndCleared.header = append(slices.Clone(done.header), noLaxCookies()...)
	otherEnded := func(s *scene, a Answer) {
		cookieAlive(s, a)
		s.wantCode("other", s.Me(s.names["other_access"]), "token_revoked")
	}
	rows := []row{
		{name: "logout all", request: post(logoutAllPath, bothCookies), want: answer(200, `{"ended":2}`, noLaxCookies()...), then: cookieEnded},
		{name: "logout all/by header", request: post(logoutAllPath, withAccess), want: answer(200, `{"ended":2}`, noLaxCookies()...), then: cookieEnded},
		{name: "logout all/by header from another site", request: post(logoutAllPath, withAccess, fromAfar), want: answer(200, `{"ended":2}`, noLaxCookies()...), then: cookieEnded},
		{name: "logout all/keep the current", request: post(logoutAllPath+"?keep=current", bothCookies), want: answer(200, `{"ended":1}`), then: otherEnded},
		{name: "logout all/bad query", request: post(logoutAllPath+"?keep=x", bothCookies), want: answer(400, requestInvalid), then: cookieAlive},
		{name: "logout all/refresh cookie only", request: post(logoutAllPath, refreshOnly), want: answer(401, tokenMissing, challengeMissing), then: cookieAlive},
		{name: "logout all/two cookies", request: post(logoutAllPath, accessOnly, accessOnly), want: answer(400, requestInvalid), then: cookieAlive},
		{name: "logout all/store fails", given: func(s *scene) { given(s); s.failBefore("EndAll") }, request: post(logoutAllPath, bothCookies), want: unavailable(), then: cookieAlive},
		{name: "logout all/GET", request: get(logoutAllPath, bothCookies), want: notAllowed("POST"), then: cookieAlive},
		{name: "revoke/the caller's own", request: remove("$session", bothCookies), want: doneAndCleared, then: cookieEnded},
		{name: "revoke/another of the caller's", request: remove("$other_session", bothCookies), want: done, then: otherEnded},
		{name: "revoke/another user's", request: remove("$bob_session", bothCookies), want: answer(404, sessionNotFound), then: cookieAlive},
		{name: "revoke/store fails", given: func(s *scene) { given(s); s.failBefore("End") }, request: remove("$session", bothCookies), want: unavailable(), then: cookieAlive},
		{name: "sessions/HEAD", request: Request{Method: "HEAD", Path: sessionsPath, Header: []string{bothCookies}}, want: headOnly(answer(200, ""))},
		{name: "sessions/cookie and header", request: get(sessionsPath, bothCookies, withAccess), want: answer(400, requestInvalid)},
		{name: "sessions/no cookie", request: get(sessionsPath), want: answer(401, tokenMissing, challengeMissing)},
	}
	rows = append(rows, foreign("logout all", post(logoutAllPath, bothCookies), given)...)
	rows = append(rows, foreign("revoke", remove("$session", bothCookies), given)...)
	return prefixed("cookie/", rows, given)
}
