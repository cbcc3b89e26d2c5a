package model

import (
	"math/rand/v2"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

const users = 2

// generate returns a random history of n operations.
func generate(r *rand.Rand, n int) history {
	h := history{Settings: settings{
		AccessTTL:   pick(r, 1500*time.Millisecond, 90*time.Second, 10*time.Minute),
		IdleTTL:     pick(r, 5*time.Minute, 24*time.Hour, core.NoLimit),
		SessionTTL:  pick(r, time.Hour, 30*24*time.Hour+time.Millisecond),
		ReuseGrace:  pick(r, core.Strict, time.Millisecond, 30*time.Second, 30*time.Second, 2*time.Minute),
		MaxSessions: pick(r, 1, 2, 3, 100),
		OnLimit:     pick(r, core.EvictIdlest, core.EvictIdlest, core.RejectNew),
		Leeway:      pick(r, 0, 0, time.Minute),
		Revocation:  pick(r, core.Blacklist, core.Blacklist, core.SessionRecord),
	}}
	if h.Settings.IdleTTL != core.NoLimit && r.IntN(4) == 0 {
		h.Settings.SessionTTL = core.NoLimit
	}
	h.Ops = append(h.Ops, op{Do: login})
	for len(h.Ops) < n {
		h.Ops = append(h.Ops, randomOp(r))
	}
	return h
}

func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// randomOp returns an operation. Reissues and short waits make up the most, so
// that sessions live long enough to have a history.
func randomOp(r *rand.Rand) op {
	o := op{User: r.IntN(users), Session: pick(r, 0, 0, 0, 0, 0, 1, 1, 2, 5)}
	switch n := r.IntN(100); {
	case n < 50:
		o.Do, o.Key = reissue, pick(r, 0, 0, 0, 1, 1, 2)
		o.Back = pick(r, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 7)
	case n < 58:
		o.Do = login
	case n < 76:
		o.Do, o.For = wait, pick(r, time.Millisecond, 400*time.Millisecond, time.Second, 10*time.Second, 31*time.Second, 3*time.Minute)
		if r.IntN(2) == 0 {
			o.Until = pick(r, windowEnd, windowEnd, windowEnd, windowEnd, windowEnd, windowEnd, accessEnd, accessEnd, accessEnd, blockEnd, blockEnd, idleEnd, sessionEnd, recordEnd)
			o.For = pick(r, -time.Millisecond, 0, time.Millisecond)
		}
	case n < 79:
		o.Do, o.Back, o.Access = logout, r.IntN(3), r.IntN(2) == 0
	case n < 80:
		o.Do = revoke
	case n < 81:
		o.Do, o.Keep = revokeAll, r.IntN(2) == 0
	case n < 82:
		o.Do, o.For = block, pick(r, 0, time.Minute, time.Hour)
	case n < 85:
		o.Do = unblock
	case n < 86:
		o.Do, o.Back = blacklist, r.IntN(3)
	case n < 87:
		o.Do = refresh
	case n < 90:
		o.Do, o.Back = repeat, pick(r, 0, 0, 1, 2, 3)
	case n < 95:
		o.Do = save
	case n < 99:
		o.Do = restore
	default:
		o.Do, o.For = markBlocked, pick(r, time.Minute, time.Hour)
	}
	switch o.Do {
	case login, reissue, logout, revoke, revokeAll, block, unblock, blacklist, refresh:
		if r.IntN(4) == 0 {
			o.Fault = pick(r, twice, twice, twice, crash, crash, unreached, unheard, unheard, wrongSeed)
		}
	}
	return o
}
