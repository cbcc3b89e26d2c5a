package facetest

import (
	"strings"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// loginRows are the application's login, which ends in Login or Error.
func loginRows() []row {
	login := func(user string) Request { return postJSON("/auth/login", object("username", user)) }
	return []row{
		{name: "login", request: login("bob"), want: answer(200, tokens+`"<id>"}`), then: func(s *scene, a Answer) {
			s.wantCode("me", s.Me(a.Pair().AccessToken), "")
			s.wantCode("the session before", s.Me(s.names["access"]), "")
		}},
		{name: "login/in the middle of a second", given: wait(250 * time.Millisecond), request: login("alice"),
			want: answer(200, strings.NewReplacer("600", "599", "604800", "604800").Replace(tokens)+`"<id>"}`)},
		{name: "login/shortest lives", config: func(c *core.Config) {
			c.AccessTTL, c.IdleTTL, c.SessionTTL = time.Second, time.Second, core.NoLimit
		}, given: wait(999 * time.Millisecond), request: login("alice"),
			want: answer(200, `{"access_token":"<jwt>","token_type":"Bearer","expires_in":1,"refresh_token":"<jwt>","refresh_token_expires_in":1,"session_id":"<id>"}`)},
		{name: "login/absolute end sooner than idle end", config: func(c *core.Config) { c.SessionTTL = time.Hour }, request: login("alice"),
			want: answer(200, `{"access_token":"<jwt>","token_type":"Bearer","expires_in":600,"refresh_token":"<jwt>","refresh_token_expires_in":3600,"session_id":"<id>"}`)},
		{name: "login/no such user", request: login(""), want: answer(401, badCredentials, challengeBadCredentials)},
		{name: "login/blocked user", given: block("bob"), request: login("bob"), want: answer(403, userBlocked)},
		{name: "login/session limit", config: func(c *core.Config) { c.MaxSessions, c.OnLimit = 1, core.RejectNew }, request: login("alice"),
			want: answer(409, sessionLimit), then: func(s *scene, _ Answer) { s.wantCode("me", s.Me(s.names["access"]), "") }},
		{name: "login/session limit, the oldest goes", config: func(c *core.Config) { c.MaxSessions = 1 }, request: login("alice"),
			want: answer(200, tokens+`"<id>"}`), then: func(s *scene, _ Answer) { s.wantCode("me", s.Me(s.names["access"]), "token_revoked") }},
		{name: "login/store fails", given: (*scene).fail, request: login("alice"), want: unavailable()},
		{name: "login/fault of the application", request: login(strings.Repeat("a", 300)), want: answer(500, internal),
			then: func(s *scene, _ Answer) {
				if log := s.Log(); !strings.Contains(log, "Login.Subject") || !strings.Contains(log, "method=POST") {
					s.t.Errorf("log: got %s, want the error and the request", log)
				}
			}},
		{name: "login/two Bearer headers", request: postJSON("/auth/login", object("username", "bob"), withAccess, withAccess),
			want: answer(200, tokens+`"<id>"}`), then: alive},
		{name: "login/another method", request: get("/auth/login"), want: notRouted("POST")},
	}
}

// errorRows are every error that an application may hand to Error. What is
// around it is not shown.
func errorRows() []row {
	fails := func(code string) Request { return get("/api/fail?code=" + code) }
	return []row{
		{name: "error/token_missing", request: fails("token_missing"), want: answer(401, tokenMissing, challengeMissing)},
		{name: "error/token_invalid", request: fails("token_invalid"), want: answer(401, tokenInvalid, challengeInvalid)},
		{name: "error/token_expired", request: fails("token_expired"), want: answer(401, tokenExpired, challengeExpired)},
		{name: "error/token_revoked", request: fails("token_revoked"), want: answer(401, tokenRevoked, challengeRevoked)},
		{name: "error/refresh_missing", request: fails("refresh_missing"), want: answer(401, refreshMissing, challengeMissing)},
		{name: "error/refresh_invalid", request: fails("refresh_invalid"), want: answer(401, refreshInvalid, challengeRefreshInvalid)},
		{name: "error/bad_credentials", request: fails("bad_credentials"), want: answer(401, badCredentials, challengeBadCredentials)},
		{name: "error/user_blocked", request: fails("user_blocked"), want: answer(403, userBlocked)},
		{name: "error/forbidden", request: fails("forbidden"), want: answer(403, forbidden)},
		{name: "error/cross_origin", request: fails("cross_origin"), want: answer(403, crossOrigin)},
		{name: "error/session_not_found", request: fails("session_not_found"), want: answer(404, sessionNotFound)},
		{name: "error/session_limit", request: fails("session_limit"), want: answer(409, sessionLimit)},
		{name: "error/request_invalid", request: fails("request_invalid"), want: answer(400, requestInvalid)},
		{name: "error/not_found", request: fails("not_found"), want: answer(404, notFound)},
		{name: "error/method_not_allowed", request: fails("method_not_allowed"), want: answer(405, methodNotAllowed)},
		{name: "error/request_too_large", request: fails("request_too_large"), want: answer(413, requestTooLarge)},
		{name: "error/unsupported_media_type", request: fails("unsupported_media_type"), want: answer(415, unsupportedMediaType)},
		{name: "error/store_unavailable", request: fails("store_unavailable"), want: unavailable()},
		{name: "error/internal", request: fails("internal"), want: answer(500, internal), then: wantLogged},
		{name: "error/no core.Error", request: fails(""), want: answer(500, internal), then: wantLogged},
	}
}

// wantLog checks that each of the texts is in the log.
func (s *scene) wantLog(texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		if log := s.Log(); !strings.Contains(log, text) {
			s.t.Errorf("log: got %s, want it to say %q", log, text)
		}
	}
}

// wantLogged checks that an operator reads what the client does not.
func wantLogged(s *scene, _ Answer) {
	s.t.Helper()
	if log := s.Log(); !strings.Contains(log, secretDetail) || !strings.Contains(log, "path="+s.layout.Prefix+"/api/fail") {
		s.t.Errorf("log: got %s, want the error and the request", log)
	}
}
