package drivertest

import (
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// blockCases are about blocked subjects.
func blockCases() []testCase {
	return []testCase{
		{
			name: "kills all",
			rule: "Block kills each of the subject's sessions, tells which, and touches no other subject's",
			run: func(e *env) {
				subject, stranger := e.newSubject(), e.login(e.newSubject())
				a, b, ended := e.login(subject), e.login(subject), e.login(subject)
				a.present(0, driver.Rotated)
				e.end(ended.ending(), driver.Ended)
				e.block(blocking(subject, time.Time{}), a.id(), b.id())
				a.wantDead()
				b.wantDead()
				e.wantList(subject)
				stranger.wantLive(0)
				e.create(e.newRequest(stranger.subject()), driver.Created)
			},
		},
		{
			name: "expired sessions die as well",
			rule: "the access tokens of a session that is past its end are denied, though it is not among those that Block ended",
			run: func(e *env) {
				r := e.newRequest(e.newSubject())
				r.AccessTTL, r.IdleTTL = time.Hour, time.Minute
				expired := e.start(r)
				e.advanceTo(expired.created.IdleEnd)
				e.block(blocking(r.Subject, time.Time{}))
				expired.wantDead()
			},
		},
		{
			name: "until",
			rule: "logins are refused until, and accepted from, Until",
			run: func(e *env) {
				subject := e.newSubject()
				until := e.clock.Now().Add(time.Hour)
				e.wantFree(subject)
				e.block(blocking(subject, until))
				e.create(e.newRequest(subject), driver.CreateIsBlocked)
				e.advanceTo(until.Add(-time.Millisecond))
				e.login(e.newSubject())
				e.create(e.newRequest(subject), driver.CreateIsBlocked)
				e.wantBlocked(subject, until)
				e.clock.Advance(time.Millisecond)
				e.wantFree(subject)
				e.login(subject).wantLive(0)
			},
		},
		{
			name: "for ever",
			rule: "with no Until logins are refused until Unblock, however long that is",
			run: func(e *env) {
				subject := e.newSubject()
				e.block(blocking(subject, time.Time{}))
				e.clock.Advance(50 * 365 * 24 * time.Hour)
				e.create(e.newRequest(subject), driver.CreateIsBlocked)
				e.wantBlocked(subject, time.Time{})
				e.wantFree(e.newSubject())
				e.unblock(subject)
				e.wantFree(subject)
				e.login(subject).wantLive(0)
			},
		},
		{
			name: "until a time that has passed",
			rule: "a block that is over already, by a clock that is ahead, kills the sessions and refuses nobody",
			run: func(e *env) {
				for _, ago := range []time.Duration{0, time.Millisecond, 365 * 24 * time.Hour} {
					s := e.login(e.newSubject())
					e.block(blocking(s.subject(), e.clock.Now().Add(-ago)), s.id())
					s.wantDead()
					e.wantFree(s.subject())
					e.login(s.subject()).wantLive(0)
				}
			},
		},
		{
			name: "the latest decides",
			rule: "a further block replaces the one before, whether it is longer or shorter",
			run: func(e *env) {
				hour, day := e.clock.Now().Add(time.Hour), e.clock.Now().Add(24*time.Hour)
				longer, shorter, ended, forEver := e.newSubject(), e.newSubject(), e.newSubject(), e.newSubject()
				e.block(blocking(longer, hour))
				e.block(blocking(longer, day))
				e.block(blocking(shorter, day))
				e.block(blocking(shorter, hour))
				e.block(blocking(ended, time.Time{}))
				e.block(blocking(ended, hour))
				e.block(blocking(forEver, hour))
				e.block(blocking(forEver, time.Time{}))
				e.wantBlocked(longer, day)
				e.wantBlocked(shorter, hour)
				e.wantBlocked(ended, hour)
				e.wantBlocked(forEver, time.Time{})
				e.advanceTo(hour)
				e.create(e.newRequest(longer), driver.CreateIsBlocked)
				e.create(e.newRequest(shorter), driver.Created)
				e.create(e.newRequest(ended), driver.Created)
				e.create(e.newRequest(forEver), driver.CreateIsBlocked)
				e.advanceTo(day)
				e.create(e.newRequest(longer), driver.Created)
				e.create(e.newRequest(forEver), driver.CreateIsBlocked)
			},
		},
		{
			name: "until beyond all clocks",
			rule: "a block until a time whose milliseconds overflow lasts until Unblock",
			run: func(e *env) {
				for _, until := range []time.Time{
					time.Unix(1<<63-62135596801, 999999999), time.Unix(1<<62, 0), time.UnixMilli(1<<63 - 1), time.UnixMilli(1<<53 + 1),
				} {
					subject := e.newSubject()
					e.block(blocking(subject, until))
					e.create(e.newRequest(subject), driver.CreateIsBlocked)
					e.wantBlocked(subject, time.Time{})
					e.unblock(subject)
					e.login(subject)
				}
			},
		},
		{
			name: "unblock revives nothing",
			rule: "after Unblock the subject may log in again, and the sessions that the block killed stay dead",
			run: func(e *env) {
				old := e.login(e.newSubject())
				e.block(blocking(old.subject(), time.Time{}), old.id())
				e.unblock(old.subject())
				old.wantDead()
				e.wantList(old.subject())
				next := e.login(old.subject())
				next.present(0, driver.Rotated)
				next.wantLive(1)
				old.wantDead()
			},
		},
		{
			name: "unblock of nobody blocked",
			rule: "Unblock of a subject that is not blocked is no error and changes nothing",
			run: func(e *env) {
				s := e.login(e.newSubject())
				e.unblock(s.subject())
				e.unblock(e.newSubject())
				s.wantLive(0)
			},
		},
	}
}
