package fleet

import (
	"context"
	"crypto/rand"
	random "math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// user is one user of the service, with up to three sessions.
type user struct {
	name    string
	service []*process
	client  *http.Client
	set     settings
	weather *weather
	tally   *tally

	sessions []*session
	graves   []grave
	late     time.Time // when a logout of all sessions was last not answered
}

// session is what a client holds.
type session struct {
	pair
	earliest, latest time.Time // between which the access token expires
	began            time.Time // when the login was answered
	renewed          time.Time // when the last login or reissue was answered
	abandoned        time.Time // when a reissue was last abandoned
	used             []used
}

// used is a refresh token that was used.
type used struct {
	token string
	at    time.Time
}

// grave is an access token that must be refused.
type grave struct {
	token string
	since time.Time // when its user heard of it
	until time.Time // it has expired
	why   string
}

// live does what users do until the context ends, and then ends what it is doing:
// what is cut off may have happened. It holds the gate while it does something.
func (u *user) live(ctx context.Context, gate *sync.RWMutex) {
	for ctx.Err() == nil {
		gate.RLock()
		u.step(context.WithoutCancel(ctx))
		gate.RUnlock()
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(20+random.IntN(200)) * time.Millisecond):
		}
	}
}

// step is one thing that a user does.
func (u *user) step(ctx context.Context) {
	if len(u.sessions) == 0 || len(u.sessions) < 3 && random.IntN(40) == 0 {
		u.login(ctx)
		return
	}
	s := u.sessions[random.IntN(len(u.sessions))]
	switch n := random.IntN(100); {
	case n < 60:
		u.access(ctx, s)
	case n < 75:
		u.visit(ctx)
	case n < 85:
		u.reissue(ctx, s, 1)
	case n < 89:
		u.reissue(ctx, s, 3)
	case n < 92:
		u.abandon(ctx, s)
	case n < 95:
		u.list(ctx, s)
	case n < 97:
		u.logout(ctx, s)
	case n < 98:
		u.logoutAll(ctx, s)
	default:
		u.steal(ctx, s)
	}
}

func (u *user) login(ctx context.Context) {
	a := u.ask(ctx, request{kind: "login", method: http.MethodPost, path: "/auth/login?user=" + u.name})
	if a.status != http.StatusOK {
		u.unexpected(ctx, "login", a)
		return
	}
	s := &session{began: a.heard}
	s.renew(decode[pair](u, a), a)
	u.sessions = append(u.sessions, s)
	u.tally.did("login")
}

// renew takes a new pair over. A token says when it expires in whole seconds.
func (s *session) renew(p pair, a answer) {
	if s.RefreshToken != "" {
		s.used = append(s.used, used{s.RefreshToken, a.heard})
		s.used = s.used[max(0, len(s.used)-20):]
	}
	life := time.Duration(p.ExpiresIn) * time.Second
	s.pair, s.renewed = p, a.heard
	s.earliest, s.latest = a.sent.Add(life-time.Second), a.heard.Add(life+time.Second)
}

// access uses the access token of a live session: it is accepted until it
// expires, and not for longer.
func (u *user) access(ctx context.Context, s *session) {
	a := u.ask(ctx, request{kind: "access", method: http.MethodGet, path: "/api/me", token: s.AccessToken})
	switch {
	case a.status == http.StatusOK:
		if got := decode[me](u, a); got.User != u.name || got.Session != s.SessionID {
			u.tally.amiss("%s: the access token of %s is taken for %+v", u.name, s.SessionID, got)
		}
		if a.sent.After(s.latest) {
			u.tally.amiss("%s: an access token is accepted %v after its end", u.name, a.sent.Sub(s.latest))
		}
	case a.code == "token_expired":
		if a.heard.Before(s.earliest) {
			u.tally.amiss("%s: an access token has expired %v before its end", u.name, s.earliest.Sub(a.heard))
		}
		u.reissue(ctx, s, 1)
	case a.code == "token_revoked" && u.overtaken(s):
		u.drop(s)
	default:
		u.unexpected(ctx, "access with the good token of "+s.SessionID, a)
		u.drop(s)
	}
}

// reissue sends the refresh token, several times at once as tabs do, each until
// it is answered. All get the same child.
func (u *user) reissue(ctx context.Context, s *session, tabs int) {
	r := reissueOf(s)
	answers := make([]answer, tabs)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i] = u.ask(ctx, r) })
	}
	wg.Wait()
	if ctx.Err() != nil {
		return
	}
	var child string
	for i, a := range answers {
		if a.status != http.StatusOK {
			u.refused(ctx, s, a)
			return
		}
		p := decode[pair](u, a)
		if id := tokenID(p.AccessToken); i == 0 {
			child = id
			s.renew(p, a)
		} else if id != child && !u.weather.lossy(a.heard) {
			u.tally.amiss("%s: one refresh token has the children %s and %s", u.name, child, id)
		}
	}
	u.tally.did("reissue")
}

func reissueOf(s *session) request {
	return request{
		kind: "reissue", method: http.MethodPost, path: "/auth/reissue", key: rand.Text(),
		form: url.Values{"grant_type": {"refresh_token"}, "refresh_token": {s.RefreshToken}},
	}
}

// abandon sends a reissue whose answer it does not wait for, and a while later
// again.
func (u *user) abandon(ctx context.Context, s *session) {
	r := reissueOf(s)
	impatient, cancel := context.WithTimeout(ctx, time.Duration(random.IntN(3000))*time.Microsecond)
	defer cancel()
	s.abandoned = time.Now()
	u.try(impatient, u.service[random.IntN(len(u.service))], r)
	select {
	case <-ctx.Done():
	case <-time.After(random.N(2 * u.set.ReuseGrace)):
	}
	a := u.ask(ctx, r)
	if a.status != http.StatusOK {
		u.refused(ctx, s, a)
		return
	}
	s.renew(decode[pair](u, a), a)
	u.tally.did("reissue, answer lost")
}

// refused is for a refresh token that should have been accepted.
func (u *user) refused(ctx context.Context, s *session, a answer) {
	switch {
	case ctx.Err() != nil:
		return
	case a.code != "refresh_invalid":
		u.unexpected(ctx, "reissue", a)
	case u.weather.lossy(s.began):
		u.tally.lostTo("logins")
	case u.overtaken(s):
	default:
		u.tally.loggedOut("%s: %s is refused %v after its login and %v after its last reissue, %v after one was abandoned: %v, attempt %d\n%s",
			u.name, tokenID(s.AccessToken), a.heard.Sub(s.began), a.heard.Sub(s.renewed), a.heard.Sub(s.abandoned), a, a.attempts,
			strings.Join(told(u.service, s.SessionID), "\n"))
	}
	u.drop(s)
}

// overtaken tells whether a session may have been ended by a logout of all
// sessions that was answered with 503 before the session began, and happened
// only then. That is what such an answer leaves open.
func (u *user) overtaken(s *session) bool {
	if s.began.Sub(u.late) > 10*time.Second {
		return false
	}
	u.tally.did("ended by an earlier logout of all that was answered with 503")
	return true
}

// list reads the list of sessions: each that the user has is in it.
func (u *user) list(ctx context.Context, s *session) {
	a := u.withAccess(ctx, s, request{kind: "sessions", method: http.MethodGet, path: "/auth/sessions"})
	if a.status != http.StatusOK {
		return
	}
	type listed struct {
		ID      string `json:"id"`
		Current bool   `json:"current"`
	}
	got := decode[struct{ Sessions []listed }](u, a).Sessions
	for _, mine := range slices.Clone(u.sessions) {
		if !slices.Contains(got, listed{mine.SessionID, mine == s}) && !u.weather.lossy(mine.began) && !u.overtaken(mine) {
			u.tally.amiss("%s: the list of sessions is without %s: %v", u.name, mine.SessionID, got)
		}
	}
	u.tally.did("list of sessions")
}

// withAccess sends a request with an access token that has not expired. Any
// answer but 200 has been noted.
func (u *user) withAccess(ctx context.Context, s *session, r request) answer {
	for {
		r.token = s.AccessToken
		a := u.ask(ctx, r)
		switch {
		case a.status == http.StatusOK || ctx.Err() != nil:
			return a
		case a.code == "token_revoked" && u.overtaken(s):
			u.drop(s)
			return a
		case a.code == "token_expired":
			u.reissue(ctx, s, 1)
			if ctx.Err() != nil || !slices.Contains(u.sessions, s) {
				return a
			}
		case a.code == "token_revoked" && r.path == "/auth/logout-all" && a.attempts > 1:
			return a // an attempt that was not answered has done it
		default:
			u.unexpected(ctx, r.path, a)
			return a
		}
	}
}

func (u *user) drop(s *session) {
	u.sessions = slices.DeleteFunc(u.sessions, func(other *session) bool { return other == s })
}

func (u *user) unexpected(ctx context.Context, what string, a answer) {
	if ctx.Err() == nil {
		u.tally.amiss("%s: %s: got %v, %.200s", u.name, what, a, a.body)
	}
}
