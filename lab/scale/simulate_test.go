package main

import (
	"math"
	"reflect"
	"slices"
	"testing"
)

// On a day that is as busy at all hours the averages of the simulation are what
// is computed: on one server, and on a cluster, where each shard is nudged about.
func TestSimulationAgrees(t *testing.T) {
	s := assumed(5e6)
	s.swing, s.mass = 0, 0
	agree(t, s, 1, 0.03)
	s = assumed(100e6)
	s.swing, s.mass, s.requests = 0, 0, 0.02 // half the processes, or it is overloaded
	agree(t, s, 16, 0.15)                    // chance has one of the masters ahead of the others
}

func agree(t *testing.T, s service, masters int, commands float64) {
	t.Helper()
	e := s.calculate()
	plan := e.on(masters, mirrored)
	o := s.simulate(masters, mirrored)
	for _, test := range []struct {
		what      string
		got       *series
		want      float64
		tolerance float64
	}{
		{"sessions", &o.sessions, s.sessions, 0.001},
		{"in use", &o.inUse, e.inUse, 0.01},
		{"logins", &o.logins, e.logins, 0.01},
		{"reissues", &o.reissues, e.reissues, 0.01},
		{"logouts", &o.ends, e.ends, 0.02},
		{"blacklist keys", &o.keys, e.keys, 0.03},
		{"mirror entries", &o.mirror, e.mirror, 0.03},
		{"polls", &o.polls, plan.pollRate, 0.03},
		{"memory", &o.memory, plan.memory, 0.01},
		{"core", &o.core, plan.busiest.total(), 0.03},
		{"commands", &o.commands, plan.perMaster, commands},
	} {
		after := series{test.got.values[3600:]} // the blacklist begins empty
		if got := after.mean(); math.Abs(got-test.want) > test.tolerance*test.want {
			t.Errorf("%s: got %.4g on average, computed %.4g", test.what, got, test.want)
		}
	}
	// What is computed is the most: an entry that lasts long has others behind it.
	if got := o.feed.mean(); got > 1.02*e.feed || got < 0.85*e.feed {
		t.Errorf("feed entries: got %.4g on average, computed %.4g at most", got, e.feed)
	}
	if o.overloaded > 0 || o.leaseless > 0 || o.lag.max() > 0 {
		t.Errorf("got %d seconds of overload and %d without a lease on a quiet day", o.overloaded, o.leaseless)
	}
}

// The mass logout ends its share, leaves as many entries as computed, and takes
// as long.
func TestSimulatedMassLogout(t *testing.T) {
	s := assumed(5e6)
	e := s.calculate()
	o := s.simulate(e.plans[unnudged].masters, unnudged)
	near := func(what string, got, want, tolerance float64) {
		t.Helper()
		if math.Abs(got-want) > tolerance*want {
			t.Errorf("%s: got %.4g, computed %.4g", what, got, want)
		}
	}
	near("entries", o.massEntries, e.mass.entries, 0.05)
	near("seconds", o.massSeconds, e.mass.seconds, 0.10)
	near("feed", o.feed.max(), e.feed+e.mass.entries, 0.10)
	// Later logouts trim it from the feeds, each 16 entries.
	trimmed := massAt + int(o.massSeconds+s.accessTTL+margin+1.2*e.mass.feedStays)
	if got := o.feed.values[trimmed]; got > 1.5*e.feed {
		t.Errorf("got %.4g feed entries when they should have been trimmed, computed %.4g without a mass logout", got, e.feed)
	}
	if got := o.feed.values[massAt+int(o.massSeconds+s.accessTTL+margin)]; got < 2*e.feed {
		t.Errorf("got %.4g feed entries once the last has run out: the mass logout has left none", got)
	}
	before, after := o.sessions.values[massAt-1], o.sessions.values[massAt+int(o.massSeconds)]
	near("sessions", before-after, e.mass.sessions, 0.05)
	if float64(o.restarts) != s.processes() || o.coldStart <= 0 {
		t.Errorf("got %d restarts of %v processes, the longest of %vs", o.restarts, s.processes(), o.coldStart)
	}
}

// A mass logout outruns the mirrors where more masters write at full speed than
// one process can read: 28 of them, by the constants. Then shards are without a
// lease and their checks ask.
func TestMassLogoutOutrunsMirrors(t *testing.T) {
	for _, test := range []struct {
		shards int
		behind bool
	}{{16, false}, {64, true}} {
		s := assumed(20e6)
		s.shards, s.massCore, s.massInUse, s.perProcess = test.shards, 1, 1, 1e6 // two processes, or their reading slows the writers down
		s.inUse, s.swing = 0.4, 0
		o := s.simulate(test.shards, unnudged)
		if got := o.lag.max() > s.staleness; got != test.behind {
			t.Errorf("%d masters: got a lag of %.1fs, want more than %v: %v", test.shards, o.lag.max(), s.staleness, test.behind)
		}
		if got := o.leaseless > 0; got != test.behind {
			t.Errorf("%d masters: got %d seconds without a lease", test.shards, o.leaseless)
		}
	}
}

// The messages of a mass logout are held against a process that ends sessions
// at random, and names in each message the shards of those that it has ended
// since the last.
func TestNudgesOfMassLogout(t *testing.T) {
	for _, test := range []struct {
		shards, revoked int
		processes       float64
	}{{16, 50, 450}, {16, 200, 450}, {16, 4000, 450}, {16, 400, 2}, {64, 2000, 450}, {64, 20_000, 450}, {3, 1000, 45}} {
		s := assumed(1)
		s.shards, s.inUse, s.swing, s.requests = test.shards, 1, 0, test.processes*s.perProcess
		d := newDice(5)
		seen, sum := make([]events, test.shards), totals{ends: 7, revoked: float64(test.revoked)}
		seen[0].ends = 7
		ended := make([]int, test.revoked)
		for i := range ended {
			ended[i] = min(d.IntN(test.shards), d.IntN(test.shards)) // some have more than others
			seen[ended[i]].revoked++
		}
		got := make([]float64, test.shards)
		messages := (&simulation{service: s, dice: d}).nudges(seen, sum, got) - 7
		if most := 1 / (s.roundTrip + test.processes*s.costs.nudge.value/1e6); messages > most+1e-9 || messages > float64(test.revoked) || messages < 1 {
			t.Errorf("%+v: got %v messages, want %v or one a session at most", test, messages, most)
		}
		const seconds = 200
		want, each := make([]float64, test.shards), float64(test.revoked)/messages
		for range seconds {
			d.Shuffle(len(ended), func(i, j int) { ended[i], ended[j] = ended[j], ended[i] })
			for from := 0.0; int(from) < len(ended); from += each {
				named := map[int]bool{}
				for _, shard := range ended[int(from):min(len(ended), int(from+each))] {
					named[shard] = true
				}
				for shard := range want {
					if named[shard] || len(named) > nudgeShards {
						want[shard] += 1.0 / seconds
					}
				}
			}
		}
		want[0] += 7 // of logouts
		for shard := range want {
			if math.Abs(got[shard]-want[shard]) > 0.1*want[shard]+1.5 {
				t.Errorf("%+v: shard %d is in %.1f messages, want %.1f", test, shard, got[shard], want[shard])
			}
		}
	}
}

// The same seed makes the same day, another makes another.
func TestSeed(t *testing.T) {
	s := assumed(1e4)
	s.shards = 4
	one, same := s.simulate(1, mirrored), s.simulate(1, mirrored)
	if !reflect.DeepEqual(one, same) {
		t.Error("two days of one seed differ")
	}
	s.seed = 2
	if other := s.simulate(1, mirrored); slices.Equal(one.reissues.values, other.reissues.values) {
		t.Error("the days of two seeds are the same")
	}
}

func TestDice(t *testing.T) {
	d := newDice(3)
	const draws = 20_000
	moments := func(draw func() int) (mean, variance float64) {
		var sum, squares float64
		for range draws {
			v := float64(draw())
			sum, squares = sum+v, squares+v*v
		}
		mean = sum / draws
		return mean, squares/draws - mean*mean
	}
	for _, want := range []float64{0.01, 0.5, 7, 60, 5000} {
		if mean, variance := moments(func() int { return d.poisson(want) }); math.Abs(mean-want) > 5*math.Sqrt(want/draws) || math.Abs(variance-want) > 0.15*want {
			t.Errorf("poisson(%v): got a mean of %v and a variance of %v", want, mean, variance)
		}
	}
	for _, b := range []struct {
		n      int
		chance float64
	}{{5, 0.3}, {90, 0.6}, {1000, 0.001}, {1000, 0.5}, {200, 0.95}} {
		want := float64(b.n) * b.chance
		variance := want * (1 - b.chance)
		mean, got := moments(func() int { return d.binomial(b.n, b.chance) })
		if math.Abs(mean-want) > 5*math.Sqrt(variance/draws) || math.Abs(got-variance) > 0.15*variance+0.01 {
			t.Errorf("binomial(%d, %v): got a mean of %v and a variance of %v, want %v and %v", b.n, b.chance, mean, got, want, variance)
		}
	}
}

// Entries leave a feed at the front, in their time, a few with each that comes.
func TestFifo(t *testing.T) {
	var f fifo
	for range 100 {
		f.add(0, 100)
	}
	f.add(0, 1000)
	f.pass(99)
	if f.sum != 101 {
		t.Errorf("got %d entries before their time, want 101", f.sum)
	}
	f.add(200, 300)
	if f.sum != 102-trimmed {
		t.Errorf("got %d entries, want %d: %d leave with one that comes", f.sum, 102-trimmed, trimmed)
	}
	for range 20 {
		f.add(400, 500)
	}
	if f.entries[0].till != 1000 {
		t.Errorf("an entry that lasts until 1000 left at 400")
	}
	f.pass(1000)
	if f.sum != 0 {
		t.Errorf("got %d entries after the time of all", f.sum)
	}
}
