package drivertest

import (
	"errors"
	"slices"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// inFlightCases run two operations of one subject against each other, many
// times. Whichever comes first, the two may not be interleaved.
func inFlightCases() []testCase {
	return []testCase{
		{
			name: "End and Rotate",
			rule: "a reissue in flight while the session is logged out leaves nothing alive",
			run: func(e *env) {
				for round := range 200 {
					s := e.login(e.newSubject())
					e.killInFlight(round, s, 0, func() error {
						_, err := e.store.End(e.Context(), s.ending())
						return err
					})
				}
			},
		},
		{
			name: "EndAll and Rotate",
			rule: "a reissue in flight while all sessions are ended leaves nothing alive",
			run: func(e *env) {
				for round := range 50 {
					s := e.login(e.newSubject())
					e.killInFlight(round, s, 0, func() error {
						_, err := e.store.EndAll(e.Context(), endingAll(s.subject()))
						return err
					})
				}
			},
		},
		{
			name: "Block and Rotate",
			rule: "a reissue in flight while the user is blocked leaves nothing alive",
			run: func(e *env) {
				for round := range 50 {
					s := e.login(e.newSubject())
					e.killInFlight(round, s, 0, func() error {
						_, err := e.store.Block(e.Context(), blocking(s.subject(), time.Time{}))
						return err
					})
				}
			},
		},
		{
			name: "eviction and Rotate",
			rule: "a reissue in flight while the session is evicted leaves nothing alive",
			run: func(e *env) {
				for round := range 50 {
					s := e.login(e.newSubject())
					e.killInFlight(round, s, 0, func() error {
						r := e.newRequest(s.subject())
						r.MaxSessions = 1
						_, err := e.store.Create(e.Context(), r)
						return err
					})
				}
			},
		},
		{
			name: "Sessions and all else",
			rule: "a list taken while sessions start, move on and end has each that lives throughout, once, and none that ended before",
			run: func(e *env) {
				subject := e.newSubject()
				var steady, leaving []*session
				for range 120 {
					r := e.newRequest(subject)
					r.MaxSessions = 1000
					steady = append(steady, e.start(r))
					if len(leaving) < 30 {
						r = e.newRequest(subject)
						r.MaxSessions = 1000
						leaving = append(leaving, e.start(r))
					}
				}
				gone := leaving[0]
				e.end(gone.ending(), driver.Ended)
				lists, errs := make([][]driver.Session, 6), make([]error, 9)
				race(0, len(errs), func(i int) {
					switch {
					case i < len(lists):
						lists[i], errs[i] = e.store.Sessions(e.Context(), subject)
					case i == 6:
						for _, s := range steady {
							_, err := e.store.Rotate(e.Context(), s.rotation(0))
							errs[i] = errors.Join(errs[i], err)
						}
					case i == 7:
						for _, s := range leaving[1:] {
							_, err := e.store.End(e.Context(), s.ending())
							errs[i] = errors.Join(errs[i], err)
						}
					default:
						for range 30 {
							r := e.newRequest(subject)
							r.MaxSessions = 1000
							_, err := e.store.Create(e.Context(), r)
							errs[i] = errors.Join(errs[i], err)
						}
					}
				})
				e.wantNoErrors(errs)
				lists = append(lists, e.list(subject))
				for _, list := range lists {
					times := make(map[string]int)
					for _, s := range list {
						times[s.ID]++
						if times[s.ID] > 1 {
							e.Fatalf("session %.4s is in a list twice", s.ID)
						}
					}
					if times[gone.id()] > 0 {
						e.Fatalf("session %.4s is in a list that was taken after its end", gone.id())
					}
					for _, s := range steady {
						if times[s.id()] == 0 {
							e.Fatalf("session %.4s lives throughout and is not in a list of %d", s.id(), len(list))
						}
					}
				}
				if got := len(lists[len(lists)-1]); got != 150 {
					e.Fatalf("in the end there are %d sessions, want 150", got)
				}
			},
		},
		{
			name: "reuse and Rotate",
			rule: "a reissue in flight while an ancestor is presented leaves nothing alive",
			run: func(e *env) {
				for round := range 50 {
					s := e.login(e.newSubject())
					s.present(0, driver.Rotated)
					s.present(1, driver.Rotated)
					e.killInFlight(round, s, 2, func() error {
						_, err := e.store.Rotate(e.Context(), s.rotation(0))
						return err
					})
				}
			},
		},
		{
			name: "EndAll and Create",
			rule: "a login in flight while all sessions are ended lives if and only if it was not one of those ended",
			run: func(e *env) {
				for round := range 100 {
					old := e.login(e.newSubject())
					next := e.unstarted(e.newRequest(old.subject()))
					var created driver.CreateResult
					var ended driver.EndAllResult
					var errs [2]error
					race(round, 2, func(i int) {
						if i == 0 {
							created, errs[0] = e.store.Create(e.Context(), next.request)
						} else {
							ended, errs[1] = e.store.EndAll(e.Context(), endingAll(old.subject()))
						}
					})
					e.wantNoErrors(errs[:])
					if created.Outcome != driver.Created {
						e.Fatalf("Create = %s, want %s", createOutcome(created.Outcome), createOutcome(driver.Created))
					}
					old.wantRevoked(true, 0)
					old.present(0, driver.Revoked)
					if slices.Contains(ended.Ended, next.id()) {
						e.wantIDs("Ended", ended.Ended, old.id(), next.id())
						next.wantDead()
						continue
					}
					e.wantIDs("Ended", ended.Ended, old.id())
					next.wantLive(0)
				}
			},
		},
		{
			name: "Block and Create",
			rule: "a login in flight while the user is blocked is refused or killed by the block, never alive",
			run: func(e *env) {
				for round := range 100 {
					next := e.unstarted(e.newRequest(e.newSubject()))
					var created driver.CreateResult
					var ended driver.EndAllResult
					var errs [2]error
					race(round, 2, func(i int) {
						if i == 0 {
							created, errs[0] = e.store.Create(e.Context(), next.request)
						} else {
							ended, errs[1] = e.store.Block(e.Context(), blocking(next.subject(), time.Time{}))
						}
					})
					e.wantNoErrors(errs[:])
					e.wantList(next.subject())
					switch created.Outcome {
					case driver.Created:
						e.wantIDs("Ended", ended.Ended, next.id())
						next.wantDead()
					case driver.CreateIsBlocked:
						e.wantIDs("Ended", ended.Ended)
						next.present(0, driver.Missing)
					default:
						e.Fatalf("Create = %s, want %s or %s", createOutcome(created.Outcome),
							createOutcome(driver.Created), createOutcome(driver.CreateIsBlocked))
					}
				}
			},
		},
		{
			name: "Create and Create",
			rule: "two logins at a limit of one leave one session, and the other is the one told as evicted",
			run: func(e *env) {
				for round := range 50 {
					subject := e.newSubject()
					var logins [2]*session
					var errs [2]error
					for i := range logins {
						r := e.newRequest(subject)
						r.MaxSessions = 1
						logins[i] = e.unstarted(r)
					}
					race(round, 2, func(i int) {
						logins[i].created, errs[i] = e.store.Create(e.Context(), logins[i].request)
					})
					e.wantNoErrors(errs[:])
					winner, loser := logins[0], logins[1]
					if slices.Contains(loser.created.Evicted, winner.id()) {
						winner, loser = loser, winner
					}
					e.wantIDs("Evicted", winner.created.Evicted, loser.id())
					e.wantIDs("Evicted", loser.created.Evicted)
					winner.wantLive(0)
					loser.wantDead()
				}
			},
		},
	}
}

// killInFlight presents the session's newest refresh token, that of the
// generation, while kill runs, and wants nothing of the session to be left.
func (e *env) killInFlight(round int, s *session, generation int64, kill func() error) {
	e.Helper()
	var rotated driver.RotateResult
	var errs [2]error
	r := s.rotation(generation)
	race(round, 2, func(i int) {
		if i == 0 {
			rotated, errs[0] = e.store.Rotate(e.Context(), r)
		} else {
			errs[1] = kill()
		}
	})
	e.wantNoErrors(errs[:])
	if o := rotated.Outcome; o != driver.Rotated && o != driver.Revoked {
		e.Fatalf("round %d: %s = %s, want %s or %s", round, e.describe(r), o, driver.Rotated, driver.Revoked)
	}
	s.wantRevoked(true, generation, generation+1)
	s.wantRecord(true, generation)
	s.present(generation, driver.Revoked)
	s.present(generation+1, driver.Revoked)
}
