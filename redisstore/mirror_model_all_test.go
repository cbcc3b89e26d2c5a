package redisstore

import (
	"slices"
	"testing"
)

// action is a step of the exhaustive model, which has one process.
type action byte

const (
	revokes action = iota // a further session
	sends
	executes
	delivers
	ticks  // half the staleness
	begins // to look up the session revoked last
	ends
	failsOver // without the last write, to a server whose clock lags
	asks      // a call that finds nothing left to end
	hears
	actions
)

func (a action) String() string {
	return [...]string{"revoke", "send", "execute", "deliver", "tick", "begin", "end", "fail over", "ask", "be answered"}[a]
}

// possible reports whether the last step of a sequence can happen and is of
// any use.
func possible(sequence []action) bool {
	var polls, delivered, looks, calls bool
	var count [actions]int
	writes, runs := 0, 0 // that a failover can lose; of one poll's script
	for i, a := range sequence {
		count[a]++
		ok := true
		switch a {
		case revokes:
			ok = count[a] <= 3
			writes++
		case sends:
			ok, polls, delivered, runs = !polls, true, false, 0
		case executes:
			runs++
			ok, delivered = polls && runs <= 2, true
		case delivers:
			ok, polls, delivered = delivered, false, false
		case ticks:
			ok = count[a] <= 3
		case begins:
			ok, looks = !looks && count[revokes] > 0, true
		case ends:
			ok, looks = looks, false
		case failsOver:
			ok, writes = writes > 0, 0
		case asks:
			ok, calls = count[asks] == 1 && count[revokes] > 0, true
		case hears:
			ok, calls = calls, false
		}
		if !ok && i == len(sequence)-1 {
			return false
		}
	}
	return true
}

// replay runs a sequence from the start.
func replay(f flaw, sequence []action) *world {
	w := newWorld(f, nil, 1, 1)
	p, last := w.processes[0], 0
	for _, a := range sequence {
		w.steps++
		switch a {
		case revokes:
			last++
			w.revoke(nil, tokenKey{modelSession(last), 0}, 60_000)
		case sends:
			p.send(w.now)
		case executes:
			w.execute(p, w.master)
		case delivers:
			w.deliver(p)
		case ticks:
			w.now += modelStaleness.Milliseconds() / 2
		case begins:
			p.begin(w.now, w.steps, tokenKey{modelSession(last), 0})
		case ends:
			w.end(p)
		case failsOver:
			next := w.past[len(w.past)-1].copy()
			next.ahead = -modelStaleness.Milliseconds()
			w.replace(next)
		case asks:
			p.ask()
			w.executeCall(p)
		case hears:
			w.answer(p)
		}
	}
	return w
}

// explore runs every sequence that begins as given and has so many steps more
// at most. It returns how many it ran and the first that ends in a violation.
// Only an answer and a decision can violate anything.
func explore(f flaw, prefix []action, steps int) (n int, found []action, violation string) {
	for a := range actions {
		sequence := append(slices.Clip(prefix), a)
		if !possible(sequence) {
			continue
		}
		if a == delivers || a == ends {
			n++
			if w := replay(f, sequence); w.violation != "" {
				return n, sequence, w.violation
			}
		}
		if steps > 1 {
			m, found, violation := explore(f, sequence, steps-1)
			if n += m; violation != "" {
				return n, found, violation
			}
		}
	}
	return n, nil, ""
}

// No interleaving of a few steps violates the claims: from a cold start, with
// more on the feed than a poll reads, and with a lease.
func TestModelExhaustively(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		prefix []action
		steps  int
		finds  []flaw
	}{
		{"cold", nil, 8, []flaw{lateClock, lookUpFirst}},
		{"behind", []action{revokes, revokes, revokes, ticks, ticks}, 7, []flaw{earlyLease}},
		{"leased", []action{revokes, sends, executes, delivers}, 7, []flaw{lookUpFirst, forgetful}},
		{"asking", []action{revokes, sends, executes, delivers, revokes, asks}, 6, []flaw{deafToOthers, lookUpFirst}},
		{"asking, behind", []action{revokes, sends, executes, delivers, revokes, revokes, asks}, 6, []flaw{partIsAll}},
		{"asking, a poll under way", []action{sends, executes, revokes, revokes, revokes, asks}, 6, []flaw{leaseComesBack}},
		{"failed over", []action{revokes, sends, executes, delivers, failsOver, revokes}, 7, []flaw{exclusiveRead}},
	} {
		t.Run(test.name, func(t *testing.T) {
			n, sequence, violation := explore(noFlaw, test.prefix, test.steps)
			if violation != "" {
				t.Fatalf("%v: %s", sequence, violation)
			}
			t.Logf("%d sequences", n)
			for _, f := range test.finds {
				_, sequence, violation := explore(f, test.prefix, test.steps)
				if violation == "" {
					t.Errorf("%s: nothing was found", flaws()[f])
				}
				t.Logf("%s: %v: %s", flaws()[f], sequence, violation)
			}
		})
	}
}
