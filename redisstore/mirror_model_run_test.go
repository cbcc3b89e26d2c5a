package redisstore

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// step makes one thing happen that can happen.
func (w *world) step() {
	w.steps++
	i := w.rand.IntN(len(w.processes))
	p := w.processes[i]
	switch n := w.rand.IntN(1000); {
	case n < 150:
		w.now += w.rand.Int64N(modelStaleness.Milliseconds() / 8)
	case n < 160:
		w.now += w.rand.Int64N(2 * modelStaleness.Milliseconds())
	case n < 163:
		w.now += w.rand.Int64N(200_000) // entries and the feed expire
	case n < 600:
		w.stepPoll(i, p)
	case n < 860:
		w.stepLook(p)
	case n < 900:
		w.stepCall(i, p)
	case n < 930:
		key := tokenKey{modelSession(w.rand.IntN(modelSessions)), w.rand.Int64N(3) - 1}
		var by *modelProcess
		if w.rand.IntN(2) == 0 {
			by = p
		}
		w.note("process %d revokes %x %d", i, key.session[:2], key.generation)
		w.revoke(by, key, 1+w.rand.Int64N(60_000))
	case n < 960:
		if len(w.revocations) > 0 {
			w.acknowledge(w.revocations[len(w.revocations)-1-w.rand.IntN(min(4, len(w.revocations)))])
		}
	case n < 975:
		w.stepServer()
	case n < 985:
		w.note("process %d starts anew", i)
		fresh := newModelProcess(w.flaw, p.sleeps)
		fresh.asleep, fresh.ahead = p.asleep, p.ahead
		w.processes[i] = fresh
	default:
		w.stepClock(i, p)
	}
}

// stepPoll moves a poll on, or loses it.
func (w *world) stepPoll(i int, p *modelProcess) {
	n := w.rand.IntN(100)
	switch {
	case p.poll == nil && len(p.repairs) > 0 && n < 20:
		w.nonce++
		w.master.repair(w.now, p.repairs[0], w.nonce)
		p.repairs = p.repairs[1:]
	case p.poll == nil && p.loading && n < 70:
		server := w.master
		if n < 35 && len(w.others) > 0 {
			server = w.others[w.rand.IntN(len(w.others))]
		}
		p.load(w.now, server, w.room, modelStaleness)
		w.seen.loads++
		w.note("process %d loads up to %q", i, p.shard.cursor)
	case p.poll == nil:
		w.note("process %d sends from %q", i, p.shard.cursor)
		p.send(w.now)
	case n < 8 && len(w.others) > 0:
		w.execute(p, w.others[w.rand.IntN(len(w.others))])
		w.note("process %d's poll is executed elsewhere: %v %+v", i, p.poll.answered, p.poll.page)
	case n < 50:
		w.execute(p, w.master)
		w.note("process %d's poll is executed: %+v", i, p.poll.page)
	case n < 54:
		p.poll = nil
	default:
		w.note("process %d is answered: %v", i, p.poll.answered)
		w.deliver(p)
	}
}

// stepLook moves an access check on.
func (w *world) stepLook(p *modelProcess) {
	if p.look != nil {
		w.end(p)
		return
	}
	session := w.rand.IntN(modelSessions + modelInnocent)
	key := tokenKey{modelSession(session), w.rand.Int64N(2)}
	if len(w.recent) > 0 && w.rand.IntN(4) > 0 {
		key = w.recent[w.rand.IntN(len(w.recent))]
		key.generation = max(0, key.generation)
	}
	p.begin(w.now, w.steps, key)
}

// stepCall moves a call on. Its script may run twice, or its answer be lost.
func (w *world) stepCall(i int, p *modelProcess) {
	switch n := w.rand.IntN(100); {
	case p.call == nil:
		p.ask()
	case n < 10:
		p.call = nil
	case p.call.ran == 0 || n < 20:
		w.executeCall(p)
		w.note("process %d's call is executed from %q: %+v", i, p.call.from.cursor, p.call.page)
	default:
		w.note("process %d's call is answered", i)
		w.answer(p)
	}
}

// stepServer does something to the master.
func (w *world) stepServer() {
	switch n := w.rand.IntN(100); {
	case n < 45 && len(w.past) > 0:
		lost := 1 + w.rand.IntN(len(w.past))
		next := w.past[len(w.past)-lost].copy()
		next.ahead = w.rand.Int64N(1000) - 500
		w.note("failover, the last %d writes are lost", lost)
		w.replace(next)
	case n < 60:
		next := w.master.copy()
		next.ahead = w.rand.Int64N(1000) - 500
		w.note("failover without loss")
		w.replace(next)
	case n < 75:
		w.note("a replica is at hand")
		replica := w.master.copy()
		replica.readOnly = true
		w.others = append(w.others, replica)
	case n < 85:
		w.note("flushed")
		empty := newModelServer(w.flaw)
		empty.ahead, empty.grain = w.master.ahead, w.master.grain
		w.replace(empty)
		w.others = w.others[:len(w.others)-1]
	default:
		w.note("restored")
		if len(w.others) > 0 {
			w.replace(w.others[0].copy())
		}
	}
}

// stepClock makes the one clock of a process that may fail do so.
func (w *world) stepClock(i int, p *modelProcess) {
	if p.sleeps {
		d := w.rand.Int64N(3 * modelStaleness.Milliseconds())
		w.now += d
		p.asleep += d
		w.note("process %d has slept for %d", i, d)
		return
	}
	switch w.rand.IntN(4) {
	case 0:
		p.ahead = 0
	case 1:
		p.ahead = w.rand.Int64N(2*maxModelLag) - maxModelLag
	case 2:
		p.ahead += w.rand.Int64N(2_000)
	default:
		p.ahead = w.rand.Int64N(4 * 3_600_000) // a clock that took local time for UTC
	}
	w.note("process %d's wall clock is %d ahead", i, p.ahead)
}

// runModel runs the model with a seed and returns it.
func runModel(f flaw, seed uint64, steps int, tracing bool) *world {
	w := newWorld(f, rand.New(rand.NewPCG(seed, 0)), 3, 1+int(seed%4))
	w.tracing = tracing
	if seed%8 < 4 {
		w.master.grain = 2_000 // ids come again after a loss, as they do from a clock that lags
	}
	for range steps {
		if w.step(); w.violation != "" {
			break
		}
	}
	return w
}

const (
	modelRuns  = 1000
	modelSteps = 500
)

// The protocol holds in every random run, and the runs are not idle.
func TestModelHolds(t *testing.T) {
	t.Parallel()
	var all modelCounts
	for seed := range uint64(modelRuns) {
		w := runModel(noFlaw, seed, modelSteps, false)
		if w.violation != "" {
			trace := runModel(noFlaw, seed, modelSteps, true).trace
			t.Fatalf("seed %d: %s\n%s", seed, w.violation, strings.Join(trace[max(0, len(trace)-80):], "\n"))
		}
		all.add(w.seen)
	}
	t.Logf("%+v", all)
	for what, n := range map[string]int{
		"acceptances": all.accepted, "denials": all.denied, "unsure checks": all.unsure, "leases": all.leases,
		"breaks": all.breaks, "losses": all.lost, "loads": all.loads,
		"calls": all.calls, "ends found by a call": all.vouched,
	} {
		if n < modelRuns {
			t.Errorf("got %d %s in %d runs: the model shows nothing", n, what, modelRuns)
		}
	}
	if bound := modelStaleness.Milliseconds(); all.stalest < bound*9/10 {
		t.Errorf("the stalest acceptance was of %d ms: the model does not come near the bound of %d", all.stalest, bound)
	}
}

// The model notices each mistake that it knows of.
func TestModelFindsMutations(t *testing.T) {
	t.Parallel()
	for f, name := range flaws() {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(20 * modelRuns) {
				if w := runModel(f, seed, modelSteps, false); w.violation != "" {
					t.Logf("seed %d: %s", seed, w.violation)
					return
				}
			}
			t.Error("nothing was found")
		})
	}
}
