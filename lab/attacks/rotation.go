package attacks

import (
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func rotationRows() []row {
	return []row{
		{"32_store_lost_writes", lostWrites},
		{"32_thief_first", lostWritesThiefFirst},
		{"33_wrong_seed", wrongSeed},
		{"34_binding", binding},
		{"34_binding_contradicted", bindingContradicted},
		{"38_key_rotated_in_the_window", keyRotated},
	}
}

// A store that came back without its last writes is behind the tokens in use.
// Whoever holds the later one goes on; an ancestor is an ancestor again.
func lostWrites(t *testing.T, d deployment) {
	eachWay(t, func(t *testing.T, w way) {
		s := d.start(t)
		s.sibling()
		login, other := s.Login("alice"), s.Login("alice")
		at := func(generation string) string { return s.generation(login.RefreshToken, generation) }
		s.takeEvents()
		victim := s.issued(w.send(s.Client, at("7")))
		if events := s.takeEvents(); len(events) != 1 || tell(events[0]) != (told{core.SessionRecovered, login.SessionID, "recovered"}) ||
			events[0].Distance != -7 || events[0].Generation != 7 || events[0].Level().String() != "WARN" {
			t.Errorf("events: got %+v, want one of the recovery", events)
		}
		if got, want := s.claims(victim.AccessToken)["jti"], login.SessionID+".8"; got != want {
			t.Errorf("jti: got %v, want %s", got, want)
		}
		s.wantSame(s.issued(w.send(s.last().Client, at("7"))), victim)
		s.wantEvents(told{core.SessionReplayed, login.SessionID, "replayed"})
		s.want("an ancestor", w.send(s.Client, at("4")), w.refused)
		s.wantEvents(told{core.SessionRevoked, login.SessionID, "reuse"})
		s.wantDead(victim, login)
		s.wantAlive(other)
	})
}

// A thief who comes first moves the session to where the victim shows, ahead of
// him, that two parties hold it.
func lostWritesThiefFirst(t *testing.T, d deployment) {
	s := d.start(t)
	login := s.Login("alice")
	thief := s.reissue(s.generation(login.RefreshToken, "4"))
	victim := s.reissue(s.generation(login.RefreshToken, "7"))
	s.Clock.Advance(time.Minute)
	s.takeEvents()
	s.wantError("the thief's next", s.Reissue(thief.RefreshToken), core.ErrRefreshInvalid)
	s.wantEvents(told{core.SessionRevoked, login.SessionID, "reuse"})
	s.wantDead(victim, thief)
}

// A right signature with a wrong seed is the work of who stole the key. It
// logs nobody out, and it is told at the highest level.
func wrongSeed(t *testing.T, d deployment) {
	s := d.start(t)
	s.sibling()
	pair, other := s.Login("alice"), s.Login("alice")
	next := s.reissue(pair.RefreshToken)
	token := next.RefreshToken
	seed, guess := s.field(token, "seed"), `"seed":"AAAAAAAAAAAAAAAAAAAAAA"`
	forged := map[string]string{
		"a guess":             s.forgeRefresh(token, seed, guess),
		"another session's":   s.forgeRefresh(token, seed, s.field(other.RefreshToken, "seed")),
		"for another session": s.forgeRefresh(token, s.field(token, "sid"), s.field(other.RefreshToken, "sid")),
		"ahead":               s.forgeRefresh(token, seed, guess, s.field(token, "gen"), `"gen":500`),
		"an ancestor":         s.forgeRefresh(token, seed, guess, s.field(token, "gen"), `"gen":0`),
	}
	s.takeEvents()
	wantForged := func(what, session, reason string) {
		t.Helper()
		events := s.takeEvents()
		if len(events) != 1 || tell(events[0]) != (told{core.RefreshForged, session, reason}) || events[0].Subject != "alice" || events[0].Level().String() != "ERROR" {
			t.Errorf("%s: got events %+v, want one forgery", what, events)
		}
	}
	for name, token := range forged {
		session := s.claims(token)["sid"].(string)
		for _, w := range ways() {
			s.want(name+": reissue "+w.name, w.send(s.Client, token), w.refused)
			wantForged(name, session, "forged")
		}
		s.want(name+": logout", s.Logout(token), loggedOut())
		wantForged(name, session, "logout")
		s.want(name+": logout by body", s.logoutByBody(token), loggedOut())
		wantForged(name, session, "logout")
	}
	// Another user has no such session.
	for _, w := range ways() {
		s.want("another user "+w.name, w.send(s.Client, s.forgeRefresh(token, `"alice"`, `"bob"`)), w.refused)
		s.wantEvents(told{core.RefreshRefused, pair.SessionID, "missing"})
	}
	s.wantAlive(next)
	s.wantAlive(other)
}

// reissueBound reissues with an access token in the body, by JSON or as a form.
func (s *scene) reissueBound(w way, refreshToken, accessToken string, header ...string) facetest.Answer {
	s.t.Helper()
	r := facetest.Request{Method: "POST", Path: "/auth/reissue", Header: append([]string{facetest.Form}, header...),
		Body: "grant_type=refresh_token&refresh_token=" + refreshToken + "&access_token=" + accessToken}
	if w.name == byJSON().name {
		r.Header[0], r.Body = facetest.JSON, `{"refresh_token":"`+refreshToken+`","access_token":"`+accessToken+`"}`
	}
	return s.Do(r)
}

// A refresh token alone, or with the access token of another session, is no
// credential. Neither session is touched.
func binding(t *testing.T, d deployment) {
	s := d.start(t, func(c *core.Config) { c.BindAccessToken = true })
	s.sibling()
	pair, second, bob := s.Login("alice"), s.Login("alice"), s.Login("bob")
	s.takeEvents()
	bearer := func(token string) string { return "Authorization: Bearer " + token }
	for _, w := range ways() {
		s.noCalls("another access token", func() {
			for name, access := range map[string]string{
				"another user's":             bob.AccessToken,
				"another session's":          second.AccessToken,
				"rubbish":                    "rubbish",
				"the refresh token":          pair.RefreshToken,
				"another key's":              s.forge("another secret of 32 bytes or so!!", pair.AccessToken),
				"another user, same session": s.forgeAccess(pair.AccessToken, `"alice"`, `"bob"`),
				"spelled otherwise":          pair.AccessToken + "=",
			} {
				s.want(name+" in the body", s.reissueBound(w, pair.RefreshToken, access), w.refused)
				s.want(name+" in the header", w.send(s.Client, pair.RefreshToken, bearer(access)), w.refused)
			}
			s.want("none", w.send(s.Client, pair.RefreshToken), w.refused)
			s.want("an empty one", w.send(s.Client, pair.RefreshToken, "Authorization: Bearer"), w.refused)
		})
	}
	s.wantCounts(map[told]int{{core.RefreshRefused, pair.SessionID, "unbound"}: 16 * len(ways())})
	for _, p := range []facetest.Pair{pair, second, bob} {
		s.wantOK("access", s.Me(p.AccessToken))
	}
	s.wantIDs(pair.AccessToken, pair, second)

	// An expired and a revoked one prove as much, and so does an older one.
	s.Clock.Advance(time.Hour)
	next := s.issued(s.reissueBound(byJSON(), pair.RefreshToken, pair.AccessToken))
	s.must(s.Authority.Blacklist(t.Context(), next.AccessToken))
	next = s.issued(s.reissueBound(byForm(), next.RefreshToken, next.AccessToken))
	next = s.reissue(next.RefreshToken, bearer(pair.AccessToken))
	s.issued(s.last().Reissue(next.RefreshToken, bearer(next.AccessToken)))
	s.issued(s.last().Reissue(second.RefreshToken, bearer(second.AccessToken)))
	s.issued(s.last().Reissue(bob.RefreshToken, bearer(bob.AccessToken)))

	// Without the binding nobody looks at it.
	free := d.start(t)
	pair = free.Login("alice")
	free.wantAlive(free.issued(free.reissueBound(byJSON(), pair.RefreshToken, "rubbish", bearer("other rubbish"))))
}

// Two access tokens that differ are no way to choose the better one.
func bindingContradicted(t *testing.T, d deployment) {
	s := d.start(t, func(c *core.Config) { c.BindAccessToken = true })
	pair, bob := s.Login("alice"), s.Login("bob")
	s.takeEvents()
	s.noCalls("two access tokens", func() {
		for _, w := range ways() {
			for _, access := range [][2]string{{pair.AccessToken, bob.AccessToken}, {bob.AccessToken, pair.AccessToken}, {pair.AccessToken, "rubbish"}, {pair.AccessToken, ""}} {
				s.wantError(w.name, s.reissueBound(w, pair.RefreshToken, access[0], "Authorization: Bearer "+access[1]), core.ErrRequestInvalid)
			}
		}
	})
	s.wantEvents()
	for _, p := range []facetest.Pair{pair, bob} {
		s.wantOK("access", s.Me(p.AccessToken))
		s.issued(s.reissueBound(byJSON(), p.RefreshToken, p.AccessToken, "Authorization: Bearer "+p.AccessToken))
	}
}

// A new key changes how a child is signed, not which child it is. What the old
// key signed is good until it is retired, process by process.
func keyRotated(t *testing.T, d deployment) {
	s := d.start(t)
	two := s.sibling()
	old, fresh := hmacKey(t, "first", accessSecret), hmacKey(t, "second", strings.Repeat("\x02", 32))
	parent := s.Login("alice")
	child := s.reissue(parent.RefreshToken)
	for _, keys := range [][]core.Key{{old, fresh}, {fresh, old}} {
		for _, p := range s.processes {
			s.must(p.Authority.SetKeys(keys, nil))
			for _, process := range s.processes {
				s.wantOK("access by the child", process.Me(child.AccessToken))
				again := s.issued(process.Reissue(parent.RefreshToken))
				s.wantSame(again, child)
				for _, other := range s.processes {
					s.wantOK("access by the child as signed now", other.Me(again.AccessToken))
				}
			}
		}
	}
	again := s.reissue(parent.RefreshToken)
	for _, token := range []string{again.AccessToken, again.RefreshToken} {
		if header, _ := s.parts(token); !strings.Contains(header, `"kid":"second"`) {
			t.Errorf("header: got %s, want the new kid", header)
		}
	}
	s.takeEvents()
	s.must(two.Authority.SetKeys([]core.Key{fresh}, nil))
	s.wantOK("access where the key is not retired", s.Me(child.AccessToken))
	s.noCalls("tokens of a retired key", func() {
		for _, p := range []facetest.Pair{parent, child} {
			s.wantError("access", two.Me(p.AccessToken), core.ErrTokenInvalid)
			for _, w := range ways() {
				s.want("reissue "+w.name, w.send(two.Client, p.RefreshToken), w.refused)
			}
			s.want("logout", two.Logout(p.AccessToken), loggedOut())
		}
	})
	s.wantEvents()
	s.wantAlive(again)
}
