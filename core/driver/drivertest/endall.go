package drivertest

import (
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// endAllCases are about the end of all of a subject's sessions.
func endAllCases() []testCase {
	return []testCase{
		{
			name: "ends all",
			rule: "EndAll kills each of the subject's sessions, tells which, and touches no other subject's",
			run: func(e *env) {
				subject, stranger := e.newSubject(), e.login(e.newSubject())
				a, b, c := e.login(subject), e.login(subject), e.login(subject)
				b.present(0, driver.Rotated)
				e.endAll(endingAll(subject), a.id(), b.id(), c.id())
				for _, s := range []*session{a, b, c} {
					s.wantDead()
				}
				e.wantList(subject)
				stranger.wantLive(0)
			},
		},
		{
			name: "keep",
			rule: "the sessions in Keep go on; ids in Keep that are no session of the subject's have no effect",
			run: func(e *env) {
				subject, stranger := e.newSubject(), e.login(e.newSubject())
				a, b, c := e.login(subject), e.login(subject), e.login(subject)
				e.endAll(endingAll(subject, b.id(), newSessionID(), stranger.id(), ""), a.id(), c.id())
				a.wantDead()
				c.wantDead()
				b.wantLive(0)
				b.present(0, driver.Rotated)
				e.endAll(endingAll(subject, b.id()))
				b.wantLive(1)
				stranger.wantLive(0)
			},
		},
		{
			name: "a later login lives",
			rule: "a login after EndAll lives, in the same millisecond too",
			run: func(e *env) {
				old := e.login(e.newSubject())
				e.endAll(endingAll(old.subject()), old.id())
				next := e.login(old.subject())
				next.wantLive(0)
				next.present(0, driver.Rotated)
				old.wantDead()
			},
		},
		{
			name: "nothing to end",
			rule: "EndAll of a subject without live sessions ends none: killed and expired ones do not count",
			run: func(e *env) {
				subject := e.newSubject()
				e.endAll(endingAll(subject))
				e.end(e.login(subject).ending(), driver.Ended)
				e.endAll(endingAll(subject))
				e.advanceTo(e.login(subject).created.IdleEnd)
				e.endAll(endingAll(subject))
			},
		},
		{
			name: "expired sessions die as well",
			rule: "the access tokens of a session that is past its end are denied, though it is not among those that EndAll ended",
			run: func(e *env) {
				r := e.newRequest(e.newSubject())
				r.AccessTTL, r.IdleTTL = time.Hour, time.Minute
				expired, live := e.start(r), e.login(r.Subject)
				e.advanceTo(expired.created.IdleEnd)
				e.endAll(endingAll(r.Subject), live.id())
				expired.wantDead()
				live.wantDead()
			},
		},
	}
}
