package core

import (
	"math"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// record is a session as MemoryStore keeps it. Times are milliseconds since
// 1970; a sessionEnd of 0 means that there is none.
type record struct {
	subject    string
	id         string
	seed       driver.SeedHash
	generation int64
	attempt    driver.AttemptID
	created    int64
	rotated    int64 // the last reissue, the login if there was none
	idleTTL    int64 // 0: no idle end
	sessionEnd int64
	accessEnd  int64 // when the last access token issued expires
	device     Device
	fresh      int64    // the last RefreshClaims, 0 if there was none
	stale      int64    // the generation up to which it has denied access tokens
	lastIP     string   // of the last reissue that had an address
	evicted    []string // what Create killed to make room, for its second run

	killed   bool
	killedBy driver.OperationID
	gone     int64 // when the tombstone may go
}

// end is the sooner of the idle and the absolute end.
func (s *record) end() int64 {
	end := int64(math.MaxInt64)
	if idle := s.idleEnd(); idle != 0 {
		end = idle
	}
	if s.sessionEnd != 0 {
		end = min(end, s.sessionEnd)
	}
	return end
}

// retention is when the record counts as missing. Between the end and then it
// still tells an expired token from an unknown one, and a logout finds it.
func (s *record) retention() int64 {
	if s.killed {
		return s.gone
	}
	return max(s.end(), s.accessEnd) + driver.DenialMargin.Milliseconds()
}

// live reports whether the session's newest refresh token would be accepted.
func (s *record) live(now int64) bool { return !s.killed && now < s.end() }

// idleEnd moves with each reissue, 0 if there is none; the absolute end never
// moves.
func (s *record) idleEnd() int64 {
	if s.idleTTL == 0 {
		return 0
	}
	return s.rotated + s.idleTTL
}

// coverAccess notes that an access token lives until end, so that a later
// denial outlives it whatever AccessTTL is configured by then.
func (s *record) coverAccess(end int64) {
	if s.sessionEnd != 0 {
		end = min(end, s.sessionEnd)
	}
	s.accessEnd = max(s.accessEnd, end)
}

// since returns how long ago a time was, NoLimit for none. It is never less than
// nothing, whatever the clock has done.
func since(then, now int64) time.Duration {
	if then == 0 {
		return NoLimit
	}
	return millis(max(0, now-then))
}

func millis(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

// wholeSecond rounds down, as the exp claim does.
func wholeSecond(ms int64) int64 { return ms - ms%1000 }

// timeAt converts milliseconds to a time, 0 to the zero time.
func timeAt(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// limitMillis converts a TTL to milliseconds, NoLimit to 0.
func limitMillis(d time.Duration) int64 {
	if d == NoLimit {
		return 0
	}
	return d.Milliseconds()
}
