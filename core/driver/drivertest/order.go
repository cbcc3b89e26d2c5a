package drivertest

import (
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// orderCases check the order of the rows: where two conditions hold, the
// earlier decides. Missing comes first by nature.
func orderCases() []testCase {
	return []testCase{
		{
			name: "forged before revoked",
			rule: "a wrong seed is told as forged on a killed session too",
			run: func(e *env) {
				s := e.login(e.newSubject())
				e.end(s.ending(), driver.Ended)
				e.rotate(s.forged(0), driver.Forged)
			},
		},
		{
			name: "forged before expired",
			rule: "a wrong seed is told as forged on an expired session too",
			run: func(e *env) {
				s := e.login(e.newSubject())
				e.advanceTo(s.created.IdleEnd)
				e.rotate(s.forged(0), driver.Forged)
			},
		},
		{
			name: "forged before reuse",
			rule: "an earlier generation with a wrong seed is forged and kills nothing",
			run: func(e *env) {
				s := e.login(e.newSubject())
				s.present(0, driver.Rotated)
				s.present(1, driver.Rotated)
				e.rotate(s.forged(0), driver.Forged)
				s.wantLive(2)
			},
		},
		{
			name: "revoked before expired",
			rule: "a killed session is revoked for as long as its tombstone stays, past the session's end too",
			run: func(e *env) {
				r := e.newRequest(e.newSubject())
				r.AccessTTL, r.IdleTTL = time.Hour, time.Minute
				s := e.start(r)
				e.end(s.ending(), driver.Ended)
				e.advanceTo(s.created.IdleEnd.Add(time.Second))
				s.present(0, driver.Revoked)
			},
		},
		{
			name: "revoked before blocked",
			rule: "a block kills, so a blocked user's refresh token is revoked",
			run: func(e *env) {
				s := e.login(e.newSubject())
				e.block(blocking(s.subject(), time.Time{}), s.id())
				s.present(0, driver.Revoked)
			},
		},
		{
			name: "revoked before reuse",
			rule: "an earlier generation of a killed session is revoked: there is nothing left to kill and no second alarm",
			run: func(e *env) {
				s := e.login(e.newSubject())
				s.present(0, driver.Rotated)
				s.present(1, driver.Rotated)
				e.end(s.ending(), driver.Ended)
				s.present(0, driver.Revoked)
			},
		},
		{
			name: "revoked before recovered",
			rule: "a generation ahead of a killed session does not bring it back",
			run: func(e *env) {
				s := e.login(e.newSubject())
				e.end(s.ending(), driver.Ended)
				s.present(9, driver.Revoked)
				s.wantDead()
			},
		},
		{
			name: "revoked before same attempt",
			rule: "a retry after the kill gets nothing, in the window or by its attempt",
			run: func(e *env) {
				s := e.login(e.newSubject())
				r := s.rotation(0)
				e.rotate(r, driver.Rotated)
				e.end(s.ending(), driver.Ended)
				retry := r
				retry.Operation = newID()
				e.rotate(retry, driver.Revoked)
				e.rotate(r, driver.Revoked)
			},
		},
		{
			name: "expired before replayed and same attempt",
			rule: "an expired session is refused inside the window too",
			run: func(e *env) {
				q := e.newRequest(e.newSubject())
				q.IdleTTL = reuseGrace / 2
				s := e.start(q)
				r := s.rotation(0)
				e.advanceTo(e.rotate(r, driver.Rotated).IdleEnd)
				s.present(0, driver.Expired)
				r.Operation = newID()
				e.rotate(r, driver.Expired)
			},
		},
		{
			name: "expired before reuse",
			rule: "an earlier generation of an expired session kills nothing",
			run: func(e *env) {
				q := e.newRequest(e.newSubject())
				q.AccessTTL, q.IdleTTL = time.Hour, time.Minute
				s := e.start(q)
				s.present(0, driver.Rotated)
				e.advanceTo(s.present(1, driver.Rotated).IdleEnd)
				s.present(0, driver.Expired)
				s.present(2, driver.Expired)
				s.wantRevoked(false, 2)
			},
		},
		{
			name: "expired before recovered",
			rule: "a generation ahead of an expired session does not prolong it",
			run: func(e *env) {
				s := e.login(e.newSubject())
				e.advanceTo(s.created.IdleEnd)
				s.present(9, driver.Expired)
				e.wantList(s.subject())
			},
		},
	}
}

// forged returns a rotation with the seed of another session.
func (s *session) forged(generation int64) driver.RotateRequest {
	r := s.rotation(generation)
	r.SeedHash = newSeedHash()
	return r
}
