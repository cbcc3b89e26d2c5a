package driver

import "strconv"

// Outcome is what presenting a refresh token came to. These are the rules of
// the rotation: they apply in the order of the constants, the first whose
// condition holds decides, and the decision and its effect are one atomic step
// ([Store.Rotate]). Distance is the session's generation minus the token's.
//
// The window of ReuseGrace opens at the rotation and never moves. It closes by
// itself once the child is used, because then the parent is at distance 2. Each
// racer gets the same child, so a session never has two live descendants. A
// clock that was set back does not hold it open: an age of less than minus
// ReuseGrace is outside, too.
//
// A replay moves nothing. If the access token of the rotation has expired by
// then, at the whole second, IssuedAt is now, and the record notes the later
// expiry so that a denial outlives it.
type Outcome int

const (
	// Missing: there is no such session. Refused.
	Missing Outcome = iota + 1
	// Forged: the seed is not the session's, so the signing key is in wrong
	// hands. Refused, and the session lives: a guess must log nobody out.
	Forged
	// Revoked: the session has been killed. Refused.
	Revoked
	// Expired: the session is past its idle or absolute end. Refused.
	Expired
	// Blocked: the user is blocked. Refused.
	Blocked
	// Rotated: distance 0, the newest refresh token. The generation rises by
	// one, the idle end moves, the attempt is remembered. The next pair.
	Rotated
	// SameAttempt: distance 1 and the attempt that rotated. Nothing moves.
	// The same pair.
	SameAttempt
	// Replayed: distance 1 and within ReuseGrace of the rotation. Nothing
	// moves. The same pair.
	Replayed
	// Recovered: a distance below 0. The store has lost writes, because
	// signature and seed prove that the token was issued. The session moves
	// to the token's generation plus one, otherwise as Rotated. The next pair.
	Recovered
	// Reuse: anything else is an earlier token presented again, which proves
	// that two parties hold the session. Refused, and the session is killed
	// and its access tokens blacklisted in the same step.
	Reuse
)

// Issues reports whether the outcome is answered with tokens.
func (o Outcome) Issues() bool {
	switch o {
	case Rotated, SameAttempt, Replayed, Recovered:
		return true
	}
	return false
}

// String returns the outcome's name in lower case, such as "same_attempt".
func (o Outcome) String() string {
	switch o {
	case Missing:
		return "missing"
	case Forged:
		return "forged"
	case Revoked:
		return "revoked"
	case Expired:
		return "expired"
	case Blocked:
		return "blocked"
	case Rotated:
		return "rotated"
	case SameAttempt:
		return "same_attempt"
	case Replayed:
		return "replayed"
	case Recovered:
		return "recovered"
	case Reuse:
		return "reuse"
	}
	return "outcome " + strconv.Itoa(int(o))
}
