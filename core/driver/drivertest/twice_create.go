package drivertest

import (
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// createTwiceCases run a login twice.
func createTwiceCases() []testCase {
	return []testCase{
		{
			name: "Create",
			rule: "the second run answers the same times and makes no second session",
			run: func(e *env) {
				s := e.login(e.newSubject())
				e.again()
				s.wantSameCreate()
				e.wantList(s.subject(), s)
				s.wantLive(0)
			},
		},
		{
			name: "Create at the limit",
			rule: "the second run neither rejects the session that the first made nor evicts anything for it",
			run: func(e *env) {
				for _, policy := range []driver.LimitPolicy{driver.EvictIdlest, driver.RejectNew} {
					subject := e.newSubject()
					a := e.loginAtLimit(subject, 2, policy)
					b := e.loginAtLimit(subject, 2, policy)
					e.again()
					b.wantSameCreate()
					a.wantSameCreate()
					e.wantList(subject, b, a)
				}
			},
		},
		{
			name: "Create that evicts",
			rule: "the second run names the same evicted sessions and evicts no further",
			run: func(e *env) {
				subject := e.newSubject()
				var old []*session
				for range 4 {
					old = append(old, e.loginLater(subject))
				}
				s := e.loginAtLimit(subject, 2, driver.EvictIdlest)
				e.wantIDs("Evicted", s.created.Evicted, old[0].id(), old[1].id(), old[2].id())
				for range 2 {
					e.again()
					s.wantSameCreate()
					e.wantList(subject, s, old[3])
				}
			},
		},
		{
			name: "Create that is refused",
			rule: "a refusal is repeated and leaves nothing behind",
			run: func(e *env) {
				s := e.login(e.newSubject())
				r := e.newRequest(s.subject())
				r.MaxSessions, r.OnLimit = 1, driver.RejectNew
				blocked := e.newRequest(e.newSubject())
				e.block(blocking(blocked.Subject, time.Time{}))
				for range 2 {
					e.create(r, driver.CreateAtLimit)
					e.create(blocked, driver.CreateIsBlocked)
					e.again()
				}
				e.wantList(s.subject(), s)
				e.wantList(blocked.Subject)
			},
		},
		{
			name: "Create and a kill in between",
			rule: "the second run answers as the first, but what has been killed between the runs stays dead",
			run: func(e *env) {
				kills := []way{
					{"End", func(s *session) { s.end(s.ending(), driver.Ended) }},
					{"EndAll", func(s *session) { s.endAll(endingAll(s.subject()), s.id()) }},
					{"Block", func(s *session) { s.block(blocking(s.subject(), time.Time{}), s.id()) }},
				}
				for _, way := range kills {
					s := e.login(e.newSubject())
					way.kill(s)
					e.Logf("killed by %s", way.name)
					e.again()
					s.wantSameCreate()
					s.wantDead()
					e.wantList(s.subject())
				}
			},
		},
		{
			name: "Create and an eviction in between",
			rule: "the second run of a login that has been evicted since does not evict its successor",
			run: func(e *env) {
				subject := e.newSubject()
				first := e.loginAtLimit(subject, 1, driver.EvictIdlest)
				next := e.loginAtLimit(subject, 1, driver.EvictIdlest)
				e.again()
				first.wantSameCreate()
				first.wantDead()
				next.wantLive(0)
				e.wantList(subject, next)
			},
		},
		{
			name: "Create and another login in between",
			rule: "the second run does not reject or evict anything for a session that stands, though the limit is reached now",
			run: func(e *env) {
				for _, policy := range []driver.LimitPolicy{driver.EvictIdlest, driver.RejectNew} {
					subject := e.newSubject()
					a := e.loginAtLimit(subject, 2, policy)
					b := e.loginAtLimit(subject, 2, policy)
					a.wantSameCreate()
					e.wantList(subject, b, a)
				}
			},
		},
	}
}

// wantSameCreate runs the login again and wants the first answer.
func (s *session) wantSameCreate() {
	s.Helper()
	got := s.create(s.request, driver.Created)
	s.wantTime("CreatedAt", got.CreatedAt, s.created.CreatedAt)
	s.wantTime("IdleEnd", got.IdleEnd, s.created.IdleEnd)
	s.wantTime("SessionEnd", got.SessionEnd, s.created.SessionEnd)
	s.wantIDs("Evicted", got.Evicted, s.created.Evicted...)
}
