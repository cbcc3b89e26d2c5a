package redisstore

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// mirrorShard is the copy of one shard's blacklist. Invariant: while a lease
// runs, the set holds every denial that was on the feed when the poll that
// gave the lease was sent, and every denial that an earlier lease had.
type mirrorShard struct {
	set   denialSet
	lease lease
	due   atomic.Bool // an own revocation that the others have not been nudged about

	// applied is the last entry applied, nil before the first.
	applied atomic.Pointer[position]

	// Of the same entry; empty before the first. Only the goroutine
	// that polls the shard uses what follows.
	cursor string
	fields string
	// Until when the entries up to that one deny, the last of them to run out.
	// The server lets an entry go once it and all before it have run out, and
	// the feed as a whole once all have: earlier is a loss.
	until int64

	breaks atomic.Int64
}

// position names an entry of a feed: its id and its fields.
type position struct{ cursor, fields string }

// lease says until when a copy is good enough, by two clocks: the monotonic
// one cannot be set, and the wall clock does not stop while the machine sleeps.
type lease struct {
	monotonic atomic.Int64 // nanoseconds since the mirror's start
	wall      atomic.Int64 // nanoseconds since 1970

	least atomic.Int64 // as monotonic: a lease that ends by then has been given up
}

// set moves the lease to until. The order of the two does not matter, because
// each only ever shortens what the other allows.
func (l *lease) set(start, until time.Time) {
	l.monotonic.Store(int64(until.Sub(start)))
	l.wall.Store(until.UnixNano())
}

// valid reports whether the lease runs at a time.
func (l *lease) valid(start, now time.Time) bool {
	until := l.monotonic.Load()
	return int64(now.Sub(start)) < until && now.UnixNano() < l.wall.Load() && until > l.least.Load()
}

// giveUp ends every lease up to until, one that is still to be given too.
func (l *lease) giveUp(start, until time.Time) {
	for {
		least, further := l.least.Load(), int64(until.Sub(start))
		if further <= least || l.least.CompareAndSwap(least, further) {
			return
		}
	}
}

// page is what a poll read of one shard.
type page struct {
	status string // end, more or broken
	cursor string
	fields string
	lines  string
}

// progress is what a page came to.
type progress int

const (
	moreToRead progress = iota + 1
	readToEnd
	startAgain     // the last entry applied has left the feed in its time
	historyLost    // it has left, or one before it has, before its time
	nothingApplied // with an error
)

// apply applies a page that was read at a time of the server's clock. What is
// known locally is merged with it, never dropped. After an error the page is
// read again.
func (s *mirrorShard) apply(p page, now time.Time) (progress, error) {
	switch p.status {
	case "broken":
		lost := s.until > now.UnixMilli()
		s.cursor, s.fields, s.until = "", "", 0
		s.applied.Store(nil)
		if lost {
			s.breaks.Add(1)
			return historyLost, nil
		}
		return startAgain, nil
	case "end", "more":
	default:
		return nothingApplied, fmt.Errorf("redisstore: poll.lua answered %q", p.status)
	}
	until, err := s.merge(p.lines)
	if err != nil {
		return nothingApplied, err
	}
	if s.cursor != p.cursor || s.fields != p.fields {
		s.applied.Store(&position{p.cursor, p.fields})
	}
	s.cursor, s.fields, s.until = p.cursor, p.fields, max(s.until, until)
	if p.status == "end" {
		return readToEnd, nil
	}
	return moreToRead, nil
}

// merge adds the entries of a page to the set. It returns until when they deny,
// the last of them to run out.
func (s *mirrorShard) merge(lines string) (until int64, err error) {
	for lines != "" {
		var line string
		line, lines, _ = strings.Cut(lines, "\n")
		d, err := parseDenial(line)
		if err != nil {
			return 0, err
		}
		s.set.add(d.session, d.generation, d.until)
		until = max(until, d.until)
	}
	return until, nil
}

// caughtUp applies a page that a script other than a poll's has read from the
// last entry applied, and reports whether the set now has all that was on the
// feed when the script ran.
func (s *mirrorShard) caughtUp(p page) bool {
	_, err := s.merge(p.lines)
	return err == nil && p.status == "end"
}

// parseDenial parses a feed entry: session id, what is denied, until when. That is
// a generation, every one (*) or all up to one (<7).
func parseDenial(line string) (d denial, err error) {
	id, rest, ok1 := strings.Cut(line, " ")
	what, until, ok2 := strings.Cut(rest, " ")
	if !ok1 || !ok2 {
		return d, errors.New("redisstore: a feed entry is malformed")
	}
	var ok bool
	if d.session, ok = parseSession(id); !ok {
		return d, errors.New("redisstore: a feed entry has a malformed session id")
	}
	d.generation = everyGeneration
	if what != "*" {
		number, stale := strings.CutPrefix(what, "<")
		if d.generation, err = strconv.ParseInt(number, 10, 64); err != nil || d.generation < 0 {
			return d, errors.New("redisstore: a feed entry has a malformed generation")
		}
		if stale {
			d.generation = upTo(d.generation)
		}
	}
	if d.until, err = strconv.ParseInt(until, 10, 64); err != nil {
		return d, errors.New("redisstore: a feed entry has a malformed time")
	}
	return d, nil
}
