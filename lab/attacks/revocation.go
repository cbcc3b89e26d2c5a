package attacks

import (
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func revocationRows() []row {
	return []row{
		{"39_access_after_logout", accessAfterLogout},
		{"39_access_after_the_end", accessAfterTheEnd},
		{"40_older_access_after_logout", olderAccess},
		{"43_logout_of_anything", logoutOfAnything},
		{"43_logout_of_what_the_store_has_lost", logoutOfLost},
		{"44_logout_while_the_store_fails", logoutStoreDown},
		{"50_expired_token_blacklisted", expiredBlacklisted},
		{"50_token_blacklisted", blacklisted},
	}
}

// policies are the settings of Revocation that ask the store.
func policies() map[string]func(*core.Config) {
	return map[string]func(*core.Config){
		"blacklist": func(*core.Config) {},
		"session":   func(c *core.Config) { c.Revocation = core.SessionRecord },
	}
}

// A logout on one process is one on every process, by whichever token and
// wherever that stands, also where the access token is remembered as verified.
//
// Gin-jwt reads its whitelist of refresh tokens through a cache in the process,
// of up to a minute, that hears of changes by itself. A token that one node has
// revoked is accepted by another until it has heard.
//
//   - https://github.com/appleboy/gin-jwt/blob/v3.5.1/store/redis.go
func accessAfterLogout(t *testing.T, d deployment) {
	for policy, configure := range policies() {
		for _, by := range []string{"access", "refresh", "used refresh", "expired access"} {
			t.Run(policy+", by the "+by+" token", func(t *testing.T) {
				s := d.start(t, configure)
				two := s.sibling()
				parent, other := s.Login("alice"), s.Login("alice")
				s.Clock.Advance(time.Hour)
				pair := s.reissue(parent.RefreshToken)
				for _, p := range s.processes {
					s.wantOK("access", p.Me(pair.AccessToken))
				}
				s.takeEvents()
				token := map[string]string{
					"access": pair.AccessToken, "refresh": pair.RefreshToken,
					"used refresh": parent.RefreshToken, "expired access": parent.AccessToken,
				}[by]
				s.want("logout", two.Logout(token), loggedOut())
				s.wantEvents(told{core.SessionRevoked, pair.SessionID, "logout"})
				s.wantDead(pair)
				s.wantError("an expired token", s.Me(parent.AccessToken), core.ErrTokenExpired)
				s.wantError("optional", s.Do(facetest.Request{Method: "GET", Path: "/api/maybe", Header: []string{"Authorization: Bearer " + pair.AccessToken}}), core.ErrTokenRevoked)
				s.wantAlive(s.reissue(other.RefreshToken))
			})
		}
	}
}

// Whatever ends a session, its access tokens are dead on every process.
func accessAfterTheEnd(t *testing.T, d deployment) {
	for policy, configure := range policies() {
		for reason, end := range endings() {
			t.Run(policy+", "+reason, func(t *testing.T) {
				s := d.start(t, configure)
				s.sibling()
				parent, bob := s.Login("alice"), s.Login("bob")
				child := s.reissue(parent.RefreshToken)
				for _, p := range s.processes {
					s.wantOK("access", p.Me(child.AccessToken))
				}
				s.takeEvents()
				end(s, parent, child)
				s.wantEvents(told{core.SessionRevoked, parent.SessionID, reason})
				s.wantDead(parent, child)
				s.wantAlive(bob)
			})
		}
	}
}

// With gin-jwt, and with FerrisKey, which wrote the session into each token and
// never looked at it, a logout ends the refresh token. Whoever has the access
// token goes on until it expires.
//
//   - https://github.com/appleboy/gin-jwt/issues/98
//   - https://github.com/ferriskey/ferriskey/pull/1232
func olderAccess(t *testing.T, d deployment) {
	s := d.start(t)
	s.sibling()
	pairs := []facetest.Pair{s.Login("alice")}
	for range 5 {
		s.Clock.Advance(time.Minute)
		pairs = append(pairs, s.reissue(pairs[len(pairs)-1].RefreshToken))
	}
	for _, p := range pairs { // a reissue denies no token: requests in flight carry it
		for _, process := range s.processes {
			s.wantOK("access", process.Me(p.AccessToken))
		}
	}
	s.want("logout", s.Logout(pairs[2].AccessToken), loggedOut())
	s.takeEvents()
	s.wantDead(pairs...)
}

// Whatever is logged out of is ended or was never anything: RFC 7009, section
// 2.2.
func logoutOfAnything(t *testing.T, d deployment) {
	s := d.start(t)
	two := s.sibling()
	living := s.Login("bob")
	s.takeEvents()
	send := func(r facetest.Request) facetest.Answer {
		r.Method, r.Path = "POST", "/auth/logout"
		return s.Do(r)
	}
	s.noCalls("nothing to log out of", func() {
		for _, token := range []string{"rubbish", "a.b.c", "\x00", living.AccessToken + "x", living.RefreshToken[1:], "Bearer", s.forge("another secret of 32 bytes or so!!", living.AccessToken)} {
			s.want("in JSON", s.logoutByBody(token), loggedOut())
			if fitsHeader(token) {
				s.want("in the header", s.Logout(token), loggedOut())
			}
		}
		for name, r := range map[string]facetest.Request{
			"nothing":       {},
			"empty JSON":    {Header: []string{facetest.JSON}, Body: "{}"},
			"empty form":    {Header: []string{facetest.Form}},
			"empty token":   {Header: []string{facetest.Form}, Body: "token="},
			"Basic header":  {Header: []string{"Authorization: Basic YWxpY2U6eA=="}},
			"empty header":  {Header: []string{"Authorization: Bearer"}},
			"unknown names": {Header: []string{facetest.Form}, Body: "id_token=" + living.AccessToken},
		} {
			s.want(name, send(r), loggedOut())
		}
	})
	s.wantEvents()
	living = s.wantAlive(living)

	pair := s.Login("alice")
	s.takeEvents()
	for range 3 {
		s.want("twice", s.Logout(pair.AccessToken), loggedOut())
		s.want("twice, at another process", two.Logout(pair.RefreshToken), loggedOut())
	}
	s.wantEvents(told{core.SessionRevoked, pair.SessionID, "logout"})

	// An access token that has expired names its session still, and so does
	// any token long after the session's own end.
	old := s.Login("alice")
	s.Clock.Advance(time.Hour)
	s.takeEvents()
	s.want("by an expired access token", s.Logout(old.AccessToken), loggedOut())
	s.wantEvents(told{core.SessionRevoked, old.SessionID, "logout"})
	s.want("after it", s.Reissue(old.RefreshToken), byJSON().refused)
	old = s.Login("alice")
	s.Clock.Advance(60 * day)
	s.takeEvents()
	s.want("by an access token of an ended session", s.Logout(old.AccessToken), loggedOut())
	s.want("by a refresh token of an ended session", s.logoutByBody(old.RefreshToken), loggedOut())
	s.wantEvents()
}

// A logout is an order, also where the store has lost the record: what is left
// of the session is dead.
func logoutOfLost(t *testing.T, d deployment) {
	before := d.start(t)
	pair := before.Login("alice")
	for name, token := range map[string]string{"access": pair.AccessToken, "refresh": pair.RefreshToken} {
		s := d.start(t) // the same keys, and a store that is empty
		s.sibling()
		s.wantOK("access", s.Me(pair.AccessToken))
		s.want("logout by the "+name+" token", s.Logout(token), loggedOut())
		s.wantEvents()
		for _, p := range s.processes {
			s.wantError("access", p.Me(pair.AccessToken), core.ErrTokenRevoked)
			s.wantError("reissue", p.Reissue(pair.RefreshToken), core.ErrRefreshInvalid)
		}
	}
}

// Nobody is told that he is logged out who is not.
//
// Gin-jwt logs that Redis refused to delete the token, and answers that the
// user is logged out. The session lives.
//
//   - https://github.com/appleboy/gin-jwt/blob/v3.5.1/auth_jwt.go
func logoutStoreDown(t *testing.T, d deployment) {
	s := d.start(t)
	pair, other := s.Login("alice"), s.Login("alice")
	s.takeEvents()
	s.Store.Before(failing("End", "EndAll", "Sessions"))
	for _, token := range []string{pair.AccessToken, pair.RefreshToken} {
		s.wantError("logout", s.Logout(token), core.ErrUnavailable)
		s.wantEvents(told{core.StoreFailed, pair.SessionID, "logout"})
		s.wantError("logout by body", s.logoutByBody(token), core.ErrUnavailable)
		s.wantEvents(told{core.StoreFailed, pair.SessionID, "logout"})
	}
	s.wantError("logout of all", s.LogoutAll(pair.AccessToken, false), core.ErrUnavailable)
	s.wantEvents(told{core.StoreFailed, "", "revoke_all"})
	s.wantError("the end of a session", s.RevokeSession(pair.AccessToken, other.SessionID), core.ErrUnavailable)
	s.wantEvents(told{core.StoreFailed, other.SessionID, "revoked"})
	s.wantError("sessions", s.Sessions(pair.AccessToken), core.ErrUnavailable)
	s.wantEvents(told{core.StoreFailed, "", "sessions"})
	s.Store.Heal()
	s.wantIDs(pair.AccessToken, pair, other)
	pair = s.wantAlive(pair)
	s.wantAlive(other)
	s.want("the retry", s.Logout(pair.AccessToken), loggedOut())
	s.wantEvents(told{core.SessionRevoked, pair.SessionID, "logout"})
	s.wantDead(pair)
}

// What has expired needs no entry on the blacklist.
func expiredBlacklisted(t *testing.T, d deployment) {
	s := d.start(t)
	pair := s.Login("alice")
	s.Clock.Advance(10 * time.Minute)
	s.takeEvents()
	s.noCalls("an expired token", func() { s.must(s.Authority.Blacklist(t.Context(), pair.AccessToken)) })
	s.wantEvents()
	s.wantError("access", s.Me(pair.AccessToken), core.ErrTokenExpired)
	s.wantAlive(s.reissue(pair.RefreshToken))
}

// One access token is revoked on every process, and the session goes on.
func blacklisted(t *testing.T, d deployment) {
	s := d.start(t)
	two := s.sibling()
	pair := s.Login("alice")
	for _, p := range s.processes {
		s.wantOK("access", p.Me(pair.AccessToken))
	}
	s.takeEvents()
	s.must(two.Authority.Blacklist(t.Context(), pair.AccessToken))
	if events := s.takeEvents(); len(events) != 1 || events[0].Type != core.TokenBlacklisted || events[0].SessionID != pair.SessionID {
		t.Errorf("events: got %+v, want one of the token", events)
	}
	for _, p := range s.processes {
		s.wantError("access", p.Me(pair.AccessToken), core.ErrTokenRevoked)
		s.wantError("sessions", p.Sessions(pair.AccessToken), core.ErrTokenRevoked)
	}
	s.wantAlive(s.reissue(pair.RefreshToken))
	for _, p := range s.processes {
		s.wantError("access", p.Me(pair.AccessToken), core.ErrTokenRevoked)
	}
}
