package drivertest

import (
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// killCases check that a kill is one thing, whatever brought it about.
func killCases() []testCase {
	return []testCase{
		{
			name: "is complete",
			rule: "a killed session has no refresh token, no access token of any generation and no place in the list",
			run: func(e *env) {
				for _, way := range waysToKill() {
					s := e.login(e.newSubject())
					s.present(0, driver.Rotated)
					s.present(1, driver.Rotated)
					way.kill(s)
					e.Logf("killed by %s", way.name)
					s.wantDead()
				}
			},
		},
		{
			name: "leaves a tombstone",
			rule: "a killed session is revoked until DenialMargin after its last access token's expiry and its denial lasts as long; then it is missing",
			run: func(e *env) {
				for _, way := range waysToKill() {
					e.advanceToSecond()
					s := e.login(e.newSubject())
					e.clock.Advance(time.Minute)
					s.present(0, driver.Rotated)
					issued := s.present(1, driver.Rotated).IssuedAt
					e.Logf("killed by %s", way.name)
					s.wantTombstone(issued.Add(accessTTL), func() { way.kill(s) })
				}
			},
		},
		{
			name: "leaves a tombstone without access tokens",
			rule: "a session killed after its last access token's expiry is revoked until DenialMargin after the kill",
			run: func(e *env) {
				for _, way := range waysToKill() {
					e.advanceToSecond()
					s := e.login(e.newSubject())
					s.present(0, driver.Rotated)
					issued := s.present(1, driver.Rotated).IssuedAt
					e.clock.Advance(time.Hour)
					e.Logf("killed by %s", way.name)
					s.wantTombstone(issued.Add(accessTTL), func() { way.kill(s) })
				}
			},
		},
		{
			name: "holds",
			rule: "nothing that comes after a kill revives the session or shortens its denial",
			run: func(e *env) {
				for _, way := range waysToKill() {
					e.advanceToSecond()
					s := e.login(e.newSubject())
					s.present(0, driver.Rotated)
					issued := s.present(1, driver.Rotated).IssuedAt
					e.Logf("killed by %s", way.name)
					s.wantTombstone(issued.Add(accessTTL), func() {
						way.kill(s)
						e.clock.Advance(time.Minute)
						e.end(s.ending(), driver.EndedEarlier)
						e.endAll(endingAll(s.subject(), s.id()))
						e.block(blocking(s.subject(), time.Time{}))
						e.unblock(s.subject())
						e.deny(s.denying(1, e.clock.Now()))
						s.present(2, driver.Revoked)
						s.present(7, driver.Revoked)
					})
				}
			},
		},
	}
}

// way is one of the ways to kill a session that has reached generation 2 and
// is its subject's only one. None of them leaves the subject with a session.
type way struct {
	name string
	kill func(*session)
}

func waysToKill() []way {
	return []way{
		{"reuse", func(s *session) {
			s.Helper()
			s.present(0, driver.Reuse)
		}},
		{"End", func(s *session) {
			s.Helper()
			s.end(s.ending(), driver.Ended)
		}},
		{"EndAll", func(s *session) {
			s.Helper()
			s.endAll(endingAll(s.subject()), s.id())
		}},
		{"Block", func(s *session) {
			s.Helper()
			s.block(blocking(s.subject(), time.Time{}), s.id())
		}},
		{"eviction", func(s *session) {
			s.Helper()
			r := s.newRequest(s.subject())
			r.MaxSessions = 1
			next := s.start(r)
			s.wantIDs("Evicted", next.created.Evicted, s.id())
			s.end(next.ending(), driver.Ended)
		}},
	}
}
