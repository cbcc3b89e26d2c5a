package drivertest

import (
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// limitCases are about a login of a subject that has MaxSessions sessions.
func limitCases() []testCase {
	return []testCase{
		{
			name: "evicts the longest without a reissue",
			rule: "EvictIdlest kills the session that has gone longest without a reissue, not the one created first",
			run: func(e *env) {
				subject := e.newSubject()
				a, b, c := e.loginLater(subject), e.loginLater(subject), e.loginLater(subject)
				a.present(0, driver.Rotated)
				e.clock.Advance(time.Second)
				d := e.loginAtLimit(subject, 3, driver.EvictIdlest)
				e.wantIDs("Evicted", d.created.Evicted, b.id())
				b.wantDead()
				e.wantList(subject, d, a, c)
				f := e.loginAtLimit(subject, 3, driver.EvictIdlest)
				e.wantIDs("Evicted", f.created.Evicted, c.id())
				g := e.loginAtLimit(subject, 3, driver.EvictIdlest)
				e.wantIDs("Evicted", g.created.Evicted, a.id())
				a.wantDead()
				c.wantDead()
			},
		},
		{
			name: "evicts in order, of many",
			rule: "the order of eviction is that of the last reissue, however many sessions there are",
			run: func(e *env) {
				const many = 150
				subject := e.newSubject()
				var s []*session
				for range many {
					r := e.newRequest(subject)
					r.MaxSessions = many
					s = append(s, e.start(r))
					e.clock.Advance(time.Second)
				}
				for i := many - 1; i >= 0; i-- { // in any order that is not that of the logins
					s[i*7%many].present(0, driver.Rotated)
					e.clock.Advance(time.Second)
				}
				for i := many - 1; i >= many-20; i-- {
					next := e.loginAtLimit(subject, many, driver.EvictIdlest)
					e.wantIDs("Evicted", next.created.Evicted, s[i*7%many].id())
				}
				e.wantIDs("Evicted", e.loginAtLimit(subject, many-1, driver.EvictIdlest).created.Evicted,
					s[(many-21)*7%many].id(), s[(many-22)*7%many].id())
				r := e.newRequest(subject)
				r.MaxSessions, r.OnLimit = many-1, driver.RejectNew
				e.create(r, driver.CreateAtLimit)
			},
		},
		{
			name: "expired sessions do not count, of many",
			rule: "sessions past their end take no place and are not evicted, however many there are, and those that have been reissued since do",
			run: func(e *env) {
				for _, policy := range []driver.LimitPolicy{driver.EvictIdlest, driver.RejectNew} {
					const many = 60
					subject := e.newSubject()
					var s []*session
					for range many {
						r := e.newRequest(subject)
						r.IdleTTL, r.MaxSessions, r.OnLimit = 2*time.Minute, many, driver.RejectNew
						s = append(s, e.start(r))
					}
					e.clock.Advance(time.Millisecond)
					for i := range many / 2 {
						s[2*i].present(0, driver.Rotated)
					}
					e.advanceTo(s[0].created.IdleEnd)
					for range many / 2 {
						r := e.newRequest(subject)
						r.MaxSessions, r.OnLimit = many, policy
						e.wantIDs("Evicted", e.start(r).created.Evicted)
					}
					if n := len(e.list(subject)); n != many {
						e.Fatalf("there are %d sessions, want %d", n, many)
					}
					r := e.newRequest(subject)
					r.MaxSessions, r.OnLimit = many, driver.RejectNew
					e.create(r, driver.CreateAtLimit)
					for i := range many / 2 {
						s[2*i].wantLive(1)
					}
				}
			},
		},
		{
			name: "recovery refreshes, a replay does not",
			rule: "only what moves a session on counts as a reissue",
			run: func(e *env) {
				subject := e.newSubject()
				a, b, c := e.loginLater(subject), e.loginLater(subject), e.loginLater(subject)
				for _, s := range []*session{a, b, c} {
					s.present(0, driver.Rotated)
					e.clock.Advance(time.Second)
				}
				a.present(0, driver.Replayed)
				b.present(5, driver.Recovered)
				e.clock.Advance(time.Second)
				d := e.loginAtLimit(subject, 3, driver.EvictIdlest)
				e.wantIDs("Evicted", d.created.Evicted, a.id())
				e.wantList(subject, d, b, c)
			},
		},
		{
			name: "evicted is dead at once",
			rule: "when the login returns, the access tokens of the session it evicted are denied",
			run: func(e *env) {
				old := e.login(e.newSubject())
				old.present(0, driver.Rotated)
				r := e.newRequest(old.subject())
				r.MaxSessions = 1
				next := e.start(r)
				e.wantIDs("Evicted", next.created.Evicted, old.id())
				old.wantDead()
				next.wantLive(0)
			},
		},
		{
			name: "rejects the new",
			rule: "RejectNew refuses the login and kills nothing",
			run: func(e *env) {
				subject := e.newSubject()
				a, b := e.loginLater(subject), e.loginLater(subject)
				r := e.newRequest(subject)
				r.MaxSessions, r.OnLimit = 2, driver.RejectNew
				got := e.create(r, driver.CreateAtLimit)
				e.wantTime("CreatedAt", got.CreatedAt, time.Time{})
				e.wantTime("IdleEnd", got.IdleEnd, time.Time{})
				e.wantTime("SessionEnd", got.SessionEnd, time.Time{})
				e.wantIDs("Evicted", got.Evicted)
				refused := e.unstarted(r)
				refused.present(0, driver.Missing)
				e.wantList(subject, b, a)
				a.wantLive(0)
				b.wantLive(0)
			},
		},
		{
			name: "up to the limit",
			rule: "a login below MaxSessions stands and evicts nobody, with either policy",
			run: func(e *env) {
				for _, policy := range []driver.LimitPolicy{driver.EvictIdlest, driver.RejectNew} {
					subject := e.newSubject()
					for i := range 5 {
						s := e.loginAtLimit(subject, 5, policy)
						e.wantIDs("Evicted", s.created.Evicted)
						if n := len(e.list(subject)); n != i+1 {
							e.Fatalf("after %d logins there are %d sessions", i+1, n)
						}
					}
				}
			},
		},
		{
			name: "expired sessions do not count",
			rule: "a session past its idle or absolute end takes no place and is not evicted",
			run: func(e *env) {
				for _, policy := range []driver.LimitPolicy{driver.EvictIdlest, driver.RejectNew} {
					subject := e.newSubject()
					idle, ended := e.newRequest(subject), e.newRequest(subject)
					idle.IdleTTL, ended.SessionTTL, ended.IdleTTL = time.Minute, time.Minute, driver.NoLimit
					e.start(idle)
					e.start(ended)
					e.clock.Advance(time.Minute - time.Millisecond)
					r := e.newRequest(subject)
					r.MaxSessions, r.OnLimit = 2, driver.RejectNew
					e.create(r, driver.CreateAtLimit)
					e.clock.Advance(time.Millisecond)
					for range 2 {
						s := e.loginAtLimit(subject, 2, policy)
						e.wantIDs("Evicted", s.created.Evicted)
					}
				}
			},
		},
		{
			name: "killed sessions do not count",
			rule: "a killed session takes no place and is not evicted again",
			run: func(e *env) {
				for _, policy := range []driver.LimitPolicy{driver.EvictIdlest, driver.RejectNew} {
					s := e.login(e.newSubject())
					e.end(s.ending(), driver.Ended)
					next := e.loginAtLimit(s.subject(), 1, policy)
					e.wantIDs("Evicted", next.created.Evicted)
				}
			},
		},
		{
			name: "a lowered limit",
			rule: "EvictIdlest kills as many as it takes to make room under a limit that has been lowered; RejectNew none",
			run: func(e *env) {
				subject := e.newSubject()
				var s []*session
				for range 6 {
					s = append(s, e.loginLater(subject))
				}
				r := e.newRequest(subject)
				r.MaxSessions, r.OnLimit = 3, driver.RejectNew
				e.create(r, driver.CreateAtLimit)
				e.wantList(subject, s[5], s[4], s[3], s[2], s[1], s[0])
				next := e.loginAtLimit(subject, 3, driver.EvictIdlest)
				e.wantIDs("Evicted", next.created.Evicted, s[0].id(), s[1].id(), s[2].id(), s[3].id())
				e.wantList(subject, next, s[5], s[4])
				for _, gone := range s[:4] {
					gone.wantDead()
				}
			},
		},
		{
			name: "each subject's own",
			rule: "sessions of other subjects neither count nor are evicted",
			run: func(e *env) {
				for _, policy := range []driver.LimitPolicy{driver.EvictIdlest, driver.RejectNew} {
					a := e.loginAtLimit(e.newSubject(), 1, policy)
					b := e.loginAtLimit(e.newSubject(), 1, policy)
					e.wantIDs("Evicted", b.created.Evicted)
					a.wantLive(0)
				}
			},
		},
	}
}

// loginLater creates a session and moves the clock, so that no two are of one
// moment.
func (e *env) loginLater(subject string) *session {
	e.Helper()
	s := e.login(subject)
	e.clock.Advance(time.Second)
	return s
}

// loginAtLimit is loginLater with a limit of sessions.
func (e *env) loginAtLimit(subject string, limit int, policy driver.LimitPolicy) *session {
	e.Helper()
	r := e.newRequest(subject)
	r.MaxSessions, r.OnLimit = limit, policy
	s := e.start(r)
	e.clock.Advance(time.Second)
	return s
}
