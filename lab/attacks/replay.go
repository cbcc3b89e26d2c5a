package attacks

import (
	"fmt"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func replayRows() []row {
	return []row{
		{"16_parent_within_grace", parentWithinGrace},
		{"17_parent_after_grace", parentAfterGrace},
		{"18_parent_after_child_used", parentAfterChildUsed},
		{"19_grandparent", grandparent},
		{"19_ancestor_10000_generations_old", oldAncestor},
		{"20_after_the_end", afterTheEnd},
		{"21_replays_do_not_slide_the_window", windowDoesNotSlide},
		{"22_lock_step", lockStep},
		{"25_many_replays", manyReplays},
	}
}

func withGrace(d time.Duration) func(*core.Config) {
	return func(c *core.Config) { c.ReuseGrace = d }
}

// eachWay runs a test once for each way to reissue.
func eachWay(t *testing.T, test func(*testing.T, way)) {
	for _, w := range ways() {
		t.Run(w.name, func(t *testing.T) { test(t, w) })
	}
}

// The default window is 30 seconds, its last moment included. The replay gets
// the child and changes nothing: no end moves, and the list stays as it was.
//
// VilnaCRM's user service and engram answered a token that came again within
// the window with a new token of its own chain. A thief who replays once within
// the window has a branch that is never compared with the victim's again, for
// as long as he likes. Here both hold the same child, so the second to use it
// shows the theft.
//
//   - https://github.com/VilnaCRM-Org/user-service/issues/474
//   - https://github.com/get-engram/engram/issues/446
func parentWithinGrace(t *testing.T, d deployment) {
	eachWay(t, func(t *testing.T, w way) {
		s := d.start(t)
		two := s.sibling()
		parent := s.Login("alice")
		s.Clock.Advance(time.Hour)
		child := s.reissue(parent.RefreshToken)
		s.takeEvents()
		before := s.Sessions(child.AccessToken).Body
		s.Clock.Advance(30 * time.Second)
		again := s.issued(w.send(two.Client, parent.RefreshToken))
		s.wantSame(again, child)
		s.wantClaims(again.AccessToken, child.AccessToken, "iat", "exp")
		if got, want := again.ExpiresIn, child.ExpiresIn-30; got != want {
			t.Errorf("expires_in: got %d, want %d", got, want)
		}
		if got, want := again.RefreshExpiresIn, child.RefreshExpiresIn-30; got != want {
			t.Errorf("refresh_token_expires_in: got %d, want %d", got, want)
		}
		if after := s.Sessions(child.AccessToken).Body; after != before {
			t.Errorf("sessions: got %s, want %s", after, before)
		}
		s.wantEvents(told{core.SessionReplayed, parent.SessionID, "replayed"})
		s.wantOK("access by the other copy", s.Me(child.AccessToken))
		s.wantAlive(again)
	})
}

// A parent after its window is proof of theft: the session is dead in the same
// step, on every process, and nobody else's is.
//
// Systems without reuse detection, as Ory Hydra was and gin-jwt is, refuse a
// used token and do nothing else. Where the thief was first, the victim is the
// one refused, and the thief's chain goes on.
//
//   - https://github.com/ory/hydra/issues/2022
//   - https://github.com/appleboy/gin-jwt/blob/v3.5.1/auth_jwt.go
func parentAfterGrace(t *testing.T, d deployment) {
	eachWay(t, func(t *testing.T, w way) {
		s := d.start(t)
		two := s.sibling()
		parent, other, bob := s.Login("alice"), s.Login("alice"), s.Login("bob")
		child := s.reissue(parent.RefreshToken)
		s.takeEvents()
		s.Clock.Advance(30*time.Second + time.Millisecond)
		for _, p := range s.processes { // both remember both as verified
			s.wantOK("access by the parent", p.Me(parent.AccessToken))
			s.wantOK("access by the child", p.Me(child.AccessToken))
		}
		s.want("the parent", w.send(two.Client, parent.RefreshToken), w.refused)
		events := s.takeEvents()
		if len(events) != 1 || tell(events[0]) != (told{core.SessionRevoked, parent.SessionID, "reuse"}) ||
			events[0].Distance != 1 || events[0].Age != 30*time.Second+time.Millisecond || events[0].Generation != 0 ||
			events[0].Subject != "alice" || events[0].Level().String() != "WARN" {
			t.Errorf("events: got %+v, want one of the reuse", events)
		}
		s.wantDead(parent, child)
		s.wantIDs(other.AccessToken, other)
		s.wantAlive(other)
		s.wantAlive(bob)
	})
}

// Keycloak told old refresh tokens from new ones by the second of their iat, so
// one that was rotated in the second of its issue could be used again. Here
// generations are counted.
//
//   - https://github.com/keycloak/keycloak/issues/50999
func parentAfterChildUsed(t *testing.T, d deployment) {
	eachWay(t, func(t *testing.T, w way) {
		s := d.start(t)
		s.sibling()
		parent, other := s.Login("alice"), s.Login("alice")
		child := s.reissue(parent.RefreshToken)
		grandchild := s.reissue(child.RefreshToken)
		s.takeEvents()
		s.want("the parent", w.send(s.Client, parent.RefreshToken), w.refused)
		s.wantEvents(told{core.SessionRevoked, parent.SessionID, "reuse"})
		s.wantDead(parent, child, grandchild)
		s.wantAlive(other)
	})
}

// A grandparent never passes, however new it is.
//
// Django OAuth Toolkit, its issue 1617, took any used token whose own window
// was open, however many rotations had come since. A thief with a token of some
// generations ago got a new pair, and nobody an alarm.
//
//   - https://github.com/django-oauth/django-oauth-toolkit/pull/1777
func grandparent(t *testing.T, d deployment) {
	for i, generations := range []int{2, 3, 50} {
		w := ways()[i%2]
		s := d.start(t)
		other, first := s.Login("alice"), s.Login("alice")
		last := first
		for range generations {
			last = s.reissue(last.RefreshToken)
		}
		s.takeEvents()
		s.want("the first", w.send(s.Client, first.RefreshToken), w.refused)
		s.wantEvents(told{core.SessionRevoked, first.SessionID, "reuse"})
		s.wantDead(first, last)
		s.wantAlive(other)
	}
}

// The session is put 10 000 generations ahead by the rule for lost writes.
//
// Django OAuth Toolkit's cleartokens removes used tokens once their window is
// over, and a replay is then of an unknown token; Keycloak (CVE-2026-9802)
// forgot after a restart which tokens it had rotated. A thief waits for that,
// and his replay kills nothing or even succeeds. Here the session's generation
// alone tells every ancestor, so neither time nor a restart hides one.
//
//   - https://github.com/django-oauth/django-oauth-toolkit/pull/1688
//   - https://github.com/keycloak/keycloak/issues/49426
func oldAncestor(t *testing.T, d deployment) {
	eachWay(t, func(t *testing.T, w way) {
		s := d.start(t)
		first := s.Login("alice")
		last := s.wantAlive(s.reissue(s.generation(first.RefreshToken, "9999")))
		s.takeEvents()
		s.want("the first", w.send(s.Client, first.RefreshToken), w.refused)
		if events := s.takeEvents(); len(events) != 1 || events[0].Reason != "reuse" || events[0].Distance != 10_001 {
			t.Errorf("events: got %+v, want one reuse at the distance 10001", events)
		}
		s.wantDead(first, last)
	})
}

// endings are the ways in which a session ends, by the reason that is told. The
// child is used by neither.
func endings() map[string]func(s *scene, parent, child facetest.Pair) {
	return map[string]func(s *scene, parent, child facetest.Pair){
		"reuse": func(s *scene, parent, _ facetest.Pair) {
			s.Clock.Advance(time.Minute)
			s.wantError("reuse", s.Reissue(parent.RefreshToken), core.ErrRefreshInvalid)
		},
		"logout": func(s *scene, _, child facetest.Pair) { s.want("logout", s.Logout(child.RefreshToken), loggedOut()) },
		"revoked": func(s *scene, _, child facetest.Pair) {
			if a := s.RevokeSession(child.AccessToken, child.SessionID); a.Status != 204 || a.Body != "" {
				s.t.Errorf("the end of the session: got %s\nwant 204", render(a))
			}
		},
		"revoke_all": func(s *scene, _, child facetest.Pair) {
			s.want("logout of all", s.LogoutAll(child.AccessToken, false), answered(200, `{"ended":1}`))
		},
		"blocked": func(s *scene, _, _ facetest.Pair) {
			s.must(s.Authority.Block(s.t.Context(), "alice", time.Time{}))
			events := s.takeEvents() // the first is that of the block
			s.unread = events[min(1, len(events)):]
		},
	}
}

// A dead session's tokens are refused on every process without a second alarm,
// and a logout with them is a logout.
//
// A review of ayunis-core found that its window asked when a token was used and
// not whether its family was revoked since: a retry within the window brought a
// session back that a logout had ended.
//
//   - https://github.com/ayunis-core/ayunis-core/pull/1047
func afterTheEnd(t *testing.T, d deployment) {
	for reason, end := range endings() {
		t.Run(reason, func(t *testing.T) {
			s := d.start(t)
			two := s.sibling()
			parent, bob := s.Login("alice"), s.Login("bob")
			child := s.reissue(parent.RefreshToken)
			s.takeEvents()
			end(s, parent, child)
			s.wantEvents(told{core.SessionRevoked, parent.SessionID, reason})
			for _, p := range []facetest.Pair{parent, child, parent} {
				for _, w := range ways() {
					s.want("reissue "+w.name, w.send(two.Client, p.RefreshToken, "Idempotency-Key: "+w.name), w.refused)
					s.wantEvents(told{core.RefreshRefused, parent.SessionID, "revoked"})
				}
			}
			for _, token := range []string{parent.AccessToken, child.AccessToken, parent.RefreshToken, child.RefreshToken} {
				s.want("logout", two.Logout(token), loggedOut())
				s.want("logout by body", s.logoutByBody(token), loggedOut())
			}
			for _, p := range s.processes {
				s.wantError("sessions", p.Sessions(child.AccessToken), core.ErrTokenRevoked)
				s.wantError("logout of all", p.LogoutAll(child.AccessToken, false), core.ErrTokenRevoked)
				s.wantError("the end of a session", p.RevokeSession(child.AccessToken, child.SessionID), core.ErrTokenRevoked)
			}
			s.wantEvents()
			s.wantDead(parent, child)
			s.wantAlive(bob)
		})
	}
}

// Tymon/jwt-auth moved the end of the window with each replay, Supabase Auth
// counts it from the last use, Eventra wrote its beginning anew. Whoever
// presents a used token every 9 seconds of a window of 10 gets fresh tokens
// from it for ever.
//
//   - https://github.com/tymondesigns/jwt-auth/issues/1541
//   - https://github.com/supabase/auth/issues/1901
//   - https://github.com/SandeepVashishtha/Eventra/issues/17845
func windowDoesNotSlide(t *testing.T, d deployment) {
	eachWay(t, func(t *testing.T, w way) {
		s := d.start(t, withGrace(10*time.Second))
		parent := s.Login("alice")
		child := s.reissue(parent.RefreshToken)
		s.Clock.Advance(9 * time.Second)
		s.wantSame(s.issued(w.send(s.Client, parent.RefreshToken)), child)
		s.takeEvents()
		s.Clock.Advance(9 * time.Second)
		s.want("the parent", w.send(s.Client, parent.RefreshToken), w.refused)
		s.wantEvents(told{core.SessionRevoked, parent.SessionID, "reuse"})
		s.wantDead(parent, child)
	})
}

// A thief who keeps a copy of the victim's token is found at the first token
// that one of the two presents after the other, whoever comes first.
//
// Supabase Auth always answers the parent of the newest token with the newest,
// without a limit of time, because its client may have lost the answer. A thief
// who presents each token some time after the victim stays one step behind her,
// and is never found.
//
//   - https://github.com/supabase/auth/pull/1278
//   - https://github.com/supabase/auth/issues/1901
func lockStep(t *testing.T, d deployment) {
	for _, order := range []string{"victim first", "thief first"} {
		t.Run(order, func(t *testing.T) {
			s := d.start(t)
			victim, thief := s.Server, s.sibling()
			if order == "thief first" {
				victim, thief = thief, victim
			}
			stolen := s.Login("alice")
			for range 3 {
				stolen = s.issued(victim.Reissue(stolen.RefreshToken))
				s.Clock.Advance(4 * time.Minute)
			}
			ahead := s.issued(victim.Reissue(stolen.RefreshToken))
			s.takeEvents()
			s.Clock.Advance(4 * time.Minute)
			s.wantError("the second", thief.Reissue(stolen.RefreshToken), core.ErrRefreshInvalid)
			s.wantEvents(told{core.SessionRevoked, stolen.SessionID, "reuse"})
			s.wantDead(stolen, ahead)
		})
	}
}

// Replays within the window write nothing, extend nothing and each get the
// child. How many a client may send is for the application's rate limit.
func manyReplays(t *testing.T, d deployment) {
	s := d.start(t)
	two := s.sibling()
	parent := s.Login("alice")
	child := s.reissue(parent.RefreshToken)
	before := s.Sessions(child.AccessToken).Body
	start := s.Clock.Now()
	s.takeEvents()
	for i := range 200 {
		s.Clock.Advance(149 * time.Millisecond)
		w, p := ways()[i%2], s.processes[i/2%2]
		again := s.issued(w.send(p.Client, parent.RefreshToken))
		s.wantSame(again, child)
		s.wantClaims(again.AccessToken, child.AccessToken, "iat", "exp")
		if most := child.RefreshExpiresIn - int64(s.Clock.Now().Sub(start)/time.Second); again.RefreshExpiresIn > most {
			t.Fatalf("refresh_token_expires_in: got %d, want %d at most", again.RefreshExpiresIn, most)
		}
	}
	if after := two.Sessions(child.AccessToken).Body; after != before {
		t.Errorf("sessions: got %s, want %s", after, before)
	}
	s.wantCounts(map[told]int{{core.SessionReplayed, parent.SessionID, "replayed"}: 200})
	s.Clock.Advance(time.Second)
	s.wantError("after the window", s.Reissue(parent.RefreshToken), core.ErrRefreshInvalid)
	s.wantEvents(told{core.SessionRevoked, parent.SessionID, "reuse"})
	s.wantDead(parent, child)
	if got := fmt.Sprint(s.claims(child.RefreshToken)["gen"]); got != "1" {
		t.Errorf("generation: got %s, want 1", got)
	}
}
