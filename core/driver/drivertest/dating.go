package drivertest

import (
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// datingCases are about the date of the access token that a replay or a retry
// is answered with, and about denials that must outlive it.
func datingCases() []testCase {
	return []testCase{
		{
			name: "the rotation's date",
			rule: "as long as the access token of the rotation is good, the same pair carries the rotation's date",
			run: func(e *env) {
				s := e.login(e.newSubject())
				e.clock.Advance(1234 * time.Millisecond)
				r := s.rotation(0)
				first := e.rotate(r, driver.Rotated)
				e.advanceTo(accessExpiry(first, accessTTL).Add(-time.Millisecond))
				e.wantPair("the retry", e.rotate(retry(r), driver.SameAttempt), first)
			},
		},
		{
			name: "dated anew",
			rule: "once the access token of the rotation has expired (exp is in whole seconds, rounded down), the same pair is dated now, each time",
			run: func(e *env) {
				s := e.login(e.newSubject())
				e.clock.Advance(1234 * time.Millisecond)
				r := s.rotation(0)
				first := e.rotate(r, driver.Rotated)
				e.advanceTo(accessExpiry(first, accessTTL))
				for range 3 {
					want := first
					want.IssuedAt = e.clock.Now()
					e.wantPair("the retry", e.rotate(retry(r), driver.SameAttempt), want)
					e.clock.Advance(time.Hour)
				}
			},
		},
		{
			name: "dated anew within the window",
			rule: "a replay is dated anew as well where the access token is shorter than the window",
			run: func(e *env) {
				q := e.newRequest(e.newSubject())
				q.AccessTTL = 5 * time.Second
				s := e.start(q)
				first := s.present(0, driver.Rotated)
				e.advanceTo(accessExpiry(first, q.AccessTTL).Add(-time.Millisecond))
				e.wantPair("the replay", s.present(0, driver.Replayed), first)
				e.clock.Advance(time.Millisecond)
				first.IssuedAt = e.clock.Now()
				e.wantPair("the replay", s.present(0, driver.Replayed), first)
			},
		},
		{
			name: "the window does not move",
			rule: "dating an access token anew does not count as a rotation",
			run: func(e *env) {
				q := e.newRequest(e.newSubject())
				q.AccessTTL = 5 * time.Second
				s := e.start(q)
				s.present(0, driver.Rotated)
				e.clock.Advance(reuseGrace)
				s.present(0, driver.Replayed)
				e.clock.Advance(time.Millisecond)
				s.present(0, driver.Reuse)
			},
		},
		{
			name: "the denial outlives the later token",
			rule: "a session's denial and tombstone last until DenialMargin after the expiry of the access token dated anew",
			run: func(e *env) {
				e.advanceToSecond()
				s := e.login(e.newSubject())
				r := s.rotation(0)
				e.rotate(r, driver.Rotated)
				e.clock.Advance(2 * time.Hour)
				e.rotate(retry(r), driver.SameAttempt)
				s.wantTombstone(e.clock.Now().Add(accessTTL), func() { e.end(s.ending(), driver.Ended) })
			},
		},
		{
			name: "the denial outlives a longer AccessTTL of earlier",
			rule: "a denial outlives the access tokens issued before AccessTTL was lowered",
			run: func(e *env) {
				e.advanceToSecond()
				q := e.newRequest(e.newSubject())
				q.AccessTTL = time.Hour
				s := e.start(q)
				s.accessTTL = time.Minute
				s.present(0, driver.Rotated)
				s.wantTombstone(s.created.CreatedAt.Add(time.Hour), func() { e.end(s.ending(), driver.Ended) })
			},
		},
		{
			name: "the denial outlives a longer AccessTTL of a rotation",
			rule: "a denial outlives the access tokens issued after AccessTTL was raised, by a rotation or by a replay",
			run: func(e *env) {
				e.advanceToSecond()
				for _, again := range []bool{false, true} {
					s := e.login(e.newSubject())
					if again {
						s.present(0, driver.Rotated)
					}
					s.accessTTL = time.Hour
					issued := e.clock.Now()
					if again {
						s.present(0, driver.Replayed)
					} else {
						s.present(0, driver.Rotated)
					}
					s.accessTTL = time.Minute
					s.wantTombstone(issued.Add(time.Hour), func() { e.endAll(endingAll(s.subject()), s.id()) })
				}
			},
		},
		{
			name: "no access token outlives the session",
			rule: "an access token expires at the session's absolute end at the latest, and the denial counts from there",
			run: func(e *env) {
				e.advanceToSecond()
				q := e.newRequest(e.newSubject())
				q.AccessTTL, q.SessionTTL = time.Hour, 30*time.Minute
				s := e.start(q)
				e.clock.Advance(20 * time.Minute)
				s.present(0, driver.Rotated)
				s.wantTombstone(s.created.SessionEnd, func() { e.end(s.ending(), driver.Ended) })
			},
		},
	}
}

// accessExpiry is the exp claim of an access token that a rotation issues.
func accessExpiry(r driver.RotateResult, ttl time.Duration) time.Time {
	return r.IssuedAt.Add(ttl).Truncate(time.Second)
}

// wantTombstone wants that a kill holds until DenialMargin after the session's
// last access token has expired, or after the kill if that was later, and that
// the session then counts as missing. What a store answers to Revoked from there
// on is its own affair: no token is left that would pass.
func (s *session) wantTombstone(lastExpiry time.Time, kill func()) {
	s.Helper()
	kill()
	retention := lastExpiry
	if killed := s.clock.Now(); killed.After(retention) {
		retention = killed
	}
	retention = retention.Add(driver.DenialMargin)

	s.present(0, driver.Revoked)
	denied := lastExpiry.Add(driver.DenialMargin)
	if denied.After(s.clock.Now()) {
		s.advanceToEnd(denied)
		s.wantDead()
	}
	s.advanceToEnd(retention)
	s.present(0, driver.Revoked)
	s.clock.Advance(time.Millisecond)
	s.present(0, driver.Missing)
	s.end(driver.EndRequest{Operation: newID(), Subject: s.subject(), SessionID: s.id(), OnlyLive: true}, driver.EndMissing)
}
