package redisstore

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"time"
)

const (
	modelStaleness = time.Second
	modelParts     = 4  // of the set that hold sessions
	modelSessions  = 24 // that may be revoked
	modelInnocent  = 8  // that never are
	modelEpoch     = 1_800_000_000_000
	maxModelLeeway = int64(time.Minute / time.Millisecond) // core's greatest
	maxModelLag    = int64(55 * time.Second / time.Millisecond)
)

// world is a model of a fleet and its server in simulated time. Nothing in it
// is concurrent: every interleaving is an order of its steps.
type world struct {
	flaw      flaw
	rand      *rand.Rand
	now       int64 // real time in ms
	steps     int64
	room      int // entries a poll reads
	nonce     int64
	master    *modelServer
	past      []*modelServer // the master's states, the last is the newest
	others    []*modelServer // replicas and former masters, reached by old connections
	processes []*modelProcess

	revocations []*modelRevocation
	recent      []tokenKey
	tracing     bool
	trace       []string
	violation   string
	seen        modelCounts
}

// modelRevocation is one that the server has executed.
type modelRevocation struct {
	denial
	at    int64
	step  int64
	by    *modelProcess // who is still to be told
	lost  bool          // the server's history has lost it since
	acked bool
}

// modelCounts shows that a run was not idle.
type modelCounts struct {
	accepted, denied, unsure, leases, breaks, lost, revoked, loads, calls, vouched int
	stalest                                                                        int64
}

func (c *modelCounts) add(o modelCounts) {
	c.accepted, c.denied, c.unsure, c.leases = c.accepted+o.accepted, c.denied+o.denied, c.unsure+o.unsure, c.leases+o.leases
	c.breaks, c.lost, c.revoked, c.loads = c.breaks+o.breaks, c.lost+o.lost, c.revoked+o.revoked, c.loads+o.loads
	c.calls, c.vouched = c.calls+o.calls, c.vouched+o.vouched
	c.stalest = max(c.stalest, o.stalest)
}

func newWorld(f flaw, r *rand.Rand, processes, room int) *world {
	w := &world{flaw: f, rand: r, now: modelEpoch, room: room, master: newModelServer(f)}
	for i := range processes {
		w.processes = append(w.processes, newModelProcess(f, i%2 == 0))
	}
	return w
}

func modelSession(i int) (key sessionKey) {
	key[0], key[1] = byte(i%modelParts), byte(i)
	return key
}

// revoke executes a revocation on the master. Its access tokens expire a time
// after now by the server's clock.
func (w *world) revoke(p *modelProcess, key tokenKey, life int64) {
	d := denial{key.session, key.generation, w.now + w.master.ahead + life + margin}
	w.past = append(w.past, w.master.copy())
	w.past = w.past[max(0, len(w.past)-8):]
	w.nonce++
	w.master.deny(w.now, d, w.nonce)
	w.revocations = append(w.revocations, &modelRevocation{denial: d, at: w.now, step: w.steps, by: p})
	w.recent = append(w.recent, key)
	w.recent = w.recent[max(0, len(w.recent)-4):]
	w.seen.revoked++
}

// acknowledge tells the revoker.
func (w *world) acknowledge(r *modelRevocation) {
	r.acked = true
	if r.by != nil {
		r.by.own(r.denial)
	}
}

// execute runs a poll's script, on the master or on a server that some old
// connection leads to. The driver may have it run again: the last answer counts.
func (w *world) execute(p *modelProcess, server *modelServer) {
	page, at, ok := server.poll(w.now, w.room, p.poll.cursor, p.poll.fields)
	p.poll.answered = ok
	if ok {
		p.poll.page, p.poll.serverTime = page, at
		p.poll.feed = append([]modelEntry(nil), server.feed...)
		if page.status == "broken" {
			w.seen.breaks++
		}
	}
}

// executeCall runs the script of a call on the master. All sessions are one
// user's, so it answers for whatever is denied by then. It reads few entries, so
// that it is often behind.
func (w *world) executeCall(p *modelProcess) {
	page, at, _ := w.master.poll(w.now, 1, p.call.from.cursor, p.call.from.fields)
	p.call.ran, p.call.page, p.call.denied = w.steps, page, nil
	for key, until := range w.master.denied {
		if until > at {
			p.call.denied = append(p.call.denied, denial{key.session, key.generation, until})
		}
	}
}

// answer tells the caller.
func (w *world) answer(p *modelProcess) {
	w.seen.calls++
	w.seen.vouched += len(p.call.denied)
	p.answer(w.now, w.steps, modelStaleness)
}

func (w *world) deliver(p *modelProcess) {
	given, fault := p.deliver(w.now, modelStaleness)
	if given {
		w.seen.leases++
	}
	if fault != "" && w.flaw == noFlaw { // a flaw must show in a decision
		w.fail("%s", fault)
	}
}

// replace makes another server the master. What it does not know is lost.
func (w *world) replace(s *modelServer) {
	old := w.master
	old.readOnly = true
	w.others = append(w.others, old)
	w.others = w.others[max(0, len(w.others)-2):]
	s.readOnly = false
	w.master, w.past = s, nil
	now := s.clock(w.now)
	for _, r := range w.revocations {
		if !r.lost && r.until > now && s.until(now, tokenKey{r.session, r.generation}) < r.until {
			r.lost = true
			w.seen.lost++
		}
	}
}

// end finishes an access check and holds the decision against the claims of
// docs/mirror.md.
func (w *world) end(p *modelProcess) {
	look := p.end(w.now)
	switch {
	case look.found:
		w.seen.denied++
		for _, r := range w.revocations {
			if r.session == look.key.session && (r.generation == look.key.generation || r.generation == everyGeneration) {
				return
			}
		}
		w.fail("%v is denied and was never revoked", look.key)
	case look.leased:
		w.seen.accepted++
		w.accepted(p, look)
	default:
		w.seen.unsure++
	}
}

// accepted checks an acceptance from memory.
func (w *world) accepted(p *modelProcess, look *modelLook) {
	for _, r := range w.revocations {
		if r.session != look.key.session || r.generation != look.key.generation && r.generation != everyGeneration {
			continue
		}
		expires := r.until - margin
		if look.wall >= expires+maxModelLeeway {
			continue // refused as expired
		}
		if w.now-look.began >= margin {
			continue // it has stood still between two reads, and the entry has been removed in its time
		}
		age := look.began - r.at
		answered := p.vouched[tokenKey{r.session, r.generation}]
		switch {
		case p.told[tokenKey{r.session, r.generation}] >= r.until:
			w.fail("%v was accepted, though the process had been told of it", look.key)
		case r.lost:
		case answered.until >= r.until && answered.ran >= r.step && look.step > answered.answered:
			w.fail("%v was accepted, though a call of the process had been answered that found it ended", look.key)
		case age >= modelStaleness.Milliseconds():
			w.fail("%v was accepted %d ms after its revocation", look.key, age)
		default:
			w.seen.stalest = max(w.seen.stalest, age)
		}
	}
}

// note records a step, for whoever has to read why a run failed.
func (w *world) note(format string, args ...any) {
	if w.tracing {
		w.trace = append(w.trace, fmt.Sprintf("%8d ", w.now-modelEpoch)+fmt.Sprintf(format, args...))
	}
}

func (w *world) fail(format string, args ...any) {
	if w.violation == "" {
		w.violation = fmt.Sprintf(format, args...)
	}
}

// denialsOf parses the lines of a page.
func denialsOf(lines string) iter.Seq[denial] {
	return func(yield func(denial) bool) {
		for line := range strings.SplitSeq(lines, "\n") {
			if d, err := parseDenial(line); err == nil && !yield(d) {
				return
			}
		}
	}
}
