package drivertest

import (
	"sync"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// refreshCases are about claims that have changed: access tokens that carry older
// ones are denied, and the sessions live on.
func refreshCases() []testCase {
	return []testCase{
		{
			name: "what was given out",
			rule: "RefreshClaims revokes the access tokens up to the current generation of each session of the subject, and of no other",
			run: func(e *env) {
				s, other := e.login(e.newSubject()), e.login(e.newSubject())
				fresh, over := e.login(s.subject()), e.login(s.subject())
				s.present(0, driver.Rotated)
				s.present(1, driver.Rotated)
				e.end(over.ending(), driver.Ended)
				e.refresh(refreshing(s.subject()), s.id(), fresh.id())
				s.wantRevoked(true, 0, 1, 2)
				s.wantRecord(true, 0)
				s.wantRecord(true, 2)
				s.wantRevoked(false, 3, 10, maxGeneration)
				fresh.wantRevoked(true, 0)
				fresh.wantRevoked(false, 1)
				over.wantDead()
				other.wantLive(0)
				s.present(2, driver.Rotated)
				s.wantLive(3)
			},
		},
		{
			name: "again",
			rule: "a later one covers the generations up to then, and denies no less than the one before",
			run: func(e *env) {
				s := e.login(e.newSubject())
				e.refresh(refreshing(s.subject()), s.id())
				s.present(0, driver.Rotated)
				s.wantRevoked(false, 1)
				e.refresh(refreshing(s.subject()), s.id())
				s.wantRevoked(true, 0, 1)
				s.wantRevoked(false, 2)
				e.deny(s.denying(2, e.clock.Now().Add(accessTTL)))
				s.wantRevoked(true, 0, 1, 2)
				s.wantRevoked(false, 3)
			},
		},
		{
			name: "how long ago",
			rule: "a rotation tells the time since the session's claims were refreshed, a login that since the subject's within RefreshMemory, and NoLimit if never",
			run: func(e *env) {
				s, other := e.login(e.newSubject()), e.login(e.newSubject())
				if got := s.created.SinceRefresh; got != driver.NoLimit {
					e.Fatalf("a login: SinceRefresh = %v, want NoLimit", got)
				}
				e.refresh(refreshing(s.subject()), s.id())
				for _, elapsed := range []time.Duration{0, time.Second, 10 * time.Second} {
					e.clock.Advance(elapsed)
				}
				since := 11 * time.Second
				if got := s.present(0, driver.Rotated).SinceRefresh; got != since {
					e.Fatalf("a rotation: SinceRefresh = %v, want %v", got, since)
				}
				if got := s.present(0, driver.Replayed).SinceRefresh; got != since {
					e.Fatalf("a replay: SinceRefresh = %v, want %v", got, since)
				}
				if got := other.present(0, driver.Rotated).SinceRefresh; got != driver.NoLimit {
					e.Fatalf("another subject's: SinceRefresh = %v, want NoLimit", got)
				}
				late := e.login(s.subject())
				if got := late.created.SinceRefresh; got != since {
					e.Fatalf("a login since: SinceRefresh = %v, want %v", got, since)
				}
				if got := late.present(0, driver.Rotated).SinceRefresh; got != driver.NoLimit {
					e.Fatalf("the session of a later login: SinceRefresh = %v, want NoLimit", got)
				}
				e.clock.Advance(driver.RefreshMemory - since)
				if got := e.login(s.subject()).created.SinceRefresh; got != driver.NoLimit {
					e.Fatalf("a login after RefreshMemory: SinceRefresh = %v, want NoLimit", got)
				}
			},
		},
		{
			name: "a replay",
			rule: "a replay mints a generation that is denied by then, and the child leads to one that is not",
			run: func(e *env) {
				s := e.login(e.newSubject())
				s.present(0, driver.Rotated)
				e.refresh(refreshing(s.subject()), s.id())
				got := s.present(0, driver.Replayed)
				s.wantRevoked(true, got.Generation)
				s.present(got.Generation, driver.Rotated)
				s.wantLive(got.Generation + 1)
			},
		},
		{
			name: "until the tokens have expired",
			rule: "the denial lasts until DenialMargin after the session's last access token's expiry",
			run: func(e *env) {
				e.advanceToSecond()
				s := e.login(e.newSubject())
				e.refresh(refreshing(s.subject()), s.id())
				s.advanceToEnd(e.clock.Now().Add(accessTTL + driver.DenialMargin))
				s.wantRevoked(true, 0)
			},
		},
		{
			name: "twice",
			rule: "the second run answers as the first and leaves alone what has been issued in between",
			run: func(e *env) {
				s := e.login(e.newSubject())
				r := refreshing(s.subject())
				e.refresh(r, s.id())
				s.present(0, driver.Rotated)
				e.login(s.subject())
				e.again()
				e.refresh(r, s.id())
				s.wantLive(1)
			},
		},
		{
			name: "past its end",
			rule: "an access token that outlives its session is denied as well",
			run: func(e *env) {
				r := e.newRequest(e.newSubject())
				r.IdleTTL, r.AccessTTL = time.Minute, time.Hour
				s := e.start(r)
				e.clock.Advance(2 * time.Minute)
				s.wantRevoked(false, 0)
				e.refresh(refreshing(s.subject()), s.id())
				s.wantRevoked(true, 0)
			},
		},
		{
			name: "a kill comes first",
			rule: "a session that was killed stays so, and nobody's claims are nobody's",
			run: func(e *env) {
				s := e.login(e.newSubject())
				e.endAll(endingAll(s.subject()), s.id())
				e.refresh(refreshing(s.subject()))
				s.wantDead()
				e.refresh(refreshing(e.newSubject()))
			},
		},
		{
			name: "in flight",
			rule: "a reissue under way is either before it, and its access token denied, or is told of it",
			run: func(e *env) {
				for range 500 {
					s := e.login(e.newSubject())
					var rotated driver.RotateResult
					var failed error
					var group sync.WaitGroup
					group.Go(func() { rotated, failed = e.store.Rotate(e.Context(), s.rotation(0)) })
					e.refresh(refreshing(s.subject()), s.id())
					if group.Wait(); failed != nil || rotated.Outcome != driver.Rotated {
						e.Fatalf("a reissue under way = %s, %v, want rotated", rotated.Outcome, failed)
					}
					got, err := e.store.Revoked(e.Context(), driver.RevokedRequest{Subject: s.subject(), SessionID: s.id(), Generation: 1})
					if err != nil {
						e.Fatal(err)
					}
					if told := rotated.SinceRefresh != driver.NoLimit; told == got.Revoked {
						e.Fatalf("the access token is denied: %v, the rotation was told: %v; want one of the two", got.Revoked, told)
					}
				}
			},
		},
	}
}

func refreshing(subject string) driver.RefreshClaimsRequest {
	return driver.RefreshClaimsRequest{Operation: newID(), Subject: subject}
}

func (e *env) refresh(r driver.RefreshClaimsRequest, want ...string) {
	e.Helper()
	got, err := e.store.RefreshClaims(e.Context(), r)
	if err != nil {
		e.Fatalf("%s: %v", e.describe(r), err)
	}
	e.wantIDs(e.describe(r), got.Sessions, want...)
}
