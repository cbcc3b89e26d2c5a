package attacks

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func interleavingRows() []row {
	return []row{
		{"41_logout_in_a_reissue", logoutInReissue},
		{"41_logout_against_reissue", logoutAgainstReissue},
		{"42_revoke_all_in_a_login", revokeAllInLogin},
		{"42_revoke_all_against_login", revokeAllAgainstLogin},
		{"42_revoke_all_in_the_second_of_a_login", revokeAllSameSecond},
		{"47_block_in_a_login", blockInLogin},
	}
}

// between makes f happen inside the next call of the method: right before the
// store carries it out, or right after.
func (s *scene) between(moment, method string, f func()) {
	var once sync.Once
	hook := func(_ context.Context, called string) error {
		if called == method {
			once.Do(f)
		}
		return nil
	}
	if moment == "before the commit" {
		s.Store.Before(hook)
	} else {
		s.Store.After(hook)
	}
}

func moments() []string { return []string{"before the commit", "after the commit"} }

// A session that ends in the middle of a reissue leaves nothing alive, neither
// what the reissue answers nor what was there.
func logoutInReissue(t *testing.T, d deployment) {
	ends := map[string]func(s *scene, p *facetest.Server, pair facetest.Pair){
		"logout by access token": func(s *scene, p *facetest.Server, pair facetest.Pair) {
			s.want("logout", p.Logout(pair.AccessToken), loggedOut())
		},
		"logout by refresh token": func(s *scene, p *facetest.Server, pair facetest.Pair) {
			s.want("logout", p.Logout(pair.RefreshToken), loggedOut())
		},
		"the end of the session": func(s *scene, p *facetest.Server, pair facetest.Pair) {
			if a := p.RevokeSession(pair.AccessToken, pair.SessionID); a.Status != http.StatusNoContent {
				s.t.Errorf("the end of the session: got %s", render(a))
			}
		},
		"logout of all": func(s *scene, p *facetest.Server, pair facetest.Pair) {
			s.want("logout of all", p.LogoutAll(pair.AccessToken, false), answered(200, `{"ended":1}`))
		},
		"block": func(s *scene, p *facetest.Server, _ facetest.Pair) {
			s.must(p.Authority.Block(s.t.Context(), "alice", time.Time{}))
		},
	}
	for name, end := range ends {
		for i, moment := range moments() {
			t.Run(name+" "+moment, func(t *testing.T) {
				s, w := d.start(t), ways()[i]
				two := s.sibling()
				pair, bob := s.Login("alice"), s.Login("bob")
				ended := false
				s.between(moment, "Rotate", func() { end(s, two, pair); ended = true })
				a := w.send(s.Client, pair.RefreshToken)
				s.Store.Heal()
				if !ended {
					t.Fatal("the session was not ended")
				}
				s.takeEvents()
				if moment == "before the commit" {
					s.want("reissue", a, w.refused)
				} else {
					s.wantDead(s.issued(a))
				}
				s.wantDead(pair)
				s.wantAlive(bob)
			})
		}
	}
}

// The same without a script, round after round.
//
// Keycloak revokes a token without the lock under which it refreshes. A refresh
// in between mints tokens that survive.
//
//   - https://github.com/keycloak/keycloak/issues/51312
func logoutAgainstReissue(t *testing.T, d deployment) {
	s := d.start(t)
	two := s.sibling()
	for round := range 120 {
		pair := s.Login("alice")
		var reissue, logout facetest.Answer
		var group sync.WaitGroup
		group.Go(func() { reissue = ways()[round%2].send(two.Client, pair.RefreshToken) })
		group.Go(func() { logout = s.Logout([]string{pair.AccessToken, pair.RefreshToken}[round/2%2]) })
		group.Wait()
		s.want("logout", logout, loggedOut())
		newest := pair
		if reissue.Status == http.StatusOK {
			newest = s.issued(reissue)
			s.wantError("access by the child", two.Me(newest.AccessToken), core.ErrTokenRevoked)
		} else {
			s.want("reissue", reissue, ways()[round%2].refused)
		}
		s.wantError("access", s.Me(pair.AccessToken), core.ErrTokenRevoked)
		s.wantError("the next reissue", s.Reissue(newest.RefreshToken), core.ErrRefreshInvalid)
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
}

// A login that comes after the end of all lives and one before it is dead; the
// moment of a login is that of its commit.
func revokeAllInLogin(t *testing.T, d deployment) {
	for _, moment := range moments() {
		t.Run(moment, func(t *testing.T) {
			s := d.start(t)
			two := s.sibling()
			early := s.Login("alice")
			var a facetest.Answer
			s.between(moment, "Create", func() { a = two.LogoutAll(early.AccessToken, false) })
			late := s.Login("alice")
			s.Store.Heal()
			s.takeEvents()
			if moment == "before the commit" {
				s.want("logout of all", a, answered(200, `{"ended":1}`))
				s.wantAlive(late)
			} else {
				s.want("logout of all", a, answered(200, `{"ended":2}`))
				s.wantDead(late)
			}
			s.wantDead(early)
		})
	}
}

// Each login of a race is counted among the ended or lives.
func revokeAllAgainstLogin(t *testing.T, d deployment) {
	s := d.start(t)
	s.sibling()
	for round := range 12 {
		caller := s.Login("alice")
		answers := s.race(4, func(i int, p *facetest.Server) facetest.Answer {
			if i == round%4 {
				return p.LogoutAll(caller.AccessToken, false)
			}
			return p.TryLogin("alice")
		})
		observer := s.Login("alice")
		living := s.ids(observer.AccessToken)
		ended := 1 // the caller's
		s.takeEvents()
		for i, a := range answers {
			if i == round%4 {
				continue
			}
			pair := s.issued(a)
			if s.Me(pair.AccessToken).Status == http.StatusOK {
				living = remove(living, pair.SessionID)
				s.wantAlive(pair)
				continue
			}
			ended++
			s.wantDead(pair)
		}
		s.want("logout of all", answers[round%4], answered(200, fmt.Sprintf(`{"ended":%d}`, ended)))
		if living = remove(living, observer.SessionID); len(living) != 0 {
			t.Fatalf("round %d: the list has %v, which nobody holds", round, living)
		}
		s.wantDead(caller)
		s.LogoutAll(observer.AccessToken, false)
	}
}

func remove(list []string, item string) []string {
	var rest []string
	for _, other := range list {
		if other != item {
			rest = append(rest, other)
		}
	}
	return rest
}

// The clock stands still: what decides is the order, not the second.
//
// Wazuh and GlycemicGPT revoke all of a user's tokens by a time in whole
// seconds, before which they must be issued. In the same second either a new
// login is refused, as with Wazuh, or an old token survives, as with
// GlycemicGPT.
//
//   - https://github.com/wazuh/wazuh/issues/35043
//   - https://github.com/GlycemicGPT/GlycemicGPT/pull/1006
func revokeAllSameSecond(t *testing.T, d deployment) {
	s := d.start(t)
	for range 10 {
		before := s.Login("alice")
		s.want("logout of all", s.LogoutAll(before.AccessToken, false), answered(200, `{"ended":1}`))
		after := s.Login("alice")
		s.takeEvents()
		s.wantDead(before)
		after = s.wantAlive(after)
		s.want("logout", s.Logout(after.RefreshToken), loggedOut())
	}
}

// A login is before a block, and then ended by it, or after, and then refused.
func blockInLogin(t *testing.T, d deployment) {
	for _, moment := range moments() {
		t.Run(moment, func(t *testing.T) {
			s := d.start(t)
			two := s.sibling()
			s.between(moment, "Create", func() { s.must(two.Authority.Block(t.Context(), "alice", time.Time{})) })
			a := s.TryLogin("alice")
			s.Store.Heal()
			s.takeEvents()
			if moment == "before the commit" {
				s.wantError("login", a, core.ErrUserBlocked)
			} else {
				s.wantDead(s.issued(a))
			}
			s.wantError("another login", s.TryLogin("alice"), core.ErrUserBlocked)
		})
	}
}
