package drivertest

import "github.com/ratchetauth/ratchet/core/driver"

// concurrentCases run many of the same operation at once.
func concurrentCases() []testCase {
	return []testCase{
		{
			name: "rotations in the window",
			rule: "of many that present one token at once one rotates and the others get the same pair: the chain never forks",
			run: func(e *env) {
				s := e.login(e.newSubject())
				results := e.rotateAtOnce(s, 64)
				e.wantOutcomes(results, map[driver.Outcome]int{driver.Rotated: 1, driver.Replayed: 63})
				for _, r := range results {
					e.wantPair("a racer", r, results[0])
				}
				s.wantLive(1)
				s.present(1, driver.Rotated)
			},
		},
		{
			name: "rotations in strict mode",
			rule: "with Strict one rotates, the second is reuse, and the others meet a killed session",
			run: func(e *env) {
				s := e.login(e.newSubject())
				s.grace = driver.Strict
				results := e.rotateAtOnce(s, 64)
				e.wantOutcomes(results, map[driver.Outcome]int{driver.Rotated: 1, driver.Reuse: 1, driver.Revoked: 62})
				s.wantDead()
			},
		},
		{
			name: "the same rotation",
			rule: "runs of one operation that overlap all issue the same pair, with Strict too",
			run: func(e *env) {
				s := e.login(e.newSubject())
				s.grace = driver.Strict
				r := s.rotation(0)
				results, errs := make([]driver.RotateResult, 8), make([]error, 8)
				race(0, len(results), func(i int) {
					results[i], errs[i] = e.store.Rotate(e.Context(), r)
				})
				for i, got := range results {
					if errs[i] != nil || !got.Outcome.Issues() {
						e.Fatalf("%s = %s, %v, want tokens", e.describe(r), got.Outcome, errs[i])
					}
					e.wantPair("a run", got, results[0])
				}
				s.wantLive(1)
			},
		},
		{
			name: "ancestors",
			rule: "of many that present ancestors at once one finds the reuse and the others a killed session",
			run: func(e *env) {
				s := e.login(e.newSubject())
				for g := range int64(5) {
					s.present(g, driver.Rotated)
				}
				results, errs := make([]driver.RotateResult, 32), make([]error, 32)
				race(0, len(results), func(i int) {
					results[i], errs[i] = e.store.Rotate(e.Context(), s.rotation(int64(i%4)))
				})
				e.wantNoErrors(errs)
				e.wantOutcomes(results, map[driver.Outcome]int{driver.Reuse: 1, driver.Revoked: 31})
				s.wantDead()
			},
		},
		{
			name: "logins at the limit, evicting",
			rule: "there are never more than MaxSessions live sessions, and each that makes room is told once and dead",
			run:  func(e *env) { e.evictAtOnce(50, 5) },
		},
		{
			name: "logins at a great limit, evicting",
			rule: "the same where there are many sessions",
			run:  func(e *env) { e.evictAtOnce(100, 40) },
		},
		{
			name: "logins at the limit, rejecting",
			rule: "exactly MaxSessions of many logins stand, and the others are refused",
			run: func(e *env) {
				counts := make(map[driver.CreateOutcome]int)
				for _, r := range e.createAtOnce(e.newSubject(), 50, 5, driver.RejectNew) {
					counts[r.Outcome]++
				}
				if counts[driver.Created] != 5 || counts[driver.CreateAtLimit] != 45 {
					e.Fatalf("of 50 logins %d stand and %d were at the limit, want 5 and 45",
						counts[driver.Created], counts[driver.CreateAtLimit])
				}
			},
		},
		{
			name: "revocations of all",
			rule: "of many that end all sessions at once each session is told by exactly one",
			run: func(e *env) {
				subject := e.newSubject()
				var want, got []string
				for range 20 {
					want = append(want, e.login(subject).id())
				}
				results, errs := make([]driver.EndAllResult, 8), make([]error, 8)
				race(0, len(results), func(i int) {
					if i%2 == 0 {
						results[i], errs[i] = e.store.EndAll(e.Context(), endingAll(subject))
					} else {
						results[i], errs[i] = e.store.Block(e.Context(), blocking(subject, e.began))
					}
				})
				e.wantNoErrors(errs)
				for _, r := range results {
					got = append(got, r.Ended...)
				}
				e.wantIDs("the ended", got, want...)
				e.wantList(subject)
			},
		},
	}
}

// rotateAtOnce presents the session's first refresh token n times at once.
func (e *env) rotateAtOnce(s *session, n int) []driver.RotateResult {
	e.Helper()
	results, errs := make([]driver.RotateResult, n), make([]error, n)
	race(0, n, func(i int) {
		results[i], errs[i] = e.store.Rotate(e.Context(), s.rotation(0))
	})
	e.wantNoErrors(errs)
	return results
}

// createAtOnce creates n sessions at once and wants at most limit of them to
// be alive at any time.
func (e *env) createAtOnce(subject string, n, limit int, policy driver.LimitPolicy) []driver.CreateResult {
	e.Helper()
	results, lists, errs := make([]driver.CreateResult, n), make([][]driver.Session, n), make([]error, n)
	race(0, n, func(i int) {
		r := e.newRequest(subject)
		r.MaxSessions, r.OnLimit = limit, policy
		if results[i], errs[i] = e.store.Create(e.Context(), r); errs[i] == nil {
			lists[i], errs[i] = e.store.Sessions(e.Context(), subject)
		}
	})
	e.wantNoErrors(errs)
	for _, list := range append(lists, e.list(subject)) {
		if len(list) > limit {
			e.Fatalf("there are %d live sessions, want %d at most", len(list), limit)
		}
	}
	if got := len(e.list(subject)); got != limit {
		e.Fatalf("in the end there are %d live sessions, want %d", got, limit)
	}
	return results
}

func (e *env) wantOutcomes(results []driver.RotateResult, want map[driver.Outcome]int) {
	e.Helper()
	got := make(map[driver.Outcome]int)
	for _, r := range results {
		got[r.Outcome]++
	}
	for o := driver.Missing; o <= driver.Reuse; o++ {
		if got[o] != want[o] {
			e.Fatalf("outcomes = %v, want %v", got, want)
		}
	}
}

func (e *env) wantNoErrors(errs []error) {
	e.Helper()
	for _, err := range errs {
		if err != nil {
			e.Fatalf("one of %d calls at once: %v", len(errs), err)
		}
	}
}

// evictAtOnce logs in n times at once and wants all but limit to be evicted.
func (e *env) evictAtOnce(n, limit int) {
	e.Helper()
	subject := e.newSubject()
	evicted := make(map[string]bool)
	for _, r := range e.createAtOnce(subject, n, limit, driver.EvictIdlest) {
		if r.Outcome != driver.Created {
			e.Fatalf("a login = %s, want %s", createOutcome(r.Outcome), createOutcome(driver.Created))
		}
		for _, id := range r.Evicted {
			if evicted[id] {
				e.Fatalf("session %.4s was evicted twice", id)
			}
			evicted[id] = true
			e.check(driver.RevokedRequest{Subject: subject, SessionID: id}, true)
		}
	}
	if len(evicted) != n-limit {
		e.Fatalf("%d sessions were evicted, want %d", len(evicted), n-limit)
	}
	for _, s := range e.list(subject) {
		if evicted[s.ID] {
			e.Fatalf("session %.4s was evicted and is in the list", s.ID)
		}
	}
}
