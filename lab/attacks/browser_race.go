package attacks

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// hold holds the next call of a method of the store up. It returns two
// functions: one that waits until the call has come, and one that lets it go.
func (s *stage) hold(method string) (arrived, release func()) {
	come, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s.Store.Before(func(ctx context.Context, m string) error {
		first := false
		if m == method {
			once.Do(func() { first = true })
		}
		if first {
			close(come)
			<-goOn
		}
		return nil
	})
	return func() { <-come }, sync.OnceFunc(func() { close(goOn) })
}

// A request that loses a race is refused after the winner's cookies have been
// set, and takes none of them away. Here the winner is a new login.
func loserAfterWinner(t *testing.T, d deployment, tr transport) {
	s := d.open(t, tr)
	b, pair := s.seat("alice")
	s.expire()
	losers := map[string]func() facetest.Answer{
		"reissue": func() facetest.Answer { return b.Post("/auth/reissue") },
	}
	if tr.silent {
		losers["on the way"] = func() facetest.Answer { return b.Get("/api/me") }
	}
	for name, send := range losers {
		arrived, release := s.hold("Rotate")
		t.Cleanup(release)
		lost := make(chan facetest.Answer, 1)
		go func() { lost <- send() }()
		arrived()
		winner := s.issued(b.TryLogin("alice"))
		s.spy.learn(winner)
		s.wantCookies(b, winner)
		release()
		a := <-lost
		if a.Status != 401 {
			s.t.Errorf("%s: got %s\nwant 401", name, render(a))
		}
		s.wantNoCookie(name, a)
		s.wantCookies(b, winner)
		s.Store.Heal()
		s.wantError("reissue of the old session", s.byCookie(pair.RefreshToken), core.ErrRefreshInvalid)
		pair = s.wantLiving(winner)
		b.SetCookie("__Host-refresh", pair.RefreshToken)
		if tr.cookie {
			b.SetCookie("__Host-access", pair.AccessToken)
		}
		s.expire()
	}

	// Nor does any other refusal.
	stale := []string{"Cookie: __Host-refresh=" + pair.RefreshToken}
	s.spy.learn(s.issued(s.byCookie(pair.RefreshToken)))
	s.Clock.Advance(time.Minute)
	a := s.Do(postTo("/auth/reissue", stale...))
	s.wantError("a parent after the window", a, core.ErrRefreshInvalid)
	s.wantNoCookie("a parent after the window", a)
}

// A login ends the session that the browser had, whosever it was, and no
// other.
func loginOver(t *testing.T, d deployment, tr transport) {
	s := d.open(t, tr)
	b, first := s.seat("alice")
	elsewhere, bob := s.enter("alice"), s.enter("bob")
	s.takeEvents()
	for _, user := range []string{"bob", "bob", "alice"} {
		second := s.issued(b.TryLogin(user))
		s.spy.learn(second)
		if second.SessionID == first.SessionID {
			s.t.Error("login: got the session of before")
		}
		s.wantEvents(told{core.SessionEstablished, second.SessionID, ""}, told{core.SessionRevoked, first.SessionID, "logout"})
		s.wantOver(first)
		s.wantCookies(b, second)
		first = second
	}
	b.SetCookie("__Host-access", "") // as when it has expired
	third := s.issued(b.TryLogin("alice"))
	s.spy.learn(third)
	s.wantOver(first)
	s.wantLiving(third)
	s.wantLiving(elsewhere)
	s.wantLiving(bob)
}

// A login that comes to nothing leaves the browser what it had.
func loginRefusedEndsNothing(t *testing.T, d deployment, tr transport) {
	s := d.open(t, tr, func(c *core.Config) { c.MaxSessions, c.OnLimit = 1, core.RejectNew })
	b, pair := s.seat("alice")
	s.must(s.Authority.Block(t.Context(), "bob", time.Time{}))
	s.takeEvents()
	try := func(what, user string, want *core.Error) {
		t.Helper()
		a := b.TryLogin(user)
		s.wantError(what, a, want)
		s.wantNoCookie(what, a)
		s.wantCookies(b, pair)
	}
	try("wrong password", "", core.ErrBadCredentials)
	try("blocked user", "bob", core.ErrUserBlocked)
	try("as many sessions as there may be", "alice", core.ErrSessionLimit)
	s.Store.Fail(errStore)
	try("store down", "carol", core.ErrUnavailable)
	s.Store.Before(func(_ context.Context, method string) error {
		if method == "End" {
			return errStore
		}
		return nil
	})
	try("store down at the end of the browser's session", "carol", core.ErrUnavailable)
	s.Store.Heal()
	s.takeEvents()
	s.wantOK("me", b.Get("/api/me", s.authorization(pair)...))
	s.wantLiving(pair)
}

// The cookies of a reissue that arrive after a logout are dead: the session
// has ended, not the cookies.
func cookiesAfterLogout(t *testing.T, d deployment, tr transport) {
	s := d.open(t, tr)
	b, pair := s.seat("alice")
	s.expire()
	var late facetest.Answer
	if tr.silent {
		late = s.Do(facetest.Request{Method: "GET", Path: "/api/me", Header: []string{s.cookies(pair)}})
		late.Body = member("session_id", pair.SessionID)
	} else {
		late = s.byCookie(pair.RefreshToken)
	}
	child := s.issued(late)
	s.spy.learn(child)
	s.want("logout", b.Post("/auth/logout"), s.cleared(loggedOut()))
	s.takeEvents()
	b.SetCookie("__Host-refresh", child.RefreshToken)
	if tr.cookie {
		b.SetCookie("__Host-access", child.AccessToken)
	}
	s.wantError("me", b.Get("/api/me", s.authorization(child)...), core.ErrTokenRevoked)
	s.wantError("reissue", b.Post("/auth/reissue"), core.ErrRefreshInvalid)
	b.SetCookie("__Host-access", "")
	if tr.cookie {
		s.wantError("without the access cookie", b.Get("/api/me"), core.ErrTokenMissing)
	}
	for _, e := range s.takeEvents() {
		if e.Type != core.RefreshRefused || e.Reason != "revoked" {
			s.t.Errorf("got event %+v, want only refusals", e)
		}
	}
}

// A reissue that a logout overtakes is refused.
func reissueHeldUp(t *testing.T, d deployment, tr transport) {
	s := d.open(t, tr)
	b, pair := s.seat("alice")
	s.expire()
	arrived, release := s.hold("Rotate")
	t.Cleanup(release)
	late := make(chan facetest.Answer, 1)
	go func() {
		if tr.silent {
			late <- b.Get("/api/me")
			return
		}
		late <- b.Post("/auth/reissue")
	}()
	arrived()
	s.want("logout", s.Do(postTo("/auth/logout", s.cookies(pair))), s.cleared(loggedOut()))
	release()
	a := <-late
	if a.Status != 401 {
		s.t.Errorf("reissue: got %s\nwant 401", render(a))
	}
	s.wantNoCookie("reissue", a)
	s.wantError("reissue again", s.byCookie(pair.RefreshToken), core.ErrRefreshInvalid)
}

// The requests of a page that comes back after a while are all served, on
// every process, and the session has moved on by one.
func parallelSilent(t *testing.T, d deployment) {
	const n = 12
	for _, bound := range []bool{false, true} {
		s := d.open(t, silently(t), func(c *core.Config) { c.BindAccessToken = bound })
		s.sibling()
		pair := s.enter("alice")
		for range 2 {
			s.expire()
			s.takeEvents()
			answers := s.race(n, func(i int, p *facetest.Server) facetest.Answer {
				r := facetest.Request{Method: "GET", Path: "/api/me", Header: []string{s.cookies(pair), "Sec-Fetch-Site: same-origin"}}
				if i%3 == 0 {
					r.Method, r.Path = "PUT", "/api/write"
				}
				if i%4 == 1 && !bound { // the browser drops the access cookie as it expires
					r.Header[0] = "Cookie: __Host-refresh=" + pair.RefreshToken
				}
				return p.Do(r)
			})
			s.wantCounts(map[told]int{
				{core.SessionReissued, pair.SessionID, "rotated"}:  1,
				{core.SessionReplayed, pair.SessionID, "replayed"}: n - 1,
			})
			var children []facetest.Pair
			for _, a := range answers {
				s.wantOK("request", a)
				if a.Header.Get("Cache-Control") != "no-store" || !strings.Contains(a.Body, `"user":"alice"`) {
					s.t.Errorf("request: got %s\nwant alice, and no-store", render(a))
				}
				a.Body = member("session_id", pair.SessionID)
				children = append(children, s.issued(a))
				s.spy.learn(children[len(children)-1])
				s.wantSame(children[len(children)-1], children[0])
			}
			pair = children[n/2] // whichever answer came last
		}
		if !bound {
			s.wantLiving(pair)
		}
	}
}

// What scripts of the page can read has no token in it that is kept from them:
// the refresh token never, and in the cookie transport no token at all.
func noTokenForScripts(t *testing.T, d deployment, tr transport) {
	s := d.open(t, tr)
	b, _ := s.seat("alice")
	look := func(what string, a facetest.Answer) {
		t.Helper()
		for _, line := range a.Header["Set-Cookie"] {
			if !strings.Contains(line, "; HttpOnly; Secure; SameSite=") || !strings.Contains(line, "; Path=/;") || strings.Contains(line, "Domain") {
				t.Errorf("%s: got the cookie %q, which scripts can read or siblings share", what, line)
			}
		}
		readable := a.Header.Clone()
		readable.Del("Set-Cookie") // scripts never see it
		text := render(facetest.Answer{Status: a.Status, Header: readable, Body: a.Body})
		if tr.cookie && hasToken(text) {
			t.Errorf("%s: got a token in %s", what, text)
		}
		if strings.Contains(text, "refresh_token\"") || strings.Count(text, tokenStart) > strings.Count(text, "access_token\"")*2 {
			t.Errorf("%s: got a refresh token in %s", what, text)
		}
		for _, cookie := range []string{"__Host-access", "__Host-refresh"} {
			if value := b.Cookie(cookie); value != "" && strings.Contains(text, value) {
				t.Errorf("%s: got the cookie %s in %s", what, cookie, text)
			}
		}
	}
	look("login", b.TryLogin("alice"))
	next := b.Post("/auth/reissue")
	look("reissue", next)
	pair := s.issued(next)
	s.spy.learn(pair)
	authorization := s.authorization(pair)
	look("reissue by form", b.Do(facetest.Request{Method: "POST", Path: "/auth/reissue", Header: []string{facetest.Form}, Body: "grant_type=refresh_token"}))
	for _, path := range []string{"/api/me", "/api/maybe", "/auth/sessions", "/api/nothing", "/api/fail", "/.well-known/jwks.json"} {
		look(path, b.Get(path, authorization...))
	}
	s.expire()
	for _, path := range []string{"/api/me", "/api/maybe", "/auth/sessions"} {
		look(path+", expired", b.Get(path, authorization...))
	}
	look("refused reissue", s.Reissue(pair.RefreshToken))
	look("logout all", b.Post("/auth/logout-all", authorization...))
	look("logout", b.Post("/auth/logout"))
}
