package main

import (
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
)

// sizes are those of docs/scale.md.
func sizes() []float64 { return []float64{1e3, 1e4, 1e5, 1e6, 1e7, 1e8} }

func TestCosts(t *testing.T) {
	c := measured()
	if got, want := len(c.list()), reflect.TypeFor[costs]().NumField(); got != want {
		t.Errorf("the page names %d constants of %d", got, want)
	}
	for _, f := range c.list() {
		if f.value <= 0 || f.unit == "" || f.what == "" || f.source == "" {
			t.Errorf("%+v is incomplete", f)
		}
	}
	if c.poll(1) != c.pollOne.value || math.Abs(c.poll(16)-c.pollSixteen.value) > 1e-9 {
		t.Errorf("got %v and %v for a poll of 1 and 16 shards", c.poll(1), c.poll(16))
	}
}

// A larger service needs no less of anything.
func TestLargerNeedsMore(t *testing.T) {
	var last estimate
	for _, n := range sizes() {
		e := assumed(n).calculate()
		for what, v := range map[string][2]float64{
			"memory": {last.memory, e.memory}, "keys": {last.keys, e.keys}, "feed": {last.feed, e.feed},
			"mirror": {last.mirror, e.mirror}, "reissues": {last.reissues, e.reissues}, "checks": {last.reqs, e.reqs},
			"mass logout": {last.mass.entries, e.mass.entries}, "time of a mass logout": {last.mass.seconds, e.mass.seconds},
			"masters without a mirror": {float64(last.plans[lookUps].masters), float64(e.plans[lookUps].masters)},
			"masters without nudges":   {float64(last.plans[unnudged].masters), float64(e.plans[unnudged].masters)},
		} {
			if !(v[1] >= v[0]) || v[1] <= 0 {
				t.Errorf("%v sessions: got %v of %s after %v", n, v[1], what, v[0])
			}
		}
		if e.keys > e.feed || e.keys > e.mirror {
			t.Errorf("%v sessions: got %v keys, %v on the feed and %v in a mirror: neither drops an entry before Redis", n, e.keys, e.feed, e.mirror)
		}
		last = e
	}
}

// The fewest masters are taken that keep within the budget.
func TestPlan(t *testing.T) {
	for _, n := range sizes() {
		e := assumed(n).calculate()
		for m, p := range e.plans {
			if p.enough != (p.busiest.total() <= e.budget && p.memory <= e.service.memory) {
				t.Errorf("%v sessions, mode %d: enough is %v at %v", n, m, p.enough, p.busiest.total())
			}
			if !p.enough && p.masters != e.shards {
				t.Errorf("%v sessions, mode %d: %d masters are too few, and more were not tried", n, m, p.masters)
			}
			for fewer := 1; fewer < p.masters; fewer++ {
				if fewer != 2 && e.on(fewer, mode(m)).enough {
					t.Errorf("%v sessions, mode %d: got %d masters, %d are enough", n, m, p.masters, fewer)
				}
			}
		}
	}
}

func TestSpreadOfShards(t *testing.T) {
	for _, test := range []struct{ shards, masters, want int }{
		{16, 1, 16}, {16, 3, 6}, {16, 4, 4}, {16, 5, 4}, {16, 16, 1}, {64, 33, 2}, {7, 3, 3},
	} {
		if got := fullest(test.shards, test.masters); got != test.want {
			t.Errorf("%d shards on %d masters: the fullest has %d, want %d", test.shards, test.masters, got, test.want)
		}
	}
}

// pollRate is held against a poller that is nudged at random moments.
func TestPollRate(t *testing.T) {
	s := assumed(1)
	for _, nudges := range []float64{0.1, 1, 10, 60, 1000} {
		d := newDice(7)
		now, next, n := 0.0, d.ExpFloat64()/nudges, 0
		for ; n < 200_000; n++ { // from one poll to the next
			at := now + s.staleness/5*(1-d.Float64()/8)
			if next < at {
				at = max(next, now+nudgeGap)
			}
			for next <= at {
				next += d.ExpFloat64() / nudges
			}
			now = at
		}
		if got, want := s.pollRate(nudges), float64(n)/now; math.Abs(got-want) > 0.02*want {
			t.Errorf("%v nudges a second: got %.2f polls a second, want %.2f", nudges, got, want)
		}
	}
	if got, least := s.pollRate(0), s.pollRate(1e-9); math.Abs(got-least) > 1e-6*got {
		t.Errorf("got %v polls without nudges and %v with next to none", got, least)
	}
}

func TestFlags(t *testing.T) {
	for _, test := range []struct{ args, names string }{
		{"-sessions few", "few"}, {"-sessions 0", "sessions"}, {"-sessions 10 more", "more"}, {"-in-use 0", "in-use"},
		{"-in-use 0.8 -swing 0.5", "swing"}, {"-swing 2", "swing"}, {"-access-ttl 1500ms", "access-ttl"}, {"-access-ttl 10", "access-ttl"},
		{"-staleness 2m", "staleness"}, {"-shards 0", "shards"}, {"-shards 2000", "shards"}, {"-logouts 0.5", "logouts"},
		{"-mass 2", "mass"}, {"-mass NaN", "mass"}, {"-budget 0", "budget"}, {"-visit 100h", "logins"},
	} {
		if err := run(strings.Fields(test.args), io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), test.names) {
			t.Errorf("%s: got %v, want an error that names %s", test.args, err, test.names)
		}
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.00123: "0.0012", 1.9000000001: "1.9", 9.96: "10", 42.4: "42", 99.6: "100", 999.7: "1 000", 12_345: "12 300", 999_600: "1 M", 123_456_789: "123 M",
	} {
		if got := number(v); got != want {
			t.Errorf("number(%v): got %q, want %q", v, got, want)
		}
	}
	for v, want := range map[float64]string{12: "12 B", 1500: "1.5 kB", 5.24e9: "5.2 GB"} {
		if got := size(v); got != want {
			t.Errorf("size(%v): got %q, want %q", v, got, want)
		}
	}
	for v, want := range map[float64]string{0: "0", 4e-5: "40 µs", 0.023: "23 ms", 2.44: "2.4 s", 500: "8.3 min", 36000: "10 h"} {
		if got := span(v); got != want {
			t.Errorf("span(%v): got %q, want %q", v, got, want)
		}
	}
}
