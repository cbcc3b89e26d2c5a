package drivertest

import (
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// twiceCases run a request twice, as a driver does when the answer to the
// first run was lost. That must not look like theft, count twice or undo what
// happened in between.
func twiceCases() []testCase {
	cases := []testCase{
		{
			name: "Rotate",
			rule: "the second run issues the same pair and moves nothing, with Strict too",
			run: func(e *env) {
				for _, generation := range []int64{0, 7} { // rotated and recovered
					s := e.login(e.newSubject())
					s.grace = driver.Strict
					r := s.rotation(generation)
					first, err := e.store.Rotate(e.Context(), r)
					if err != nil || !first.Outcome.Issues() {
						e.Fatalf("%s = %s, %v, want tokens", e.describe(r), first.Outcome, err)
					}
					for range 3 {
						e.again()
						// The tokens are the same; whether the store tells the
						// second run from a retry is its own affair.
						second, err := e.store.Rotate(e.Context(), r)
						if err != nil || second.Outcome != first.Outcome && second.Outcome != driver.SameAttempt {
							e.Fatalf("%s = %s, %v, want %s or %s", e.describe(r), second.Outcome, err, first.Outcome, driver.SameAttempt)
						}
						e.wantPair("the second run", second, first)
					}
					s.wantLive(generation + 1)
					s.present(generation+1, driver.Rotated)
				}
			},
		},
		{
			name: "Rotate that replays",
			rule: "a replay or a retry of an attempt answers twice what it answered once",
			run: func(e *env) {
				s := e.login(e.newSubject())
				r := s.rotation(0)
				first := e.rotate(r, driver.Rotated)
				replay, again := s.rotation(0), retry(r)
				for range 2 {
					e.wantPair("the replay", e.rotate(replay, driver.Replayed), first)
					e.wantPair("the retry", e.rotate(again, driver.SameAttempt), first)
					e.again()
				}
				s.wantLive(1)
			},
		},
		{
			name: "Rotate that kills",
			rule: "the run that found the reuse finds it again; any other operation finds a revoked session",
			run: func(e *env) {
				s := e.login(e.newSubject())
				s.present(0, driver.Rotated)
				s.present(1, driver.Rotated)
				r := s.rotation(0)
				first := e.rotate(r, driver.Reuse)
				e.again()
				if second := e.rotate(r, driver.Reuse); second.Distance != first.Distance {
					e.Fatalf("distance = %d, want %d", second.Distance, first.Distance)
				}
				s.present(0, driver.Revoked)
				e.end(s.ending(), driver.EndedEarlier)
				e.endAll(endingAll(s.subject()))
				e.rotate(r, driver.Reuse)
				s.wantDead()
			},
		},
		{
			name: "Rotate and a kill in between",
			rule: "what has been killed between the runs is not revived by the second",
			run: func(e *env) {
				for _, way := range waysToKill()[1:] {
					s := e.login(e.newSubject())
					r := s.rotation(0)
					e.rotate(r, driver.Rotated)
					way.kill(s)
					e.Logf("killed by %s", way.name)
					e.again()
					e.rotate(r, driver.Revoked)
					s.wantDead()
				}
			},
		},
		{
			name: "End",
			rule: "the run that killed the session says so again, with OnlyLive too; a logout in between does not change it",
			run: func(e *env) {
				for _, onlyLive := range []bool{false, true} {
					s := e.login(e.newSubject())
					r := s.ending()
					r.OnlyLive, r.SeedHash = onlyLive, &s.request.SeedHash
					e.end(r, driver.Ended)
					e.again()
					e.end(r, driver.Ended)
					e.end(s.ending(), driver.EndedEarlier)
					s.present(0, driver.Revoked)
					e.end(r, driver.Ended)
					s.wantDead()
				}
			},
		},
		{
			name: "End that ends nothing",
			rule: "a missing, killed or forged session is told as such twice",
			run: func(e *env) {
				lost, killed, forged := e.lost(), e.login(e.newSubject()), e.login(e.newSubject())
				e.end(killed.ending(), driver.Ended)
				missing, earlier, wrong := lost.ending(), killed.ending(), forged.ending()
				seed := newSeedHash()
				wrong.SeedHash = &seed
				for range 2 {
					e.end(missing, driver.EndMissing)
					e.end(earlier, driver.EndedEarlier)
					e.end(wrong, driver.EndForged)
					e.again()
				}
				lost.wantRevoked(true, 0)
				forged.wantLive(0)
			},
		},
		{
			name: "EndAll",
			rule: "the second run tells the same sessions and does not touch a login in between",
			run: func(e *env) {
				subject := e.newSubject()
				a, b, kept := e.login(subject), e.login(subject), e.login(subject)
				r := endingAll(subject, kept.id())
				e.endAll(r, a.id(), b.id())
				e.again()
				e.endAll(r, a.id(), b.id())
				next := e.login(subject)
				e.endAll(r, a.id(), b.id())
				next.wantLive(0)
				kept.wantLive(0)
				e.endAll(endingAll(subject, kept.id()), next.id())
			},
		},
		{
			name: "EndAll of nobody",
			rule: "a run that found no session need not be remembered: the second finds none as well and does not touch a login in between, or ends that login and says so",
			run: func(e *env) {
				r := endingAll(e.newSubject())
				e.endAll(r)
				next := e.login(r.Subject)
				e.again()
				second, err := e.store.EndAll(e.Context(), r)
				switch {
				case err != nil:
					e.Fatalf("%s: %v", e.describe(r), err)
				case len(second.Ended) == 0:
					next.wantLive(0)
				case len(second.Ended) == 1 && second.Ended[0] == next.id():
					next.wantDead()
				default:
					e.Fatalf("%s = %v, want none or %s", e.describe(r), second.Ended, next.id())
				}
			},
		},
		{
			name: "Block",
			rule: "the second run tells the same sessions, and does not block again whom somebody has unblocked",
			run: func(e *env) {
				for _, until := range []time.Time{{}, e.clock.Now().Add(time.Hour)} {
					subject := e.newSubject()
					a, b := e.login(subject), e.login(subject)
					r := blocking(subject, until)
					e.block(r, a.id(), b.id())
					e.again()
					e.block(r, a.id(), b.id())
					e.create(e.newRequest(subject), driver.CreateIsBlocked)
					e.unblock(subject)
					next := e.login(subject)
					e.block(r, a.id(), b.id())
					next.wantLive(0)
					e.login(subject).wantLive(0)
					a.wantDead()
				}
			},
		},
		{
			name: "Unblock",
			rule: "the second run does not undo a block that has come in between",
			run: func(e *env) {
				subject := e.newSubject()
				r := driver.UnblockRequest{Operation: newID(), Subject: subject}
				e.block(blocking(subject, time.Time{}))
				e.unblockBy(r)
				s := e.login(subject)
				e.again()
				e.unblockBy(r)
				s.wantLive(0)
				e.block(blocking(subject, time.Time{}), s.id())
				e.again()
				e.unblockBy(r)
				e.create(e.newRequest(subject), driver.CreateIsBlocked)
				e.unblock(subject)
				e.login(subject).wantLive(0)
			},
		},
		{
			name: "Deny",
			rule: "to deny twice is to deny, for no shorter time",
			run: func(e *env) {
				s := e.login(e.newSubject())
				expires := e.clock.Now().Add(time.Hour)
				r := s.denying(0, expires)
				e.deny(r)
				s.present(0, driver.Rotated)
				e.again()
				e.deny(r)
				s.wantLive(1)
				s.advanceToEnd(expires.Add(driver.DenialMargin))
				s.wantRevoked(true, 0)
				s.wantRevoked(false, 1)
			},
		},
	}
	return append(cases, createTwiceCases()...)
}

// again lets the time pass after which a driver repeats a call.
func (e *env) again() { e.clock.Advance(2 * time.Second) }
