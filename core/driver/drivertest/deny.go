package drivertest

import (
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// denyCases are about single access tokens on the blacklist.
func denyCases() []testCase {
	return []testCase{
		{
			name: "one generation",
			rule: "Deny revokes the access tokens of one generation of one session, and no other",
			run: func(e *env) {
				s := e.login(e.newSubject())
				other := e.login(s.subject())
				s.present(0, driver.Rotated)
				s.present(1, driver.Rotated)
				e.deny(s.denying(1, e.clock.Now().Add(accessTTL)))
				s.wantRevoked(true, 1)
				s.wantRecord(true, 1)
				s.wantRevoked(false, 0, 2, 3, 10, 11, maxGeneration)
				other.present(0, driver.Rotated)
				other.wantRevoked(false, 0, 1)
			},
		},
		{
			name: "each generation for itself",
			rule: "the first generation and the greatest are generations like any other",
			run: func(e *env) {
				s := e.login(e.newSubject())
				expires := e.clock.Now().Add(accessTTL)
				e.deny(s.denying(0, expires))
				s.wantRevoked(true, 0)
				s.wantRevoked(false, 1, 10, maxGeneration)
				e.deny(s.denying(maxGeneration-1, expires))
				s.wantRevoked(true, 0, maxGeneration-1)
				s.wantRevoked(false, 1, maxGeneration-2, maxGeneration)
			},
		},
		{
			name: "the session goes on",
			rule: "a denied access token costs the session nothing: its next reissue yields a good one",
			run: func(e *env) {
				s := e.login(e.newSubject())
				e.deny(s.denying(0, e.clock.Now().Add(accessTTL)))
				e.wantList(s.subject(), s)
				s.present(0, driver.Rotated)
				s.wantLive(1)
				s.wantRevoked(true, 0)
			},
		},
		{
			name: "until the token has expired",
			rule: "a denial lasts until DenialMargin after ExpiresAt or the session's last access token's expiry, the later",
			run: func(e *env) {
				e.advanceToSecond()
				for _, expires := range []time.Duration{time.Minute, time.Hour} {
					s := e.login(e.newSubject())
					e.deny(s.denying(0, e.clock.Now().Add(expires)))
					until := e.clock.Now().Add(max(expires, accessTTL)).Add(driver.DenialMargin)
					s.advanceToEnd(until)
					s.wantRevoked(true, 0)
				}
			},
		},
		{
			name: "without a record",
			rule: "a token whose session's record is gone is denied by its ExpiresAt",
			run: func(e *env) {
				lost := e.lost()
				expires := e.clock.Now().Add(time.Hour)
				e.deny(lost.denying(3, expires))
				lost.wantRevoked(false, 2, 4)
				lost.advanceToEnd(expires.Add(driver.DenialMargin))
				lost.wantRevoked(true, 3)
				lost.wantRevoked(false, 2, 4)
				lost.present(3, driver.Missing)
				e.wantList(lost.subject())
			},
		},
		{
			name: "never shorter",
			rule: "a later denial with an earlier expiry does not shorten the one before",
			run: func(e *env) {
				lost := e.lost()
				expires := e.clock.Now().Add(time.Hour)
				e.deny(lost.denying(3, expires))
				e.deny(lost.denying(3, e.clock.Now().Add(time.Minute)))
				e.deny(lost.denying(3, e.clock.Now().Add(-time.Hour)))
				e.deny(lost.denying(4, e.clock.Now().Add(time.Minute)))
				lost.advanceToEnd(expires.Add(driver.DenialMargin))
				lost.wantRevoked(true, 3)
			},
		},
		{
			name: "longer",
			rule: "a later denial with a later expiry prolongs the one before",
			run: func(e *env) {
				lost := e.lost()
				expires := e.clock.Now().Add(time.Hour)
				e.deny(lost.denying(3, e.clock.Now().Add(time.Minute)))
				e.deny(lost.denying(3, expires))
				lost.advanceToEnd(expires.Add(driver.DenialMargin))
				lost.wantRevoked(true, 3)
			},
		},
		{
			name: "an expired token",
			rule: "to deny a token that has long expired is no error and touches nothing else",
			run: func(e *env) {
				s, lost := e.login(e.newSubject()), e.lost()
				s.present(0, driver.Rotated)
				e.clock.Advance(time.Hour)
				s.present(1, driver.Rotated)
				e.deny(s.denying(0, e.clock.Now().Add(-50*time.Minute)))
				e.deny(lost.denying(0, e.clock.Now().Add(-50*time.Minute)))
				s.wantLive(2)
				lost.wantRevoked(false, 1, 2)
				s.present(2, driver.Rotated)
			},
		},
	}
}
