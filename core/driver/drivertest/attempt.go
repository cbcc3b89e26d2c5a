package drivertest

import (
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// attemptCases are about AttemptID: who tries the same reissue again gets the
// same answer however late, as long as the answer has not been used.
func attemptCases() []testCase {
	return []testCase{
		{
			name: "within the window",
			rule: "a retry of the attempt that rotated is told from a replay",
			run: func(e *env) {
				s := e.login(e.newSubject())
				r := s.rotation(0)
				first := e.rotate(r, driver.Rotated)
				got := e.rotate(retry(r), driver.SameAttempt)
				e.wantPair("the retry", got, first)
				if got.Distance != 1 {
					e.Fatalf("distance = %d, want 1", got.Distance)
				}
			},
		},
		{
			name: "strict",
			rule: "a retry of the attempt that rotated passes without any window",
			run: func(e *env) {
				s := e.login(e.newSubject())
				s.grace = driver.Strict
				r := s.rotation(0)
				first := e.rotate(r, driver.Rotated)
				e.wantPair("the retry", e.rotate(retry(r), driver.SameAttempt), first)
				e.clock.Advance(time.Minute)
				e.wantPair("the later retry", e.rotate(retry(r), driver.SameAttempt), first)
				s.wantLive(1)
			},
		},
		{
			name: "long after the window",
			rule: "a retry of the attempt that rotated passes as long as the session lives, and moves nothing",
			run: func(e *env) {
				s := e.login(e.newSubject())
				r := s.rotation(0)
				first := e.rotate(r, driver.Rotated)
				before, _ := s.listed()
				e.advanceTo(first.IdleEnd.Add(-time.Millisecond))
				got := e.rotate(retry(r), driver.SameAttempt)
				if got.Generation != 1 {
					e.Fatalf("generation = %d, want 1", got.Generation)
				}
				e.wantTime("IdleEnd", got.IdleEnd, first.IdleEnd)
				if after, _ := s.listed(); after != before {
					e.Fatalf("after the retry the session is %+v, want %+v", after, before)
				}
				s.present(1, driver.Rotated)
			},
		},
		{
			name: "another attempt",
			rule: "any other attempt after the window is reuse",
			run: func(e *env) {
				s := e.login(e.newSubject())
				r := s.rotation(0)
				e.rotate(r, driver.Rotated)
				e.clock.Advance(reuseGrace + time.Millisecond)
				r = retry(r)
				r.Attempt[15] ^= 1 // the whole id is compared
				e.rotate(r, driver.Reuse)
				s.wantDead()
			},
		},
		{
			name: "after the child was used",
			rule: "a retry of the attempt that rotated is reuse once the child has been used",
			run: func(e *env) {
				s := e.login(e.newSubject())
				r := s.rotation(0)
				e.rotate(r, driver.Rotated)
				s.present(1, driver.Rotated)
				e.rotate(retry(r), driver.Reuse)
				s.wantDead()
			},
		},
		{
			name: "a replay leaves no attempt",
			rule: "only the attempt that rotated is remembered: a replay writes nothing",
			run: func(e *env) {
				s := e.login(e.newSubject())
				winner, loser := s.rotation(0), s.rotation(0)
				e.rotate(winner, driver.Rotated)
				e.rotate(loser, driver.Replayed)
				e.clock.Advance(reuseGrace + time.Millisecond)
				e.rotate(retry(winner), driver.SameAttempt)
				e.rotate(retry(loser), driver.Reuse)
				s.wantDead()
			},
		},
		{
			name: "of its parent only",
			rule: "an attempt counts for the token it rotated: with the child, an ancestor or a later token it is an attempt like any other",
			run: func(e *env) {
				for _, x := range []struct {
					generation int64
					want       driver.Outcome
				}{{3, driver.Rotated}, {1, driver.Reuse}, {0, driver.Reuse}, {7, driver.Recovered}} {
					s := e.login(e.newSubject())
					s.present(0, driver.Rotated)
					s.present(1, driver.Rotated)
					last := s.rotation(2)
					e.rotate(last, driver.Rotated)
					r := retry(last)
					r.Generation = x.generation
					e.rotate(r, x.want)
				}
			},
		},
		{
			name: "only the last",
			rule: "the attempt remembered is that of the last rotation, not of an earlier one",
			run: func(e *env) {
				s := e.login(e.newSubject())
				first := s.rotation(0)
				e.rotate(first, driver.Rotated)
				s.present(1, driver.Rotated)
				e.clock.Advance(reuseGrace + time.Millisecond)
				r := s.rotation(1)
				r.Attempt = first.Attempt
				e.rotate(r, driver.Reuse)
			},
		},
	}
}

// retry returns the request as the client makes it again: the same attempt,
// another operation.
func retry(r driver.RotateRequest) driver.RotateRequest {
	r.Operation = newID()
	return r
}
