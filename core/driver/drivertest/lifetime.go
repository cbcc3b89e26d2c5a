package drivertest

import (
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// lifetimeCases are about the two ends of a session.
func lifetimeCases() []testCase {
	return []testCase{
		{
			name: "the idle end moves and the absolute end stays",
			rule: "a reissue moves the idle end to IdleTTL from now; nothing moves the absolute end, however often a session is reissued",
			run: func(e *env) {
				r := e.newRequest(e.newSubject())
				r.IdleTTL, r.SessionTTL = 3*time.Hour, 24*time.Hour
				s := e.start(r)
				for g := range int64(23) {
					e.clock.Advance(time.Hour)
					got := s.present(g, driver.Rotated)
					e.wantTime("SessionEnd", got.SessionEnd, s.created.SessionEnd)
					// A store may or may not cut the idle end to the absolute
					// one, which decides from there on.
					if idle := e.clock.Now().Add(r.IdleTTL); !idle.After(got.SessionEnd) {
						e.wantTime("IdleEnd", got.IdleEnd, idle)
					}
					listed, _ := s.listed()
					want := e.clock.Now().Add(r.IdleTTL)
					if want.After(s.created.SessionEnd) {
						want = s.created.SessionEnd
					}
					e.wantTime("ExpiresAt", listed.ExpiresAt, want)
				}
				e.clock.Advance(time.Hour)
				s.present(23, driver.Expired)
			},
		},
		{
			name: "no idle end",
			rule: "with NoLimit as IdleTTL a session waits until its absolute end",
			run: func(e *env) {
				r := e.newRequest(e.newSubject())
				r.IdleTTL = driver.NoLimit
				s := e.start(r)
				e.wantTime("IdleEnd", s.created.IdleEnd, time.Time{})
				e.clock.Advance(sessionTTL / 2)
				got := s.present(0, driver.Rotated)
				e.wantTime("IdleEnd", got.IdleEnd, time.Time{})
				e.wantTime("SessionEnd", got.SessionEnd, s.created.SessionEnd)
				listed, _ := s.listed()
				e.wantTime("ExpiresAt", listed.ExpiresAt, s.created.SessionEnd)
				e.advanceTo(s.created.SessionEnd.Add(-time.Millisecond))
				s.present(1, driver.Rotated)
				e.clock.Advance(time.Millisecond)
				s.present(2, driver.Expired)
			},
		},
		{
			name: "no absolute end",
			rule: "with NoLimit as SessionTTL a session lasts as long as it is used, and no longer",
			run: func(e *env) {
				r := e.newRequest(e.newSubject())
				r.IdleTTL, r.SessionTTL = 30*24*time.Hour, driver.NoLimit
				s := e.start(r)
				e.wantTime("SessionEnd", s.created.SessionEnd, time.Time{})
				idleEnd := s.created.IdleEnd
				for g := range int64(50) { // four years
					e.advanceTo(idleEnd.Add(-time.Millisecond))
					got := s.present(g, driver.Rotated)
					e.wantTime("SessionEnd", got.SessionEnd, time.Time{})
					idleEnd = e.clock.Now().Add(r.IdleTTL)
					e.wantTime("IdleEnd", got.IdleEnd, idleEnd)
				}
				listed, _ := s.listed()
				e.wantTime("ExpiresAt", listed.ExpiresAt, idleEnd)
				e.advanceTo(idleEnd)
				s.present(50, driver.Expired)
			},
		},
	}
}
