package facetest

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

const (
	logoutAllPath = "/auth/logout-all"
	sessionsPath  = "/auth/sessions"
	jwksPath      = "/.well-known/jwks.json"
)

// logoutAllRows are the end of all of a user's sessions. Alice has a second
// one, and bob has one.
func logoutAllRows() []row {
	given := func(s *scene) { s.login("other", "alice"); s.login("bob", "bob") }
	all := func(s *scene, a Answer) {
		ended(s, a)
		s.wantCode("other", s.Me(s.names["other_access"]), "token_revoked")
		s.wantCode("bob", s.Me(s.names["bob_access"]), "")
	}
	but := func(s *scene, a Answer) {
		alive(s, a)
		s.wantCode("other", s.Me(s.names["other_access"]), "token_revoked")
		s.wantCode("bob", s.Me(s.names["bob_access"]), "")
	}
	none := func(s *scene, a Answer) {
		alive(s, a)
		s.wantCode("other", s.Me(s.names["other_access"]), "")
	}
	rows := []row{
		{name: "all", request: post(logoutAllPath, withAccess), want: answer(200, `{"ended":2}`), then: all},
		{name: "keep the current", request: post(logoutAllPath+"?keep=current", withAccess), want: answer(200, `{"ended":1}`), then: but},
		{name: "unknown parameters", request: post(logoutAllPath+"?a=b&keep=current&access_token=x", withAccess), want: answer(200, `{"ended":1}`), then: but},
		{name: "keep another", request: post(logoutAllPath+"?keep=all", withAccess), want: answer(400, requestInvalid), then: none},
		{name: "keep an id", request: post(logoutAllPath+"?keep=$session", withAccess), want: answer(400, requestInvalid), then: none},
		{name: "keep nothing", request: post(logoutAllPath+"?keep=", withAccess), want: answer(400, requestInvalid), then: none},
		{name: "keep twice", request: post(logoutAllPath+"?keep=current&keep=current", withAccess), want: answer(400, requestInvalid), then: none},
		{name: "malformed query", request: post(logoutAllPath+"?keep=current;x", withAccess), want: answer(400, requestInvalid), then: none},
		{name: "no token", request: post(logoutAllPath), want: answer(401, tokenMissing, challengeMissing), then: none},
		{name: "no token and a bad query", request: post(logoutAllPath + "?keep=x"), want: answer(401, tokenMissing, challengeMissing), then: none},
		{name: "token in the body", request: postJSON(logoutAllPath, `{"access_token":"$access"}`), want: answer(401, tokenMissing, challengeMissing), then: none},
		{name: "refresh token", request: post(logoutAllPath, "Authorization: Bearer $refresh"), want: answer(401, tokenInvalid, challengeInvalid), then: none},
		{name: "two headers", request: post(logoutAllPath, withAccess, withAccess), want: answer(400, requestInvalid), then: none},
		{name: "store fails", request: post(logoutAllPath, withAccess), want: unavailable(), then: none,
			given: func(s *scene) { given(s); s.fail() }},
		{name: "revoked token", request: post(logoutAllPath, "Authorization: Bearer $other_access"), want: answer(401, tokenRevoked, challengeRevoked), then: alive,
			given: func(s *scene) { given(s); s.Logout(s.names["other_access"]) }},
		{name: "GET", request: get(logoutAllPath), want: notAllowed("POST"), then: none},
		{name: "GET with a token", request: get(logoutAllPath, withAccess), want: notAllowed("POST"), then: none},
	}
	return prefixed("logout all/", rows, given)
}

// sessionRows are the list of the caller's sessions. The clock shows 12
// o'clock at the login of $access and of bob, a quarter past at the other's.
func sessionRows() []row {
	given := func(s *scene) {
		s.login("bob", "bob")
		s.Clock.Advance(15*time.Minute + 999*time.Millisecond)
		a := s.Do(postJSON("/auth/login", `{"username":"alice","device":"the <b>\"kitchen\"</b> tablet"}`, "Forwarded: for=192.0.2.1", "X-Forwarded-For: 192.0.2.1"))
		s.keep("other", a.Pair())
	}
	list := func(current, other string, firstUsed, firstExpires string) string {
		const one = `{"id":"%s","current":%s,"created_at":"%s","last_used_at":"%s","expires_at":"%s","device":{"name":"%s","user_agent":"facetest","ip":"127.0.0.1"}}`
		tablet := fmt.Sprintf(one, "$other_session", other, "2026-03-02T12:15:00Z", "2026-03-02T12:15:00Z", "2026-03-09T12:15:00Z",
			`the \u003cb\u003e\"kitchen\"\u003c/b\u003e tablet`)
		first := fmt.Sprintf(one, "$session", current, "2026-03-02T12:00:00Z", firstUsed, firstExpires, "")
		if firstUsed > "2026-03-02T12:15:00Z" {
			return `{"sessions":[` + first + `,` + tablet + `]}`
		}
		return `{"sessions":[` + tablet + `,` + first + `]}`
	}
	sessions := func(header ...string) Request { return get(sessionsPath, header...) }
	rows := []row{
		{name: "list", request: sessions("Authorization: Bearer $other_access"),
			want: answer(200, list("false", "true", "2026-03-02T12:00:00Z", "2026-03-09T12:00:00Z"))},
		{name: "after a reissue", given: func(s *scene) { given(s); s.Clock.Advance(time.Minute); s.reissue("") }, request: sessions(withAccess),
			want: answer(200, list("true", "false", "2026-03-02T12:16:00Z", "2026-03-09T12:16:00Z"))},
		{name: "HEAD", request: Request{Method: "HEAD", Path: sessionsPath, Header: []string{"Authorization: Bearer $other_access"}}, want: headOnly(answer(200, ""))},
		{name: "empty", config: func(c *core.Config) { c.Revocation = core.InsecureNone }, request: sessions("Authorization: Bearer $other_access"),
			want:  answer(200, `{"sessions":[]}`),
			given: func(s *scene) { given(s); s.LogoutAll(s.names["other_access"], false) }},
		{name: "no token", request: sessions(), want: answer(401, tokenMissing, challengeMissing)},
		{name: "expired token", request: sessions(withAccess), want: answer(401, tokenExpired, challengeExpired)},
		{name: "two headers", request: sessions(withAccess, withAccess), want: answer(400, requestInvalid)},
		{name: "store fails", given: func(s *scene) { given(s); s.fail() }, request: sessions("Authorization: Bearer $other_access"), want: unavailable()},
		{name: "store fails at the list", given: func(s *scene) { given(s); s.failAfter("Sessions") },
			request: sessions("Authorization: Bearer $other_access"), want: unavailable()},
		{name: "POST", request: post(sessionsPath), want: notAllowed("GET, HEAD")},
		{name: "POST with a token", request: post(sessionsPath, withAccess), want: notAllowed("GET, HEAD")},
	}
	return prefixed("sessions/", rows, given)
}

// revokeRows are the end of one session of the caller's.
func revokeRows() []row {
	given := func(s *scene) { s.login("other", "alice"); s.login("bob", "bob") }
	revoke := func(id string, header ...string) Request {
		return Request{Method: "DELETE", Path: sessionsPath + "/" + id, Header: header}
	}
	done := want{status: 204, header: []string{"Cache-Control: no-store", "Pragma: no-cache"}}
	gone := answer(404, sessionNotFound)
	otherEnded := func(s *scene, a Answer) {
		alive(s, a)
		s.wantCode("other", s.Me(s.names["other_access"]), "token_revoked")
	}
	nothing := func(s *scene, a Answer) {
		alive(s, a)
		s.wantCode("other", s.Me(s.names["other_access"]), "")
		s.wantCode("bob", s.Me(s.names["bob_access"]), "")
	}
	rows := []row{
		{name: "another of the caller's", request: revoke("$other_session", withAccess), want: done, then: otherEnded},
		{name: "the caller's own", request: revoke("$session", withAccess), want: done, then: ended},
		{name: "with escapes", request: revoke("$escaped_session", withAccess), want: done, then: otherEnded,
			given: func(s *scene) {
				given(s)
				s.names["escaped_session"] = escaped(s.names["other_session"])
			}},
		{name: "another user's", request: revoke("$bob_session", withAccess), want: gone, then: nothing},
		{name: "none", request: revoke("AAAAAAAAAAAAAAAAAAAAAA", withAccess), want: gone, then: nothing},
		{name: "no id", request: revoke("x", withAccess), want: gone, then: nothing},
		{name: "strange id", request: revoke("%7B*%7D%00%0d%0a", withAccess), want: gone, then: nothing},
		{name: "ended already", given: func(s *scene) { given(s); s.Logout(s.names["other_access"]) },
			request: revoke("$other_session", withAccess), want: gone, then: otherEnded},
		{name: "no token", request: revoke("$session"), want: answer(401, tokenMissing, challengeMissing), then: nothing},
		{name: "refresh token", request: revoke("$session", "Authorization: Bearer $refresh"), want: answer(401, tokenInvalid, challengeInvalid), then: nothing},
		{name: "store fails", given: func(s *scene) { given(s); s.fail() }, request: revoke("$other_session", withAccess), want: unavailable(), then: nothing},
		{name: "GET", request: get(sessionsPath+"/$other_session", withAccess), want: notAllowed("DELETE"), then: nothing},
		{name: "POST", request: post(sessionsPath+"/$other_session", withAccess), want: notAllowed("DELETE"), then: nothing},
		{name: "GET without a token", request: get(sessionsPath + "/$other_session"), want: notAllowed("DELETE"), then: nothing},
	}
	return prefixed("revoke/", rows, given)
}

// escaped returns the id with its first letter escaped, which needs no escape.
func escaped(id string) string { return fmt.Sprintf("%%%02X%s", id[0], id[1:]) }

// jwksRows are the public keys.
func jwksRows() []row {
	keys := func(body string) want {
		return want{status: 200, header: []string{"Content-Type: application/jwk-set+json", "Cache-Control: public, max-age=300"}, body: body + "\n"}
	}
	ed := `{"keys":[{"kty":"OKP","kid":"second","alg":"EdDSA","use":"sig","crv":"Ed25519","x":"O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik"}]}`
	return []row{
		{name: "jwks/secret keys are not in it", request: get(jwksPath), want: keys(`{"keys":[]}`)},
		{name: "jwks/public keys", config: withEd25519, request: get(jwksPath), want: keys(ed)},
		{name: "jwks/bad header", config: withEd25519, request: get(jwksPath, "Authorization: Bearer rubbish"), want: keys(ed)},
		{name: "jwks/HEAD", request: Request{Method: "HEAD", Path: jwksPath}, want: headOnly(keys(""))},
		{name: "jwks/store fails", given: (*scene).fail, request: get(jwksPath), want: keys(`{"keys":[]}`)},
		{name: "jwks/POST", request: post(jwksPath), want: notAllowed("GET, HEAD")},
	}
}

// withEd25519 adds an Ed25519 key, of a seed of zeros.
func withEd25519(c *core.Config) {
	private, err := core.NewPrivateKey("second", ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	if err != nil {
		panic(err)
	}
	refresh, err := core.NewHMACKey("refresh", bytes.Repeat([]byte{2}, 32))
	if err != nil {
		panic(err)
	}
	c.Keys, c.RefreshKeys = append(c.Keys, private), []core.Key{refresh}
}

// prefixed names the rows and gives those without a given this one.
func prefixed(prefix string, rows []row, given func(*scene)) []row {
	for i := range rows {
		rows[i].name = prefix + rows[i].name
		if rows[i].given == nil {
			rows[i].given = given
		}
	}
	return rows
}
