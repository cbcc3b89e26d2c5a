package attacks

import (
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func othersRows() []row {
	return []row{
		{"45_another_users_session", anothersSession},
		{"46_all_but_the_current", allButCurrent},
	}
}

// Another user's session is answered as none, to the byte, before and after it
// has ended, and is neither shown nor ended.
func anothersSession(t *testing.T, d deployment) {
	s := d.start(t)
	s.sibling()
	alice, bob := s.Login("alice"), s.Login("bob")
	ended := s.Login("alice")
	s.want("logout", s.Logout(ended.AccessToken), loggedOut())
	s.takeEvents()
	none := "AAAAAAAAAAAAAAAAAAAAAA"
	var calls []int
	for _, id := range []string{none, alice.SessionID, ended.SessionID} {
		before := s.Store.Calls()
		s.wantError("the end of "+id, s.RevokeSession(bob.AccessToken, id), core.ErrSessionNotFound)
		calls = append(calls, s.Store.Calls()-before)
	}
	if calls[0] != calls[1] || calls[0] != calls[2] {
		t.Errorf("calls of the store: got %v, want as many for each", calls)
	}
	for _, id := range []string{"x", "*", "..%2F" + alice.SessionID} {
		s.wantError("the end of "+id, s.RevokeSession(bob.AccessToken, id), core.ErrSessionNotFound)
	}
	for _, method := range []string{"GET", "POST", "PUT", "PATCH"} {
		var answers []string
		for _, id := range []string{none, alice.SessionID} {
			answers = append(answers, render(s.Do(facetest.Request{Method: method, Path: "/auth/sessions/" + id, Header: []string{"Authorization: Bearer " + bob.AccessToken}})))
		}
		if answers[0] != answers[1] {
			t.Errorf("%s tells two sessions apart: got %s\nand %s", method, answers[0], answers[1])
		}
	}
	s.wantIDs(bob.AccessToken, bob)
	s.wantIDs(alice.AccessToken, alice)
	s.wantEvents()
	s.want("logout of all", s.LogoutAll(bob.AccessToken, false), answered(200, `{"ended":1}`))
	s.wantEvents(told{core.SessionRevoked, bob.SessionID, "revoke_all"})
	s.wantDead(bob)
	s.wantAlive(alice)
}

func allButCurrent(t *testing.T, d deployment) {
	s := d.start(t)
	two := s.sibling()
	var others []facetest.Pair
	ended := make(map[told]int)
	for range 5 {
		p := s.Login("alice")
		others = append(others, p)
		ended[told{core.SessionRevoked, p.SessionID, "revoke_all"}] = 1
	}
	current, bob := s.Login("alice"), s.Login("bob")
	s.takeEvents()
	s.want("all but the current", two.LogoutAll(current.AccessToken, true), answered(200, `{"ended":5}`))
	s.wantCounts(ended)
	s.wantDead(others...)
	s.wantIDs(current.AccessToken, current)
	current = s.wantAlive(current)
	s.want("again", s.LogoutAll(current.AccessToken, true), answered(200, `{"ended":0}`))
	s.wantEvents()
	s.wantAlive(current)
	s.wantAlive(bob)
}
