package attacks

import (
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// postTo returns a POST without a body.
func postTo(path string, header ...string) facetest.Request {
	return facetest.Request{Method: "POST", Path: path, Header: header}
}

// A body that names another refresh token than the cookie is two credentials.
func cookieAndBodyDisagree(t *testing.T, d deployment, tr transport) {
	s := d.open(t, tr)
	alice, bob := s.enter("alice"), s.enter("bob")
	s.takeEvents()
	cookie := "Cookie: __Host-refresh=" + alice.RefreshToken
	s.noCalls("disagreement", func() {
		for name, a := range map[string]facetest.Answer{
			"JSON":        s.Reissue(bob.RefreshToken, cookie),
			"form":        s.ReissueForm(bob.RefreshToken, cookie),
			"rubbish":     s.Reissue("rubbish", cookie),
			"with prefix": s.Reissue(alice.RefreshToken+"x", cookie),
			"empty":       s.Reissue(alice.RefreshToken, "Cookie: __Host-refresh="),
		} {
			s.wantError(name, a, core.ErrRequestInvalid)
		}
	})
	s.wantEvents()
	s.wantLiving(alice)
	s.wantLiving(bob)
}

// Under BindAccessToken the cookies must be of one session, on the way too.
func cookiesOfTwoSessions(t *testing.T, d deployment) {
	s := d.open(t, silently(t), func(c *core.Config) { c.BindAccessToken = true })
	alice, other, bob := s.enter("alice"), s.enter("alice"), s.enter("bob")
	s.expire()
	s.takeEvents()
	s.noCalls("cookies of two sessions", func() {
		for name, access := range map[string]string{"bob's": bob.AccessToken, "of another session": other.AccessToken} {
			mixed := "Cookie: __Host-refresh=" + alice.RefreshToken + "; __Host-access=" + access
			s.wantError("reissue, access token "+name, s.Do(postTo("/auth/reissue", mixed)), core.ErrRefreshInvalid)
			s.wantError("on the way, access token "+name, s.Do(facetest.Request{Method: "GET", Path: "/api/me", Header: []string{mixed}}), core.ErrTokenExpired)
			s.wantError("differing, access token "+name, s.Do(postTo("/auth/reissue", s.cookies(alice), "Authorization: Bearer "+access)), core.ErrRequestInvalid)
		}
		s.wantError("reissue without", s.Do(postTo("/auth/reissue", "Cookie: __Host-refresh="+alice.RefreshToken)), core.ErrRefreshInvalid)
		s.wantError("on the way without", s.Do(facetest.Request{Method: "GET", Path: "/api/me", Header: []string{"Cookie: __Host-refresh=" + alice.RefreshToken}}), core.ErrTokenMissing)
	})
	s.wantCounts(map[told]int{{core.RefreshRefused, alice.SessionID, "unbound"}: 6})
	for _, p := range []facetest.Pair{alice, other, bob} {
		s.spy.learn(s.issued(s.Do(postTo("/auth/reissue", s.cookies(p)))))
	}
}

// A logout answers alike whatever the cookies are good for, and clears them.
func logoutOfAnyCookie(t *testing.T, d deployment, tr transport) {
	s := d.open(t, tr, func(c *core.Config) { c.SessionTTL = 24 * time.Hour })
	want := s.cleared(loggedOut())
	used, live := s.enter("alice"), s.enter("alice")
	next := s.issued(s.byCookie(used.RefreshToken))
	s.spy.learn(next)
	s.want("nothing", s.Do(postTo("/auth/logout")), want)
	s.want("rubbish", s.Do(postTo("/auth/logout", "Cookie: __Host-refresh=rubbish; __Host-access=rubbish")), want)
	s.want("empty", s.Do(postTo("/auth/logout", "Cookie: __Host-refresh=; __Host-access=")), want)
	s.want("tokens confused", s.Do(postTo("/auth/logout", "Cookie: __Host-refresh="+alteredSignature(live.RefreshToken))), want)
	live = s.wantLiving(live)
	s.want("a used refresh token", s.Do(postTo("/auth/logout", "Cookie: __Host-refresh="+used.RefreshToken)), want)
	s.wantOver(next)
	s.want("twice", s.Do(postTo("/auth/logout", s.cookies(used))), want)
	s.expire()
	s.want("an expired access token beside it", s.Do(postTo("/auth/logout", s.cookies(live))), want)
	s.wantError("reissue", s.byCookie(live.RefreshToken), core.ErrRefreshInvalid)
	late := s.enter("alice")
	s.Clock.Advance(24 * time.Hour)
	s.want("an expired session", s.Do(postTo("/auth/logout", s.cookies(late))), want)
}

// alteredSignature returns the token with another signature.
func alteredSignature(token string) string {
	i := strings.LastIndexByte(token, '.') + 1
	letter := "A"
	if token[i] == 'A' {
		letter = "B"
	}
	return token[:i] + letter + token[i+1:]
}

// A logout that the store did not carry out keeps the cookies, so that the
// browser can try again.
func cookieLogoutStoreDown(t *testing.T, d deployment, tr transport) {
	s := d.open(t, tr)
	b, pair := s.seat("alice")
	s.Store.Fail(errStore)
	for _, path := range []string{"/auth/logout", "/auth/logout-all"} {
		a := b.Post(path, s.authorization(pair)...)
		s.wantError(path, a, core.ErrUnavailable)
	}
	s.Store.Heal()
	s.wantCookies(b, pair)
	s.wantOK("access", b.Get("/api/me", s.authorization(pair)...))
	s.want("the retry", b.Post("/auth/logout"), s.cleared(loggedOut()))
	s.wantCookies(b, facetest.Pair{})
	s.wantOver(pair)
}

// authorization is the header that a page of the hybrid transport sends.
func (s *stage) authorization(p facetest.Pair) []string {
	if s.transport.cookie {
		return nil
	}
	return []string{"Authorization: Bearer " + p.AccessToken}
}

// A second cookie of the name may be one that somebody planted.
func twoCookies(t *testing.T, d deployment, tr transport) {
	s := d.open(t, tr)
	alice, mallory := s.enter("alice"), s.enter("mallory")
	s.takeEvents()
	type ask struct {
		name    string
		cookie  string
		request facetest.Request
	}
	asks := []ask{{"reissue", "__Host-refresh", postTo("/auth/reissue")}}
	if tr.cookie {
		asks = append(asks,
			ask{"reissue, access", "__Host-access", postTo("/auth/reissue", "Cookie: __Host-refresh="+alice.RefreshToken)},
			ask{"me", "__Host-access", facetest.Request{Method: "GET", Path: "/api/me"}},
			ask{"maybe", "__Host-access", facetest.Request{Method: "GET", Path: "/api/maybe"}},
			ask{"write", "__Host-access", facetest.Request{Method: "PUT", Path: "/api/write"}},
			ask{"sessions", "__Host-access", facetest.Request{Method: "GET", Path: "/auth/sessions"}},
			ask{"logout all", "__Host-access", postTo("/auth/logout-all")})
	}
	if tr.silent {
		asks = append(asks, ask{"on the way", "__Host-refresh", facetest.Request{Method: "GET", Path: "/api/me"}})
	}
	for _, a := range asks {
		mine, planted := alice.RefreshToken, mallory.RefreshToken
		if a.cookie == "__Host-access" {
			mine, planted = alice.AccessToken, mallory.AccessToken
		}
		for name, lines := range map[string][]string{
			"planted last":    {"Cookie: " + a.cookie + "=" + mine + "; " + a.cookie + "=" + planted},
			"planted first":   {"Cookie: " + a.cookie + "=" + planted + "; a=b; " + a.cookie + "=" + mine},
			"in two lines":    {"Cookie: " + a.cookie + "=" + mine, "Cookie: " + a.cookie + "=" + planted},
			"equal":           {"Cookie: " + a.cookie + "=" + mine + "; " + a.cookie + "=" + mine},
			"one quoted":      {"Cookie: " + a.cookie + "=" + mine + "; " + a.cookie + `="` + mine + `"`},
			"one empty":       {"Cookie: " + a.cookie + "=; " + a.cookie + "=" + mine},
			"without a space": {"Cookie: " + a.cookie + "=" + mine + ";" + a.cookie + "=" + planted},
		} {
			s.noCalls(a.name+", "+name, func() {
				s.wantError(a.name+", "+name, s.Do(with(a.request, lines...)), core.ErrRequestInvalid)
			})
		}
	}
	s.wantEvents()
	s.wantLiving(alice)
	s.wantLiving(mallory)
}

// A login and a logout end what both name, and overwrite or clear the cookies: to
// refuse them would keep the user out for as long as the planted cookie lives.
func twoCookiesEnd(t *testing.T, d deployment, tr transport) {
	s := d.open(t, tr)
	names := []string{"__Host-refresh"}
	if tr.cookie {
		names = append(names, "__Host-access")
	}
	for _, name := range names {
		for _, r := range []facetest.Request{
			postTo("/auth/logout"),
			{Method: "POST", Path: "/auth/login", Header: []string{facetest.JSON}, Body: member("username", "alice")},
		} {
			mine, planted := s.enter("alice"), s.enter("mallory")
			first, second := mine.RefreshToken, planted.RefreshToken
			if name == "__Host-access" {
				first, second = mine.AccessToken, planted.AccessToken
			}
			a := s.Do(with(r, "Cookie: "+name+"="+first+"; "+name+"="+second))
			s.wantOK(r.Path+" with two of "+name, a)
			if got := len(a.Header["Set-Cookie"]); got != len(names) {
				s.t.Errorf("%s with two of %s: got %d cookies, want %d", r.Path, name, got, len(names))
			}
			s.spy.learn(a.Pair())
			s.wantOver(mine)
			s.wantOver(planted)
		}
	}
}

// Of two credentials in one request none counts.
func cookieAndHeader(t *testing.T, d deployment) {
	for _, tr := range transports()[1:] {
		t.Run(tr.name, func(t *testing.T) {
			s := d.open(t, tr)
			alice, bob := s.enter("alice"), s.enter("bob")
			s.noCalls("cookie and header", func() {
				for _, header := range []string{"Bearer " + alice.AccessToken, "Bearer " + bob.AccessToken, "Bearer", "bearer rubbish"} {
					for _, cookie := range []string{alice.AccessToken, "rubbish", ""} {
						for _, r := range []facetest.Request{
							{Method: "GET", Path: "/api/me"}, {Method: "GET", Path: "/api/maybe"}, {Method: "PUT", Path: "/api/write"},
							{Method: "GET", Path: "/auth/sessions"}, postTo("/auth/logout-all"),
						} {
							a := s.Do(with(r, "Authorization: "+header, "Cookie: __Host-access="+cookie))
							s.wantError(r.Path+" with "+header, a, core.ErrRequestInvalid)
						}
					}
				}
			})
			s.wantLiving(alice)
			s.wantLiving(bob)
		})
	}
}

// A cookie that is good for nothing is a credential all the same.
func staleCookie(t *testing.T, d deployment) {
	s := d.open(t, silently(t))
	stale := s.enter("alice")
	s.expire()
	fresh := s.enter("alice")
	header := "Authorization: Bearer " + fresh.AccessToken
	get := facetest.Request{Method: "GET", Path: "/api/me"}
	s.noCalls("stale cookie", func() {
		s.wantError("stale access cookie", s.Do(with(get, header, "Cookie: __Host-access="+stale.AccessToken)), core.ErrRequestInvalid)
		s.wantError("both stale cookies", s.Do(with(get, header, s.cookies(stale))), core.ErrRequestInvalid)
	})
	s.wantOK("stale refresh cookie, which the request does not need", s.Do(with(get, header, "Cookie: __Host-refresh="+stale.RefreshToken)))
	s.wantLiving(fresh)
}

// A header of another scheme is a proxy's or an OAuth client's.
func basicHeader(t *testing.T, d deployment) {
	s := d.open(t, silently(t))
	pair := s.enter("alice")
	for _, header := range []string{"Basic YWxpY2U6eA==", "Digest username=alice", "Negotiate x", "Bearerish x", ""} {
		header = "Authorization: " + header
		s.wantOK("GET with "+header, s.Do(facetest.Request{Method: "GET", Path: "/api/me", Header: []string{header, s.cookies(pair)}}))
		s.wantOK("PUT with "+header, s.Do(facetest.Request{Method: "PUT", Path: "/api/write", Header: []string{header, s.cookies(pair)}}))
	}
	pair = s.issued(s.Do(postTo("/auth/reissue", "Authorization: Basic Y2xpZW50Og==", s.cookies(pair))))
	s.want("logout", s.Do(postTo("/auth/logout", "Authorization: Basic Y2xpZW50Og==", s.cookies(pair))), s.cleared(loggedOut()))
	s.wantOver(pair)
}
