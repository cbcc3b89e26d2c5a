package attacks

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// scene is the stage of a row: the processes of an application, of which the
// embedded one is the first, and what they have told their operator.
type scene struct {
	*facetest.Server
	t         *testing.T
	spy       *spy
	processes []*facetest.Server
	heard     map[*facetest.Server]int // how many of its events have been pulled
	unread    []core.Event
}

// start starts an application with one process. Its clock stands between two
// whole seconds, so that rounding shows.
func (d deployment) start(t *testing.T, configure ...func(*core.Config)) *scene {
	t.Helper()
	s := &scene{t: t, spy: newSpy(), heard: make(map[*facetest.Server]int)}
	withStore := func(c *core.Config) { c.Store = d.newStore(t, c.Now) }
	s.Server = facetest.NewServer(t, s.spy.wrap(d.newHandler), facetest.Layout{}, append([]func(*core.Config){withStore}, configure...)...)
	s.processes = []*facetest.Server{s.Server}
	s.Clock.Advance(678 * time.Millisecond)
	t.Cleanup(s.checkSilence)
	return s
}

// sibling starts another process of the application.
func (s *scene) sibling(configure ...func(*core.Config)) *facetest.Server {
	s.t.Helper()
	p := s.Sibling(configure...)
	s.processes = append(s.processes, p)
	return p
}

// last returns the process that was started last.
func (s *scene) last() *facetest.Server { return s.processes[len(s.processes)-1] }

// checkSilence checks that no secret is in a refusal, the log or the events.
func (s *scene) checkSilence() {
	for i, p := range s.processes {
		s.spy.search(fmt.Sprintf("the log of process %d", i), p.Log())
		for _, e := range p.Events() {
			s.spy.search(fmt.Sprintf("the event %s of process %d", e.Type, i), fmt.Sprintf("%+v", e))
		}
	}
	for _, leak := range s.spy.found() {
		s.t.Error(leak)
	}
}

// must ends the test if there is an error.
func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// reissue exchanges a refresh token and ends the test if it is refused.
func (s *scene) reissue(refreshToken string, header ...string) facetest.Pair {
	s.t.Helper()
	return s.issued(s.Reissue(refreshToken, header...))
}

// issued returns the tokens of an answer and ends the test if there are none.
func (s *scene) issued(a facetest.Answer) facetest.Pair {
	s.t.Helper()
	p := a.Pair()
	if p.AccessToken == "" || p.RefreshToken == "" || p.SessionID == "" {
		s.t.Fatalf("got %s\nwant a pair of tokens", render(a))
	}
	return p
}

// wantAlive checks that the pair is the newest of a living session, on every
// process. It moves the session on and returns the next pair. Its events are
// not left to be read.
func (s *scene) wantAlive(p facetest.Pair) (next facetest.Pair) {
	s.t.Helper()
	events := s.during(func() {
		for _, process := range s.processes {
			s.wantOK("access", process.Me(p.AccessToken))
		}
		next = s.issued(s.last().Reissue(p.RefreshToken))
		s.wantOK("access of the child", s.Me(next.AccessToken))
	})
	if len(events) != 1 || events[0].Type != core.SessionReissued || next.SessionID != p.SessionID {
		s.t.Errorf("got events %+v, want one reissue of %s", events, p.SessionID)
	}
	return next
}

// wantDead checks that both tokens of each pair are dead, the access token on
// every process, and that nothing more than the refusal is told of it.
func (s *scene) wantDead(pairs ...facetest.Pair) {
	s.t.Helper()
	for i, p := range pairs {
		w, process := ways()[i%2], s.processes[i%len(s.processes)]
		events := s.during(func() {
			for _, process := range s.processes {
				s.wantError("access", process.Me(p.AccessToken), core.ErrTokenRevoked)
			}
			s.want("reissue "+w.name, w.send(process.Client, p.RefreshToken), w.refused)
		})
		if len(events) != 1 || tell(events[0]) != (told{core.RefreshRefused, p.SessionID, "revoked"}) {
			s.t.Errorf("after the end: got events %+v, want one refusal", events)
		}
	}
}

// wantSame checks that two pairs are of one generation of one session, from
// one seed.
func (s *scene) wantSame(got, want facetest.Pair) {
	s.t.Helper()
	s.wantClaims(got.AccessToken, want.AccessToken, "jti", "sid", "gen", "sub", "auth_time")
	s.wantClaims(got.RefreshToken, want.RefreshToken, "sid", "gen", "seed", "exp")
}

// wantClaims checks that two tokens agree in some claims.
func (s *scene) wantClaims(got, want string, names ...string) {
	s.t.Helper()
	g, w := s.claims(got), s.claims(want)
	for _, name := range names {
		if g[name] != w[name] {
			s.t.Errorf("claim %s: got %v, want %v", name, g[name], w[name])
		}
	}
}

// ids returns the ids of the caller's sessions, as listed.
func (s *scene) ids(accessToken string) []string {
	s.t.Helper()
	a := s.Sessions(accessToken)
	var list struct{ Sessions []struct{ ID string } }
	if err := json.Unmarshal([]byte(a.Body), &list); err != nil || a.Status != 200 || list.Sessions == nil {
		s.t.Fatalf("sessions: got %s\nwant a list", render(a))
	}
	var ids []string
	for _, session := range list.Sessions {
		ids = append(ids, session.ID)
	}
	return ids
}

// wantIDs checks the list of the caller's sessions, in no order.
func (s *scene) wantIDs(accessToken string, pairs ...facetest.Pair) {
	s.t.Helper()
	got := s.ids(accessToken)
	var want []string
	for _, p := range pairs {
		want = append(want, p.SessionID)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.t.Errorf("sessions: got %v, want %v", got, want)
	}
}

// noCalls checks that f makes no call of the store.
func (s *scene) noCalls(what string, f func()) {
	s.t.Helper()
	before := s.Store.Calls()
	f()
	if calls := s.Store.Calls() - before; calls != 0 {
		s.t.Errorf("%s: the store was called %d times, want none", what, calls)
	}
}
