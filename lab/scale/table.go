package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// report prints the tables of docs/scale.md.
func report(w io.Writer, services []service) {
	p := printer{w}
	p.costs(services[0].costs)
	p.assumptions(services[0])
	var estimates []estimate
	for _, s := range services {
		estimates = append(estimates, s.calculate())
	}
	p.needs(estimates)
	p.masters(estimates)
	p.massLogouts(estimates)
	p.days(estimates)
}

type printer struct{ io.Writer }

// table prints a row for each line: its name and a cell for each column.
func (p printer) table(head []string, rows [][]string) {
	line := func(cells []string) { fmt.Fprintf(p, "| %s |\n", strings.Join(cells, " | ")) }
	line(head)
	fmt.Fprintf(p, "|%s\n", strings.Repeat("---|", len(head)))
	for _, r := range rows {
		line(r)
	}
	fmt.Fprintln(p)
}

func (p printer) costs(c costs) {
	fmt.Fprint(p, "### Measured\n\n")
	var rows [][]string
	for _, f := range c.list() {
		rows = append(rows, []string{f.what, fmt.Sprintf("%v %s", f.value, f.unit), f.source})
	}
	p.table([]string{"what", "costs", "measured by"}, rows)
}

func (p printer) assumptions(s service) {
	fmt.Fprint(p, "### Assumed\n\n")
	p.table([]string{"what", "is", "flag"}, [][]string{
		{"sessions in use, on the day's average and at the peak", percent(s.inUse) + ", " + percent(s.inUse*(1+s.swing)), "`-in-use`, `-swing`"},
		{"time that one is in use before it rests", span(s.visit), "`-visit`"},
		{"requests a second of a session in use", number(s.requests), "`-requests`"},
		{"logins a live session and day; as many end", number(s.logins), "`-logins`"},
		{"of these by a logout; the others idle out", number(s.logouts), "`-logouts`"},
		{"thefts found out, a live session and day", strconv.FormatFloat(s.thefts, 'f', -1, 64), "`-thefts`"},
		{"`AccessTTL`", span(s.accessTTL), "`-access-ttl`"},
		{"`Staleness`", span(s.staleness), "`-staleness`"},
		{"`Shards`", strconv.Itoa(s.shards), "`-shards`"},
		{"requests a second that a process serves, two processes at least", number(s.perProcess), "`-per-process`"},
		{"share of a master's core that may be used at the peak", percent(s.budget), "`-budget`"},
		{"data that a master may hold", size(s.memory), "`-memory`"},
		{"share of all sessions that a mass logout ends", percent(s.mass), "`-mass`"},
		{"time of a round trip to Redis", span(s.roundTrip), "`-round-trip`"},
	})
}

// columns returns a row: a name and a cell for each estimate.
func columns(name string, es []estimate, cell func(estimate) string) []string {
	row := []string{name}
	for _, e := range es {
		row = append(row, cell(e))
	}
	return row
}

func (p printer) head(es []estimate) []string {
	return columns("live sessions", es, func(e estimate) string { return number(e.sessions) })
}

func (p printer) needs(es []estimate) {
	fmt.Fprint(p, "### Computed: the peak of the day\n\n")
	row := func(name string, cell func(estimate) string) []string { return columns(name, es, cell) }
	p.table(p.head(es), [][]string{
		row("in use", func(e estimate) string { return number(e.inUse) }),
		row("processes", func(e estimate) string { return number(e.processes()) }),
		row("checks a second", func(e estimate) string { return number(e.reqs) }),
		row("reissues a second", func(e estimate) string { return number(e.reissues) }),
		row("logins a second", func(e estimate) string { return number(e.logins) }),
		row("logouts a second", func(e estimate) string { return number(e.ends) }),
		row("memory of Redis, all masters", func(e estimate) string { return size(e.memory) }),
		row("blacklist entries", func(e estimate) string { return number(e.keys) }),
		row("feed entries, all shards", func(e estimate) string { return number(e.feed) }),
		row("a process's mirror: entries", func(e estimate) string { return number(e.mirror) }),
		row("its memory", func(e estimate) string { return size(e.mirror * e.costs.mirrorEntry.value) }),
		row("cold start: time until it has read the feeds", func(e estimate) string { return span(e.coldStart) }),
	})
}

func (p printer) masters(es []estimate) {
	fmt.Fprint(p, "### Computed: masters, and what takes their time at the peak\n\n")
	var rows [][]string
	add := func(e estimate, m mode, what string) {
		plan := e.plans[m]
		l, polls, round, own, wire := plan.busiest, "", "", "", ""
		if m != lookUps {
			polls, round, own, wire = number(plan.scripts), span(plan.round), percent(plan.ownShare), size(plan.bytes)+"/s"
		}
		rows = append(rows, []string{
			number(e.sessions) + ", " + what, plan.count(), number(plan.perMaster), percent(l.scripts), percent(l.checks), percent(l.polls), percent(l.reads), percent(l.nudges),
			"**" + percent(l.total()) + "**", size(plan.memory), e.first(plan), polls, round, own, wire,
		})
	}
	for _, e := range es {
		for m, what := range modeNames() {
			if with := e.plans[mirrored]; mode(m) == unnudged && with.busiest.total()-e.on(with.masters, unnudged).busiest.total() < 0.01 {
				continue // nudges cost nothing yet
			}
			add(e, mode(m), what)
			if more := e.service; !e.plans[m].enough && more.shards < 64 {
				more.shards = 64
				add(more.calculate(), mode(m), what+", 64 shards")
			}
		}
	}
	p.table([]string{
		"live sessions", "masters", "commands a second", "scripts", "checks", "polls", "reads", "nudges", "of a core", "memory", "nearest limit",
		"polls a second, all", "a round of polls", "a process's core for its polls", "its bandwidth for them",
	}, rows)
}

func modeNames() [3]string { return [3]string{"no mirror", "mirror", "mirror, no nudges"} }

// count says how many masters there are, and if more would be needed than there
// are shards.
func (p plan) count() string {
	if !p.enough {
		return fmt.Sprintf("%d are too few", p.masters)
	}
	return strconv.Itoa(p.masters)
}

// first names what is nearest to its limit on the busiest master.
func (e estimate) first(p plan) string {
	l := p.busiest
	name, most := "", -1.0
	for _, limit := range []struct {
		name string
		of   float64
	}{
		{"scripts", l.scripts / e.budget}, {"checks", l.checks / e.budget}, {"polls", l.polls / e.budget},
		{"reads", l.reads / e.budget}, {"nudges", l.nudges / e.budget}, {"memory", p.memory / e.service.memory},
	} {
		if limit.of > most {
			name, most = limit.name, limit.of
		}
	}
	if most < 0.1 {
		return "none near"
	}
	return fmt.Sprintf("%s, %s", name, percent(most))
}

func (p printer) massLogouts(es []estimate) {
	fmt.Fprint(p, "### Computed: a mass logout at the peak, `PUBLISH` forbidden\n\n")
	row := func(name string, cell func(massLogout) string) []string {
		return columns(name, es, func(e estimate) string { return cell(e.mass) })
	}
	p.table(p.head(es), [][]string{
		row("sessions ended", func(m massLogout) string { return number(m.sessions) }),
		row("of these with an access token: feed entries", func(m massLogout) string { return number(m.entries) }),
		row("takes, at a gentle pace", func(m massLogout) string { return span(m.seconds) }),
		row("memory that comes to Redis, at most", func(m massLogout) string { return size(m.redis) }),
		row("that the masters send to the mirrors", func(m massLogout) string { return size(m.sent) }),
		row("memory that comes to each mirror, at most", func(m massLogout) string { return size(m.mirror) }),
		row("to the process that does it, at most", func(m massLogout) string { return size(m.own) }),
		row("to each mirror, if all had been in use and ended at once", func(m massLogout) string { return size(m.everyEntry) }),
		row("pages of a shard's feed", func(m massLogout) string { return number(m.polls) }),
		row("cold start while it is on the feeds, at most", func(m massLogout) string { return span(m.coldStart) }),
		row("trimming the feeds takes, at most", func(m massLogout) string { return span(m.feedStays) }),
	})
}

// simulated begins the last heading.
const simulated = "### Simulated"

func (p printer) days(es []estimate) {
	fmt.Fprintf(p, "%s: a day with a rolling restart and a mass logout\n\n", simulated)
	fmt.Fprint(p, "Two values are the 99th percentile of all seconds and the greatest.\n\n")
	head := []string{"live sessions"}
	var outcomes []*outcome
	for _, e := range es {
		o := e.simulate(e.plans[mirrored].masters, mirrored)
		head, outcomes = append(head, number(e.sessions)), append(outcomes, o)
		if o.overloaded > 0 { // the remedy
			head = append(head, number(e.sessions)+", no nudges")
			outcomes = append(outcomes, e.simulate(e.plans[unnudged].masters, unnudged))
		}
	}
	row := func(what string, cell func(*outcome) string) []string {
		r := []string{what}
		for _, o := range outcomes {
			r = append(r, cell(o))
		}
		return r
	}
	both := func(what string, s func(*outcome) *series, unit func(float64) string) []string {
		return row(what, func(o *outcome) string { return unit(s(o).p99()) + ", " + unit(s(o).max()) })
	}
	p.table(head, [][]string{
		row("masters", func(o *outcome) string { return strconv.Itoa(o.masters) }),
		row("users of the fullest shard, by an even share", func(o *outcome) string { return digits(o.fullest, 3) }),
		both("memory of the fullest master", func(o *outcome) *series { return &o.memory }, size),
		both("commands a second of the busiest", func(o *outcome) *series { return &o.commands }, number),
		both("asked of its core", func(o *outcome) *series { return &o.core }, percent),
		row("seconds that ask more than a core", func(o *outcome) string { return number(float64(o.overloaded)) }),
		both("feed entries, all shards", func(o *outcome) *series { return &o.feed }, number),
		row("largest feed of a shard", func(o *outcome) string { return number(o.largestFeed) }),
		both("a process's mirror, entries", func(o *outcome) *series { return &o.mirror }, number),
		both("polls a second, a process and shard", func(o *outcome) *series { return &o.polls }, number),
		both("lag of the mirrors", func(o *outcome) *series { return &o.lag }, span),
		row("seconds in which a shard has no lease", func(o *outcome) string { return number(float64(o.leaseless)) }),
		row("the mass logout takes", func(o *outcome) string { return span(o.massSeconds) }),
		row("longest cold start", func(o *outcome) string { return span(o.coldStart) }),
	})
}

// number writes a number with two digits or three that count.
func number(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v < 99.5:
		return digits(v, 2)
	case v < 999.5:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v < 999_500:
		text := digits(v, 3)
		return text[:len(text)-3] + " " + text[len(text)-3:]
	}
	return digits(v/1e6, 3) + " M"
}

// digits writes a number with so many digits that count.
func digits(v float64, n int) string {
	behind := n - 1 - int(math.Floor(math.Log10(v)))
	unit := math.Pow(10, float64(behind))
	text := strconv.FormatFloat(math.Round(v*unit)/unit, 'f', max(0, behind), 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

func percent(share float64) string {
	if share > 0 && share < 0.001 {
		return "< 0.1 %"
	}
	return number(100*share) + " %"
}

func size(v float64) string {
	for _, unit := range []string{"B", "kB", "MB"} {
		if v < 999.5 {
			return digits(v, 2) + " " + unit
		}
		v /= 1000
	}
	return digits(v, 2) + " GB"
}

func span(seconds float64) string {
	switch {
	case seconds == 0:
		return "0"
	case seconds < 0.001:
		return digits(seconds*1e6, 2) + " µs"
	case seconds < 1:
		return digits(seconds*1000, 2) + " ms"
	case seconds < 120:
		return digits(seconds, 2) + " s"
	case seconds < 7200:
		return digits(seconds/60, 2) + " min"
	}
	return digits(seconds/3600, 2) + " h"
}
