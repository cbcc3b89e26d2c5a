package redisstore_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// trial revokes on one process and verifies on others while faults go on.
//
// A revocation is acknowledged at the moment its call has returned; a check is
// of the moment before it was called. What is accepted a staleness or more
// after the acknowledgement is a violation, unless the server has lost the
// revocation and the process had not read it before.
type trial struct {
	t         *testing.T
	staleness time.Duration
	revoker   *redisstore.Store
	verifiers []*redisstore.Store

	// How many losses of history the injector has begun and has finished.
	begun, done atomic.Int64

	mu    sync.RWMutex
	acked []*acknowledged

	working sync.WaitGroup
	seen    trialCounts
}

// acknowledged is a revocation that the server has acknowledged.
type acknowledged struct {
	revoked
	at      time.Time
	losses  int64 // that were over before it was begun
	known   []atomic.Bool
	fragile bool // it was on one server only: that may take it along
}

type trialCounts struct {
	denied, accepted, lost, unavailable, violations, forgotten, falseDenials atomic.Int64

	refused  atomic.Int64 // revocations that were not acknowledged
	stalest  atomic.Int64
	released atomic.Int64 // checks of what was never revoked
}

func newTrial(t *testing.T, staleness time.Duration, revoker *redisstore.Store, verifiers ...*redisstore.Store) *trial {
	return &trial{t: t, staleness: staleness, revoker: revoker, verifiers: verifiers}
}

// revoke revokes once. What is not acknowledged is nobody's to refuse.
func (x *trial) revoke(ctx context.Context, i int) *acknowledged {
	r := &acknowledged{
		revoked: revoked{"user" + string(rune('a'+i%64)), randomSession()},
		losses:  x.done.Load(), known: make([]atomic.Bool, len(x.verifiers)),
	}
	if err := x.revoker.Deny(ctx, r.request()); err != nil {
		x.seen.refused.Add(1)
		return nil
	}
	r.at = time.Now()
	return r
}

func (x *trial) add(r *acknowledged) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.acked = append(x.acked, r)
}

// all returns the revocations so far.
func (x *trial) all() []*acknowledged {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return slices.Clone(x.acked)
}

// pick returns a revocation, mostly one of the latest.
func (x *trial) pick(r *rand.Rand) *acknowledged {
	x.mu.RLock()
	defer x.mu.RUnlock()
	switch n := len(x.acked); {
	case n == 0:
		return nil
	case r.IntN(4) == 0:
		return x.acked[r.IntN(n)]
	default:
		return x.acked[n-1-r.IntN(min(n, 50))]
	}
}

// verify checks revoked tokens, and now and then one that is not, until the
// context ends.
func (x *trial) verify(ctx context.Context, process int) {
	r := rand.New(rand.NewPCG(uint64(process), rand.Uint64()))
	pause := time.NewTicker(time.Millisecond)
	defer pause.Stop()
	for ctx.Err() == nil {
		for range 10 {
			if a := x.pick(r); a != nil {
				x.check(ctx, process, a)
			}
		}
		other := revoked{"usera", randomSession()}
		if result, err := x.verifiers[process].Revoked(ctx, other.check()); err == nil {
			x.seen.released.Add(1)
			if result.Revoked {
				x.seen.falseDenials.Add(1)
			}
		}
		<-pause.C
	}
}

// check checks a revoked token and judges the answer.
func (x *trial) check(ctx context.Context, process int, a *acknowledged) {
	known, began := a.known[process].Load(), time.Now()
	result, err := x.verifiers[process].Revoked(ctx, a.check())
	age := began.Sub(a.at)
	switch {
	case err != nil:
		x.seen.unavailable.Add(1)
	case result.Revoked:
		x.seen.denied.Add(1)
	case known:
		x.seen.forgotten.Add(1)
		x.t.Errorf("process %d accepts, %v after the acknowledgement, what it knew to be revoked", process, age)
	case age < x.staleness:
		x.seen.accepted.Add(1)
		for old := x.seen.stalest.Load(); int64(age) > old && !x.seen.stalest.CompareAndSwap(old, int64(age)); {
			old = x.seen.stalest.Load()
		}
	case a.fragile || x.begun.Load() > a.losses:
		x.seen.lost.Add(1)
	default:
		x.seen.violations.Add(1)
		x.t.Errorf("process %d accepts %v after the acknowledgement", process, age)
	}
}

// lose has the server lose history: what was acknowledged before it is over is
// lost, but for what a process has read.
func (x *trial) lose(how func()) {
	x.begun.Add(1)
	x.remember()
	how()
	x.done.Add(1)
}

// remember notes what each process knows and must never forget.
func (x *trial) remember() {
	for _, a := range x.all() {
		for i, s := range x.verifiers {
			if !a.known[i].Load() && s.Remembers(a.subject, a.session, 1) {
				a.known[i].Store(true)
			}
		}
	}
}

// start starts the verifiers and so many revokers. The function that it returns
// stops them.
func (x *trial) start(revokers int) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	for i := range x.verifiers {
		for range 2 {
			x.working.Go(func() { x.verify(ctx, i) })
		}
	}
	for range revokers {
		x.working.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				if a := x.revoke(ctx, i); a != nil {
					x.add(a)
				}
			}
		})
	}
	return func() {
		cancel()
		x.working.Wait()
	}
}

// count returns how many revocations have been acknowledged.
func (x *trial) count() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.acked)
}

// report logs what was seen, and fails for what must not be.
func (x *trial) report() {
	c := &x.seen
	x.t.Logf("%d revocations acknowledged, %d not; %d losses of history", x.count(), c.refused.Load(), x.done.Load())
	x.t.Logf("checks of them: %d refused, %d accepted within the %v, the stalest after %v, %d 503; %d of others",
		c.denied.Load(), c.accepted.Load(), x.staleness, time.Duration(c.stalest.Load()), c.unavailable.Load(), c.released.Load())
	x.t.Logf("accepted later: %d, forgotten: %d, lost with the server's history before the process read them: %d checks",
		c.violations.Load(), c.forgotten.Load(), c.lost.Load())
	for i, s := range append([]*redisstore.Store{x.revoker}, x.verifiers...) {
		m, _ := s.Mirror()
		x.t.Logf("process %d: %+v", i, m)
	}
	if n := c.falseDenials.Load(); n != 0 {
		x.t.Errorf("%d tokens were refused that nobody has revoked", n)
	}
	if c.denied.Load() == 0 || c.accepted.Load() == 0 || c.released.Load() == 0 {
		x.t.Error("something was never seen: the trial shows too little")
	}
}

// hook comes between a client and its commands.
type hook func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error

func (h hook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { return h(ctx, cmd, next) }
}

func (h hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// everyOtherNudgeLost fails every other PUBLISH of a client.
func everyOtherNudgeLost() hook {
	var n atomic.Int64
	return func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
		if cmd.Name() == "publish" && n.Add(1)%2 == 0 {
			err := errors.New("lost")
			cmd.SetErr(err)
			return err
		}
		return next(ctx, cmd)
	}
}
