package e2e_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// htmlHeader is what a browser says that goes to a page.
func htmlHeader() option { return header("Accept", "text/html,application/xhtml+xml,*/*;q=0.8") }

// sendForm sends fields as a browser's form does.
func sendForm(fields ...string) option {
	var pairs []string
	for i := 0; i < len(fields); i += 2 {
		pairs = append(pairs, fields[i]+"="+url.QueryEscape(fields[i+1]))
	}
	return body("application/x-www-form-urlencoded", strings.Join(pairs, "&"))
}

// cookies returns the cookies of an answer as a browser sends them.
func (a answer) cookies() option {
	var list []string
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if c.MaxAge >= 0 {
			list = append(list, c.Name+"="+c.Value)
		}
	}
	return header("Cookie", strings.Join(list, "; "))
}

// sent checks that the answer is a way to another page.
func (c *client) sent(a answer, to string) {
	c.t.Helper()
	if a.status != http.StatusSeeOther || a.header.Get("Location") != to || a.header.Get("Cache-Control") != "no-store" {
		c.t.Errorf("answer %d %v, want 303 to %s, not to be stored", a.status, a.header, to)
	}
}

// showsForm checks that the answer is the login form, and that its text has some
// parts.
func (c *client) showsForm(a answer, status int, parts ...string) {
	c.t.Helper()
	if a.status != status || a.header.Get("Content-Type") != "text/html; charset=utf-8" || a.header.Get("Cache-Control") != "no-store" ||
		!strings.Contains(a.header.Get("Content-Security-Policy"), "default-src 'none'; form-action 'self'") {
		c.t.Errorf("answer %d %v %s, want the form with %d", a.status, a.header, a.body, status)
	}
	for _, part := range append(parts, `action="/auth/form"`) {
		if !strings.Contains(a.body, part) {
			c.t.Errorf("the form does not have %s:\n%s", part, a.body)
		}
	}
}

var formsEnv = env{"TRANSPORT": "cookie", "LOGIN_PAGE": "/auth/form", "SIGNING_SECRET": secret}

// TestForms logs in and out as a browser without scripts does.
func TestForms(t *testing.T) {
	each(t, formsEnv, func(t *testing.T, c *client) {
		c.sent(c.do("GET", "/api/me?a=b", htmlHeader()), "/auth/form?next=%2Fapi%2Fme%3Fa%3Db")
		c.refused(c.do("GET", "/api/me"), 401, "token_missing")
		c.showsForm(c.do("GET", "/auth/form?next=%2Fapi%2Fme%3Fa%3Db", htmlHeader()), 200, `name="next" value="/api/me?a=b"`)
		c.showsForm(c.do("GET", "/auth/form"), 200, `name="next" value="/"`)
		c.want(c.do("HEAD", "/auth/form"), 200, "")

		a := c.do("POST", "/auth/form", sendForm("username", "alice", "password", "wrong", "next", "/api/me"))
		c.showsForm(a, 401, `name="username" value="alice"`, `name="next" value="/api/me"`, "the user name or the password is wrong")
		if strings.Contains(a.body, `value="wrong"`) || len(a.header["Set-Cookie"]) > 0 {
			t.Errorf("a wrong password is answered with %v %s", a.header, a.body)
		}
		login := c.do("POST", "/auth/form", sendForm("username", "alice", "password", "wonderland", "next", "/api/me"))
		c.sent(login, "/api/me")
		c.want(c.do("GET", "/api/me", login.cookies(), htmlHeader()), 200, meBody)
		c.showsForm(c.do("GET", "/auth/form", login.cookies()), 200, "logged in as alice", `action="/auth/form/logout"`)

		out := c.do("POST", "/auth/form/logout", login.cookies(), body("application/x-www-form-urlencoded", ""))
		c.sent(out, "/auth/form")
		if left := (&http.Response{Header: out.header}).Cookies(); len(left) != 2 || left[0].MaxAge >= 0 || left[1].MaxAge >= 0 {
			t.Errorf("the logout leaves the cookies %v", left)
		}
		c.sent(c.do("GET", "/api/me", login.cookies(), htmlHeader()), "/auth/form?next=%2Fapi%2Fme")
		c.refused(c.do("GET", "/api/me", login.cookies()), 401, "token_revoked")
		c.sent(c.do("POST", "/auth/form/logout"), "/auth/form")

		admin := c.do("POST", "/auth/form", sendForm("username", "admin", "password", "correct-horse"))
		c.sent(admin, "/")
		c.want(c.do("PUT", "/admin/users/bob/block", admin.cookies()), 204, "")
		c.showsForm(c.do("POST", "/auth/form", sendForm("username", "bob", "password", "builder")), 403, "the user is blocked", `value="bob"`)
	})
}

// TestFormsAbused sends the form what no honest page would.
func TestFormsAbused(t *testing.T) {
	const script = `"><script>alert(1)</script>`
	each(t, formsEnv, func(t *testing.T, c *client) {
		for _, next := range []string{"https://evil.example", "//evil.example", `/\evil.example`, "javascript:alert(1)", "/a\tb", "%2F%2Fevil.example", "", "/" + strings.Repeat("x", 2048)} {
			c.showsForm(c.do("GET", "/auth/form?next="+url.QueryEscape(next)), 200, `name="next" value="/"`)
			c.sent(c.do("POST", "/auth/form", sendForm("username", "alice", "password", "wonderland", "next", next)), "/")
		}
		for _, a := range []answer{
			c.do("POST", "/auth/form", sendForm("username", script, "password", script, "next", "/"+script)),
			c.do("GET", "/auth/form?next=/"+url.QueryEscape(script)),
		} {
			if strings.Contains(a.body, "<script") {
				t.Errorf("the form shows a script: %s", a.body)
			}
		}
		good := []string{"username", "alice", "password", "wonderland"}
		for _, tt := range []struct {
			name   string
			option []option
			status int
			code   string
		}{
			{"a page of another origin", []option{sendForm(good...), header("Origin", "https://evil.example"), header("Sec-Fetch-Site", "cross-site")}, 403, "cross_origin"},
			{"an opaque origin", []option{sendForm(good...), header("Origin", "null")}, 403, "cross_origin"},
			{"JSON", []option{jsonBody(`{"username":"alice","password":"wonderland"}`)}, 415, "unsupported_media_type"},
			{"another type of form", []option{body("multipart/form-data; boundary=x", "--x--")}, 415, "unsupported_media_type"},
			{"no type", []option{body("", "username=alice&password=wonderland")}, 415, "unsupported_media_type"},
			{"a bad escape", []option{body("application/x-www-form-urlencoded", "username=%zz")}, 400, "request_invalid"},
			{"a huge name", []option{sendForm("username", strings.Repeat("x", 17<<10), "password", "x")}, 413, "request_too_large"},
			{"no body", []option{sendForm()}, 401, ""},
			{"a password in the query", []option{sendForm("username", "alice")}, 401, ""},
		} {
			a := c.do("POST", "/auth/form?password=wonderland", tt.option...)
			if a.status != tt.status || a.code() != tt.code || len(a.header["Set-Cookie"]) > 0 {
				t.Errorf("%s: answer %d %v %s, want %d with the code %q", tt.name, a.status, a.header, a.body, tt.status, tt.code)
			}
		}
		login := c.do("POST", "/auth/form", sendForm(good...))
		c.refused(c.do("POST", "/auth/form/logout", login.cookies(), header("Origin", "https://evil.example")), 403, "cross_origin")
		c.want(c.do("GET", "/api/me", login.cookies()), 200, meBody)
		for _, path := range []string{"/auth/form", "/auth/form/logout"} {
			c.refused(c.do("DELETE", path), 405, "method_not_allowed")
		}
		c.refused(c.do("GET", "/auth/form/logout"), 405, "method_not_allowed")
	})
}

// TestFormsByTransport checks that there is a form where cookies carry something.
func TestFormsByTransport(t *testing.T) {
	t.Run("bearer", func(t *testing.T) {
		each(t, env{"LOGIN_PAGE": "/login"}, func(t *testing.T, c *client) {
			for _, method := range []string{"GET", "POST"} {
				c.refused(c.do(method, "/auth/form"), 404, "not_found")
			}
			c.refused(c.do("POST", "/auth/form/logout"), 404, "not_found")
			c.sent(c.do("GET", "/api/me", htmlHeader()), "/login?next=%2Fapi%2Fme")
		})
	})
	t.Run("hybrid", func(t *testing.T) {
		each(t, env{"TRANSPORT": "hybrid"}, func(t *testing.T, c *client) {
			login := c.do("POST", "/auth/form", sendForm("username", "alice", "password", "wonderland"))
			c.sent(login, "/")
			if a := c.do("POST", "/auth/reissue", login.cookies()); a.status != 200 || !strings.Contains(a.body, "access_token") {
				t.Errorf("the page that follows gets %d %s, want an access token", a.status, a.body)
			}
			c.sent(c.do("POST", "/auth/form/logout", login.cookies()), "/auth/form")
			c.refused(c.do("POST", "/auth/reissue", login.cookies()), 401, "refresh_invalid")
			c.refused(c.do("GET", "/api/me", htmlHeader()), 401, "token_missing")
		})
	})
}
