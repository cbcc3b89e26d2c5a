package redisstore

import (
	"encoding/base64"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// A lease runs while both clocks say so. Each of them alone may fail: the
// monotonic one stands still while the machine sleeps, and the wall clock is
// set back and forth.
func TestLeaseGoesByBothClocks(t *testing.T) {
	const sent, staleness = int64(1_000_000), int64(1000)
	for name, test := range map[string]struct {
		monotonic, wall int64 // since the sending, in ms
		want            bool
	}{
		"at once":                             {0, 0, true},
		"just before the end":                 {999, 999, true},
		"at the end":                          {1000, 1000, false},
		"the monotonic clock has stood still": {10, 3_600_000, false},
		"slept to the end":                    {999, 1000, false},
		"the wall clock was set back":         {1000, -3_600_000, false},
		"set back within the time":            {999, -3_600_000, true},
		"the wall clock was set ahead":        {10, 3_600_000, false},
	} {
		t.Run(name, func(t *testing.T) {
			var l lease
			start, at := moment(sent, modelEpoch)
			l.set(start, at.Add(time.Duration(staleness)*time.Millisecond))
			if got := l.valid(moment(sent+test.monotonic, modelEpoch+test.wall)); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
	var none lease
	if none.valid(moment(0, 0)) || none.valid(time.Now(), time.Now()) {
		t.Error("a lease that was never given is valid")
	}
}

// The times that the running program has, with a monotonic part, and those
// without one make the same lease.
func TestLeaseWithTheProgramsTimes(t *testing.T) {
	start := time.Now()
	for name, strip := range map[string]func(time.Time) time.Time{
		"with the monotonic part":    func(t time.Time) time.Time { return t },
		"without the monotonic part": func(t time.Time) time.Time { return t.Round(0) },
		"in another time zone":       func(t time.Time) time.Time { return t.In(time.FixedZone("", 7*3600)) },
	} {
		t.Run(name, func(t *testing.T) {
			var l lease
			sent := start.Add(time.Minute)
			l.set(strip(start), strip(sent.Add(time.Second)))
			for after, want := range map[time.Duration]bool{
				0: true, time.Second - 1: true, time.Second: false, -time.Hour: true, time.Hour: false,
			} {
				if got := l.valid(strip(start), strip(sent.Add(after))); got != want {
					t.Errorf("after %v: got %v, want %v", after, got, want)
				}
			}
			l.set(strip(start), strip(sent.Add(2*time.Second)))
			if !l.valid(strip(start), strip(sent.Add(time.Second))) {
				t.Error("the next lease did not prolong it")
			}
		})
	}
}

func sid(n byte) string { return sessionKey{n}.String() }

// apply by its statuses.
func TestApply(t *testing.T) {
	now := time.UnixMilli(modelEpoch)
	live, dead := int64(modelEpoch+60_000), int64(modelEpoch-1)
	entry := func(n byte, what string, until int64) string { return fmt.Sprintf("%s %s %d", sid(n), what, until) }
	known := mirrorShard{cursor: "1-0", fields: "known", until: live}
	expired := mirrorShard{cursor: "1-0", fields: "known", until: dead}
	for _, test := range []struct {
		name           string
		before         *mirrorShard
		page           page
		want           progress
		cursor, fields string
		until          int64
		denied         []byte
		breaks         int64
	}{
		{"an empty feed", &mirrorShard{}, page{status: "end"}, readToEnd, "", "", 0, nil, 0},
		{"nothing new", &known, page{"end", "1-0", "known", ""}, readToEnd, "1-0", "known", live, nil, 0},
		{"to the end", &known, page{"end", "3-0", "f", entry(1, "*", live) + "\n" + entry(2, "*", live+5)}, readToEnd, "3-0", "f", int64(live + 5), []byte{1, 2}, 0},
		{"more", &mirrorShard{}, page{"more", "2-0", "f", entry(1, "*", live)}, moreToRead, "2-0", "f", live, []byte{1}, 0},
		{"the last entry expires first", &known, page{"end", "3-0", "f", entry(1, "*", dead)}, readToEnd, "3-0", "f", live, []byte{1}, 0},
		{"broken", &known, page{status: "broken"}, historyLost, "", "", 0, nil, 1},
		{"trimmed after its time", &expired, page{status: "broken"}, startAgain, "", "", 0, nil, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &mirrorShard{cursor: test.before.cursor, fields: test.before.fields, until: test.before.until}
			s.set.add(sessionKey{9}, everyGeneration, live)
			got, err := s.apply(test.page, now)
			if err != nil || got != test.want {
				t.Errorf("got %v, %v, want %v", got, err, test.want)
			}
			if s.cursor != test.cursor || s.fields != test.fields || s.until != test.until {
				t.Errorf("got the cursor %q %q until %d, want %q %q until %d", s.cursor, s.fields, s.until, test.cursor, test.fields, test.until)
			}
			for _, n := range append(test.denied, 9) {
				if !s.set.has(sessionKey{n}, 0) {
					t.Errorf("session %d is not denied", n)
				}
			}
			if s.set.len() != 1+len(test.denied) {
				t.Errorf("got %d entries, want %d", s.set.len(), 1+len(test.denied))
			}
			if got := s.breaks.Load(); got != test.breaks {
				t.Errorf("got %d breaks, want %d", got, test.breaks)
			}
		})
	}
}

// A page that cannot be understood moves nothing on: what of it was applied
// stays denied, and the next poll reads it again.
func TestApplyRefusesRubbish(t *testing.T) {
	good := sid(1) + " * 99999999999999"
	short, long := base64.RawURLEncoding.EncodeToString(make([]byte, 15)), base64.RawURLEncoding.EncodeToString(make([]byte, 17))
	for name, p := range map[string]page{
		"no status":                 {},
		"unknown status":            {status: "ended", lines: good},
		"empty line":                {status: "end", lines: good + "\n\n" + good},
		"one field":                 {status: "end", lines: good + "\n" + sid(2)},
		"two fields":                {status: "end", lines: good + "\n" + sid(2) + " *"},
		"no time":                   {status: "end", lines: good + "\n" + sid(2) + " * "},
		"a fraction":                {status: "end", lines: good + "\n" + sid(2) + " * 1.5"},
		"an exponent":               {status: "more", lines: good + "\n" + sid(2) + " * 1e14"},
		"a time beyond 64 bits":     {status: "more", lines: good + "\n" + sid(2) + " * 99999999999999999999"},
		"four fields":               {status: "more", lines: good + "\n" + sid(2) + " * 1 1"},
		"a negative generation":     {status: "end", lines: good + "\n" + sid(2) + " -1 99999999999999"},
		"a generation of letters":   {status: "end", lines: good + "\n" + sid(2) + " x 99999999999999"},
		"no generation":             {status: "end", lines: good + "\n" + sid(2) + "  99999999999999"},
		"a short session id":        {status: "end", lines: good + "\n" + short + " * 99999999999999"},
		"a long session id":         {status: "end", lines: good + "\n" + long + " * 99999999999999"},
		"a session id with rubbish": {status: "end", lines: good + "\n" + strings.Repeat("!", 22) + " * 99999999999999"},
	} {
		t.Run(name, func(t *testing.T) {
			p.cursor, p.fields = "9-9", "new"
			s := &mirrorShard{cursor: "1-0", fields: "known", until: 5}
			got, err := s.apply(p, time.Now())
			if err == nil || got != nothingApplied {
				t.Errorf("got %v, %v, want an error", got, err)
			}
			if s.cursor != "1-0" || s.fields != "known" || s.until != 5 {
				t.Errorf("the cursor moved to %q %q until %d", s.cursor, s.fields, s.until)
			}
			if p.lines != "" && p.status != "ended" && !s.set.has(sessionKey{1}, 0) {
				t.Error("the good entry before it was forgotten")
			}
		})
	}
}

func TestParseDenial(t *testing.T) {
	for line, want := range map[string]denial{
		sid(3) + " * 0": {sessionKey{3}, everyGeneration, 0},
		sid(3) + " 0 1": {sessionKey{3}, 0, 1},
		sid(255) + " 9007199254740990 9223372036854775807": {sessionKey{255}, 9007199254740990, math.MaxInt64},
	} {
		if got, err := parseDenial(line); err != nil || got != want {
			t.Errorf("%q: got %+v, %v, want %+v", line, got, err, want)
		}
	}
}

// A look-up of what is no session id asks the server: such an id is never in
// the set, so its absence says nothing.
func TestCheckOfNoSessionIDIsUnsure(t *testing.T) {
	m := &mirror{start: time.Now().Add(-time.Second), shards: []*mirrorShard{{}}, announce: make(chan struct{}, 1)}
	m.shards[0].lease.set(m.start, time.Now().Add(time.Hour))
	for _, id := range []string{"", "x", sid(1) + "A", sid(1)[1:], strings.Repeat("\n", 22)} {
		if got := m.check(0, id, 0); got != mirrorUnsure {
			t.Errorf("%q: got %v, want %v", id, got, mirrorUnsure)
		}
		m.deny(0, id, 0, math.MaxInt64)
	}
	if n := m.shards[0].set.len(); n != 0 {
		t.Errorf("got %d entries, want none", n)
	}
	if got := m.check(0, sid(1), 0); got != mirrorAllows {
		t.Errorf("got %v, want %v", got, mirrorAllows)
	}
	m.deny(0, sid(1), 0, math.MaxInt64)
	if got := m.check(0, sid(1), 0); got != mirrorDenies {
		t.Errorf("got %v, want %v", got, mirrorDenies)
	}
	if got := m.check(0, sid(1), 1); got != mirrorAllows {
		t.Errorf("another generation: got %v, want %v", got, mirrorAllows)
	}
}

// A check that meets a poll which brings the denial and then the lease never
// allows: it would have looked into the old set and trusted the new lease.
func TestCheckReadsTheLeaseFirst(t *testing.T) {
	m := &mirror{start: time.Now(), shards: []*mirrorShard{{}}}
	s := m.shards[0]
	var sessions [30_000]string
	keys := make([]sessionKey, len(sessions))
	for i := range sessions {
		keys[i] = sessionKey{byte(i), byte(i >> 8)}
		sessions[i] = keys[i].String()
	}
	rounds := make(chan int)
	done := make(chan struct{})
	go func() {
		for i := range rounds {
			s.set.add(keys[i], everyGeneration, math.MaxInt64)
			s.lease.set(m.start, time.Now().Add(time.Hour))
			done <- struct{}{}
		}
		close(done)
	}()
	for i, session := range sessions {
		s.lease.monotonic.Store(0)
		rounds <- i
		for delivered := false; !delivered; {
			if m.check(0, session, 0) == mirrorAllows {
				t.Fatalf("round %d: allowed", i)
			}
			select {
			case <-done:
				delivered = true
			default:
			}
		}
	}
	close(rounds)
	<-done
}

// Each fault of the mirror's options is found by New, and named.
func TestNewNamesTheMirrorsFault(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", DialerRetries: 1, MaxRetries: -1})
	t.Cleanup(func() { client.Close() })
	for staleness, ok := range map[time.Duration]bool{
		-time.Second: false, -1: false, 1: false, minStaleness - 1: false, maxStaleness + 1: false, math.MaxInt64: false,
		0: true, minStaleness: true, time.Second: true, maxStaleness: true,
	} {
		t.Run(staleness.String(), func(t *testing.T) {
			s, err := New(client, Options{Mirror: MirrorOptions{Staleness: staleness}, Logger: silent()})
			if (err == nil) != ok {
				t.Errorf("got %v, want success: %v", err, ok)
			}
			if err != nil {
				if !strings.Contains(err.Error(), "Mirror.Staleness") {
					t.Errorf("got %q, want it to name Mirror.Staleness", err)
				}
				return
			}
			defer s.Close()
			if _, on := s.Mirror(); on != (staleness != 0) {
				t.Errorf("got a mirror: %v", on)
			}
		})
	}
}

// A lease that has been given up does not come back by what had been sent
// before, nor by giving up less; it does by what is sent later.
func TestLeaseGivenUp(t *testing.T) {
	var l lease
	start := time.Now()
	at := func(d time.Duration) time.Time { return start.Add(d) }
	l.set(start, at(10))
	l.giveUp(start, at(12))
	l.giveUp(start, at(11))
	for _, until := range []time.Duration{10, 11, 12} {
		if l.set(start, at(until)); l.valid(start, start) {
			t.Errorf("a lease until %d runs, though all up to 12 have been given up", until)
		}
	}
	if l.set(start, at(13)); !l.valid(start, start) {
		t.Error("a lease until 13 does not run")
	}
}
