package redisstore

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// flaw is a mistake that a mirror or its server could have. The model is run
// with each, to show that it would notice.
type flaw int

const (
	noFlaw         flaw = iota
	lateClock           // the lease counts from the answer instead of from the sending
	exclusiveRead       // what follows the last entry is read, but not that entry itself
	idOnly              // the last entry is recognised by its id alone
	earlyLease          // a lease is given before the feed's end was read
	lookUpFirst         // the set is looked into before the lease
	forgetful           // a reload begins with an empty set
	readOnlyPoll        // a server that may not write answers polls all the same
	monotonicOnly       // the lease does not heed the wall clock
	wallOnly            // the lease does not heed the monotonic clock
	localSweep          // what has expired by the process's clock alone is removed
	trimmedTooSoon      // the server drops entries from the front that have not expired
	deafToItself        // own revocations are not applied before their caller is told
	leaseFromLoad       // the plain read of a long feed gives a lease
	deafToOthers        // a call that finds nothing left to end applies nothing
	partIsAll           // what it has read of the feed is taken for the whole
	leaseComesBack      // a lease that was given up comes back by a poll sent before
)

func flaws() map[flaw]string {
	return map[flaw]string{
		lateClock: "lease from the answer", exclusiveRead: "exclusive read", idOnly: "id without nonce",
		earlyLease: "lease before the end", lookUpFirst: "look-up before the lease", forgetful: "reload drops what is known",
		readOnlyPoll: "poll without a write", monotonicOnly: "monotonic clock only", wallOnly: "wall clock only",
		localSweep: "sweep by the local clock", trimmedTooSoon: "trimmed before expiry", deafToItself: "own revocation not applied",
		leaseFromLoad: "lease from a load", deafToOthers: "earlier ends not applied", partIsAll: "part of the feed taken for all",
		leaseComesBack: "lease given up comes back",
	}
}

// modelEntry is an entry of the feed.
type modelEntry struct {
	ms, sequence int64
	nonce        int64
	denial
}

func (e modelEntry) id() string { return decimal(e.ms) + "-" + decimal(e.sequence) }

func (e modelEntry) line() string {
	what := "*"
	if e.generation != everyGeneration {
		what = decimal(e.generation)
	}
	return e.session.String() + " " + what + " " + decimal(e.until)
}

func (e modelEntry) fields() string { return decimal(e.nonce) + " " + e.line() }

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// modelServer is what the scripts make of one shard, by their contract.
// TestModelServerIsTheScripts holds it against the scripts themselves.
type modelServer struct {
	flaw     flaw
	ahead    int64 // its clock, of real time, in ms
	grain    int64 // of the ids: two writes of one time are told apart by their order
	readOnly bool  // a replica, or an isolated former master

	feed     []modelEntry
	ms, last int64 // of the id given last
	expires  int64 // the feed as a whole
	denied   map[tokenKey]int64
}

func newModelServer(f flaw) *modelServer {
	return &modelServer{flaw: f, grain: 1, denied: make(map[tokenKey]int64)}
}

// copy returns a server with the same data.
func (s *modelServer) copy() *modelServer {
	c := *s
	c.feed, c.denied = slices.Clone(s.feed), maps.Clone(s.denied)
	return &c
}

// clock returns the server's time, with what has expired by it removed.
func (s *modelServer) clock(now int64) int64 {
	now += s.ahead
	if s.expires <= now {
		s.feed, s.ms, s.last, s.expires = nil, 0, 0, 0
	}
	return now
}

// deny is deny of lib.lua.
func (s *modelServer) deny(now int64, d denial, nonce int64) {
	now = s.clock(now)
	key := tokenKey{d.session, d.generation}
	if d.until <= now || d.until <= s.until(now, key) {
		return
	}
	s.denied[key] = d.until
	if ms := now - now%s.grain; ms > s.ms {
		s.ms, s.last = ms, -1
	}
	s.last++
	s.feed = append(s.feed, modelEntry{s.ms, s.last, nonce, d})
	passed := 0
	for passed < min(16, len(s.feed)-1) && s.feed[passed].until <= now {
		passed++
	}
	if s.flaw == trimmedTooSoon {
		passed = max(passed, len(s.feed)-4)
	}
	s.feed = s.feed[passed:]
	s.expires = max(s.expires, d.until)
}

// repair is repair.lua.
func (s *modelServer) repair(now int64, d denial, nonce int64) {
	if s.denied[tokenKey{d.session, d.generation}] <= d.until-1000 {
		s.deny(now, d, nonce)
	}
}

// until returns until when a key is denied by the server's time, 0 if it is not.
func (s *modelServer) until(now int64, key tokenKey) int64 {
	if until := s.denied[key]; until > now {
		return until
	}
	return 0
}

// poll is poll.lua. It also returns the server's time, and whether the server
// may write and so answers at all.
func (s *modelServer) poll(now int64, room int, cursor, fields string) (page, int64, bool) {
	now = s.clock(now)
	if s.readOnly && s.flaw != readOnlyPoll {
		return page{}, 0, false
	}
	count, from := max(room, 1)+1, 0
	if cursor != "" {
		from = slices.IndexFunc(s.feed, func(e modelEntry) bool {
			return e.id() == cursor && (s.flaw == idOnly || e.fields() == fields)
		})
		if s.flaw == exclusiveRead {
			return s.exclusive(count, cursor, fields), now, true
		}
		if from < 0 {
			return page{status: "broken"}, now, true
		}
	}
	read := s.feed[from:min(from+count, len(s.feed))]
	p := page{status: "more"}
	if len(read) < count {
		p.status = "end"
	}
	if len(read) > 0 {
		p.cursor, p.fields = read[len(read)-1].id(), read[len(read)-1].fields()
	}
	if cursor != "" {
		read = read[1:]
	}
	p.lines = linesOf(read)
	return p, now, true
}

// exclusive reads what comes after the cursor, as a flawed poll would.
func (s *modelServer) exclusive(count int, cursor, fields string) page {
	var ms, sequence int64
	fmt.Sscanf(cursor, "%d-%d", &ms, &sequence)
	p := page{status: "more", cursor: cursor, fields: fields}
	var read []modelEntry
	for _, e := range s.feed {
		if e.ms > ms || e.ms == ms && e.sequence > sequence {
			read = append(read, e)
		}
	}
	if len(read) < count {
		p.status = "end"
	}
	read = read[:min(count, len(read))]
	if len(read) > 0 {
		p.cursor, p.fields = read[len(read)-1].id(), read[len(read)-1].fields()
	}
	p.lines = linesOf(read)
	return p
}

func linesOf(entries []modelEntry) string {
	lines := make([]string, len(entries))
	for i, e := range entries {
		lines[i] = e.line()
	}
	return strings.Join(lines, "\n")
}
