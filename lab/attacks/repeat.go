package attacks

import (
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

func repeatRows() []row {
	return []row{
		{"28_run_twice_reissue", twiceReissue},
		{"28_run_twice_at_the_limit", twiceAtLimit},
		{"28_run_twice_endings", twiceEndings},
		{"28_run_twice_logout_all_and_block", twiceAll},
	}
}

// A driver that lost the answer runs a script again. That is no theft, without
// a window too, and no second step.
//
// Go-redis sends a command again when the connection breaks before the answer,
// though the server has run it. A rotation that runs twice presents its own
// parent again: a strict system kills the session of a user who did nothing.
//
//   - https://github.com/redis/go-redis/issues/2339
func twiceReissue(t *testing.T, d deployment) {
	for _, grace := range []time.Duration{30 * time.Second, core.Strict} {
		eachWay(t, func(t *testing.T, w way) {
			s := d.start(t, withGrace(grace))
			s.Store.Twice(true)
			pair := s.Login("alice")
			s.wantIDs(pair.AccessToken, pair)
			s.wantEvents(told{core.SessionEstablished, pair.SessionID, ""})
			child := s.issued(w.send(s.Client, pair.RefreshToken))
			if got, want := s.claims(child.AccessToken)["jti"], pair.SessionID+".1"; got != want {
				t.Errorf("jti: got %v, want %s", got, want)
			}
			if n := len(s.takeEvents()); n != 1 {
				t.Errorf("got %d events, want one", n)
			}
			// The chain has moved by one step: the child is the newest.
			s.Store.Twice(false)
			s.wantAlive(child)
		})
	}
}

func twiceAtLimit(t *testing.T, d deployment) {
	limit := func(policy core.LimitPolicy) func(*core.Config) {
		return func(c *core.Config) { c.MaxSessions, c.OnLimit = 2, policy }
	}
	t.Run("evict", func(t *testing.T) {
		s := d.start(t, limit(core.EvictIdlest))
		s.Store.Twice(true)
		first := s.Login("alice")
		s.Clock.Advance(time.Second)
		second := s.Login("alice")
		s.takeEvents()
		third := s.Login("alice")
		s.wantEvents(told{core.SessionEstablished, third.SessionID, ""}, told{core.SessionRevoked, first.SessionID, "evicted"})
		s.wantIDs(third.AccessToken, second, third)
		s.Store.Twice(false)
		s.wantDead(first)
		s.wantAlive(second)
		s.wantAlive(third)
	})
	t.Run("reject", func(t *testing.T) {
		s := d.start(t, limit(core.RejectNew))
		s.Store.Twice(true)
		first, second := s.Login("alice"), s.Login("alice") // the second is the last that fits
		s.takeEvents()
		s.wantError("login", s.TryLogin("alice"), core.ErrSessionLimit)
		s.wantEvents(told{core.LoginRefused, "", "session_limit"})
		s.wantIDs(first.AccessToken, first, second)
		s.Store.Twice(false)
		s.wantAlive(first)
		s.wantAlive(second)
	})
}

// Every way to end a session is told once and answered as if run once.
func twiceEndings(t *testing.T, d deployment) {
	for reason, end := range endings() {
		t.Run(reason, func(t *testing.T) {
			s := d.start(t)
			s.Store.Twice(true)
			parent, bob := s.Login("alice"), s.Login("bob")
			child := s.reissue(parent.RefreshToken)
			s.takeEvents()
			end(s, parent, child)
			s.wantEvents(told{core.SessionRevoked, parent.SessionID, reason})
			s.Store.Twice(false)
			s.wantDead(parent, child)
			s.wantAlive(bob)
		})
	}
}

func twiceAll(t *testing.T, d deployment) {
	s := d.start(t)
	s.Store.Twice(true)
	first, second, current := s.Login("alice"), s.Login("alice"), s.Login("alice")
	s.takeEvents()
	s.want("logout of all but one", s.LogoutAll(current.AccessToken, true), answered(200, `{"ended":2}`))
	s.wantCounts(map[told]int{{core.SessionRevoked, first.SessionID, "revoke_all"}: 1, {core.SessionRevoked, second.SessionID, "revoke_all"}: 1})
	s.want("logout of all", s.LogoutAll(current.AccessToken, false), answered(200, `{"ended":1}`))
	s.wantEvents(told{core.SessionRevoked, current.SessionID, "revoke_all"})
	last := s.Login("alice")
	s.takeEvents()
	s.must(s.Authority.Block(t.Context(), "alice", time.Time{}))
	s.wantEvents(told{core.UserBlocked, "", ""}, told{core.SessionRevoked, last.SessionID, "blocked"})
	s.must(s.Authority.Unblock(t.Context(), "alice"))
	s.wantEvents(told{core.UserUnblocked, "", ""})
	s.must(s.Authority.Blacklist(t.Context(), s.Login("alice").AccessToken))
	s.Store.Twice(false)
	s.takeEvents()
	s.wantDead(first, second, current, last)
}
