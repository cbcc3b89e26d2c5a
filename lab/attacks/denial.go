package attacks

import (
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func denialRows() []row {
	return []row{
		{"49_denial_outlives_the_token", denialOutlives},
		{"49_clocks_and_leeways_differ", denialWithLeeway},
	}
}

// A denial is of no use if it ends before the token, however the settings
// changed between the two.
//
// Express-jwt-blacklist kept a user's revoked tokens under one key, which lived
// as long as the one that was revoked last. With that, a token revoked earlier
// that lives longer was good again.
//
//   - https://github.com/layerhq/express-jwt-blacklist/pull/9
func denialOutlives(t *testing.T, d deployment) {
	ends := endings()
	ends["logout by access token"] = func(s *scene, _, child facetest.Pair) {
		s.want("logout", s.last().Logout(child.AccessToken), loggedOut())
	}
	ends["blacklist"] = func(s *scene, parent, _ facetest.Pair) {
		s.must(s.last().Authority.Blacklist(s.t.Context(), parent.AccessToken))
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			s := d.start(t, func(c *core.Config) { c.AccessTTL = 5 * time.Hour })
			lowered := s.sibling(func(c *core.Config) { c.AccessTTL = 10 * time.Minute })
			login := s.Clock.Now()
			parent := s.Login("alice")
			expiry := s.expiry(parent.AccessToken)
			s.Clock.Advance(time.Second)
			child := s.issued(lowered.Reissue(parent.RefreshToken))
			if got, want := child.ExpiresIn, int64(599); got != want {
				t.Errorf("expires_in after AccessTTL was lowered: got %d, want %d", got, want)
			}
			s.wantOK("access by the older token", lowered.Me(parent.AccessToken))
			end(s, parent, child)
			for _, at := range []time.Time{login.Add(15 * time.Minute), login.Add(time.Hour), login.Add(4 * time.Hour), expiry.Add(-time.Millisecond)} {
				s.Clock.Advance(at.Sub(s.Clock.Now()))
				s.Login("bob") // lets the store forget what it may
				for _, p := range s.processes {
					s.wantError("access by the older token", p.Me(parent.AccessToken), core.ErrTokenRevoked)
				}
			}
			s.Clock.Advance(time.Millisecond)
			s.wantError("access by the older token", s.Me(parent.AccessToken), core.ErrTokenExpired)
		})
	}
}

// expiry returns when a token expires.
func (s *scene) expiry(token string) time.Time {
	s.t.Helper()
	exp, ok := s.claims(token)["exp"].(interface{ Int64() (int64, error) })
	if !ok {
		s.t.Fatal("the token has no exp")
	}
	seconds, err := exp.Int64()
	s.must(err)
	return time.Unix(seconds, 0)
}

// A process with the greatest leeway and a clock a minute behind the store's
// never sees the denial of a token go before the token.
func denialWithLeeway(t *testing.T, d deployment) {
	s := d.start(t)
	now := s.Clock.Now
	late := s.sibling(func(c *core.Config) {
		c.Leeway = time.Minute
		c.Now = func() time.Time { return now().Add(-time.Minute) }
	})
	pair := s.Login("alice")
	expiry := s.expiry(pair.AccessToken)
	for _, p := range s.processes {
		s.wantOK("access", p.Me(pair.AccessToken))
	}
	s.want("logout", s.Logout(pair.AccessToken), loggedOut())
	for after := time.Duration(0); after < 2*time.Minute; after += 7250 * time.Millisecond {
		s.Clock.Advance(expiry.Add(after).Sub(now()))
		s.Login("bob")
		s.wantError("access where the token lives", late.Me(pair.AccessToken), core.ErrTokenRevoked)
	}
	s.wantError("access where it has expired", s.Me(pair.AccessToken), core.ErrTokenExpired)
	s.Clock.Advance(expiry.Add(2*time.Minute - time.Millisecond).Sub(now()))
	s.Login("bob")
	s.wantError("access at the last moment", late.Me(pair.AccessToken), core.ErrTokenRevoked)
	s.Clock.Advance(time.Millisecond)
	s.Login("bob")
	s.wantError("access after it", late.Me(pair.AccessToken), core.ErrTokenExpired)
}
