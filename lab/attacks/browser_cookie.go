package attacks

import (
	"testing"

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
