package facetest

import (
	"time"

	"github.com/ratchetauth/ratchet/core"
)

const reissuePath = "/auth/reissue"

// reissued is the answer to a reissue of alice's session.
func reissued() want { return answer(200, tokens+`"$session"}`) }

// refused is the answer to a refused reissue by JSON.
func refused() want { return answer(401, refreshInvalid, challengeRefreshInvalid) }

// missing is the answer to a reissue without a refresh token.
func missing() want { return answer(401, refreshMissing, challengeMissing) }

// reissueRows are what becomes of a refresh token. What the rules of the
// rotation are is core's to test; here is what clients see of them.
func reissueRows() []row {
	reissue := postJSON(reissuePath, `{"refresh_token":"$refresh"}`)
	killed := func(s *scene, _ Answer) {
		s.wantCode("child after the kill", s.Me(s.names["next_access"]), "token_revoked")
	}
	return []row{
		{name: "reissue", request: reissue, want: reissued(), then: func(s *scene, a Answer) {
			p := a.Pair()
			s.wantCode("me", s.Me(p.AccessToken), "")
			s.wantCode("reissue of the child", s.Reissue(p.RefreshToken), "")
			s.wantCode("reissue of the parent", s.Reissue(s.names["refresh"]), "refresh_invalid")
		}},
		{name: "reissue/after the access token's end", given: wait(time.Hour), request: reissue, want: reissued()},
		{name: "reissue/with an expired access token in the header", given: wait(time.Hour),
			request: postJSON(reissuePath, `{"refresh_token":"$refresh"}`, withAccess), want: reissued()},
		{name: "reissue/with rubbish in the header", request: postJSON(reissuePath, `{"refresh_token":"$refresh"}`, "Authorization: Bearer rubbish"),
			want: reissued()},
		{name: "reissue/with a client's Basic header", request: postJSON(reissuePath, `{"refresh_token":"$refresh"}`, "Authorization: Basic Y2xpZW50Og=="),
			want: reissued()},
		{name: "reissue/within the grace", given: func(s *scene) { s.reissue("next") }, request: reissue, want: reissued(),
			then: func(s *scene, _ Answer) { s.wantCode("child", s.Me(s.names["next_access"]), "") }},
		{name: "reissue/after the grace", given: func(s *scene) { s.reissue("next"); s.Clock.Advance(31 * time.Second) },
			request: reissue, want: refused(), then: killed},
		{name: "reissue/after logout", given: func(s *scene) { s.Logout(s.names["access"]) }, request: reissue, want: refused()},
		{name: "reissue/of a blocked user", given: block("alice"), request: reissue, want: refused()},
		{name: "reissue/idle too long", given: wait(7 * 24 * time.Hour), request: reissue, want: refused()},
		{name: "reissue/session over", given: wait(31 * 24 * time.Hour), request: reissue, want: refused()},
		{name: "reissue/rubbish", request: postJSON(reissuePath, `{"refresh_token":"rubbish"}`), want: refused(),
			then: func(s *scene, _ Answer) { s.wantCalls(0, "Rotate") }},
		{name: "reissue/access token", request: postJSON(reissuePath, `{"refresh_token":"$access"}`), want: refused(),
			then: func(s *scene, _ Answer) { s.wantCalls(0, "Rotate") }},
		{name: "reissue/altered", given: func(s *scene) { s.names["altered"] = alter(s.names["refresh"]) },
			request: postJSON(reissuePath, `{"refresh_token":"$altered"}`), want: refused()},
		{name: "reissue/in the header only", request: post(reissuePath, "Authorization: Bearer $refresh"), want: missing()},
		{name: "reissue/in the query only", request: post(reissuePath + "?refresh_token=$refresh&grant_type=refresh_token"), want: missing()},
		{name: "reissue/in a cookie only", request: post(reissuePath, "Cookie: __Host-refresh=$refresh"), want: missing()},
		{name: "reissue/two Bearer headers", request: postJSON(reissuePath, `{"refresh_token":"$refresh"}`, withAccess, withAccess),
			want: answer(400, requestInvalid), then: func(s *scene, _ Answer) { s.wantCalls(0, "Rotate") }},
		{name: "reissue/store fails", given: (*scene).fail, request: reissue, want: unavailable(),
			then: func(s *scene, _ Answer) { s.wantCode("retry", s.Reissue(s.names["refresh"]), "") }},
		{name: "reissue/outcome unknown", given: func(s *scene) { s.failAfter("Rotate") }, request: reissue, want: unavailable(),
			then: func(s *scene, _ Answer) { s.wantCode("retry", s.Reissue(s.names["refresh"]), "") }},

		{name: "reissue/GET", request: get(reissuePath), want: notAllowed("POST")},
		{name: "reissue/PUT", request: Request{Method: "PUT", Path: reissuePath, Header: []string{JSON}, Body: `{"refresh_token":"$refresh"}`},
			want: notAllowed("POST"), then: func(s *scene, _ Answer) { s.wantCalls(0, "Rotate") }},
		{name: "reissue/HEAD", request: Request{Method: "HEAD", Path: reissuePath}, want: headOnly(notAllowed("POST"))},
		{name: "reissue/OPTIONS", any: true, request: Request{Method: "OPTIONS", Path: reissuePath}, want: notAllowed("POST")},
	}
}

// bindingRows are a reissue with an access token that comes along.
func bindingRows() []row {
	binds := func(c *core.Config) { c.BindAccessToken = true }
	untouched := func(s *scene, _ Answer) {
		s.wantCalls(0, "Rotate", "End")
		s.wantCode("reissue with both", s.Do(s.expandRequest(postJSON(reissuePath, `{"refresh_token":"$refresh","access_token":"$access"}`))), "")
	}
	withBob := func(s *scene) { s.login("bob", "bob") }
	withOther := func(s *scene) { s.login("other", "alice") }
	return []row{
		{name: "binding/in the header", config: binds, request: postJSON(reissuePath, `{"refresh_token":"$refresh"}`, withAccess), want: reissued()},
		{name: "binding/in the body", config: binds, request: postJSON(reissuePath, `{"refresh_token":"$refresh","access_token":"$access"}`), want: reissued()},
		{name: "binding/in the form", config: binds,
			request: postForm(reissuePath, "grant_type=refresh_token&refresh_token=$refresh&access_token=$access"), want: reissued()},
		{name: "binding/in both", config: binds,
			request: postJSON(reissuePath, `{"refresh_token":"$refresh","access_token":"$access"}`, withAccess), want: reissued()},
		{name: "binding/expired", config: binds, given: wait(time.Hour),
			request: postJSON(reissuePath, `{"refresh_token":"$refresh"}`, withAccess), want: reissued()},
		{name: "binding/none", config: binds, request: postJSON(reissuePath, `{"refresh_token":"$refresh"}`), want: refused(), then: untouched},
		{name: "binding/none, by form", config: binds, request: postForm(reissuePath, "grant_type=refresh_token&refresh_token=$refresh"),
			want: answer(400, refreshInvalid), then: untouched},
		{name: "binding/empty header", config: binds, request: postJSON(reissuePath, `{"refresh_token":"$refresh"}`, "Authorization: Bearer"),
			want: refused(), then: untouched},
		{name: "binding/no refresh token", config: binds, request: post(reissuePath, withAccess), want: missing()},
		{name: "binding/another user's", config: binds, given: withBob,
			request: postJSON(reissuePath, `{"refresh_token":"$refresh","access_token":"$bob_access"}`), want: refused(),
			then: func(s *scene, a Answer) { untouched(s, a); s.wantCode("bob", s.Me(s.names["bob_access"]), "") }},
		{name: "binding/another session's", config: binds, given: withOther,
			request: postJSON(reissuePath, `{"refresh_token":"$refresh"}`, "Authorization: Bearer $other_access"), want: refused(), then: untouched},
		{name: "binding/header and body differ", config: binds, given: withBob,
			request: postJSON(reissuePath, `{"refresh_token":"$refresh","access_token":"$bob_access"}`, withAccess),
			want:    answer(400, requestInvalid), then: untouched},
		{name: "binding/empty header and body", config: binds,
			request: postJSON(reissuePath, `{"refresh_token":"$refresh","access_token":"$access"}`, "Authorization: Bearer"),
			want:    answer(400, requestInvalid), then: untouched},

		{name: "no binding/header and body differ", given: withBob,
			request: postJSON(reissuePath, `{"refresh_token":"$refresh","access_token":"$bob_access"}`, withAccess), want: reissued()},
		{name: "no binding/another user's", given: withBob,
			request: postJSON(reissuePath, `{"refresh_token":"$refresh","access_token":"$bob_access"}`), want: reissued()},
	}
}

// idempotencyRows are a client's Idempotency-Key. They use a window of no
// width, so that only the key makes a retry good.
func idempotencyRows() []row {
	strict := func(c *core.Config) { c.ReuseGrace = core.Strict }
	reissue := func(header ...string) Request {
		return postJSON(reissuePath, `{"refresh_token":"$refresh"}`, header...)
	}
	first := func(header ...string) func(*scene) {
		return func(s *scene) {
			s.wantCode("first", s.Reissue(s.names["refresh"], header...), "")
			s.Clock.Advance(time.Minute)
		}
	}
	again := answer(200, `{"access_token":"<jwt>","token_type":"Bearer","expires_in":540,"refresh_token":"<jwt>","refresh_token_expires_in":604740,"session_id":"$session"}`)
	return []row{
		{name: "idempotency/same key", config: strict, given: first("Idempotency-Key: one"), request: reissue("Idempotency-Key: one"), want: again},
		{name: "idempotency/quoted as in the draft", config: strict, given: first(`Idempotency-Key: "one"`), request: reissue("Idempotency-Key: one"), want: again},
		{name: "idempotency/one pair of quotes only", config: strict, given: first(`Idempotency-Key: ""one""`), request: reissue("Idempotency-Key: one"), want: refused()},
		{name: "idempotency/a single quote", config: strict, given: first(`Idempotency-Key: "`), request: reissue(`Idempotency-Key: "`), want: again},
		{name: "idempotency/another key", config: strict, given: first("Idempotency-Key: one"), request: reissue("Idempotency-Key: two"), want: refused()},
		{name: "idempotency/no key", config: strict, given: first("Idempotency-Key: one"), request: reissue(), want: refused()},
		{name: "idempotency/empty keys are none", config: strict, given: first("Idempotency-Key: "), request: reissue(`Idempotency-Key: ""`), want: refused()},
		{name: "idempotency/by form", config: strict, given: func(s *scene) {
			s.wantCode("first", s.ReissueForm(s.names["refresh"], "Idempotency-Key: one"), "")
			s.Clock.Advance(time.Minute)
		}, request: reissue("Idempotency-Key: one"), want: again},
		{name: "idempotency/two headers", request: reissue("Idempotency-Key: one", "Idempotency-Key: one"), want: answer(400, requestInvalid)},
		{name: "idempotency/255 bytes", request: reissue("Idempotency-Key: " + letters(255)), want: reissued()},
		{name: "idempotency/256 bytes", request: reissue("Idempotency-Key: " + letters(256)), want: answer(400, requestInvalid)},
	}
}
