package core

import "github.com/ratchetauth/ratchet/core/driver"

// rotate applies the rules to a record; blocked tells whether the subject is.
// The caller holds the store's lock, passes a live record or a tombstone whose
// retention has not passed (nil for missing), and carries out a kill.
func rotate(s *record, r driver.RotateRequest, now int64, blocked bool) driver.RotateResult {
	if s == nil {
		return driver.RotateResult{Outcome: driver.Missing}
	}
	if s.seed != r.SeedHash {
		return driver.RotateResult{Outcome: driver.Forged}
	}
	distance, age := s.generation-r.Generation, millis(now-s.rotated)
	found := func(o driver.Outcome) driver.RotateResult {
		return driver.RotateResult{Outcome: o, Distance: distance, Age: age}
	}
	switch {
	case s.killed && s.killedBy == r.Operation:
		return found(driver.Reuse) // this very call killed it: the driver ran it again
	case s.killed:
		return found(driver.Revoked)
	case now >= s.end():
		return found(driver.Expired)
	case blocked:
		return found(driver.Blocked)
	}

	var outcome driver.Outcome
	switch {
	case distance == 0:
		outcome = driver.Rotated
	case distance == 1 && s.attempt == r.Attempt:
		outcome = driver.SameAttempt
	case distance == 1 && r.ReuseGrace != Strict && age.Abs() <= r.ReuseGrace:
		outcome = driver.Replayed
	case distance < 0:
		outcome = driver.Recovered
	default:
		return found(driver.Reuse)
	}

	issued := s.rotated
	if outcome == driver.Rotated || outcome == driver.Recovered {
		issued = now
		s.generation, s.rotated, s.attempt = r.Generation+1, now, r.Attempt
		if r.IP != "" {
			s.lastIP = r.IP
		}
	} else if now >= wholeSecond(issued+r.AccessTTL.Milliseconds()) {
		issued = now // the access token of the rotation has expired: date it anew
	}
	s.coverAccess(issued + r.AccessTTL.Milliseconds())

	result := found(outcome)
	result.SinceRefresh = since(s.fresh, now)
	result.Generation = s.generation
	result.IssuedAt = timeAt(issued)
	result.IdleEnd, result.SessionEnd = timeAt(s.idleEnd()), timeAt(s.sessionEnd)
	return result
}
