package drivertest

import (
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// recoveryCases are about tokens ahead of the store, which has lost writes.
// The suite shows a store a token that another history of the same session
// would have issued.
func recoveryCases() []testCase {
	return []testCase{
		{
			name: "recovered",
			rule: "a generation ahead of the session's moves it to the generation after, otherwise as a rotation",
			run: func(e *env) {
				s := e.login(e.newSubject())
				e.clock.Advance(time.Hour)
				got := s.present(5, driver.Recovered)
				if got.Generation != 6 || got.Distance != -5 || got.Age != time.Hour {
					e.Fatalf("generation, distance, age = %d, %d, %v, want 6, -5, 1h0m0s", got.Generation, got.Distance, got.Age)
				}
				e.wantTime("IssuedAt", got.IssuedAt, e.clock.Now())
				e.wantTime("IdleEnd", got.IdleEnd, e.clock.Now().Add(idleTTL))
				e.wantTime("SessionEnd", got.SessionEnd, s.created.SessionEnd)
				s.wantLive(6)
				listed, _ := s.listed()
				e.wantTime("LastUsedAt", listed.LastUsedAt, e.clock.Now())
				s.present(6, driver.Rotated)
			},
		},
		{
			name: "opens a window",
			rule: "the token that recovered the session is its parent now, with a window and an attempt of its own",
			run: func(e *env) {
				s := e.login(e.newSubject())
				r := s.rotation(5)
				first := e.rotate(r, driver.Recovered)
				e.clock.Advance(reuseGrace)
				e.wantPair("the replay", s.present(5, driver.Replayed), first)
				e.clock.Advance(time.Millisecond)
				e.wantPair("the retry", e.rotate(retry(r), driver.SameAttempt), first)
				s.present(5, driver.Reuse)
			},
		},
		{
			name: "the ancestor is reuse again",
			rule: "once the session has recovered, the token that the store thought the newest is an ancestor and kills",
			run: func(e *env) {
				s := e.login(e.newSubject())
				s.present(0, driver.Rotated)
				s.present(3, driver.Recovered)
				got := s.present(1, driver.Reuse)
				if got.Distance != 3 {
					e.Fatalf("distance = %d, want 3", got.Distance)
				}
				s.wantDead()
			},
		},
		{
			name: "gaps",
			rule: "a session recovers however much has been lost, and the distance is exact",
			run: func(e *env) {
				for _, gap := range []int64{1, 2, 1000, 1 << 31, 1<<32 + 1, 1e15 + 1, maxGeneration} {
					s := e.login(e.newSubject())
					got := s.present(gap, driver.Recovered)
					if got.Generation != gap+1 || got.Distance != -gap {
						e.Fatalf("after a gap of %d: generation, distance = %d, %d, want %d, %d",
							gap, got.Generation, got.Distance, gap+1, -gap)
					}
					s.wantLive(gap + 1)
				}
			},
		},
		{
			name: "a logout ahead of the session",
			rule: "End with a token of a later generation denies what the lost writes had issued, killed before or not",
			run: func(e *env) {
				for _, killed := range []bool{false, true} {
					s := e.login(e.newSubject())
					e.clock.Advance(accessTTL + driver.DenialMargin + time.Minute)
					if killed {
						e.end(s.ending(), driver.Ended)
					}
					now := e.clock.Now()
					r := s.ending()
					r.Generation = 0
					e.end(r, map[bool]driver.EndOutcome{false: driver.Ended, true: driver.EndedEarlier}[killed])
					r = s.ending()
					r.Generation = 1
					e.end(r, driver.EndedEarlier)
					s.advanceToEnd(now.Add(accessTTL + driver.DenialMargin))
					s.wantRevoked(true, 0, 1)
				}
				s := e.login(e.newSubject())
				e.clock.Advance(accessTTL + driver.DenialMargin + time.Minute)
				r := s.ending()
				r.Generation, r.AccessExpiry = 7, e.clock.Now().Add(time.Hour)
				e.end(r, driver.Ended)
				s.advanceToEnd(r.AccessExpiry.Add(driver.DenialMargin))
				s.wantRevoked(true, 7)
			},
		},
		{
			name: "the greatest generations",
			rule: "generations are exact up to 2^53-1: no two neighbours are taken for one",
			run: func(e *env) {
				s := e.login(e.newSubject())
				if got := s.present(maxGeneration-2, driver.Recovered); got.Generation != maxGeneration-1 {
					e.Fatalf("generation = %d, want %d", got.Generation, int64(maxGeneration-1))
				}
				for _, g := range []int64{maxGeneration - 1, maxGeneration} {
					if got := s.present(g, driver.Rotated); got.Generation != g+1 {
						e.Fatalf("generation = %d, want %d", got.Generation, g+1)
					}
					s.wantLive(g + 1)
					if got := s.present(g, driver.Replayed); got.Generation != g+1 || got.Distance != 1 {
						e.Fatalf("generation, distance = %d, %d, want %d, 1", got.Generation, got.Distance, g+1)
					}
				}
				if got := s.present(maxGeneration-1, driver.Reuse); got.Distance != 2 {
					e.Fatalf("distance = %d, want 2", got.Distance)
				}
			},
		},
	}
}
