package drivertest

import (
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// checkCases are about the question of each request: is this access token
// still good?
func checkCases() []testCase {
	return []testCase{
		{
			name: "live",
			rule: "the access tokens of a live session are good, with or without its record",
			run: func(e *env) {
				s := e.login(e.newSubject())
				for g := range int64(3) {
					s.wantRevoked(false, 0, 1, 2)
					s.wantRecord(false, g)
					s.present(g, driver.Rotated)
				}
			},
		},
		{
			name: "killed",
			rule: "those of a killed session are revoked, with or without its record",
			run: func(e *env) {
				s := e.login(e.newSubject())
				e.end(s.ending(), driver.Ended)
				s.wantRevoked(true, 0)
				s.wantRecord(true, 0)
			},
		},
		{
			name: "denied",
			rule: "a denied access token is revoked, with or without the session's record",
			run: func(e *env) {
				s := e.login(e.newSubject())
				e.deny(s.denying(0, e.clock.Now().Add(accessTTL)))
				s.wantRevoked(true, 0)
				s.wantRecord(true, 0)
				s.wantRecord(false, 1)
			},
		},
		{
			name: "expired",
			rule: "a session past its idle or absolute end is not live, which only its record tells",
			run: func(e *env) {
				r := e.newRequest(e.newSubject())
				r.AccessTTL, r.IdleTTL = time.Hour, time.Minute
				idle := e.start(r)
				r = e.newRequest(e.newSubject())
				r.IdleTTL, r.SessionTTL = driver.NoLimit, time.Minute
				ended := e.start(r)
				e.clock.Advance(time.Minute - time.Millisecond)
				idle.wantRecord(false, 0)
				ended.wantRecord(false, 0)
				e.clock.Advance(time.Millisecond)
				idle.wantRecord(true, 0)
				ended.wantRecord(true, 0)
				idle.wantRevoked(false, 0)
			},
		},
		{
			name: "missing",
			rule: "a session without a record is not on the blacklist, and not live",
			run: func(e *env) {
				lost := e.lost()
				lost.wantRevoked(false, 0)
				lost.wantRecord(true, 0)
				lost.present(0, driver.Missing)
			},
		},
		{
			name: "another subject's",
			rule: "a session is live for its own subject only",
			run: func(e *env) {
				s := e.login(e.newSubject())
				for _, other := range e.others() {
					e.check(driver.RevokedRequest{Subject: other, SessionID: s.id(), Session: true}, true)
				}
				s.wantLive(0)
			},
		},
		{
			name: "ping",
			rule: "Ping answers nil where the store can be reached",
			run: func(e *env) {
				if err := e.store.Ping(e.Context()); err != nil {
					e.Fatalf("Ping() = %v, want nil", err)
				}
			},
		},
	}
}
