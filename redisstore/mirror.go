package redisstore

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// MirrorOptions configures the mirror. The zero value is none.
type MirrorOptions struct {
	// Staleness bounds how long after its acknowledgement a revocation may
	// still be unknown to another process. The mirror polls five times as
	// often. From 100 ms to 1 minute, for example 1 second; 0 for no mirror.
	Staleness time.Duration

	// OnDenial, if set, is called with each denial that the mirror learns of:
	// soon after New with those that are in force, then with each as it is read,
	// within Staleness while polls succeed. It may be told of one denial twice.
	// It is called while the mirror waits, so it must return at once and must
	// not call the Store.
	OnDenial func(Denial)
}

// Denial says that access tokens of a session are revoked.
type Denial struct {
	SessionID  string
	Generation int64     // whose tokens are revoked, or -1 for the whole session
	AndBefore  bool      // and those of all generations before: the claims were refreshed
	Until      time.Time // by the server's clock, when it has no effect any more
}

const (
	pollsPerLease = 5
	nudgeGap      = 10 * time.Millisecond // between two polls, however many nudges
	pollEntries   = 2000                  // at most that a poll reads
	repairEntries = 500                   // at most that a poll denies again
	behindEntries = 200                   // at most that a revocation reads
	maxStuckPolls = 4                     // that wait for a client without a deadline
	nudgeBackoff  = time.Second
	unsubscribing = time.Second // that a stop waits for a client that is dialling
)

// MirrorStats tells how a mirror fares.
type MirrorStats struct {
	// Entries is the number of denials held.
	Entries int
	// Leased is how many of the Shards answer from memory at the moment.
	Leased, Shards int
	// Lag is the age of the oldest copy, since New if a shard has none yet.
	Lag time.Duration
	// Polls counts the polls, PollFailures those that failed for a shard or
	// more, or at the repair.
	Polls, PollFailures int64
	// Breaks counts how often the server had lost history that was still
	// needed and the feed was read again from its start.
	Breaks int64
	// Fallbacks counts the checks that asked the server because there was no lease.
	Fallbacks int64
	// NudgeFailures counts revocations that the other processes were not
	// nudged about; they learned of them by their next poll.
	NudgeFailures int64
}

// mirror keeps the copies of all shards up to date. It owns its goroutines:
// one or more that poll, one that listens for nudges and one that sends them.
type mirror struct {
	store     *Store
	staleness time.Duration
	start     time.Time
	shards    []*mirrorShard

	stopping context.CancelFunc
	working  sync.WaitGroup
	pollers  []*poller
	polledBy []*poller     // the poller of each shard
	announce chan struct{} // a shard is due a nudge

	fallbacks, polls, pollFailures, nudgeFailures atomic.Int64
}

// startMirror starts a mirror. On one server a poll reads all shards; on a
// cluster each shard is polled on its own, so that one master that stalls
// costs the others nothing.
func startMirror(s *Store, staleness time.Duration, told func(Denial)) *mirror {
	ctx, cancel := context.WithCancel(context.Background())
	m := &mirror{
		store: s, staleness: staleness, start: time.Now(), stopping: cancel,
		shards: make([]*mirrorShard, len(s.layout.shards)), polledBy: make([]*poller, len(s.layout.shards)), announce: make(chan struct{}, 1),
	}
	var all []int
	for i := range m.shards {
		m.shards[i] = &mirrorShard{set: denialSet{told: told}}
		all = append(all, i)
	}
	if _, single := s.client.(*redis.Client); single {
		m.appoint(all)
	} else {
		for _, i := range all {
			m.appoint([]int{i})
		}
	}
	for _, p := range m.pollers {
		m.working.Go(func() { p.run(ctx) })
	}
	m.working.Go(func() { m.listen(ctx) })
	m.working.Go(func() { m.send(ctx) })
	return m
}

// appoint adds a poller of some shards.
func (m *mirror) appoint(shards []int) {
	p := newPoller(m, shards)
	m.pollers = append(m.pollers, p)
	for _, i := range shards {
		m.polledBy[i] = p
	}
}

func (m *mirror) stop() {
	m.stopping()
	m.working.Wait()
}

type verdict int

const (
	mirrorUnsure verdict = iota
	mirrorDenies
	mirrorAllows
)

// check looks a token up. The lease is read before the set: whatever was
// applied before the lease was given is then found. The other way round a look
// into an old set could be vouched for by a new lease.
func (m *mirror) check(shard int, sessionID string, generation int64) verdict {
	session, ok := parseSession(sessionID)
	if !ok {
		return mirrorUnsure
	}
	s := m.shards[shard]
	leased := s.lease.valid(m.start, time.Now())
	switch {
	case s.set.has(session, generation):
		return mirrorDenies
	case leased:
		return mirrorAllows
	}
	m.fallbacks.Add(1)
	return mirrorUnsure
}

// learn applies a denial that the server has told of.
func (m *mirror) learn(shard int, sessionID string, generation, until int64) {
	if session, ok := parseSession(sessionID); ok {
		m.shards[shard].set.add(session, generation, until)
	}
}

// position returns the last entry of a shard's feed that has been applied,
// empty before the first.
func (m *mirror) position(shard int) position {
	if p := m.shards[shard].applied.Load(); p != nil {
		return *p
	}
	return position{}
}

// catchUp applies what was on a shard's feed beyond a position that had been
// applied. If the script has not read it to the end, no copy of before now is
// good enough any more, and a poll gives the next lease.
func (m *mirror) catchUp(shard int, p page) {
	s := m.shards[shard]
	if s.caughtUp(p) {
		return
	}
	s.lease.giveUp(m.start, time.Now().Add(m.staleness))
	m.polledBy[shard].nudge()
}

// deny applies an own revocation that the server has acknowledged, and has the
// other processes nudged.
func (m *mirror) deny(shard int, sessionID string, generation, until int64) {
	m.learn(shard, sessionID, generation, until)
	m.shards[shard].due.Store(true)
	select {
	case m.announce <- struct{}{}:
	default: // announced already, and not yet taken up
	}
}

// Mirror returns how the mirror fares, and false if there is none.
func (s *Store) Mirror() (MirrorStats, bool) {
	m := s.mirror
	if m == nil {
		return MirrorStats{}, false
	}
	stats := MirrorStats{
		Shards: len(m.shards), Polls: m.polls.Load(), PollFailures: m.pollFailures.Load(),
		Fallbacks: m.fallbacks.Load(), NudgeFailures: m.nudgeFailures.Load(),
	}
	now := time.Now()
	for _, shard := range m.shards {
		stats.Entries += shard.set.len()
		stats.Breaks += shard.breaks.Load()
		if shard.lease.valid(m.start, now) {
			stats.Leased++
		}
		age := now.Sub(m.start)
		if until := shard.lease.monotonic.Load(); until != 0 {
			age += m.staleness - time.Duration(until)
		}
		stats.Lag = max(stats.Lag, age)
	}
	return stats, true
}
