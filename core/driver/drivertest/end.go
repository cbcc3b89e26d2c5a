package drivertest

import (
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// endCases are about the end of one session: a logout, or its revocation by
// id from a list.
func endCases() []testCase {
	return []testCase{
		{
			name: "ended",
			rule: "End kills a live session, by its seed or without, and no other",
			run: func(e *env) {
				subject := e.newSubject()
				other := e.login(subject)
				for _, change := range []func(*session, *driver.EndRequest){
					func(*session, *driver.EndRequest) {},
					func(s *session, r *driver.EndRequest) { r.SeedHash = &s.request.SeedHash },
					func(_ *session, r *driver.EndRequest) { r.OnlyLive, r.AccessTTL = true, 0 },
				} {
					s := e.login(subject)
					s.present(0, driver.Rotated)
					r := s.ending()
					change(s, &r)
					e.end(r, driver.Ended)
					s.wantDead()
					other.wantLive(0)
				}
			},
		},
		{
			name: "ended earlier",
			rule: "a session that was killed before is told as such by another operation, and stays dead",
			run: func(e *env) {
				s := e.login(e.newSubject())
				e.end(s.ending(), driver.Ended)
				e.end(s.ending(), driver.EndedEarlier)
				r := s.ending()
				r.SeedHash = &s.request.SeedHash
				e.end(r, driver.EndedEarlier)
				s.wantDead()
			},
		},
		{
			name: "forged",
			rule: "a wrong seed ends nothing, be the session live, killed or expired",
			run: func(e *env) {
				q := e.newRequest(e.newSubject())
				q.AccessTTL, q.IdleTTL = time.Hour, time.Minute
				live, killed, expired := e.login(e.newSubject()), e.login(e.newSubject()), e.start(q)
				e.end(killed.ending(), driver.Ended)
				e.advanceTo(expired.created.IdleEnd)
				for _, s := range []*session{live, killed, expired} {
					for _, b := range []int{0, 31} { // the whole hash is compared
						r := s.ending()
						wrong := s.request.SeedHash
						wrong[b] ^= 1
						r.SeedHash = &wrong
						e.end(r, driver.EndForged)
					}
				}
				live.wantLive(0)
				live.present(0, driver.Rotated)
				expired.wantRevoked(false, 0)
				expired.present(0, driver.Expired)
			},
		},
		{
			name: "expired",
			rule: "a logout after the session's end still kills it: an access token may be left that outlives it",
			run: func(e *env) {
				r := e.newRequest(e.newSubject())
				r.AccessTTL, r.IdleTTL = time.Hour, time.Minute
				s := e.start(r)
				e.advanceTo(s.created.IdleEnd)
				e.end(s.ending(), driver.Ended)
				s.wantDead()
			},
		},
		{
			name: "missing is denied",
			rule: "the access tokens of a session whose record is gone are denied until DenialMargin after AccessExpiry or AccessTTL from now, the later",
			run: func(e *env) {
				e.advanceToSecond()
				for _, x := range []struct {
					accessTTL time.Duration
					expiry    time.Duration // from now, 0 for none
					denied    time.Duration
				}{
					{10 * time.Minute, 0, 10 * time.Minute},
					{10 * time.Minute, time.Hour, time.Hour},
					{10 * time.Minute, time.Minute, 10 * time.Minute},
					{10 * time.Minute, -time.Hour, 10 * time.Minute},
				} {
					lost := e.lost()
					r := lost.ending()
					r.AccessTTL = x.accessTTL
					if x.expiry != 0 {
						r.AccessExpiry = e.clock.Now().Add(x.expiry)
					}
					until := e.clock.Now().Add(x.denied).Add(driver.DenialMargin)
					e.end(r, driver.EndMissing)
					lost.wantRevoked(true, 0, 1, maxGeneration)
					lost.advanceToEnd(until)
					lost.wantRevoked(true, 0, 1, maxGeneration)
					lost.present(0, driver.Missing)
				}
			},
		},
		{
			name: "missing with a seed is denied",
			rule: "a logout by refresh token denies a session whose record is gone as well",
			run: func(e *env) {
				lost := e.lost()
				r := lost.ending()
				r.SeedHash = &lost.request.SeedHash
				e.end(r, driver.EndMissing)
				lost.wantRevoked(true, 0, 1, maxGeneration)
			},
		},
		{
			name: "missing is never denied for shorter",
			rule: "a later logout with an earlier expiry does not shorten the denial",
			run: func(e *env) {
				lost := e.lost()
				r := lost.ending()
				r.AccessExpiry = e.clock.Now().Add(time.Hour)
				e.end(r, driver.EndMissing)
				e.end(lost.ending(), driver.EndMissing)
				lost.advanceToEnd(r.AccessExpiry.Add(driver.DenialMargin))
				lost.wantRevoked(true, 0, maxGeneration)
			},
		},
		{
			name: "only live",
			rule: "with OnlyLive a missing, killed or expired session is EndMissing and left alone",
			run: func(e *env) {
				killed, expired, lost := e.login(e.newSubject()), e.newRequest(e.newSubject()), e.lost()
				expired.AccessTTL, expired.IdleTTL = time.Hour, time.Minute
				late := e.start(expired)
				e.end(killed.ending(), driver.Ended)
				e.advanceTo(late.created.IdleEnd)
				for _, s := range []*session{killed, late, lost} {
					r := s.ending()
					r.OnlyLive = true
					e.end(r, driver.EndMissing)
				}
				lost.wantRevoked(false, 0, 1)
				late.wantRevoked(false, 0)
				late.present(0, driver.Expired)
			},
		},
		{
			name: "another subject's",
			rule: "another subject's session is missing and stays untouched, with OnlyLive or without",
			run: func(e *env) {
				s := e.login(e.newSubject())
				for _, onlyLive := range []bool{true, false} {
					for _, other := range e.others() {
						r := s.ending()
						r.Subject, r.OnlyLive = other, onlyLive
						e.end(r, driver.EndMissing)
					}
					s.wantLive(0)
				}
				s.present(0, driver.Rotated)
			},
		},
	}
}

// lost returns a session that the store knows nothing of, though tokens of it
// may be about.
func (e *env) lost() *session {
	return e.unstarted(e.newRequest(e.newSubject()))
}
