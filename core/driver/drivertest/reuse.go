package drivertest

import (
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// reuseCases are about an earlier refresh token presented again: two parties
// hold the session, and nobody can tell which is the thief.
func reuseCases() []testCase {
	return []testCase{
		{
			name: "kills the session",
			rule: "reuse kills the session and denies its access tokens in the same step",
			run: func(e *env) {
				s := e.login(e.newSubject())
				s.present(0, driver.Rotated)
				e.clock.Advance(reuseGrace + time.Millisecond)
				got := s.present(0, driver.Reuse)
				if got.Distance != 1 || got.Age != reuseGrace+time.Millisecond {
					e.Fatalf("distance, age = %d, %v, want 1, %v", got.Distance, got.Age, reuseGrace+time.Millisecond)
				}
				s.wantDead()
			},
		},
		{
			name: "kills nothing else",
			rule: "the user's other sessions and other users' live",
			run: func(e *env) {
				s := e.login(e.newSubject())
				other, stranger := e.login(s.subject()), e.login(e.newSubject())
				s.present(0, driver.Rotated)
				s.present(1, driver.Rotated)
				s.present(0, driver.Reuse)
				s.wantDead()
				other.wantLive(0)
				stranger.wantLive(0)
				other.present(0, driver.Rotated)
			},
		},
		{
			name: "tells once",
			rule: "after the kill any token of the session is revoked: there is no second alarm",
			run: func(e *env) {
				s := e.login(e.newSubject())
				for g := range int64(3) {
					s.present(g, driver.Rotated)
				}
				s.present(1, driver.Reuse)
				for g := range int64(5) {
					s.present(g, driver.Revoked)
				}
			},
		},
		{
			name: "grandparent",
			rule: "an ancestor before the parent is reuse, however short ago it was used",
			run: func(e *env) {
				for ancestor := range int64(4) {
					s := e.login(e.newSubject())
					for g := range int64(5) {
						s.present(g, driver.Rotated)
					}
					got := s.present(ancestor, driver.Reuse)
					if got.Distance != 5-ancestor {
						e.Fatalf("distance = %d, want %d", got.Distance, 5-ancestor)
					}
					s.wantDead()
				}
			},
		},
		{
			name: "an ancestor of long ago",
			rule: "each ancestor is recognised for as long as the session lives, with no record of it",
			run: func(e *env) {
				s := e.login(e.newSubject())
				s.present(9_990, driver.Recovered) // a short way to a long history
				for g := int64(9_991); g < 10_000; g++ {
					s.present(g, driver.Rotated)
				}
				got := s.present(0, driver.Reuse)
				if got.Distance != 10_000 {
					e.Fatalf("distance = %d, want 10000", got.Distance)
				}
				s.wantDead()
			},
		},
		{
			name: "a thief in lock-step",
			rule: "whoever of thief and victim presents a used token second ends the session, whichever of them is ahead",
			run: func(e *env) {
				s := e.login(e.newSubject())
				e.clock.Advance(time.Minute)
				s.present(0, driver.Rotated) // the thief
				e.clock.Advance(time.Minute)
				s.present(0, driver.Reuse) // the victim
				s.present(1, driver.Revoked)
				s.wantDead()
			},
		},
	}
}
