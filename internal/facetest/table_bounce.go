package facetest

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// The cookies of a browser that a bounce has reached.
const (
	bouncedRefresh = refreshOnly + "; __Host-refresh-bounced=1"
	bouncedBoth    = bothCookies + "; __Host-refresh-bounced=1"
)

// renewedAfterBounce is a silent reissue's answer that takes the bounce's cookie
// away.
func renewedAfterBounce(w want) want {
	w.header = append(slices.Clone(w.header), "Set-Cookie: __Host-refresh-bounced=1; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict")
	return renewed(w)
}

// bounced is the page that loads its own address, path and query as HTML has
// them, once more.
func bounced(address string) want {
	const page = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Loading</title>` +
		`<script>location.reload()</script><noscript><meta http-equiv="refresh" content="0;url=ADDRESS"></noscript></head>` +
		`<body><noscript><a href="ADDRESS">Continue</a></noscript></body></html>` + "\n"
	return want{status: 200, body: strings.ReplaceAll(page, "ADDRESS", address), header: []string{
		"Content-Type: text/html; charset=utf-8", "Cache-Control: no-store", "Pragma: no-cache",
		"Content-Security-Policy: default-src 'none'; script-src 'sha256-9gOBGqEQINNDuds+tkXbNzih6klbz+KeCyxEj4KRLeM='; " +
			"base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
		"Cross-Origin-Opener-Policy: same-origin",
		"Set-Cookie: __Host-refresh-bounced=1; Path=/; Max-Age=10; HttpOnly; Secure; SameSite=Strict",
	}}
}

// unmoved checks that the request has asked no store and moved no session, and
// that the same one of an own page then makes alice's session one step.
func unmoved(s *scene, _ Answer) {
	s.t.Helper()
	s.wantNoCalls()
	a := s.Do(s.expandRequest(get("/api/me", bouncedRefresh, fromHere, byLink, asPage)))
	if a.Status != http.StatusOK || len(a.Header["Set-Cookie"]) != 3 {
		s.t.Errorf("alice's own request: got %d %s with %q, want it to be served, with the two cookies and without the bounce's", a.Status, a.Body, a.Header["Set-Cookie"])
		return
	}
	a.Body = "{}" // the application's own has no need to be a pair
	claims, err := s.Authority.Verify(s.t.Context(), a.Pair().AccessToken)
	if err != nil || claims.Generation() != 1 || claims.SessionID() != s.names["session"] {
		s.t.Errorf("alice's own request: got %v, %v, want her session's generation 1", claims, err)
	}
	for _, e := range s.Events() {
		if e.Type != core.SessionEstablished && e.Type != core.SessionReissued {
			s.t.Errorf("got the event %+v", e)
		}
	}
}

// bounceRows are navigations that another origin has caused.
func bounceRows() []row {
	hour := wait(time.Hour)
	link := func(path string, header ...string) Request {
		return with(get(path, fromAfar, byLink, asPage), header...)
	}
	me := func(header ...string) Request { return link("/api/me", header...) }
	maybe := func(header ...string) Request { return link("/api/maybe", header...) }
	page, optional := bounced("/api/me"), bounced("/api/maybe")
	expired := answer(401, tokenExpired, challengeExpired)
	logout := func(s *scene) { s.Logout(s.names["access"]) }
	withCookie := func(access string) string { return "Cookie: __Host-refresh=$refresh; __Host-access=" + access }
	own := func(site, cookies string) Request { return get("/api/me", cookies, byLink, asPage, site) }
	return namedAs("silent/bounce", []row{
		{name: "link from another site", given: hour, request: me(bothCookies), want: page, then: unmoved},
		{name: "link from a sibling", given: hour, request: get("/api/me", bothCookies, fromSibling, byLink, asPage), want: page, then: unmoved},
		{name: "no access cookie", request: me(refreshOnly), want: page, then: unmoved},
		{name: "empty access cookie", request: me(withCookie("")), want: page, then: unmoved},
		{name: "rubbish access cookie", request: me(withCookie("rubbish")), want: page, then: unmoved},
		{name: "refresh token as access cookie", request: me(withCookie("$refresh")), want: page, then: unmoved},
		{name: "with an origin", given: hour, request: me(bothCookies, "Origin: https://evil.example"), want: page, then: unmoved},
		{name: "with the server's own origin", given: hour, request: me(bothCookies, "Origin: http://$host"), want: page, then: unmoved},
		{name: "after a click", given: hour, request: me(bothCookies, "Sec-Fetch-User: ?1"), want: page, then: unmoved},
		{name: "beside a Basic header", given: hour, request: me(bothCookies, "Authorization: Basic YWxpY2U6eA=="), want: page, then: unmoved},
		{name: "store fails", given: func(s *scene) { hour(s); s.fail() }, request: me(bothCookies), want: page, then: unmoved},
		{name: "query", given: hour, request: link("/api/me?a=b&c=%26%22", bothCookies), want: bounced("/api/me?a=b&amp;c=%26%22"), then: unmoved},
		{name: "query that is no query", given: hour, request: link(`/api/me?"><script>alert('&')</script>`, bothCookies),
			want: bounced("/api/me?&#34;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;"), then: unmoved},
		{name: "endpoint", given: hour, request: link(sessionsPath, bothCookies), want: bounced(sessionsPath), then: unmoved},
		{name: "optional/link from another site", given: hour, request: maybe(bothCookies), want: optional, then: unmoved},
		{name: "optional/no access cookie", request: maybe(refreshOnly), want: optional, then: unmoved},
		{name: "optional/rubbish access cookie", request: maybe(withCookie("rubbish")), want: optional, then: unmoved},
		{name: "optional/rubbish refresh cookie", request: maybe("Cookie: __Host-refresh=rubbish"), want: optional},
		{name: "revoked token", given: logout, request: me(bothCookies), want: page, then: cookieEnded},

		{name: "good token", request: me(bothCookies), want: alice(), then: cookieAlive},
		{name: "good token, store fails", given: (*scene).fail, request: me(bothCookies), want: unavailable()},
		{name: "good token, optional", request: maybe(bothCookies), want: alice(), then: cookieAlive},
		{name: "no refresh cookie", given: hour, request: me(accessOnly), want: expired},
		{name: "no cookie", request: me(), want: answer(401, tokenMissing, challengeMissing)},
		{name: "no cookie, optional", request: maybe(), want: nobody()},
		{name: "two refresh cookies", given: hour, request: me(bothCookies, refreshOnly), want: answer(400, requestInvalid)},
		{name: "expired header", given: hour, request: me(withAccess, refreshOnly), want: expired},
		{name: "link of its own page", given: hour, request: own(fromHere, bothCookies), want: page, then: unmoved},
		{name: "typed, or back in the tab's history", given: hour, request: own("Sec-Fetch-Site: none", bothCookies), want: page, then: unmoved},
		{name: "frame of its own page", given: hour, request: get("/api/me", bothCookies, byLink, "Sec-Fetch-Dest: iframe", fromHere), want: page, then: unmoved},
		{name: "the page that it loads", given: hour, request: own(fromHere, bouncedBoth), want: renewedAfterBounce(alice()), then: renewedTo},
		{name: "the page that it loads, by another site", given: hour, request: own(fromAfar, bouncedBoth), want: page, then: unmoved},
		{name: "the page that it loads, refused", given: hour, request: own(fromHere, "Cookie: __Host-refresh=rubbish; __Host-refresh-bounced=1"), want: answer(401, tokenMissing, challengeMissing)},
		{name: "script of its own page", given: hour, request: get("/api/me", bothCookies, "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty", fromHere), want: renewed(alice()), then: renewedTo},
		{name: "form of its own page", given: hour, request: Request{Method: "POST", Path: "/api/write", Header: []string{bothCookies, byLink, asPage, fromHere}}, want: renewed(alice()), then: renewedTo},
		{name: "good token of its own page", request: own(fromHere, bothCookies), want: alice(), then: cookieAlive},
		{name: "old browser", given: hour, request: get("/api/me", bothCookies), want: renewed(alice()), then: renewedTo},
		{name: "unknown word", given: hour, request: own("Sec-Fetch-Site: same-galaxy", bothCookies), want: expired},
	})
}

// prefetchRows are requests that a browser makes in case somebody goes there.
func prefetchRows() []row {
	hour := wait(time.Hour)
	const prefetch, prerender = "Sec-Purpose: prefetch", "Sec-Purpose: prefetch;prerender"
	ask := func(path string, header ...string) Request { return get(path, append(header, byLink, asPage)...) }
	me := func(header ...string) Request { return ask("/api/me", append(header, bothCookies)...) }
	dropped := want{status: 503, header: []string{"Cache-Control: no-store", "Pragma: no-cache"}}
	expired := answer(401, tokenExpired, challengeExpired)
	missing := answer(401, tokenMissing, challengeMissing)
	return namedAs("silent/prefetch", []row{
		{name: "by its own page", given: hour, request: me(fromHere, prefetch), want: dropped, then: unmoved},
		{name: "by its own page, to show it", given: hour, request: me(fromHere, prerender), want: dropped, then: unmoved},
		{name: "by the address bar", given: hour, request: me("Sec-Fetch-Site: none", prerender), want: dropped, then: unmoved},
		{name: "by a sibling", given: hour, request: me(fromSibling, prerender), want: dropped, then: unmoved},
		{name: "by another site", given: hour, request: me(fromAfar, prefetch), want: dropped, then: unmoved},
		{name: "no access cookie", request: ask("/api/me", fromHere, prefetch, refreshOnly), want: dropped, then: unmoved},
		{name: "no navigation", given: hour, request: get("/api/me", fromHere, prefetch, bothCookies, "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: empty"),
			want: dropped, then: unmoved},
		{name: "no word of where from", given: hour, request: get("/api/me", prefetch, bothCookies), want: dropped, then: unmoved},
		{name: "optional", given: hour, request: ask("/api/maybe", fromHere, prefetch, bothCookies), want: dropped, then: unmoved},

		{name: "good token", request: me(fromHere, prefetch), want: alice(), then: cookieAlive},
		{name: "no cookie", request: ask("/api/me", fromHere, prefetch), want: missing},
		{name: "no cookie, optional", request: ask("/api/maybe", fromHere, prefetch), want: nobody()},
		{name: "rubbish token", request: ask("/api/me", fromHere, prefetch, "Cookie: __Host-access=rubbish; __Host-refresh=$refresh"),
			want: answer(401, tokenInvalid, challengeInvalid)},
		{name: "no navigation, by another site", given: hour, request: get("/api/me", fromAfar, prefetch, bothCookies, "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: empty"),
			want: expired},
	})
}
