package drivertest

import (
	"strings"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// createCases are about a login below the limit of sessions.
func createCases() []testCase {
	return []testCase{
		{
			name: "created",
			rule: "a session stands from generation 0, with the times that its request asks for",
			run: func(e *env) {
				r := e.newRequest(e.newSubject())
				s := e.start(r)
				e.wantTime("CreatedAt", s.created.CreatedAt, e.clock.Now())
				e.wantTime("IdleEnd", s.created.IdleEnd, e.clock.Now().Add(r.IdleTTL))
				e.wantTime("SessionEnd", s.created.SessionEnd, e.clock.Now().Add(r.SessionTTL))
				e.wantIDs("Evicted", s.created.Evicted)
				s.wantLive(0)
				s.present(0, driver.Rotated)
			},
		},
		{
			name: "each with times of its own",
			rule: "the ends are those of the login, not of the user or the process",
			run: func(e *env) {
				long, short := e.newRequest(e.newSubject()), e.newRequest("")
				short.Subject = long.Subject
				short.IdleTTL, short.SessionTTL = time.Minute, time.Hour
				remembered, guest := e.start(long), e.start(short)
				e.advanceTo(guest.created.IdleEnd)
				guest.present(0, driver.Expired)
				remembered.wantLive(0)
			},
		},
		{
			name: "to the millisecond",
			rule: "a store keeps its time in milliseconds, and what it returns is what it judges by",
			run: func(e *env) {
				e.clock.Advance(1500 * time.Microsecond)
				s := e.login(e.newSubject())
				e.wantTime("CreatedAt", s.created.CreatedAt, e.clock.Now().Truncate(time.Millisecond))
				e.wantTime("IdleEnd", s.created.IdleEnd, s.created.CreatedAt.Add(idleTTL))
				e.advanceTo(s.created.IdleEnd.Add(-time.Microsecond))
				s.wantLive(0)
				e.advanceTo(s.created.IdleEnd)
				s.present(0, driver.Expired)
			},
		},
		{
			name: "device",
			rule: "the device is kept byte for byte, and an empty one empty",
			run: func(e *env) {
				devices := []driver.Device{
					{},
					{Name: "only a name"},
					{Name: strings.Repeat("n", 64), UserAgent: strings.Repeat("ü", 32), IP: "2001:db8::1%eth0"},
					{Name: "a:{b}\r\n\x00c", UserAgent: `"q" 'q' \n %s %d`, IP: "\x1b[31m\t"},
					{Name: "日本語", UserAgent: "0", IP: "nil"},
				}
				for _, d := range devices {
					r := e.newRequest(e.newSubject())
					r.Device = d
					s := e.start(r)
					s.present(0, driver.Rotated)
					if got, _ := s.listed(); got.Device != d {
						e.Errorf("device = %q, want %q", got.Device, d)
					}
				}
			},
		},
		{
			name: "blocked",
			rule: "a blocked subject gets no session, and the refusal changes nothing",
			run: func(e *env) {
				r := e.newRequest(e.newSubject())
				e.block(blocking(r.Subject, time.Time{}))
				got := e.create(r, driver.CreateIsBlocked)
				e.wantTime("CreatedAt", got.CreatedAt, time.Time{})
				e.wantTime("IdleEnd", got.IdleEnd, time.Time{})
				e.wantTime("SessionEnd", got.SessionEnd, time.Time{})
				e.wantIDs("Evicted", got.Evicted)
				e.wantList(r.Subject)
				refused := e.unstarted(r)
				refused.present(0, driver.Missing)
			},
		},
	}
}
