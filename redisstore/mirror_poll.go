package redisstore

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// poller keeps some shards of a mirror up to date, all of one slot or one
// server, so that one script reads them.
type poller struct {
	mirror *mirror
	shards []int
	nudged chan struct{}
	stuck  atomic.Int64 // polls given up on that the client still waits for

	serverTime time.Time // of the last answer
	swept      int       // rounds of sweeping
	repairs    []repair
	failing    bool
}

// repair is a denial that the server may have lost.
type repair struct {
	shard int
	denial
}

func newPoller(m *mirror, shards []int) *poller {
	return &poller{mirror: m, shards: shards, nudged: make(chan struct{}, 1)}
}

// nudge asks for a poll soon.
func (p *poller) nudge() {
	select {
	case p.nudged <- struct{}{}:
	default:
	}
}

// run polls until the context ends: at intervals, and at once after a nudge,
// though not more often than nudgeGap allows.
func (p *poller) run(ctx context.Context) {
	interval := p.mirror.staleness / pollsPerLease
	timer := time.NewTimer(0)
	defer timer.Stop()
	var last time.Time
	nudged := p.nudged
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-nudged:
			if wait := nudgeGap - time.Since(last); wait > 0 {
				nudged = nil // further nudges in the gap become one
				timer.Reset(wait)
				continue
			}
		}
		nudged, last = p.nudged, time.Now()
		p.mirror.polls.Add(1)
		err := p.poll(ctx)
		if ctx.Err() != nil {
			return
		}
		p.report(err)
		p.sweep()
		// Processes that started together drift apart.
		timer.Reset(interval - rand.N(interval/8+1))
	}
}

// report counts a failed poll and logs the first of a row.
func (p *poller) report(err error) {
	logger := p.mirror.store.logger
	switch {
	case err != nil && !p.failing:
		logger.Warn("redisstore: a poll of the mirror failed, checks ask the server where a copy gets too old", "error", err)
	case err == nil && p.failing:
		logger.Info("redisstore: polls of the mirror succeed again")
	}
	p.failing = err != nil
	if p.failing {
		p.mirror.pollFailures.Add(1)
	}
}

// poll reads the feeds to their ends and gives each shard its lease. It takes
// the time before sending: whatever the server acknowledged by then is on the
// feed when the script runs. A shard whose feed cannot be understood goes
// without a lease and costs the others nothing.
func (p *poller) poll(ctx context.Context) error {
	var faults []error
	pending, breaks := p.shards, 0
	enough := time.Now().Add(p.mirror.staleness / pollsPerLease)
	for len(pending) > 0 {
		if breaks > len(p.shards) {
			return errors.New("redisstore: the mirror is answered now with one feed and now with another")
		}
		sent := time.Now()
		pages, err := p.read(ctx, pending)
		if err != nil {
			return err
		}
		var unfinished, long []int
		for n, i := range pending {
			shard := p.mirror.shards[i]
			progress, err := shard.apply(pages[n], p.serverTime)
			switch progress {
			case nothingApplied:
				faults = append(faults, err)
				continue
			case readToEnd:
				shard.lease.set(p.mirror.start, sent.Add(p.mirror.staleness))
				continue
			case moreToRead:
				long = append(long, i)
				continue
			case startAgain:
				breaks++
			case historyLost:
				breaks++
				p.mirror.store.logger.Warn("redisstore: the server has lost part of the blacklist, the mirror restores what it knows", "shard", i)
				p.plan(i)
			}
			unfinished = append(unfinished, i)
		}
		for _, i := range long { // the others have their leases by now
			switch goesOn, err := p.load(ctx, i, enough); {
			case err != nil:
				faults = append(faults, fmt.Errorf("redisstore: feed of shard %d: %w", i, err))
			case goesOn:
				p.nudge() // the next poll goes on where this one has stopped
			default:
				unfinished = append(unfinished, i)
			}
		}
		pending = unfinished
	}
	return errors.Join(append(faults, p.repair(ctx))...)
}

// sweep removes what has expired by the server's clock and by the process's.
// By one clock alone, an entry dropped while that is ahead would be missing
// once it is set right, because the feed is not read again.
func (p *poller) sweep() {
	now := p.mirror.store.time()
	if p.serverTime.Before(now) {
		now = p.serverTime
	}
	for _, i := range p.shards {
		p.mirror.shards[i].set.sweep(p.swept, now)
	}
	p.swept++
}

// read runs the poll script once. It returns after the staleness at the
// latest, because a lease from a slower answer would have run out.
func (p *poller) read(ctx context.Context, shards []int) ([]page, error) {
	s := p.mirror.store
	keys := make([]string, 0, 2*len(shards))
	args := make([]any, 0, 2+2*len(shards))
	args = append(args, s.clock(), pollEntries)
	for _, i := range shards {
		k, shard := s.layout.keysOf(i), p.mirror.shards[i]
		keys = append(keys, k.feed(), k.poll())
		args = append(args, shard.cursor, shard.fields)
	}
	a, err := p.bounded(ctx, func(ctx context.Context) ([]any, error) {
		return s.scripts.poll.Run(ctx, s.client, keys, args...).Slice()
	})
	if err != nil {
		return nil, err
	}
	if len(a) != 1+len(shards) {
		return nil, errors.New("redisstore: poll.lua answered for another number of shards")
	}
	whole := answer{list: a}
	now := whole.time()
	if whole.err != nil {
		return nil, whole.err
	}
	p.serverTime = now
	pages := make([]page, len(shards))
	for n := range pages {
		if pages[n], err = whole.page(); err != nil {
			return nil, err
		}
	}
	return pages, nil
}

// bounded calls f within the staleness, and not while too many earlier calls
// still wait on a client that heeds no deadline.
func (p *poller) bounded(ctx context.Context, f func(context.Context) ([]any, error)) ([]any, error) {
	if p.stuck.Load() >= maxStuckPolls {
		return nil, errors.New("redisstore: earlier polls are still under way")
	}
	ctx, cancel := context.WithTimeout(ctx, p.mirror.staleness)
	defer cancel()
	p.stuck.Add(1)
	return bounded(ctx, p.mirror.store, func(ctx context.Context) ([]any, error) {
		defer p.stuck.Add(-1)
		if s := p.mirror.store; !s.laidOut.Load() {
			if err := s.compareLayout(ctx); err != nil {
				return nil, err
			}
		}
		v, err := f(ctx)
		if err != nil && strings.Contains(err.Error(), "READONLY") {
			// The master has been demoted: look-ups are to ask anew, too. Before
			// Redis 7 a script's error does not begin with the word.
			p.mirror.store.laidOut.Store(false)
		}
		return v, err
	})
}

// plan has the shard's denials denied again: the server has lost history, and
// they may have been in it. This is outside the proof, which is about what the
// server still knows.
func (p *poller) plan(shard int) {
	p.repairs = slices.DeleteFunc(p.repairs, func(r repair) bool { return r.shard == shard })
	for _, d := range p.mirror.shards[shard].set.all() {
		p.repairs = append(p.repairs, repair{shard, d})
	}
}

// repair denies some of the planned denials again.
func (p *poller) repair(ctx context.Context) error {
	for room := repairEntries; room > 0 && len(p.repairs) > 0; {
		n := 0
		for n < min(room, len(p.repairs)) && p.repairs[n].shard == p.repairs[0].shard {
			n++
		}
		if err := p.deny(ctx, p.repairs[:n]); err != nil {
			return err
		}
		room -= n
		p.repairs = p.repairs[n:]
	}
	if len(p.repairs) == 0 {
		p.repairs = nil // with the memory
	}
	return nil
}

// deny denies again what belongs to one shard.
func (p *poller) deny(ctx context.Context, repairs []repair) error {
	s := p.mirror.store
	k := s.layout.keysOf(repairs[0].shard)
	// A nonce of its own tells the entries from any that were lost.
	keys, args := []string{k.feed()}, []any{s.clock(), crand.Text()}
	for _, r := range repairs {
		what := "*"
		switch {
		case r.generation < everyGeneration:
			what = "<" + strconv.FormatInt(upTo(r.generation), 10)
		case r.generation != everyGeneration:
			what = strconv.FormatInt(r.generation, 10)
		}
		keys = append(keys, k.deny(r.session.String()))
		args = append(args, r.session.String(), what, r.until)
	}
	_, err := p.bounded(ctx, func(ctx context.Context) ([]any, error) {
		n, err := s.scripts.repair.Run(ctx, s.client, keys, args...).Int64()
		return []any{n}, err
	})
	return err
}
