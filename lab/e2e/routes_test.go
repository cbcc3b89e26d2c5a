package e2e_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

const (
	tokensBody = `{"access_token":"TOKEN","token_type":"Bearer","expires_in":N,"refresh_token":"TOKEN","refresh_token_expires_in":N,"session_id":"ID"}`
	meBody     = `{"user":"alice","session":"ID","roles":["user"],"expires_at":"TIME"}`
)

func TestSessionLife(t *testing.T) {
	each(t, nil, func(t *testing.T, c *client) {
		a := c.tryLogin("alice", "wonderland")
		c.want(a, 200, tokensBody)
		one := c.tokens(a)
		if a.header.Get("Cache-Control") != "no-store" || one.ExpiresIn < 590 || one.ExpiresIn > 600 || one.RefreshTokenExpiresIn > 7*24*3600 {
			t.Errorf("the login's answer is %d %v %s", a.status, a.header, a.body)
		}
		c.want(c.me(one.AccessToken), 200, meBody)
		c.want(c.do("HEAD", "/api/me", bearer(one.AccessToken)), 200, "")
		c.want(c.do("POST", "/api/ping", bearer(one.AccessToken)), 200, `{"ok":true}`)
		c.refused(c.do("POST", "/api/ping"), 401, "token_missing")
		c.refused(c.me("x.y.z"), 401, "token_invalid")
		c.refused(c.me(one.RefreshToken), 401, "token_invalid")

		a = c.reissue(one.RefreshToken)
		c.want(a, 200, tokensBody)
		next := c.tokens(a)
		if next.SessionID != one.SessionID || next.AccessToken == one.AccessToken {
			t.Errorf("the reissue gives session %s after %s", next.SessionID, one.SessionID)
		}
		again := c.tokens(c.reissue(one.RefreshToken))
		if payload(t, again.AccessToken)["jti"] != payload(t, next.AccessToken)["jti"] {
			t.Error("a replay within the window does not give the same pair")
		}
		c.want(c.me(one.AccessToken), 200, meBody)
		form := "grant_type=refresh_token&refresh_token=" + next.RefreshToken
		c.want(c.do("POST", "/auth/reissue", body("application/x-www-form-urlencoded", form)), 200, tokensBody)

		two := c.login("alice", "wonderland")
		session := `{"id":"ID","current":%v,"created_at":"TIME","last_used_at":"TIME","expires_at":"TIME","device":{"name":"","user_agent":"e2e","ip":"127.0.0.1"}}`
		c.want(c.do("GET", "/auth/sessions", bearer(two.AccessToken)), 200,
			fmt.Sprintf(`{"sessions":[`+session+`,`+session+`]}`, true, false))
		c.want(c.do("HEAD", "/auth/sessions", bearer(two.AccessToken)), 200, "")

		bob := c.login("bob", "builder")
		c.refused(c.do("DELETE", "/auth/sessions/"+two.SessionID, bearer(bob.AccessToken)), 404, "session_not_found")
		c.refused(c.do("DELETE", "/auth/sessions/none", bearer(bob.AccessToken)), 404, "session_not_found")
		c.want(c.do("DELETE", "/auth/sessions/"+one.SessionID, bearer(two.AccessToken)), 204, "")
		c.refused(c.me(next.AccessToken), 401, "token_revoked")

		three := c.login("alice", "wonderland")
		c.want(c.do("POST", "/auth/logout-all?keep=current", bearer(three.AccessToken)), 200, `{"ended":1}`)
		c.refused(c.me(two.AccessToken), 401, "token_revoked")
		c.want(c.do("POST", "/auth/logout-all", bearer(three.AccessToken)), 200, `{"ended":1}`)
		c.refused(c.me(three.AccessToken), 401, "token_revoked")
		c.refused(c.reissue(three.RefreshToken), 401, "refresh_invalid")

		c.want(c.do("POST", "/auth/logout", bearer(bob.AccessToken)), 200, "{}")
		c.refused(c.me(bob.AccessToken), 401, "token_revoked")
		c.refused(c.reissue(bob.RefreshToken), 401, "refresh_invalid")
		c.want(c.do("POST", "/auth/logout"), 200, "{}")
	})
}

func TestPublicRoutes(t *testing.T) {
	each(t, nil, func(t *testing.T, c *client) {
		c.want(c.do("GET", "/healthz"), 200, `{"status":"ok"}`)
		c.want(c.do("HEAD", "/healthz"), 200, "")
		c.want(c.do("GET", "/.well-known/jwks.json"), 200, `{"keys":[]}`)
		c.want(c.do("HEAD", "/.well-known/jwks.json"), 200, "")
		page := c.do("GET", "/")
		if page.status != 200 || !strings.Contains(page.body, "/auth/reissue") || page.header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("the page is %d %v %s", page.status, page.header, page.body)
		}
		c.want(c.do("HEAD", "/"), 200, "")
		for _, path := range []string{"/nothing", "/auth", "/auth/", "/auth/login/", "/api/", "/auth/%6Cogin", "/admin/users", "/admin/users/bob/", "//healthz"} {
			for _, method := range []string{"GET", "POST", "DELETE", "NEW"} {
				if a := c.do(method, path); !a.excepted {
					c.refused(a, 404, "not_found")
				}
			}
		}
		huge := c.do("GET", "/api/me", bearer(strings.Repeat("x", 1_000_000)))
		c.refused(huge, 401, "token_invalid")
	})
}

func TestLoginBody(t *testing.T) {
	const good = `{"username":"alice","password":"wonderland"}`
	tests := []struct {
		name, media, text string
		status            int
		code              string
	}{
		{"good", "application/json", good, 200, ""},
		{"with a charset", "application/json; charset=utf-8", good, 200, ""},
		{"16 KiB", "application/json", good + strings.Repeat(" ", 16<<10-len(good)), 200, ""},
		{"over 16 KiB", "application/json", good + strings.Repeat(" ", 16<<10-len(good)+1), 413, "request_too_large"},
		{"far over 16 KiB", "application/json", strings.Repeat("[", 32<<10), 413, "request_too_large"},
		{"wrong password", "application/json", `{"username":"alice","password":"builder"}`, 401, "bad_credentials"},
		{"unknown user", "application/json", `{"username":"mallory","password":"builder"}`, 401, "bad_credentials"},
		{"empty name and password", "application/json", `{"username":"","password":""}`, 401, "bad_credentials"},
		{"a very long password", "application/json", `{"username":"alice","password":"` + strings.Repeat("x", 10_000) + `"}`, 401, "bad_credentials"},
		{"empty", "application/json", "", 400, "request_invalid"},
		{"broken", "application/json", good[:20], 400, "request_invalid"},
		{"deep", "application/json", strings.Repeat("[", 16<<10), 400, "request_invalid"},
		{"an array", "application/json", `[` + good + `]`, 400, "request_invalid"},
		{"null", "application/json", `null`, 400, "request_invalid"},
		{"two values", "application/json", good + good, 400, "request_invalid"},
		{"no password", "application/json", `{"username":"alice"}`, 400, "request_invalid"},
		{"no user", "application/json", `{"password":"wonderland"}`, 400, "request_invalid"},
		{"a number", "application/json", `{"username":1,"password":"wonderland"}`, 400, "request_invalid"},
		{"a member twice", "application/json", `{"username":"alice","password":"builder","password":"wonderland"}`, 400, "request_invalid"},
		{"a member in another case", "application/json", `{"username":"alice","Password":"wonderland"}`, 400, "request_invalid"},
		{"null for a password", "application/json", `{"username":"alice","password":null}`, 400, "request_invalid"},
		{"nothing, without a type", "", "", 400, "request_invalid"},
		{"an unknown member", "application/json", `{"username":"alice","password":"wonderland","admin":true}`, 400, "request_invalid"},
		{"a form", "application/x-www-form-urlencoded", "username=alice&password=wonderland", 415, "unsupported_media_type"},
		{"JSON said to be text", "text/plain", good, 415, "unsupported_media_type"},
		{"JSON without a type", "", good, 415, "unsupported_media_type"},
		{"JSON with a malformed type", "application/json; =", good, 415, "unsupported_media_type"},
	}
	each(t, nil, func(t *testing.T, c *client) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				if a := c.do("POST", "/auth/login", body(tt.media, tt.text)); a.status != tt.status || a.code() != tt.code {
					t.Errorf("answer %d %s\n  want %d with the code %q", a.status, a.body, tt.status, tt.code)
				}
			})
		}
		wrong, unknown := c.tryLogin("alice", "x"), c.tryLogin("mallory", "x")
		if wrong.body != unknown.body || wrong.headers() != unknown.headers() {
			t.Errorf("a wrong password and an unknown user are told apart:\n%v\n%v", wrong, unknown)
		}
	})
}

// TestMethods asks for every known path with every method that it does not
// have, without a token: 405 comes before 401.
func TestMethods(t *testing.T) {
	routes := map[string][]string{
		"/":                             {"GET", "HEAD"},
		"/healthz":                      {"GET", "HEAD"},
		"/events":                       {"GET", "HEAD"},
		"/.well-known/jwks.json":        {"GET", "HEAD"},
		"/auth/login":                   {"POST"},
		"/auth/reissue":                 {"POST"},
		"/auth/logout":                  {"POST"},
		"/auth/logout-all":              {"POST"},
		"/auth/sessions":                {"GET", "HEAD"},
		"/auth/sessions/x":              {"DELETE"},
		"/api/me":                       {"GET", "HEAD"},
		"/api/ping":                     {"POST"},
		"/admin/users/bob/block":        {"DELETE", "PUT"},
		"/admin/users/a%2Fb/block":      {"DELETE", "PUT"},
		"/admin/users/x/refresh-claims": {"POST"},
		"/admin/users/x/sessions":       {"DELETE"},
		"/admin/users/bob":              {"GET", "HEAD"},
		"/admin/users/x/sessions/y":     {"DELETE"},
	}
	each(t, nil, func(t *testing.T, c *client) {
		for _, path := range slices.Sorted(maps.Keys(routes)) {
			for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "NEW"} {
				if slices.Contains(routes[path], method) {
					continue
				}
				a := c.do(method, path)
				if a.status != 405 || method != "HEAD" && a.code() != "method_not_allowed" || a.allow() != strings.Join(routes[path], ", ") {
					t.Errorf("%s %s: answer %d, Allow %q, %s", method, path, a.status, a.header["Allow"], a.body)
				}
			}
		}
	})
}

func TestAdmin(t *testing.T) {
	each(t, nil, func(t *testing.T, c *client) {
		admin, alice := c.login("admin", "correct-horse"), c.login("alice", "wonderland")
		as := bearer(admin.AccessToken)
		for _, r := range [][2]string{{"GET", "/admin/users/bob"}, {"PUT", "/admin/users/bob/block"}, {"DELETE", "/admin/users/bob/block"},
			{"DELETE", "/admin/users/bob/sessions"}, {"DELETE", "/admin/users/bob/sessions/x"}} {
			c.refused(c.do(r[0], r[1]), 401, "token_missing")
			c.refused(c.do(r[0], r[1], bearer(alice.AccessToken)), 403, "forbidden")
		}

		bob := c.login("bob", "builder")
		c.want(c.do("PUT", "/admin/users/bob/block", as), 204, "")
		c.refused(c.me(bob.AccessToken), 401, "token_revoked")
		c.refused(c.reissue(bob.RefreshToken), 401, "refresh_invalid")
		c.refused(c.tryLogin("bob", "builder"), 403, "user_blocked")
		c.refused(c.tryLogin("bob", "wrong"), 401, "bad_credentials")
		c.want(c.do("DELETE", "/admin/users/bob/block", as), 204, "")
		c.refused(c.me(bob.AccessToken), 401, "token_revoked")
		bob = c.login("bob", "builder")

		for _, tt := range [][2]string{
			{"past", `{"until":"2020-01-01T00:00:00Z"}`},
			{"year one", `{"until":"0001-01-01T00:00:00Z"}`},
			{"a date", `{"until":"2999-01-01"}`},
			{"a number", `{"until":5}`},
			{"another member", `{"untill":"2999-01-01T00:00:00Z"}`},
			{"a member twice", `{"until":"2999-01-01T00:00:00Z","until":null}`},
			{"broken", `{`},
			{"an array", `[]`},
		} {
			t.Run("until, "+tt[0], func(t *testing.T) {
				if a := c.do("PUT", "/admin/users/bob/block", as, jsonBody(tt[1])); a.status != 400 || a.code() != "request_invalid" {
					t.Errorf("answer %d %s", a.status, a.body)
				}
			})
		}
		c.refused(c.do("PUT", "/admin/users/bob/block", as, body("text/plain", `{}`)), 415, "unsupported_media_type")
		c.want(c.me(bob.AccessToken), 200, strings.Replace(meBody, "alice", "bob", 1))
		c.want(c.do("PUT", "/admin/users/bob/block", as, jsonBody(`{"until":"2999-01-01T00:00:00+01:00"}`)), 204, "")
		c.refused(c.tryLogin("bob", "builder"), 403, "user_blocked")
		c.want(c.do("PUT", "/admin/users/bob/block", as, jsonBody(`{"until":null}`)), 204, "")
		c.want(c.do("DELETE", "/admin/users/bob/block", as), 204, "")

		c.login("bob", "builder")
		c.login("bob", "builder")
		c.want(c.do("DELETE", "/admin/users/bob/sessions", as), 200, `{"ended":2}`)
		c.want(c.do("DELETE", "/admin/users/bob/sessions", as), 200, `{"ended":0}`)
		c.want(c.me(alice.AccessToken), 200, meBody)

		// Any name will do, whether or not somebody has it.
		for _, name := range []string{"nobody", "a%2Fb", "%C3%A9", "é", "a+b", "a%20b%2F", "%7Bx%7D:", strings.Repeat("x", 256)} {
			c.want(c.do("PUT", "/admin/users/"+name+"/block", as), 204, "")
			c.want(c.do("DELETE", "/admin/users/"+name+"/block", as), 204, "")
			c.want(c.do("DELETE", "/admin/users/"+name+"/sessions", as), 200, `{"ended":0}`)
		}
		for _, name := range []string{strings.Repeat("x", 257), "%FF", ""} {
			if a := c.do("PUT", "/admin/users/"+name+"/block", as); !a.excepted {
				c.refused(a, 400, "request_invalid")
			}
		}
	})
}

// TestAccount looks at a user as an administrator does, and ends one session.
func TestAccount(t *testing.T) {
	each(t, nil, func(t *testing.T, c *client) {
		own := c.login("admin", "correct-horse")
		as := bearer(own.AccessToken)
		const (
			free    = `{"blocked":false,"until":null,"sessions":[%s]}`
			session = `{"id":"ID","current":%v,"created_at":"TIME","last_used_at":"TIME","expires_at":"TIME","device":{"name":"","user_agent":"e2e","ip":"127.0.0.1"}}`
		)
		other := fmt.Sprintf(session, false)
		a := c.do("GET", "/admin/users/nobody", as)
		c.want(a, 200, fmt.Sprintf(free, ""))
		if a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("Cache-Control is %q", a.header["Cache-Control"])
		}
		c.want(c.do("GET", "/admin/users/admin", as), 200, fmt.Sprintf(free, fmt.Sprintf(session, true)))
		one, two := c.login("bob", "builder"), c.login("bob", "builder")
		c.want(c.do("GET", "/admin/users/bob", as), 200, fmt.Sprintf(free, other+","+other))
		c.want(c.do("HEAD", "/admin/users/bob", as), 200, "")
		c.refused(c.do("GET", "/admin/users/%FF", as), 400, "request_invalid")

		c.refused(c.do("DELETE", "/admin/users/alice/sessions/"+one.SessionID, as), 404, "session_not_found")
		c.want(c.do("DELETE", "/admin/users/bob/sessions/"+one.SessionID, as), 204, "")
		c.refused(c.do("DELETE", "/admin/users/bob/sessions/"+one.SessionID, as), 404, "session_not_found")
		c.refused(c.me(one.AccessToken), 401, "token_revoked")
		c.want(c.do("GET", "/admin/users/bob", as), 200, fmt.Sprintf(free, other))

		c.want(c.do("PUT", "/admin/users/bob/block", as, jsonBody(`{"until":"2999-01-01T00:00:00+01:00"}`)), 204, "")
		a = c.do("GET", "/admin/users/bob", as)
		c.want(a, 200, `{"blocked":true,"until":"TIME","sessions":[]}`)
		if !strings.Contains(a.body, `"2998-12-31T23:00:00Z"`) {
			t.Errorf("the block is until another time: %s", a.body)
		}
		c.refused(c.me(two.AccessToken), 401, "token_revoked")
		c.want(c.do("PUT", "/admin/users/bob/block", as), 204, "")
		c.want(c.do("GET", "/admin/users/bob", as), 200, `{"blocked":true,"until":null,"sessions":[]}`)
		c.want(c.do("DELETE", "/admin/users/bob/block", as), 204, "")
		c.want(c.do("GET", "/admin/users/bob", as), 200, fmt.Sprintf(free, ""))
		c.want(c.do("GET", "/admin/users/a%2Fb", as), 200, fmt.Sprintf(free, ""))
	})
}

// TestOptions is not a comparison: Echo answers OPTIONS by itself. It never needs
// a token.
func TestOptions(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			c := startClient(t, p.name, nil)
			if a := c.do(http.MethodOptions, "/api/me"); a.status == 401 || a.allow() != "GET, HEAD" {
				t.Errorf("OPTIONS is answered with %d and Allow %q", a.status, a.header["Allow"])
			}
		})
	}
}
