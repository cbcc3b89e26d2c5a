package redisstore

import (
	"fmt"
	"time"
)

// modelProcess is a process with a mirror of the one shard. Its copy and its
// lease are the real ones; what poller.poll and mirror.check do in one go are
// steps here, so that anything can come between.
type modelProcess struct {
	flaw  flaw
	shard *mirrorShard

	asleep int64 // how much less than real time its monotonic clock has counted
	ahead  int64 // its wall clock, of real time
	sleeps bool  // else its wall clock is set back and forth: one clock may fail

	poll       *modelPoll
	loading    bool // the last poll has found more than it may read
	look       *modelLook
	call       *modelCall
	serverTime int64
	swept      int
	repairs    []denial
	told       map[tokenKey]int64 // all that it was ever told, until when
	vouched    map[tokenKey]vouch // what a call of its own has answered for
}

// modelCall is a revocation of all of a user's sessions that finds nothing left
// to end: others have ended them, or an attempt before it of which the answer
// was lost. The model was once without it, with revocations only that tell the
// process itself what they deny; then it could not show that such a call was
// answered while the process went on accepting.
type modelCall struct {
	from   position
	ran    int64 // the step of the world, 0 before it
	page   page
	denied []denial // all that the server denied then
}

// vouch is until when something was denied that a call has found ended, and the
// steps of the world in which its script ran and in which it was answered.
type vouch struct{ until, ran, answered int64 }

// modelPoll is a poll under way.
type modelPoll struct {
	cursor, fields  string
	monotonic, wall int64 // when it was sent
	answered        bool
	page            page
	serverTime      int64
	feed            []modelEntry // as it was when the script ran
}

// modelLook is an access check under way.
type modelLook struct {
	key           tokenKey
	began, step   int64 // real time, and the world's step
	wall          int64
	leased, found bool
}

func newModelProcess(f flaw, sleeps bool) *modelProcess {
	return &modelProcess{flaw: f, sleeps: sleeps, shard: &mirrorShard{}, told: make(map[tokenKey]int64), vouched: make(map[tokenKey]vouch)}
}

func (p *modelProcess) clocks(now int64) (monotonic, wall int64) {
	return now - p.asleep, now + p.ahead
}

// moment returns two times by which the real lease sees the two clocks of a
// process that has been started at the first of them.
func moment(monotonic, wall int64) (start, now time.Time) {
	now = time.UnixMilli(wall)
	return now.Add(-time.Duration(monotonic) * time.Millisecond), now
}

func (p *modelProcess) send(now int64) {
	monotonic, wall := p.clocks(now)
	p.poll = &modelPoll{cursor: p.shard.cursor, fields: p.shard.fields, monotonic: monotonic, wall: wall}
}

// deliver applies the answer as poller.poll does. It returns a violation of
// the invariant of mirrorShard.
func (p *modelProcess) deliver(now int64, staleness time.Duration) (given bool, fault string) {
	poll := p.poll
	p.poll = nil
	if !poll.answered {
		return false, ""
	}
	p.serverTime = poll.serverTime
	progress, err := p.shard.apply(poll.page, time.UnixMilli(poll.serverTime))
	if err != nil {
		return false, err.Error()
	}
	for line := range denialsOf(poll.page.lines) {
		p.learn(line)
	}
	p.loading = progress == moreToRead
	switch {
	case progress == readToEnd, progress == moreToRead && p.flaw == earlyLease:
		if p.flaw == lateClock {
			poll.monotonic, poll.wall = p.clocks(now)
		}
		start, sent := moment(poll.monotonic, poll.wall)
		p.shard.lease.set(start, sent.Add(staleness))
		given = true
	case progress == historyLost:
		p.repairs = p.shard.set.all()
	}
	if p.flaw == forgetful && (progress == historyLost || progress == startAgain) {
		old := p.shard
		p.shard = &mirrorShard{}
		p.shard.lease.monotonic.Store(old.lease.monotonic.Load())
		p.shard.lease.wall.Store(old.lease.wall.Load())
	}
	p.sweep(now)
	if given {
		for _, e := range poll.feed {
			if e.until > poll.serverTime && !p.shard.set.has(e.session, max(0, e.generation)) {
				return true, fmt.Sprintf("a lease without %s, which was on the feed", e.line())
			}
		}
	}
	return given, ""
}

// load is one page of poller.load: whatever server is reached answers, and it
// gives no lease.
func (p *modelProcess) load(now int64, server *modelServer, room int, staleness time.Duration) {
	server = server.copy()
	server.readOnly = false // a read needs no right to write
	page, _, _ := server.poll(now, room, p.shard.cursor, p.shard.fields)
	if page.status == "broken" {
		p.loading = false
		return
	}
	p.loading = page.status == "more"
	page.status = "more"
	if _, err := p.shard.apply(page, time.UnixMilli(p.serverTime)); err != nil {
		panic(err)
	}
	for line := range denialsOf(page.lines) {
		p.learn(line)
	}
	if p.flaw == leaseFromLoad && !p.loading {
		start, at := moment(p.clocks(now))
		p.shard.lease.set(start, at.Add(staleness))
	}
}

// sweep is poller.sweep. The model's sessions are all in the first parts.
func (p *modelProcess) sweep(now int64) {
	_, by := p.clocks(now)
	if p.flaw != localSweep {
		by = min(by, p.serverTime)
	}
	p.shard.set.sweep(p.swept%modelParts, time.UnixMilli(by))
	p.swept++
}

// learn notes what the process was told.
func (p *modelProcess) learn(d denial) {
	key := tokenKey{d.session, d.generation}
	p.told[key] = max(p.told[key], d.until)
}

// own applies a revocation of its own that was acknowledged.
func (p *modelProcess) own(d denial) {
	if p.flaw != deafToItself {
		p.shard.set.add(d.session, d.generation, d.until)
	}
	p.learn(d)
}

// ask begins a call: it takes along up to where the feed has been applied.
func (p *modelProcess) ask() {
	p.call = &modelCall{}
	if from := p.shard.applied.Load(); from != nil {
		p.call.from = *from
	}
}

// answer is mirror.catchUp, after which the caller is answered.
func (p *modelProcess) answer(now, step int64, staleness time.Duration) {
	call := p.call
	p.call = nil
	if call.ran == 0 {
		return
	}
	if p.flaw != deafToOthers && !p.shard.caughtUp(call.page) && p.flaw != partIsAll {
		start, at := moment(p.clocks(now))
		if p.flaw == leaseComesBack {
			p.shard.lease.set(start, start)
		} else {
			p.shard.lease.giveUp(start, at.Add(staleness))
		}
	}
	for _, d := range call.denied {
		key := tokenKey{d.session, d.generation}
		p.vouched[key] = vouch{d.until, call.ran, step}
	}
}

// begin is the first half of mirror.check: the clock and the lease.
func (p *modelProcess) begin(now, step int64, key tokenKey) {
	_, wall := p.clocks(now)
	p.look = &modelLook{key: key, began: now, step: step, wall: wall}
	if p.flaw == lookUpFirst {
		p.look.found = p.shard.set.has(key.session, key.generation)
	} else {
		p.look.leased = p.leased(now)
	}
}

// end is the second half: the set.
func (p *modelProcess) end(now int64) *modelLook {
	look := p.look
	p.look = nil
	if p.flaw == lookUpFirst {
		look.leased = p.leased(now)
	} else {
		look.found = p.shard.set.has(look.key.session, look.key.generation)
	}
	return look
}

func (p *modelProcess) leased(now int64) bool {
	monotonic, wall := p.clocks(now)
	lease := &p.shard.lease
	switch {
	case p.flaw == monotonicOnly && lease.wall.Load() != 0:
		wall = 0
	case p.flaw == wallOnly && lease.monotonic.Load() != 0:
		monotonic = 0
	}
	return lease.valid(moment(monotonic, wall))
}
