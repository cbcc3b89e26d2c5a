package facetest

import (
	"slices"
	"strings"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// refreshCookieRows are what the transports with cookies share: a refresh
// token that is only ever in its cookie. other is the line with which the
// access token goes out besides.
func refreshCookieRows(transport, sameSite, body, other string) []row {
	lines := func(refresh string) []string {
		list := []string{other, refresh}
		if strings.HasPrefix(other, "Authorization") {
			slices.Reverse(list)
		}
		return list
	}
	pair := answer(200, body+`"$session"}`, lines(refreshCookie(sameSite, 604800))...)
	fresh := answer(200, body+`"<id>"}`, lines(refreshCookie(sameSite, 604800))...)
	login := postJSON("/auth/login", object("username", "alice"))
	asBob := postJSON("/auth/login", object("username", "bob"))
	reissue := post(reissuePath, refreshOnly)
	invalid := answer(400, requestInvalid)
	twice := "Cookie: __Host-refresh=$refresh; a=b; __Host-refresh=$refresh"
	differing := "Cookie: __Host-refresh=$refresh; a=b; __Host-refresh=$other_refresh"
	others := func(s *scene) { s.login("other", "alice") }
	bothEnded := func(s *scene, a Answer) {
		cookieEnded(s, a)
		s.wantCode("other", s.byCookie(s.names["other_refresh"]), "refresh_invalid")
		s.wantLog("two cookies named __Host-refresh")
	}
	cleared := answer(200, `{}`, noCookies(sameSite, !strings.HasPrefix(other, "Authorization"))...)
	noRotation := func(s *scene, a Answer) { s.wantCalls(0, "Rotate", "End"); cookieAlive(s, a) }
	bobs := func(s *scene) { s.login("bob", "bob") }

	rows := []row{
		{name: "login", request: login, want: fresh, then: func(s *scene, a Answer) { pairWorks(false)(s, a); cookieAlive(s, a) }},
		{name: "login/again, the browser's session ends", request: with(login, refreshOnly), want: fresh, then: func(s *scene, a Answer) {
			pairWorks(false)(s, a)
			cookieEnded(s, a)
		}},
		{name: "login/as somebody else, the browser's session ends", request: with(asBob, refreshOnly), want: fresh, then: func(s *scene, a Answer) {
			pairWorks(false)(s, a)
			cookieEnded(s, a)
		}},
		{name: "login/over a used refresh token", given: func(s *scene) { s.next("next"); s.Clock.Advance(time.Hour) }, request: with(login, refreshOnly), want: fresh,
			then: func(s *scene, a Answer) {
				pairWorks(false)(s, a)
				s.wantCode("child", s.byCookie(s.names["next_refresh"]), "refresh_invalid")
			}},
		{name: "login/over a rubbish cookie", request: with(login, "Cookie: __Host-refresh=rubbish"), want: fresh, then: cookieAlive},
		{name: "login/over an empty cookie", request: with(login, "Cookie: __Host-refresh="), want: fresh, then: cookieAlive},
		{name: "login/refused, nothing ends", request: with(postJSON("/auth/login", object("username", "")), refreshOnly),
			want: answer(401, badCredentials, challengeBadCredentials), then: noRotation},
		{name: "login/blocked, nothing ends", given: block("bob"), request: with(asBob, refreshOnly), want: answer(403, userBlocked), then: noRotation},
		{name: "login/session limit, nothing ends", config: func(c *core.Config) { c.MaxSessions, c.OnLimit = 1, core.RejectNew },
			request: with(login, refreshOnly), want: answer(409, sessionLimit), then: noRotation},
		{name: "login/store fails", given: (*scene).fail, request: with(login, refreshOnly), want: unavailable(), then: noRotation},
		{name: "login/store fails at the previous session's end", given: func(s *scene) { s.failBefore("End") }, request: with(login, refreshOnly),
			want: unavailable(), then: cookieAlive},
		{name: "login/two cookies", given: others, request: with(login, differing), want: fresh,
			then: func(s *scene, a Answer) { pairWorks(false)(s, a); bothEnded(s, a) }},
		{name: "login/two cookies in two lines", given: others, request: with(login, "Cookie: __Host-refresh=$other_refresh", refreshOnly), want: fresh,
			then: func(s *scene, a Answer) { pairWorks(false)(s, a); bothEnded(s, a) }},
		{name: "login/two cookies, one empty", request: with(login, "Cookie: __Host-refresh=", refreshOnly), want: fresh, then: cookieEnded},
		{name: "login/one token in two cookies", request: with(login, twice), want: fresh,
			then: func(s *scene, a Answer) { s.wantCalls(1, "End"); cookieEnded(s, a) }},
		{name: "login/two cookies, store fails", given: func(s *scene) { others(s); s.fail() }, request: with(login, differing), want: unavailable(), then: noRotation},
		{name: "login/two cookies, from another site", request: with(login, twice, fromAfar), want: answer(403, crossOrigin),
			then: func(s *scene, a Answer) { s.wantNoCalls(); cookieAlive(s, a) }},
		{name: "logout/two cookies", given: others, request: post(logoutPath, differing), want: cleared, then: bothEnded},
		{name: "logout/three cookies", given: others, request: post(logoutPath, "Cookie: __Host-refresh=rubbish; __Host-refresh=$refresh; __Host-refresh=$other_refresh"),
			want: cleared, then: bothEnded},
		{name: "logout/two cookies in two lines", given: others, request: post(logoutPath, "Cookie: __Host-refresh=$other_refresh", refreshOnly), want: cleared, then: bothEnded},
		{name: "logout/one token in two cookies", request: post(logoutPath, twice), want: cleared,
			then: func(s *scene, a Answer) { s.wantCalls(1, "End"); cookieEnded(s, a) }},
		{name: "logout/two cookies, store fails", given: func(s *scene) { others(s); s.fail() }, request: post(logoutPath, differing), want: unavailable(),
			then: func(s *scene, a Answer) { s.wantCalls(1, "End"); cookieAlive(s, a) }},

		{name: "reissue", request: reissue, want: pair, then: pairWorks(true)},
		{name: "reissue/after the access token's end", given: wait(time.Hour), request: reissue, want: pair, then: pairWorks(true)},
		{name: "reissue/quoted cookie", request: post(reissuePath, `Cookie: __Host-refresh="$refresh"`), want: pair, then: pairWorks(true)},
		{name: "reissue/among other cookies", request: post(reissuePath, "Cookie: theme=dark; __host-refresh=x; __Host-refresh=$refresh; refresh=y"), want: pair},
		{name: "reissue/empty JSON", request: postJSON(reissuePath, `{}`, refreshOnly), want: pair, then: pairWorks(true)},
		{name: "reissue/form", request: postForm(reissuePath, "grant_type=refresh_token", refreshOnly), want: pair, then: pairWorks(true)},
		{name: "reissue/form without grant_type", request: postForm(reissuePath, "a=b", refreshOnly), want: invalid, then: noRotation},
		{name: "reissue/cookie and body agree", request: postJSON(reissuePath, `{"refresh_token":"$refresh"}`, refreshOnly), want: pair, then: pairWorks(true)},
		{name: "reissue/cookie and body disagree", given: bobs, request: postJSON(reissuePath, `{"refresh_token":"$bob_refresh"}`, refreshOnly), want: invalid,
			then: func(s *scene, a Answer) {
				noRotation(s, a)
				s.wantCode("bob", s.byCookie(s.names["bob_refresh"]), "")
			}},
		{name: "reissue/cookie and form disagree", given: bobs, want: invalid, then: noRotation,
			request: postForm(reissuePath, "grant_type=refresh_token&refresh_token=$bob_refresh", refreshOnly)},
		{name: "reissue/empty cookie and body disagree", request: postJSON(reissuePath, `{"refresh_token":"$refresh"}`, "Cookie: __Host-refresh="), want: invalid, then: noRotation},
		{name: "reissue/body only", request: postJSON(reissuePath, `{"refresh_token":"$refresh"}`), want: missing(), then: noRotation},
		{name: "reissue/form only", request: postForm(reissuePath, "grant_type=refresh_token&refresh_token=$refresh"), want: answer(400, refreshMissing), then: noRotation},
		{name: "reissue/nothing", request: post(reissuePath), want: missing(), then: noRotation},
		{name: "reissue/empty cookie", request: post(reissuePath, "Cookie: __Host-refresh="), want: missing(), then: noRotation},
		{name: "reissue/name in another case", request: post(reissuePath, "Cookie: __host-refresh=$refresh; __HOST-REFRESH=$refresh"), want: missing(), then: noRotation},
		{name: "reissue/name without its prefix", request: post(reissuePath, "Cookie: refresh=$refresh"), want: missing(), then: noRotation},
		{name: "reissue/two cookies", request: post(reissuePath, twice), want: invalid, then: noRotation},
		{name: "reissue/two cookies that differ", request: post(reissuePath, "Cookie: __Host-refresh=$refresh; __Host-refresh=rubbish"), want: invalid, then: noRotation},
		{name: "reissue/two cookies in two lines", request: post(reissuePath, refreshOnly, refreshOnly), want: invalid, then: noRotation},
		{name: "reissue/rubbish", request: post(reissuePath, "Cookie: __Host-refresh=rubbish"), want: refused(), then: noRotation},
		{name: "reissue/rubbish by form", request: postForm(reissuePath, "grant_type=refresh_token", "Cookie: __Host-refresh=rubbish"), want: answer(400, refreshInvalid), then: noRotation},
		{name: "reissue/access token", request: post(reissuePath, "Cookie: __Host-refresh=$access"), want: refused(), then: noRotation},
		{name: "reissue/within the grace", given: func(s *scene) { s.next("next") }, request: reissue, want: pair,
			then: func(s *scene, _ Answer) { s.wantCode("child", s.Me(s.names["next_access"]), "") }},
		{name: "reissue/after the grace", given: func(s *scene) { s.next("next"); s.Clock.Advance(31 * time.Second) }, request: reissue, want: refused(),
			then: func(s *scene, _ Answer) { s.wantCode("child", s.Me(s.names["next_access"]), "token_revoked") }},
		{name: "reissue/after logout", given: func(s *scene) { s.Logout(s.names["access"]) }, request: reissue, want: refused(), then: cookieEnded},
		{name: "reissue/store fails", given: (*scene).fail, request: reissue, want: unavailable(), then: cookieAlive},
		{name: "reissue/outcome unknown", given: func(s *scene) { s.failAfter("Rotate") }, request: reissue, want: unavailable(), then: cookieAlive},
		{name: "reissue/near the session's end", config: func(c *core.Config) { c.SessionTTL = time.Hour }, given: wait(59*time.Minute + 500*time.Millisecond), request: reissue,
			want: answer(200, strings.NewReplacer("600", "59", "604800", "59").Replace(body)+`"$session"}`, strings.Split(strings.ReplaceAll(
				strings.Join(lines(refreshCookie(sameSite, 604800)), "\n"), "604800", "59"), "\n")...)},
		{name: "reissue/GET", request: get(reissuePath, refreshOnly), want: notAllowed("POST"), then: noRotation},
		{name: "reissue/GET from another site", request: get(reissuePath, refreshOnly, fromAfar), want: notAllowed("POST"), then: noRotation},
		{name: "reissue/body of another type", request: Request{Method: "POST", Path: reissuePath, Header: []string{"Content-Type: text/plain", refreshOnly}, Body: "x"},
			want: answer(415, unsupportedMediaType), then: noRotation},
		{name: "reissue/body too large", request: postForm(reissuePath, "grant_type=refresh_token&x="+letters(16<<10), refreshOnly),
			want: answer(413, requestTooLarge), then: noRotation},
	}
	return namedAs(transport, rows,
		foreign("login", with(login, refreshOnly), nil), foreign("login without a cookie", login, nil),
		own("login", asBob, fresh, nil, pairWorks(false)),
		foreign("reissue", reissue, nil), foreign("reissue without a cookie", post(reissuePath), nil),
		own("reissue", reissue, pair, nil, pairWorks(true)))
}

// hybridRows are where the hybrid transport reads access tokens: in the header
// only, so that no request needs a check of its origin.
func hybridRows() []row {
	missing := answer(401, tokenMissing, challengeMissing)
	return namedAs("hybrid", []row{
		{name: "access", request: get("/api/me", withAccess, refreshOnly), want: alice()},
		{name: "access/in a cookie", request: get("/api/me", accessOnly), want: missing},
		{name: "access/refresh cookie only", request: get("/api/me", refreshOnly), want: missing},
		{name: "access/refresh token in the header", request: get("/api/me", "Authorization: Bearer $refresh"), want: answer(401, tokenInvalid, challengeInvalid)},
		{name: "access/expired", given: wait(time.Hour), request: get("/api/me", withAccess, refreshOnly), want: answer(401, tokenExpired, challengeExpired)},
		{name: "access/two refresh cookies", request: get("/api/me", withAccess, refreshOnly, refreshOnly), want: alice()},
		{name: "access/PUT from another site", request: put(withAccess, refreshOnly, fromAfar, "Origin: https://evil.example"), want: alice()},
		{name: "optional/refresh cookie only", request: get("/api/maybe", refreshOnly), want: nobody()},
		{name: "optional/bad header", request: get("/api/maybe", "Authorization: Bearer rubbish", refreshOnly), want: answer(401, tokenInvalid, challengeInvalid)},
	})
}

// hybridReissueRows are a reissue with an access token in the header.
func hybridReissueRows() []row {
	binds := func(c *core.Config) { c.BindAccessToken = true }
	again := answer(200, hybridTokens+`"$session"}`, refreshCookie("Strict", 604800), "Authorization: Bearer <jwt>")
	untouched := func(s *scene, _ Answer) {
		s.wantCalls(0, "Rotate", "End")
		s.wantCode("reissue with both", s.Do(s.expandRequest(post(reissuePath, refreshOnly, withAccess))), "")
	}
	return namedAs("hybrid/binding", []row{
		{name: "in the header", config: binds, request: post(reissuePath, refreshOnly, withAccess), want: again},
		{name: "expired", config: binds, given: wait(time.Hour), request: post(reissuePath, refreshOnly, withAccess), want: again},
		{name: "none", config: binds, request: post(reissuePath, refreshOnly), want: refused(), then: untouched},
		{name: "in a cookie", config: binds, request: post(reissuePath, bothCookies), want: refused(), then: untouched},
		{name: "another session's", config: binds, given: func(s *scene) { s.login("other", "alice") },
			request: post(reissuePath, refreshOnly, "Authorization: Bearer $other_access"), want: refused(), then: untouched},
	})
}

// hybridEndRows are the ends of sessions.
func hybridEndRows() []row {
	cleared := func(w want) want {
		w.header = append(slices.Clone(w.header), setCookie("refresh", "", "Strict", "0"))
		return w
	}
	both := func(s *scene) { s.login("other", "alice") }
	return namedAs("hybrid", []row{
		{name: "logout", request: post(logoutPath, refreshOnly), want: cleared(loggedOut()), then: cookieEnded},
		{name: "logout/header", request: post(logoutPath, withAccess), want: cleared(loggedOut()), then: cookieEnded},
		{name: "logout/two sessions", given: both, request: post(logoutPath, refreshOnly, "Authorization: Bearer $other_access"), want: cleared(loggedOut()),
			then: func(s *scene, a Answer) {
				cookieEnded(s, a)
				s.wantCode("other", s.Me(s.names["other_access"]), "token_revoked")
			}},
		{name: "logout/nothing", request: post(logoutPath), want: cleared(loggedOut()), then: cookieAlive},
		{name: "logout/store fails", given: (*scene).fail, request: post(logoutPath, refreshOnly), want: unavailable(), then: cookieAlive},
		{name: "logout/GET", request: get(logoutPath, refreshOnly, withAccess), want: notAllowed("POST"), then: cookieAlive},
		{name: "logout all", given: both, request: post(logoutAllPath, withAccess), want: cleared(answer(200, `{"ended":2}`)), then: cookieEnded},
		{name: "logout all/keep the current", given: both, request: post(logoutAllPath+"?keep=current", withAccess), want: answer(200, `{"ended":1}`), then: cookieAlive},
		{name: "logout all/by cookie", request: post(logoutAllPath, refreshOnly), want: answer(401, tokenMissing, challengeMissing), then: cookieAlive},
		{name: "logout all/store fails", given: (*scene).fail, request: post(logoutAllPath, withAccess), want: unavailable(), then: cookieAlive},
		{name: "revoke/the caller's own", request: remove("$session", withAccess), then: cookieEnded,
			want: cleared(want{status: 204, header: []string{"Cache-Control: no-store", "Pragma: no-cache"}})},
		{name: "revoke/another of the caller's", given: both, request: remove("$other_session", withAccess), then: cookieAlive,
			want: want{status: 204, header: []string{"Cache-Control: no-store", "Pragma: no-cache"}}},
		{name: "revoke/none", request: remove("AAAAAAAAAAAAAAAAAAAAAA", withAccess), want: answer(404, sessionNotFound), then: cookieAlive},
	}, foreign("logout", post(logoutPath, refreshOnly), nil), foreign("logout by header", post(logoutPath, withAccess), nil))
}
