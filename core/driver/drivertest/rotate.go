package drivertest

import (
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// rotateCases are the rows of the rotation that an honest client, a stranger
// and a late client meet. The window, recovery and reuse have cases of their
// own.
func rotateCases() []testCase {
	return []testCase{
		{
			name: "rotated",
			rule: "the newest refresh token moves the session on by one generation and is answered with the times of this rotation",
			run: func(e *env) {
				s := e.login(e.newSubject())
				for g := range int64(5) {
					e.clock.Advance(time.Hour)
					got := s.present(g, driver.Rotated)
					if got.Generation != g+1 || got.Distance != 0 || got.Age != time.Hour {
						e.Fatalf("generation, distance, age = %d, %d, %v, want %d, 0, 1h0m0s",
							got.Generation, got.Distance, got.Age, g+1)
					}
					e.wantTime("IssuedAt", got.IssuedAt, e.clock.Now())
					e.wantTime("IdleEnd", got.IdleEnd, e.clock.Now().Add(idleTTL))
					e.wantTime("SessionEnd", got.SessionEnd, s.created.SessionEnd)
					s.wantLive(g + 1)
				}
			},
		},
		{
			name: "earlier access tokens stay good",
			rule: "a reissue does not deny the access token it replaces: requests in flight still carry it",
			run: func(e *env) {
				s := e.login(e.newSubject())
				s.present(0, driver.Rotated)
				s.present(1, driver.Rotated)
				s.wantRevoked(false, 0, 1, 2)
				s.wantRecord(false, 0)
			},
		},
		{
			name: "missing",
			rule: "a session that was never created is missing, and presenting its token creates nothing",
			run: func(e *env) {
				s := e.login(e.newSubject())
				r := s.rotation(0)
				r.SessionID = newSessionID()
				e.rotate(r, driver.Missing)
				r.Generation = 7
				e.rotate(r, driver.Missing)
				e.wantList(s.subject(), s)
				s.wantLive(0)
			},
		},
		{
			name: "missing for another subject",
			rule: "a session belongs to its subject: for any other it is missing, even with its seed",
			run: func(e *env) {
				s := e.login(e.newSubject())
				for _, other := range e.others() {
					r := s.rotation(0)
					r.Subject = other
					e.rotate(r, driver.Missing)
				}
				s.wantLive(0)
			},
		},
		{
			name: "forged",
			rule: "a wrong seed is refused at any distance, and the session lives: a guess must log nobody out",
			run: func(e *env) {
				s := e.login(e.newSubject())
				s.present(0, driver.Rotated)
				s.present(1, driver.Rotated)
				for _, b := range []int{0, 15, 31} { // the whole hash is compared
					for _, g := range []int64{0, 1, 2, 3, maxGeneration} {
						r := s.rotation(g)
						r.SeedHash[b] ^= 1
						e.rotate(r, driver.Forged)
					}
				}
				s.wantLive(2)
				s.present(2, driver.Rotated)
			},
		},
		{
			name: "revoked",
			rule: "no refresh token of a killed session is accepted, whatever its generation",
			run: func(e *env) {
				s := e.login(e.newSubject())
				s.present(0, driver.Rotated)
				e.end(s.ending(), driver.Ended)
				for g := range int64(4) {
					s.present(g, driver.Revoked)
				}
			},
		},
		{
			name: "expired by idle end",
			rule: "a session is accepted until, and refused from, the moment it has gone IdleTTL without a reissue",
			run: func(e *env) {
				s := e.login(e.newSubject())
				e.advanceTo(s.created.IdleEnd.Add(-time.Millisecond))
				idleEnd := s.present(0, driver.Rotated).IdleEnd
				e.advanceTo(idleEnd)
				s.present(1, driver.Expired)
				e.wantList(s.subject())
			},
		},
		{
			name: "expired by absolute end",
			rule: "a session is accepted until, and refused from, its absolute end, however far the idle end is",
			run: func(e *env) {
				r := e.newRequest(e.newSubject())
				r.IdleTTL, r.SessionTTL = 2*time.Hour, 3*time.Hour
				s := e.start(r)
				e.clock.Advance(time.Hour)
				s.present(0, driver.Rotated)
				e.advanceTo(s.created.SessionEnd.Add(-time.Millisecond))
				s.present(1, driver.Rotated)
				e.clock.Advance(time.Millisecond)
				s.present(2, driver.Expired)
				e.wantList(s.subject())
			},
		},
		{
			name: "expiry kills nothing",
			rule: "an expired session is refused, not killed: its access tokens live out their time",
			run: func(e *env) {
				r := e.newRequest(e.newSubject())
				r.AccessTTL, r.IdleTTL = time.Hour, time.Minute
				s := e.start(r)
				e.advanceTo(s.created.IdleEnd)
				s.present(0, driver.Expired)
				s.present(0, driver.Expired)
				s.wantRevoked(false, 0)
			},
		},
		{
			name: "expired until retention",
			rule: "an expired session counts as missing from DenialMargin after the later of its end and its last access token's expiry",
			run: func(e *env) {
				e.advanceToSecond()
				r := e.newRequest(e.newSubject())
				s := e.start(r)
				r.SessionID, r.AccessTTL = newSessionID(), idleTTL+time.Hour
				long := e.start(r) // its access token outlives the idle end

				retention := s.created.IdleEnd.Add(driver.DenialMargin)
				s.advanceToEnd(retention)
				s.present(0, driver.Expired)
				e.clock.Advance(time.Millisecond)
				s.present(0, driver.Missing)

				retention = long.created.CreatedAt.Add(r.AccessTTL).Add(driver.DenialMargin)
				long.advanceToEnd(retention)
				long.present(0, driver.Expired)
				e.clock.Advance(time.Millisecond)
				long.present(0, driver.Missing)
			},
		},
	}
}

// others returns subjects that have nothing. There are many, so that some
// share whatever a store divides its subjects by.
func (e *env) others() []string {
	subjects := make([]string, 32)
	for i := range subjects {
		subjects[i] = e.newSubject()
	}
	return subjects
}
