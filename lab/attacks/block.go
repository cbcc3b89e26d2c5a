package attacks

import (
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

func blockRows() []row {
	return []row{
		{"47_block", block},
		{"47_block_until", blockUntil},
	}
}

// A block ends every session and refuses every login, for ever. Unblocked, a
// user logs in again; what was ended stays so.
func block(t *testing.T, d deployment) {
	for policy, configure := range policies() {
		t.Run(policy, func(t *testing.T) {
			s := d.start(t, configure)
			two := s.sibling()
			parent := s.Login("alice")
			first, second, bob := s.reissue(parent.RefreshToken), s.Login("alice"), s.Login("bob")
			s.takeEvents()
			s.must(two.Authority.Block(t.Context(), "alice", time.Time{}))
			s.wantCounts(map[told]int{
				{core.UserBlocked, "", ""}:                         1,
				{core.SessionRevoked, first.SessionID, "blocked"}:  1,
				{core.SessionRevoked, second.SessionID, "blocked"}: 1,
			})
			refused := func() {
				t.Helper()
				for _, p := range s.processes {
					s.wantError("login", p.TryLogin("alice"), core.ErrUserBlocked)
					s.wantEvents(told{core.LoginRefused, "", "blocked"})
				}
			}
			refused()
			s.wantDead(parent, first, second)
			s.wantAlive(bob)
			s.Clock.Advance(1000 * day)
			refused()
			s.want("reissue", s.Reissue(first.RefreshToken), byJSON().refused)
			s.takeEvents()
			s.must(s.Authority.Unblock(t.Context(), "alice"))
			s.wantEvents(told{core.UserUnblocked, "", ""})
			again := s.Login("alice")
			s.wantIDs(again.AccessToken, again)
			s.wantAlive(again)
			s.want("reissue of before", two.Reissue(first.RefreshToken), byJSON().refused)

			// Unblocked at once, what was blocked is dead.
			carol := s.Login("carol")
			s.must(s.Authority.Block(t.Context(), "carol", time.Time{}))
			s.must(s.Authority.Unblock(t.Context(), "carol"))
			s.takeEvents()
			s.wantDead(carol)
			pair := s.Login("carol")
			s.wantAlive(pair)
		})
	}
}

func blockUntil(t *testing.T, d deployment) {
	s := d.start(t)
	s.sibling()
	old, bob := s.Login("alice"), s.Login("bob")
	s.must(s.Authority.Block(t.Context(), "alice", s.Clock.Now().Add(time.Hour)))
	s.takeEvents()
	s.wantDead(old)
	s.Clock.Advance(time.Hour - time.Millisecond)
	s.wantError("login", s.TryLogin("alice"), core.ErrUserBlocked)
	s.Clock.Advance(time.Millisecond)
	pair := s.Login("alice")
	s.takeEvents()
	s.wantAlive(pair)
	for _, w := range ways() {
		s.want("reissue of before", w.send(s.Client, old.RefreshToken), w.refused)
	}
	s.wantAlive(s.reissue(bob.RefreshToken))
}
