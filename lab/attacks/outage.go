package attacks

import (
	"net/http"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func outageRows() []row {
	return []row{
		{"52_store_down_closed", outageClosed},
		{"52_store_down_open", outageOpen},
		{"52_store_down_anonymous", outageAnonymous},
	}
}

// maybe asks for the route behind Optional.
func (s *scene) maybe(header ...string) facetest.Answer {
	s.t.Helper()
	return s.Do(facetest.Request{Method: "GET", Path: "/api/maybe", Header: header})
}

// A store that cannot be asked says nothing about a token: the client keeps it
// and comes back.
//
// Gin-jwt answers 401 when Redis does not, so that a second of it logs every
// client out.
//
//   - https://github.com/appleboy/gin-jwt/blob/v3.5.1/store/redis.go
func outageClosed(t *testing.T, d deployment) {
	for policy, configure := range policies() {
		t.Run(policy, func(t *testing.T) {
			s := d.start(t, configure)
			pair := s.Login("alice")
			bearer := "Authorization: Bearer " + pair.AccessToken
			s.wantOK("access", s.Me(pair.AccessToken))
			s.takeEvents()
			s.Store.Before(failing())
			failed := told{core.StoreFailed, pair.SessionID, "verify"}
			for what, a := range map[string]func() facetest.Answer{
				"access":               func() facetest.Answer { return s.Me(pair.AccessToken) },
				"optional":             func() facetest.Answer { return s.maybe(bearer) },
				"sessions":             func() facetest.Answer { return s.Sessions(pair.AccessToken) },
				"logout of all":        func() facetest.Answer { return s.LogoutAll(pair.AccessToken, false) },
				"the end of a session": func() facetest.Answer { return s.RevokeSession(pair.AccessToken, pair.SessionID) },
			} {
				s.wantError(what, a(), core.ErrUnavailable)
				s.wantEvents(failed)
			}
			s.wantError("a bad token", s.Me("rubbish"), core.ErrTokenInvalid)
			s.wantEvents()
			s.Store.Heal()
			s.wantAlive(pair)
		})
	}
}

// Open, an access check accepts what it cannot ask about and says so each
// time. Nothing else does: a reissue never passes unchecked.
func outageOpen(t *testing.T, d deployment) {
	s := d.start(t, func(c *core.Config) { c.OnStoreFailure = core.FailOpen })
	pair, ended := s.Login("alice"), s.Login("alice")
	s.want("logout", s.Logout(ended.AccessToken), loggedOut())
	s.takeEvents()
	s.Store.Before(failing())
	for i := range 4 {
		if i%2 == 0 {
			s.wantOK("access", s.Me(pair.AccessToken))
		} else {
			s.wantOK("optional", s.maybe("Authorization: Bearer "+pair.AccessToken))
		}
		if events := s.takeEvents(); len(events) != 1 || events[0].Type != core.AccessUnchecked || events[0].Err == nil ||
			events[0].SessionID != pair.SessionID || events[0].Subject != "alice" || events[0].Level().String() != "ERROR" {
			t.Errorf("events: got %+v, want one unchecked access", events)
		}
	}
	s.wantOK("access by a revoked token, as documented", s.Me(ended.AccessToken))
	s.takeEvents()
	for _, w := range ways() {
		s.wantError("reissue "+w.name, w.send(s.Client, pair.RefreshToken), core.ErrUnavailable)
		s.wantEvents(told{core.StoreFailed, pair.SessionID, "reissue"})
	}
	s.wantError("login", s.TryLogin("alice"), core.ErrUnavailable)
	s.wantError("logout", s.Logout(pair.AccessToken), core.ErrUnavailable)
	s.wantError("logout of all", s.LogoutAll(pair.AccessToken, false), core.ErrUnavailable)
	// What is wrong without the store stays wrong.
	s.wantError("access by the refresh token", s.Me(pair.RefreshToken), core.ErrTokenInvalid)
	s.Clock.Advance(10 * time.Minute)
	s.wantError("access by an expired token", s.Me(pair.AccessToken), core.ErrTokenExpired)
	s.Store.Heal()
	s.wantError("access by the ended session's", s.Me(ended.AccessToken), core.ErrTokenExpired)
	s.takeEvents()
	s.wantAlive(s.reissue(pair.RefreshToken))
}

// Who brings no token needs no store.
func outageAnonymous(t *testing.T, d deployment) {
	s := d.start(t)
	s.Store.Before(failing())
	s.noCalls("no token", func() {
		s.wantError("access", s.Me(""), core.ErrTokenInvalid)
		s.wantError("access without a header", s.Do(facetest.Request{Method: "GET", Path: "/api/me"}), core.ErrTokenMissing)
		if a := s.maybe(); a.Status != http.StatusOK {
			t.Errorf("optional: got %s\nwant 200", render(a))
		}
		s.wantError("reissue", s.Reissue(""), core.ErrRefreshMissing)
		s.want("logout", s.logoutByBody(""), loggedOut())
	})
	s.wantEvents()
}
