package core

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

const (
	// refusalMemory is how long a refusal is remembered: long enough that a
	// client which repeats itself costs nothing, and no longer than a store
	// that got lost writes back may be kept waiting.
	refusalMemory = 5 * time.Second

	// refusalRoom bounds the sessions remembered, in about half a megabyte.
	refusalRoom = 4096
)

// refusals remembers sessions of which no refresh token will ever be good
// again, so that one presented again costs neither LoadClaims nor the store, and
// tokens that have been logged out with, so that the same logout again costs
// nothing. It makes room by forgetting what it learned first.
//
// Only an end is remembered, of which no later event makes anything good: the
// session has been killed, is past its end, which is judged before whatever a
// generation may prove, or is missing, and an id is never given twice; or the
// user is gone and all sessions have been ended. A block is not: who is
// unblocked goes on with a session that the block did not find. Nor is a forged
// seed, which says nothing about the session and is reported each time.
type refusals struct {
	mu    sync.Mutex
	known map[refusalKey]refusal
	order []refusalKey // a ring once it is full
	next  int          // in order, the oldest
}

// refusalKey names a session to whoever has a refresh token of it. Subject and
// seed are part of it: with another of either a token is not the session's, and
// what it is answered must not pass for the session's own answer.
type refusalKey [sha256.Size]byte

// logoutKeyOf names the very token, since what a logout does depends on all of
// it. No token has a NUL, so the name is none of a session.
func logoutKeyOf(token string) refusalKey { return sha256.Sum256([]byte(token)) }

// refusal is what a session's refresh tokens are answered.
type refusal struct {
	at         time.Time
	outcome    driver.Outcome // 0: the user is gone, or it is a logout
	generation int64          // of the session, if the store knew it
	age        time.Duration  // since its last rotation, at that time
}

func refusalKeyOf(r *refreshClaims) refusalKey {
	// No id or seed has a NUL, so no two triples are spelled alike.
	return sha256.Sum256([]byte(r.SessionID + "\x00" + r.Seed + "\x00" + r.Subject))
}

// get returns how the session is refused, and false if that is not known.
func (f *refusals) get(key refusalKey, now time.Time) (refusal, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e, ok := f.known[key]
	age := now.Sub(e.at)
	return e, ok && age >= 0 && age < refusalMemory
}

// put remembers how the session is refused.
func (f *refusals) put(key refusalKey, e refusal) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known == nil {
		f.known = make(map[refusalKey]refusal)
	}
	if _, again := f.known[key]; !again {
		if len(f.order) < refusalRoom {
			f.order = append(f.order, key)
		} else {
			delete(f.known, f.order[f.next])
			f.order[f.next] = key
			f.next = (f.next + 1) % refusalRoom
		}
	}
	f.known[key] = e
}

// refusalOf returns what is to be remembered of a rotation, and false if it may
// become good again.
func refusalOf(r *refreshClaims, result driver.RotateResult, now time.Time) (refusal, bool) {
	e := refusal{at: now, outcome: result.Outcome, generation: r.Generation + result.Distance, age: result.Age}
	switch result.Outcome {
	case driver.Missing, driver.Revoked, driver.Expired:
		return e, true
	case driver.Reuse: // which has killed the session
		e.outcome = driver.Revoked
		return e, true
	}
	return refusal{}, false
}

// result returns what the store would answer a token of the session by now.
func (e refusal) result(r *refreshClaims, now time.Time) driver.RotateResult {
	if e.outcome == driver.Missing {
		return driver.RotateResult{Outcome: e.outcome}
	}
	return driver.RotateResult{Outcome: e.outcome, Distance: e.generation - r.Generation, Age: e.age + now.Sub(e.at)}
}
