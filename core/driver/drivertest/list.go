package drivertest

import (
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// listCases are about the list of a subject's live sessions.
func listCases() []testCase {
	return []testCase{
		{
			name: "order",
			rule: "the most recently reissued session comes first; a login counts as a reissue and a replay does not",
			run: func(e *env) {
				subject := e.newSubject()
				e.wantList(subject)
				a, b, c := e.loginLater(subject), e.loginLater(subject), e.loginLater(subject)
				e.wantList(subject, c, b, a)
				a.present(0, driver.Rotated)
				e.clock.Advance(time.Second)
				e.wantList(subject, a, c, b)
				b.present(4, driver.Recovered)
				e.clock.Advance(time.Second)
				e.wantList(subject, b, a, c)
				a.present(0, driver.Replayed)
				e.wantList(subject, b, a, c)
			},
		},
		{
			name: "contents",
			rule: "an entry tells the session's id, generation, login, last reissue, the sooner of its ends, and its device",
			run: func(e *env) {
				r := e.newRequest(e.newSubject())
				r.IdleTTL, r.SessionTTL = 3*time.Hour, 4*time.Hour
				s := e.start(r)
				began := e.clock.Now()
				want := driver.Session{
					ID: s.id(), Device: r.Device, CreatedAt: began,
					LastUsedAt: began, ExpiresAt: began.Add(3 * time.Hour),
				}
				s.wantEntry(want)
				e.clock.Advance(time.Minute)
				s.wantEntry(want)
				e.clock.Advance(2 * time.Hour)
				s.present(0, driver.Rotated)
				want.Generation, want.LastUsedAt = 1, e.clock.Now()
				want.ExpiresAt = began.Add(4 * time.Hour)
				s.wantEntry(want)
			},
		},
		{
			name: "last address",
			rule: "an entry tells the address of the last reissue that had one, if it is not the login's; a replay changes nothing",
			run: func(e *env) {
				brief := e.newRequest(e.newSubject())
				brief.AccessTTL = time.Second
				s := e.start(brief)
				from := func(generation int64, ip string, outcome driver.Outcome, want string) {
					e.Helper()
					r := s.rotation(generation)
					r.IP = ip
					s.rotate(r, outcome)
					if got, _ := s.listed(); got.LastIP != want || got.Device != s.request.Device {
						e.Fatalf("%s from %q: the last address is %q and the device %+v, want %q and the login's", outcome, ip, got.LastIP, got.Device, want)
					}
				}
				home := s.request.Device.IP
				from(0, home, driver.Rotated, "")
				from(1, "2001:db8::1%eth0", driver.Rotated, "2001:db8::1%eth0")
				e.clock.Advance(5 * time.Second) // so that the replay dates the access token anew
				from(1, "192.0.2.9", driver.Replayed, "2001:db8::1%eth0")
				from(2, "", driver.Rotated, "2001:db8::1%eth0")
				from(3, home, driver.Rotated, "")
				from(9, "192.0.2.9", driver.Recovered, "192.0.2.9")
				r := e.newRequest(s.subject())
				r.Device = driver.Device{}
				s = e.start(r)
				from(0, home, driver.Rotated, home)
			},
		},
		{
			name: "live ones only",
			rule: "killed sessions and those past an end are not in the list",
			run: func(e *env) {
				subject := e.newSubject()
				idle, ended := e.newRequest(subject), e.newRequest(subject)
				idle.IdleTTL = time.Minute
				ended.IdleTTL, ended.SessionTTL = driver.NoLimit, 2*time.Minute
				live := e.loginLater(subject)
				i, a, killed := e.start(idle), e.start(ended), e.login(subject)
				e.end(killed.ending(), driver.Ended)
				e.advanceTo(i.created.IdleEnd.Add(-time.Millisecond))
				if n := len(e.list(subject)); n != 3 {
					e.Fatalf("there are %d sessions, want 3", n)
				}
				live.present(0, driver.Rotated)
				e.clock.Advance(time.Millisecond)
				e.wantList(subject, live, a)
				e.advanceTo(a.created.SessionEnd)
				e.wantList(subject, live)
			},
		},
		{
			name: "many",
			rule: "the list is complete, however many sessions there are",
			run: func(e *env) {
				subject := e.newSubject()
				var want []string
				for range 150 {
					r := e.newRequest(subject)
					r.MaxSessions = 1000
					want = append(want, e.start(r).id())
				}
				var got []string
				for _, s := range e.list(subject) {
					got = append(got, s.ID)
				}
				e.wantIDs("Sessions", got, want...)
				e.endAll(endingAll(subject), want...)
				e.wantList(subject)
			},
		},
	}
}

// wantEntry wants the session's entry in the list.
func (s *session) wantEntry(want driver.Session) {
	s.Helper()
	got, ok := s.listed()
	if !ok {
		s.Fatalf("session %.4s is not in the list at %s", s.id(), s.now())
	}
	s.wantTime("CreatedAt", got.CreatedAt, want.CreatedAt)
	s.wantTime("LastUsedAt", got.LastUsedAt, want.LastUsedAt)
	s.wantTime("ExpiresAt", got.ExpiresAt, want.ExpiresAt)
	if got.ID != want.ID || got.Generation != want.Generation || got.Device != want.Device || got.LastIP != want.LastIP {
		s.Fatalf("entry = %+v, want %+v", got, want)
	}
}
