package main

import (
	"slices"
	"strings"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		name   string
		values sample
		want   float64
	}{
		{"one", sample{4}, 4},
		{"odd", sample{9, 1, 4}, 4},
		{"even", sample{9, 1, 4, 6}, 5},
	} {
		before := slices.Clone(c.values)
		if got := c.values.median(); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
		if !slices.Equal(c.values, before) {
			t.Errorf("%s: got the values reordered to %v", c.name, c.values)
		}
	}
}

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		unit  unit
		value float64
		want  string
	}{
		{duration, 98.76, "98.8 ns"},
		{duration, -43.21, "-43.2 ns"},
		{duration, 1234, "1.23 µs"},
		{duration, 45_678_901, "45.7 ms"},
		{duration, 2e9, "2.00 s"},
		{perSecond, 987, "987/s"},
		{perSecond, 1_234_567.8, "1 234 568/s"},
		{size, 416.8, "417 B"},
		{count, 2, "2"},
		{count, 5.249, "5.25"},
	} {
		if got := c.unit.format(c.value); got != c.want {
			t.Errorf("%v in unit %d: got %q, want %q", c.value, c.unit, got, c.want)
		}
	}
}

func TestVerdicts(t *testing.T) {
	// Both sides drift, and their ratio is steady: 0.5 in each run.
	drifting := results{runs: []run{
		{"a": {"ns/op": 10, "allocs/op": 2}, "b": {"ns/op": 20, "allocs/op": 4}, "bare": {"ns/op": 5}},
		{"a": {"ns/op": 30, "allocs/op": 2}, "b": {"ns/op": 60, "allocs/op": 4}, "bare": {"ns/op": 5}},
		{"a": {"ns/op": 20, "allocs/op": 2}, "b": {"ns/op": 40, "allocs/op": 4}, "bare": {"ns/op": 5}},
	}}
	for _, c := range []struct {
		name  string
		row   row
		ratio string
		met   string
	}{
		{"at most, met", row{ours: value("a", "ns/op"), peer: value("b", "ns/op"), target: atMost(0.5, "")}, "0.5", "yes"},
		{"at most, missed", row{ours: value("a", "ns/op"), peer: value("b", "ns/op"), target: atMost(0.4, "")}, "0.5", "no"},
		{"below its limit", row{ours: value("a", "ns/op"), peer: value("b", "ns/op"), target: below(0.5, "")}, "0.5", "no"},
		{"throughput", row{ours: throughput("a"), peer: throughput("b"), target: atLeast(2, "")}, "2", "yes"},
		{"throughput, missed", row{ours: throughput("a"), peer: throughput("b"), target: atLeast(2.1, "")}, "2", "no"},
		{"added", row{ours: added("a", "bare", "ns/op"), peer: added("b", "bare", "ns/op"), target: atMost(0.43, "")}, "0.429 (0.333 to 0.455)", "yes"},
		{"absolute", row{ours: value("a", "allocs/op"), target: absolute(2, "")}, "", "yes"},
		{"absolute beside a peer", row{ours: value("a", "allocs/op"), peer: value("b", "allocs/op"), target: absolute(1, "")}, "0.5", "no"},
		{"information", row{ours: value("a", "ns/op"), peer: value("b", "ns/op"), target: information()}, "0.5", ""},
	} {
		got := tabulate([]row{c.row}, drifting)
		if len(got.lines) != 2 || len(got.missing) != 0 {
			t.Errorf("%s: got %d lines, missing %v", c.name, len(got.lines), got.missing)
			continue
		}
		if line := got.lines[1]; line[4] != c.ratio || line[6] != c.met {
			t.Errorf("%s: got the ratio %q and met %q, want %q and %q", c.name, line[4], line[6], c.ratio, c.met)
		}
	}
}

// A row that one run lacks is reported, not computed from the others.
func TestMissing(t *testing.T) {
	incomplete := results{runs: []run{
		{"a": {"ns/op": 10}, "b": {"ns/op": 20}},
		{"a": {"ns/op": 10}},
	}}
	got := tabulate([]row{
		{id: "P0", what: "whole", ours: value("a", "ns/op"), target: absolute(10, "")},
		{id: "P0", what: "torn", ours: value("a", "ns/op"), peer: value("b", "ns/op"), target: atMost(1, "")},
	}, incomplete)
	if !slices.Equal(got.missing, []string{"P0 torn"}) || len(got.lines) != 2 {
		t.Errorf("got missing %v and the lines %v", got.missing, got.lines)
	}
	if empty := tabulate([]row{{id: "P0", what: "none", ours: value("a", "ns/op")}}, results{}); len(empty.missing) != 1 {
		t.Errorf("got missing %v without any run, want the row", empty.missing)
	}
}

func TestPrint(t *testing.T) {
	r := results{runs: []run{{"a": {"ns/op": 10}}, {"a": {"ns/op": 30}}}}
	var b strings.Builder
	rows := []row{{id: "P0", what: "something", ours: value("a", "ns/op"), target: absolute(25, "at most 25 ns")}}
	if err := tabulate(rows, r).print(&b, "A machine."); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"A machine.", "| P0 | something | 20.0 ns (10.0 ns to 30.0 ns) |", "| at most 25 ns | yes |", "Met: 1 of 1.", "P12",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
}
