package attacks

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// browserRows are the cases that need a browser: those of the transports with
// cookies. The names of the cookies are the default ones.
func browserRows() []row {
	return []row{
		{"34_cookie_and_body_disagree", eachTransport(cookieAndBodyDisagree)},
		{"34_cookies_of_two_sessions", cookiesOfTwoSessions},
		{"53_requests_of_other_origins", eachTransport(otherOrigins)},
		{"53_images_and_links_of_other_sites", eachTransport(imagesAndLinks)},
		{"53_bearer_from_anywhere", eachTransport(bearerFromAnywhere)},
		{"54_two_cookies_of_one_name", eachTransport(twoCookies)},
		{"56_loser_after_the_winner", eachTransport(loserAfterWinner)},
		{"57_login_over_somebody_else", eachTransport(loginOver)},
		{"57_login_refused_ends_nothing", eachTransport(loginRefusedEndsNothing)},
		{"58_cookies_that_arrive_after_logout", eachTransport(cookiesAfterLogout)},
		{"58_reissue_held_up_by_a_logout", eachTransport(reissueHeldUp)},
		{"59_parallel_silent_reissues", parallelSilent},
		{"111_navigations_of_other_origins", eachTransport(navigations)},
		{"60_no_token_where_scripts_read", eachTransport(noTokenForScripts)},
	}
}

// transport is a transport with cookies.
type transport struct {
	name   string
	cookie bool // the access token is in a cookie too
	silent bool
	httpauth.Transport
}

func transports() []transport {
	return []transport{
		{"hybrid", false, false, httpauth.Hybrid(httpauth.CookieOptions{})},
		{"cookie", true, false, httpauth.Cookie(httpauth.CookieOptions{})},
		{"silent", true, true, httpauth.Cookie(httpauth.CookieOptions{SilentReissue: true})},
	}
}

// eachTransport runs a case in each of the transports.
func eachTransport(test func(*testing.T, deployment, transport)) func(*testing.T, deployment) {
	return func(t *testing.T, d deployment) {
		for _, tr := range transports() {
			t.Run(tr.name, func(t *testing.T) { test(t, d, tr) })
		}
	}
}

// silently is the cookie transport with silent reissue.
func silently(t *testing.T) transport { return transports()[2] }

// stage is a scene of a transport with cookies.
type stage struct {
	*scene
	transport transport
}

// open starts an application with the transport.
func (d deployment) open(t *testing.T, tr transport, configure ...func(*core.Config)) *stage {
	t.Helper()
	newHandler := d.newHandler
	d.newHandler = func(tb testing.TB, a *core.Authority, l facetest.Layout) http.Handler {
		l.Transport = tr.Transport
		return newHandler(tb, a, l)
	}
	return &stage{d.start(t, configure...), tr}
}

// enter logs a user in from a client without cookies and lets the spy know the
// tokens, which it finds in bodies only.
func (s *stage) enter(user string) facetest.Pair {
	s.t.Helper()
	p := s.issued(s.TryLogin(user))
	s.spy.learn(p)
	return p
}

// seat returns a browser with the cookies of a new login.
func (s *stage) seat(user string) (*facetest.Browser, facetest.Pair) {
	s.t.Helper()
	b := s.NewBrowser()
	p := s.issued(b.TryLogin(user))
	s.spy.learn(p)
	return b, p
}

// cookies is the line with the pair's cookies, as far as the transport reads
// them.
func (s *stage) cookies(p facetest.Pair) string {
	line := "Cookie: __Host-refresh=" + p.RefreshToken
	if s.transport.cookie {
		line += "; __Host-access=" + p.AccessToken
	}
	return line
}

// credentials are the lines with which a page of the application asks for
// something: the cookies, in the hybrid transport the access token's header.
func (s *stage) credentials(p facetest.Pair) []string {
	if s.transport.cookie {
		return []string{s.cookies(p)}
	}
	return []string{s.cookies(p), "Authorization: Bearer " + p.AccessToken}
}

// byCookie reissues with a refresh token in its cookie.
func (s *stage) byCookie(refreshToken string) facetest.Answer {
	s.t.Helper()
	return s.Do(facetest.Request{Method: "POST", Path: "/auth/reissue", Header: []string{"Cookie: __Host-refresh=" + refreshToken}})
}

// wantLiving checks that the pair is the newest of a living session, which it
// moves on. Its events are not left to be read.
func (s *stage) wantLiving(p facetest.Pair) facetest.Pair {
	s.t.Helper()
	var next facetest.Pair
	events := s.during(func() {
		s.wantOK("access", s.Me(p.AccessToken))
		next = s.issued(s.byCookie(p.RefreshToken))
		s.spy.learn(next)
	})
	if len(events) != 1 || events[0].Type != core.SessionReissued || next.SessionID != p.SessionID {
		s.t.Errorf("got events %+v, want one reissue of %s", events, p.SessionID)
	}
	return next
}

// wantOver checks that both tokens of the pair are dead, and that no cookie is
// touched to say so.
func (s *stage) wantOver(p facetest.Pair) {
	s.t.Helper()
	s.during(func() {
		s.wantError("access", s.Me(p.AccessToken), core.ErrTokenRevoked)
		s.wantError("reissue", s.byCookie(p.RefreshToken), core.ErrRefreshInvalid)
	})
}

// wantCookies checks which tokens a browser holds.
func (s *stage) wantCookies(b *facetest.Browser, p facetest.Pair) {
	s.t.Helper()
	want := map[string]string{"__Host-refresh": p.RefreshToken, "__Host-access": p.AccessToken}
	if !s.transport.cookie {
		want["__Host-access"] = ""
	}
	for name, value := range want {
		if got := b.Cookie(name); got != value {
			s.t.Errorf("the browser's %s: got %.40q, want %.40q", name, got, value)
		}
	}
}

// wantNoCookie checks that an answer touches no cookie.
func (s *stage) wantNoCookie(what string, a facetest.Answer) {
	s.t.Helper()
	ofBounce := func(line string) bool { return strings.HasPrefix(line, "__Host-refresh-bounced=1; ") }
	if lines := slices.DeleteFunc(slices.Clone(a.Header["Set-Cookie"]), ofBounce); len(lines) > 0 {
		s.t.Errorf("%s: got %q, want no cookie set or cleared", what, lines)
	}
}

// cleared returns an answer with which a browser forgets the tokens.
func (s *stage) cleared(a facetest.Answer) facetest.Answer {
	a.Header = a.Header.Clone()
	for _, c := range []struct {
		name     string
		sameSite string
		has      bool
	}{{"access", "Lax", s.transport.cookie}, {"refresh", "Lax", s.transport.cookie}, {"refresh", "Strict", !s.transport.cookie}} {
		if c.has {
			a.Header.Add("Set-Cookie", "__Host-"+c.name+"=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite="+c.sameSite)
		}
	}
	return a
}

// expire moves the clock past the end of every access token there is.
func (s *stage) expire() { s.Clock.Advance(10 * time.Minute) }

// pageRequest is a request that a page can make a browser send.
type pageRequest struct {
	name    string
	request facetest.Request
	serves  bool // it is served with an access token, of whichever session
}

// changes are all requests that change something. Those that the hybrid
// transport does by its header alone are not in its list.
func (s *stage) changes(sessionID string) []pageRequest {
	send := func(method, path, body string, header ...string) facetest.Request {
		return facetest.Request{Method: method, Path: path, Header: header, Body: body}
	}
	list := []pageRequest{
		{"reissue", send("POST", "/auth/reissue", ""), false},
		{"reissue by form", send("POST", "/auth/reissue", "grant_type=refresh_token", facetest.Form), false},
		{"logout", send("POST", "/auth/logout", ""), false},
		{"logout by form", send("POST", "/auth/logout", "a=b", facetest.Form), false},
		{"login", send("POST", "/auth/login", member("username", "bob"), facetest.JSON), false},
		{"login as a form of text", send("POST", "/auth/login", member("username", "bob"), "Content-Type: text/plain"), false},
	}
	if s.transport.cookie {
		list = append(list,
			pageRequest{"logout all", send("POST", "/auth/logout-all", ""), true},
			pageRequest{"end a session", send("DELETE", "/auth/sessions/"+sessionID, ""), true},
			pageRequest{"write", send("PUT", "/api/write", ""), true},
			pageRequest{"write by form", send("POST", "/api/write", "a=b", facetest.Form), true})
	}
	return list
}

// with adds header lines to a request.
func with(r facetest.Request, header ...string) facetest.Request {
	r.Header = append(append([]string(nil), r.Header...), header...)
	return r
}

// hasToken reports whether a text has the beginning of a token in it.
func hasToken(text string) bool { return strings.Contains(text, tokenStart) }

// authorization is the header that a page of the hybrid transport sends.
func (s *stage) authorization(p facetest.Pair) []string {
	if s.transport.cookie {
		return nil
	}
	return []string{"Authorization: Bearer " + p.AccessToken}
}
