package facetest

import (
	"slices"
	"strings"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// silentCookies are both cookies as a silent reissue sets them.
func silentCookies() []string {
	return []string{accessCookie("Lax", 600), refreshCookie("Lax", 604800)}
}

// renewed is an answer of the application after a silent reissue.
func renewed(w want) want {
	w.header = slices.Concat(w.header, []string{"Cache-Control: no-store", "Pragma: no-cache"}, silentCookies())
	return w
}

// renewedTo checks what a silent reissue has handed out: the next pair of
// alice's session, each token in its cookie.
func renewedTo(s *scene, a Answer) {
	s.t.Helper()
	a.Body = `{"session_id":"` + s.names["session"] + `"}` // the application's own has no need to be a pair
	a.Status = 200
	pairWorks(true)(s, a)
	s.wantCode("the parent, now that the child is used", s.byCookie(s.names["refresh"]), "refresh_invalid")
}

// silentRows are routes behind Require and Optional with silent reissue.
func silentRows() []row {
	hour := wait(time.Hour)
	me := func(header ...string) Request { return get("/api/me", header...) }
	maybe := func(header ...string) Request { return get("/api/maybe", header...) }
	expired := answer(401, tokenExpired, challengeExpired)
	missing := answer(401, tokenMissing, challengeMissing)
	invalid := answer(401, tokenInvalid, challengeInvalid)
	twice := answer(400, requestInvalid)
	noRotation := func(s *scene, _ Answer) { s.wantCalls(0, "Rotate") }
	logout := func(s *scene) { s.Logout(s.names["access"]) }
	return namedAs("silent", []row{
		{name: "login", request: postJSON("/auth/login", object("username", "bob")), want: answer(200, cookieTokens+`"<id>"}`, silentCookies()...)},
		{name: "good token", request: me(bothCookies), want: alice(), then: noRotation},
		{name: "expired token", given: hour, request: me(bothCookies), want: renewed(alice()), then: renewedTo},
		{name: "no access cookie", request: me(refreshOnly), want: renewed(alice()), then: renewedTo},
		{name: "among other cookies", given: hour, request: me("Cookie: a=b; __Host-refresh=$refresh; c; __Host-access=$access"), want: renewed(alice()), then: renewedTo},
		{name: "HEAD", given: hour, request: Request{Method: "HEAD", Path: "/api/me", Header: []string{bothCookies}}, want: headOnly(renewed(alice())), then: renewedTo},
		{name: "PUT", given: hour, request: put(bothCookies), want: renewed(alice()), then: renewedTo},
		{name: "beside a Basic header", given: hour, request: me(bothCookies, "Authorization: Basic YWxpY2U6eA=="), want: renewed(alice()), then: renewedTo},
		{name: "within the grace", given: func(s *scene) { hour(s); s.next("next") }, request: me(bothCookies), want: renewed(alice())},
		{name: "after the grace", given: func(s *scene) { hour(s); s.next("next"); s.Clock.Advance(31 * time.Second) }, request: me(bothCookies), want: expired,
			then: func(s *scene, _ Answer) { s.wantCode("child", s.Me(s.names["next_access"]), "token_revoked") }},
		{name: "near the session's end", config: func(c *core.Config) { c.SessionTTL = time.Hour }, given: wait(59*time.Minute + 500*time.Millisecond), request: me(bothCookies),
			want: want{status: 200, body: alice().body, header: []string{"Content-Type: application/json", "Cache-Control: no-store", "Pragma: no-cache",
				accessCookie("Lax", 59), refreshCookie("Lax", 59)}}},

		{name: "nothing", request: me(), want: missing, then: noRotation},
		{name: "expired token, no refresh cookie", given: hour, request: me(accessOnly), want: expired, then: noRotation},
		{name: "expired token, empty refresh cookie", given: hour, request: me(accessOnly + "; __Host-refresh="), want: expired, then: noRotation},
		{name: "expired token, rubbish refresh cookie", given: hour, request: me(accessOnly + "; __Host-refresh=rubbish"), want: expired, then: noRotation},
		{name: "no access cookie, rubbish refresh cookie", request: me("Cookie: __Host-refresh=rubbish"), want: missing, then: noRotation},
		{name: "expired token, access token as refresh cookie", given: hour, request: me(accessOnly + "; __Host-refresh=$access"), want: expired, then: noRotation},
		{name: "expired token of a session that has ended", given: func(s *scene) { logout(s); hour(s) }, request: me(bothCookies), want: expired, then: refreshEnded},
		{name: "no access cookie, session that has ended", given: logout, request: me(refreshOnly), want: missing, then: cookieEnded},
		{name: "expired token of a blocked user", given: func(s *scene) { block("alice")(s); hour(s) }, request: me(bothCookies), want: expired},
		{name: "idle too long", given: wait(8 * 24 * time.Hour), request: me(bothCookies), want: expired},
		{name: "session over", given: wait(31 * 24 * time.Hour), request: me(bothCookies), want: expired},
		{name: "revoked token", given: logout, request: me(bothCookies), want: answer(401, tokenRevoked, challengeRevoked), then: refreshEnded},
		{name: "blacklisted token", given: func(s *scene) {
			if err := s.Authority.Blacklist(s.t.Context(), s.names["access"]); err != nil {
				s.t.Fatal(err)
			}
		}, request: me(bothCookies), want: renewed(alice()), then: renewedTo},
		{name: "refreshed claims", given: refreshClaims("alice"), request: me(bothCookies), want: renewed(alice()), then: renewedTo},
		{name: "refreshed claims, a replay", given: func(s *scene) { s.next("next"); refreshClaims("alice")(s) }, request: me(bothCookies), want: answer(401, tokenRevoked, append(silentCookies(), challengeRevoked)...),
			then: func(s *scene, _ Answer) {
				s.wantCode("again, on the way with the same cookie", s.Do(s.expandRequest(me(bothCookies))), "token_revoked")
				s.wantCode("with the new one", s.Do(s.expandRequest(me("Cookie: __Host-access=$next_access; __Host-refresh=$next_refresh"))), "")
			}},
		{name: "rubbish token", request: me("Cookie: __Host-access=rubbish; __Host-refresh=$refresh"), want: invalid, then: noRotation},
		{name: "empty token", request: me("Cookie: __Host-access=; __Host-refresh=$refresh"), want: invalid, then: noRotation},
		{name: "expired header", given: hour, request: me(withAccess, refreshOnly), want: expired, then: noRotation},
		{name: "expired header and cookie", given: hour, request: me(withAccess, bothCookies), want: twice, then: noRotation},
		{name: "two refresh cookies", given: hour, request: me(bothCookies, refreshOnly), want: twice, then: noRotation},
		{name: "two refresh cookies alone", request: me(refreshOnly, refreshOnly), want: twice, then: noRotation},
		{name: "two access cookies", given: hour, request: me(bothCookies, accessOnly), want: twice, then: noRotation},
		{name: "two refresh cookies beside a good token", request: me(bothCookies, refreshOnly), want: alice(), then: noRotation},

		{name: "store fails", given: func(s *scene) { hour(s); s.fail() }, request: me(bothCookies), want: unavailable(),
			then: func(s *scene, _ Answer) { s.wantCode("retry", s.Do(s.expandRequest(me(bothCookies))), "") }},
		{name: "store fails, open", config: func(c *core.Config) { c.OnStoreFailure = core.FailOpen }, given: func(s *scene) { hour(s); s.fail() },
			request: me(bothCookies), want: unavailable()},
		{name: "outcome unknown", given: func(s *scene) { hour(s); s.failAfter("Rotate") }, request: me(bothCookies), want: unavailable(),
			then: func(s *scene, _ Answer) { s.wantCode("retry", s.Do(s.expandRequest(me(bothCookies))), "") }},
		{name: "store fails after the reissue", given: func(s *scene) { hour(s); s.failBefore("Revoked") }, request: me(bothCookies),
			want: answer(503, storeUnavailable, append(silentCookies(), "Retry-After: 1")...), then: renewedTo},
		{name: "claims cannot be loaded", config: failingClaims, given: hour, request: me(bothCookies), want: unavailable(), then: noRotation},

		{name: "optional/expired token", given: hour, request: maybe(bothCookies), want: renewed(alice()), then: renewedTo},
		{name: "optional/no access cookie", request: maybe(refreshOnly), want: renewed(alice()), then: renewedTo},
		{name: "optional/nothing", request: maybe(), want: nobody(), then: noRotation},
		{name: "optional/refused", given: hour, request: maybe(accessOnly + "; __Host-refresh=rubbish"), want: nobody(), then: noRotation},
		{name: "optional/rubbish token", request: maybe("Cookie: __Host-access=rubbish; __Host-refresh=$refresh"), want: nobody(), then: noRotation},
		{name: "optional/revoked token", given: logout, request: maybe(bothCookies), want: nobody(), then: refreshEnded},
		{name: "optional/expired header", given: hour, request: maybe(withAccess, refreshOnly), want: expired, then: noRotation},
		{name: "optional/two refresh cookies", request: maybe(refreshOnly, refreshOnly), want: twice, then: noRotation},
		{name: "optional/store fails", given: func(s *scene) { hour(s); s.fail() }, request: maybe(bothCookies), want: unavailable()},

		{name: "another method", given: hour, request: post("/api/me", bothCookies), want: notRouted("GET, HEAD"), then: noRotation},
		{name: "another path", given: hour, request: get("/api/nothing", bothCookies), want: answer(404, notFound), then: noRotation},
	})
}

// refreshEnded checks that alice's session is over when her access token has
// expired anyway.
func refreshEnded(s *scene, _ Answer) {
	s.t.Helper()
	s.wantCode("reissue", s.byCookie(s.names["refresh"]), "refresh_invalid")
}

// silentOriginRows are where a request with an expired token comes from.
func silentOriginRows() []row {
	hour := wait(time.Hour)
	expired := answer(401, tokenExpired, challengeExpired)
	me := func(header ...string) Request { return get("/api/me", append([]string{bothCookies}, header...)...) }
	noRotation := func(s *scene, _ Answer) { s.wantCalls(0, "Rotate") }
	rows := []row{
		{name: "frame in another site", request: me(fromAfar, byLink, "Sec-Fetch-Dest: iframe"), want: expired, then: noRotation},
		{name: "image in another site", request: me(fromAfar, "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"), want: expired, then: noRotation},
		{name: "image in a sibling", request: me(fromSibling, "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"), want: expired, then: noRotation},
		{name: "script of another site", request: me(fromAfar, "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty", "Origin: https://evil.example"), want: expired, then: noRotation},
		{name: "document, but no navigation", request: me(fromAfar, "Sec-Fetch-Mode: cors", asPage), want: expired, then: noRotation},
		{name: "navigation of another site, no destination", request: me(fromAfar, byLink), want: expired, then: noRotation},
		{name: "HEAD from another site", request: Request{Method: "HEAD", Path: "/api/me", Header: []string{bothCookies, fromAfar, byLink, asPage}},
			want: headOnly(expired), then: noRotation},
		{name: "old browser, script of another site", request: me("Origin: https://evil.example"), want: expired, then: noRotation},
		{name: "optional/image in another site", request: get("/api/maybe", bothCookies, fromAfar, "Sec-Fetch-Dest: image"), want: nobody(), then: noRotation},
		{name: "PUT without an access cookie from another site", request: put(refreshOnly, fromAfar, "Origin: https://evil.example"), want: answer(403, crossOrigin), then: noRotation},
	}
	rows = append(rows, foreignExpired("PUT", put(bothCookies))...)
	rows = append(rows, foreignExpired("PUT, no access cookie", put(refreshOnly))...)
	rows = append(rows, own("GET", me(), renewed(alice()), nil, renewedTo)...)
	rows = append(rows, own("PUT", put(bothCookies), renewed(alice()), nil, renewedTo)...)
	return prefixed("silent/origin/", rows, hour)
}

// foreignExpired is foreign with a token that has expired.
func foreignExpired(name string, r Request) []row {
	rows := foreign(name, r, nil)
	for i := range rows {
		rows[i].then = func(s *scene, _ Answer) {
			s.wantNoCalls()
			s.wantCode("reissue", s.byCookie(s.names["refresh"]), "")
		}
	}
	return rows
}

// silentEndpointRows are the library's own handlers, which with and without
// Require before them reissue alike.
func silentEndpointRows() []row {
	given := func(s *scene) { s.login("other", "alice"); s.Clock.Advance(time.Hour) }
	cleared := func(body string) want { return answer(200, body, noLaxCookies()...) }
	rows := []row{
		{name: "sessions/HEAD", request: Request{Method: "HEAD", Path: sessionsPath, Header: []string{bothCookies}},
			want: headOnly(answer(200, "", silentCookies()...)), then: renewedTo},
		{name: "sessions/store fails at the list", given: func(s *scene) { given(s); s.failAfter("Sessions") }, request: get(sessionsPath, bothCookies),
			want: answer(503, storeUnavailable, append(silentCookies(), "Retry-After: 1")...), then: renewedTo},
		{name: "sessions/POST", request: post(sessionsPath, bothCookies), want: notAllowed("GET, HEAD"), then: func(s *scene, _ Answer) { s.wantCalls(0, "Rotate") }},
		{name: "logout all", request: post(logoutAllPath, bothCookies), want: cleared(`{"ended":2}`), then: refreshEnded},
		{name: "logout all/keep the current", request: post(logoutAllPath+"?keep=current", bothCookies), want: answer(200, `{"ended":1}`, silentCookies()...), then: renewedTo},
		{name: "logout all/bad query", request: post(logoutAllPath+"?keep=x", bothCookies), want: answer(400, requestInvalid, silentCookies()...), then: renewedTo},
		{name: "revoke/the caller's own", request: remove("$session", bothCookies), then: refreshEnded,
			want: want{status: 204, header: append([]string{"Cache-Control: no-store", "Pragma: no-cache"}, noLaxCookies()...)}},
		{name: "revoke/another of the caller's", request: remove("$other_session", bothCookies), then: renewedTo,
			want: want{status: 204, header: append([]string{"Cache-Control: no-store", "Pragma: no-cache"}, silentCookies()...)}},
		{name: "logout", request: post(logoutPath, bothCookies), want: cleared(`{}`), then: func(s *scene, a Answer) { s.wantCalls(0, "Rotate"); refreshEnded(s, a) }},
		{name: "reissue", request: post(reissuePath, bothCookies), want: answer(200, cookieTokens+`"$session"}`, silentCookies()...), then: func(s *scene, a Answer) {
			s.wantCalls(1, "Rotate")
			pairWorks(true)(s, a)
		}},
		{name: "jwks", request: get(jwksPath, bothCookies), want: want{status: 200, body: `{"keys":[]}` + "\n",
			header: []string{"Content-Type: application/jwk-set+json", "Cache-Control: public, max-age=300"}}},
	}
	return prefixed("silent/", rows, given)
}

// silentBindingRows are a silent reissue that needs an access token: there the
// access cookie lives as long as the refresh cookie.
func silentBindingRows() []row {
	hour := wait(time.Hour)
	binds := func(c *core.Config) { c.BindAccessToken = true }
	bound := alice()
	bound.header = slices.Concat(bound.header, []string{"Cache-Control: no-store", "Pragma: no-cache"}, laxCookies())
	expired := answer(401, tokenExpired, challengeExpired)
	others := func(s *scene) { s.login("other", "alice"); s.login("bob", "bob"); hour(s) }
	untouched := func(s *scene, _ Answer) {
		s.wantCalls(0, "Rotate", "End")
		s.wantCode("both", s.Do(s.expandRequest(get("/api/me", bothCookies))), "")
	}
	me := func(cookies string) Request { return get("/api/me", "Cookie: "+cookies) }
	rows := []row{
		{name: "login", request: postJSON("/auth/login", object("username", "bob")), want: answer(200, cookieTokens+`"<id>"}`, laxCookies()...)},
		{name: "expired token of the session", given: hour, request: get("/api/me", bothCookies), want: bound},
		{name: "no access cookie", request: get("/api/me", refreshOnly), want: answer(401, tokenMissing, challengeMissing), then: untouched},
		{name: "another session's", given: others, request: me("__Host-access=$other_access; __Host-refresh=$refresh"), want: expired, then: untouched},
		{name: "another user's", given: others, request: me("__Host-access=$bob_access; __Host-refresh=$refresh"), want: expired, then: untouched},
	}
	for i := range rows {
		rows[i].config = binds
	}
	return namedAs("silent/binding", rows)
}

// trustedRows are requests of an application on another site, with cookies
// that may come along.
func trustedRows(origin string) []row {
	from := []string{fromAfar, "Origin: " + origin}
	none := func(maxAge int) []string {
		return []string{accessCookie("None", maxAge), refreshCookie("None", 604800)}
	}
	pair := answer(200, cookieTokens+`"$session"}`, none(600)...)
	hour := wait(time.Hour)
	served := alice()
	served.header = slices.Concat(served.header, []string{"Cache-Control: no-store", "Pragma: no-cache"}, none(600))
	cleared := []string{setCookie("access", "", "None", "0"), setCookie("refresh", "", "None", "0")}
	return namedAs("trusted", []row{
		{name: "login", request: postJSON("/auth/login", object("username", "bob"), from...), want: answer(200, cookieTokens+`"<id>"}`, none(600)...)},
		{name: "reissue", request: post(reissuePath, append(from, bothCookies)...), want: pair, then: pairWorks(true)},
		{name: "reissue/old browser", request: post(reissuePath, "Origin: "+origin, bothCookies), want: pair, then: pairWorks(true)},
		{name: "reissue/same site", request: post(reissuePath, fromSibling, "Origin: "+origin, bothCookies), want: pair, then: pairWorks(true)},
		{name: "PUT", request: put(append(from, bothCookies)...), want: alice(), then: cookieAlive},
		{name: "silent", given: hour, request: get("/api/me", append(from, bothCookies)...), want: served, then: renewedTo},
		{name: "silent/PUT", given: hour, request: put(append(from, bothCookies)...), want: served, then: renewedTo},
		{name: "silent/image, which has no origin", given: hour, request: get("/api/me", bothCookies, fromAfar, "Sec-Fetch-Dest: image"),
			want: answer(401, tokenExpired, challengeExpired), then: func(s *scene, _ Answer) { s.wantCalls(0, "Rotate") }},
		{name: "logout", request: post(logoutPath, append(from, bothCookies)...), want: answer(200, `{}`, cleared...), then: cookieEnded},
	}, foreign("PUT", put(bothCookies), nil), foreign("reissue", post(reissuePath, bothCookies), nil),
		foreign("logout", post(logoutPath, bothCookies), nil),
		[]row{
			{name: "PUT/from a longer origin", request: put(bothCookies, fromAfar, "Origin: "+origin+".evil.example"), want: answer(403, crossOrigin), then: cookieAlive},
			{name: "PUT/from the origin by another scheme", request: put(bothCookies, fromAfar, "Origin: "+strings.Replace(origin, "https", "http", 1)),
				want: answer(403, crossOrigin), then: cookieAlive},
		})
}

// insecureRows are cookies for development without https.
func insecureRows() []row {
	line := func(name, value, maxAge string) string {
		return "Set-Cookie: " + name + "=" + value + "; Path=/; Max-Age=" + maxAge + "; HttpOnly; SameSite=Lax"
	}
	both := "Cookie: access=$access; refresh=$refresh"
	return namedAs("insecure", []row{
		{name: "login", request: postJSON("/auth/login", object("username", "bob")),
			want: answer(200, cookieTokens+`"<id>"}`, line("access", "<jwt>", "604800"), line("refresh", "<jwt>", "604800"))},
		{name: "access", request: get("/api/me", both), want: alice()},
		{name: "access/name with the prefix", request: get("/api/me", bothCookies), want: answer(401, tokenMissing, challengeMissing)},
		{name: "reissue", request: post(reissuePath, both),
			want: answer(200, cookieTokens+`"$session"}`, line("access", "<jwt>", "604800"), line("refresh", "<jwt>", "604800"))},
		{name: "reissue/two cookies, one planted for a path", request: post(reissuePath, "Cookie: refresh=planted; refresh=$refresh"), want: answer(400, requestInvalid)},
		{name: "PUT from another site", request: put(both, fromAfar), want: answer(403, crossOrigin)},
		{name: "logout", request: post(logoutPath, both), want: answer(200, `{}`, line("access", "", "0"), line("refresh", "", "0"))},
	})
}

// namedRows are cookies with names and attributes of the application's choice.
func namedRows() []row {
	line := func(name, value, maxAge string) string {
		return "Set-Cookie: " + name + "=" + value + "; Path=/; Max-Age=" + maxAge + "; HttpOnly; Secure; SameSite=Strict"
	}
	const access, refresh = "__Secure-a.access", "r-refresh"
	both := "Cookie: " + access + "=$access; " + refresh + "=$refresh"
	pair := []string{line(access, "<jwt>", "604800"), line(refresh, "<jwt>", "604800")}
	return namedAs("named", []row{
		{name: "login", request: postJSON("/auth/login", object("username", "bob")), want: answer(200, cookieTokens+`"<id>"}`, pair...)},
		{name: "access", request: get("/api/me", both), want: alice()},
		{name: "access/default name", request: get("/api/me", bothCookies), want: answer(401, tokenMissing, challengeMissing)},
		{name: "access/default name beside a header", request: get("/api/me", accessOnly, withAccess), want: alice()},
		{name: "reissue", request: post(reissuePath, both), want: answer(200, cookieTokens+`"$session"}`, pair...)},
		{name: "reissue/default name", request: post(reissuePath, bothCookies), want: missing()},
		{name: "logout", request: post(logoutPath, both), want: answer(200, `{}`, line(access, "", "0"), line(refresh, "", "0"))},
	})
}
