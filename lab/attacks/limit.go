package attacks

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func limitRows() []row {
	return []row{
		{"48_session_limit", sessionLimit},
		{"48_longest_without_a_reissue_goes_first", evictionOrder},
		{"48_ended_sessions_do_not_count", limitOfLiving},
	}
}

// logins is how many logins come at once.
const logins = 50

// The limit is never exceeded, whoever looks when.
func sessionLimit(t *testing.T, d deployment) {
	for _, limit := range []int{1, 3} {
		for name, policy := range map[string]core.LimitPolicy{"evict": core.EvictIdlest, "reject": core.RejectNew} {
			t.Run(fmt.Sprint(name, " over ", limit), func(t *testing.T) {
				s := d.start(t, func(c *core.Config) { c.MaxSessions, c.OnLimit = limit, policy })
				s.sibling()
				bob := s.Login("bob")
				s.takeEvents()
				answers := s.race(logins, func(i int, p *facetest.Server) facetest.Answer {
					a := p.TryLogin("alice")
					if list, err := p.Authority.Sessions(t.Context(), "alice"); err != nil || len(list) > limit {
						t.Errorf("got %d sessions, %v, want %d at most", len(list), err, limit)
					}
					return a
				})
				s.checkLogins(answers, limit, policy)
				s.wantAlive(bob)
			})
		}
	}
}

// checkLogins checks what became of logins that came at once.
func (s *scene) checkLogins(answers []facetest.Answer, limit int, policy core.LimitPolicy) {
	s.t.Helper()
	var pairs []facetest.Pair
	for _, a := range answers {
		if a.Status == http.StatusOK {
			pairs = append(pairs, s.issued(a))
			continue
		}
		s.wantError("login", a, core.ErrSessionLimit)
	}
	want := map[core.LimitPolicy]int{core.EvictIdlest: logins, core.RejectNew: limit}[policy]
	if len(pairs) != want {
		s.t.Errorf("got %d logins, want %d", len(pairs), want)
	}
	list, err := s.Authority.Sessions(s.t.Context(), "alice")
	s.must(err)
	var living []string
	for _, session := range list {
		living = append(living, session.ID)
	}
	if len(living) != limit {
		s.t.Errorf("got %d sessions, want %d", len(living), limit)
	}
	events := make(map[told]int)
	if rejected := logins - len(pairs); rejected > 0 {
		events[told{core.LoginRefused, "", "session_limit"}] = rejected
	}
	for _, p := range pairs {
		events[told{core.SessionEstablished, p.SessionID, ""}] = 1
		if !slices.Contains(living, p.SessionID) {
			events[told{core.SessionRevoked, p.SessionID, "evicted"}] = 1
		}
	}
	s.wantCounts(events)
	for i, p := range pairs {
		switch {
		case slices.Contains(living, p.SessionID):
			s.wantAlive(p)
		case i%4 == 0:
			s.wantDead(p)
		default:
			s.wantError("access by an evicted session's", s.processes[i%2].Me(p.AccessToken), core.ErrTokenRevoked)
		}
	}
}

func evictionOrder(t *testing.T, d deployment) {
	s := d.start(t, func(c *core.Config) { c.MaxSessions = 3 })
	s.sibling()
	var pairs []facetest.Pair
	for range 3 {
		pairs = append(pairs, s.Login("alice"))
		s.Clock.Advance(time.Minute)
	}
	pairs[0] = s.reissue(pairs[0].RefreshToken) // used last, though the eldest
	s.Clock.Advance(time.Minute)
	for _, p := range s.processes {
		s.wantOK("access", p.Me(pairs[1].AccessToken)) // which is no use of the session
	}
	s.takeEvents()
	fourth := s.Login("alice")
	s.wantEvents(told{core.SessionEstablished, fourth.SessionID, ""}, told{core.SessionRevoked, pairs[1].SessionID, "evicted"})
	s.wantDead(pairs[1])
	if got, want := s.ids(fourth.AccessToken), []string{fourth.SessionID, pairs[0].SessionID, pairs[2].SessionID}; !slices.Equal(got, want) {
		t.Errorf("sessions: got %v, want %v", got, want)
	}
	for _, p := range []facetest.Pair{pairs[0], pairs[2], fourth} {
		s.wantAlive(p)
	}
}

// A session that has ended, by a logout or by itself, takes no place. A limit
// that was lowered holds from the next login on.
func limitOfLiving(t *testing.T, d deployment) {
	s := d.start(t, func(c *core.Config) { c.MaxSessions, c.OnLimit = 2, core.RejectNew })
	lowered := s.sibling(func(c *core.Config) { c.MaxSessions, c.OnLimit = 1, core.EvictIdlest })
	first, second := s.Login("alice"), s.Login("alice")
	s.wantError("login", s.TryLogin("alice"), core.ErrSessionLimit)
	s.want("logout", s.Logout(first.AccessToken), loggedOut())
	third := s.Login("alice")
	s.wantError("login", s.TryLogin("alice"), core.ErrSessionLimit)
	s.Clock.Advance(7 * day)
	fourth := s.Login("alice")
	s.wantIDs(fourth.AccessToken, fourth)
	fifth := s.Login("alice")
	s.Clock.Advance(time.Second)
	s.takeEvents()
	last := s.issued(lowered.TryLogin("alice"))
	s.wantCounts(map[told]int{
		{core.SessionEstablished, last.SessionID, ""}:      1,
		{core.SessionRevoked, fourth.SessionID, "evicted"}: 1,
		{core.SessionRevoked, fifth.SessionID, "evicted"}:  1,
	})
	s.wantDead(fourth, fifth)
	for _, p := range []facetest.Pair{first, second, third} {
		s.wantError("access", s.Me(p.AccessToken), core.ErrTokenExpired)
		s.wantError("reissue", s.Reissue(p.RefreshToken), core.ErrRefreshInvalid)
	}
	s.takeEvents()
	s.wantAlive(last)
}
