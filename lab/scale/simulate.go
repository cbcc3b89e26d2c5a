package main

import (
	"math"
	"slices"
)

const (
	massAt    = 72_000 // second of the day at which the mass logout begins, the busiest
	restartAt = 54_000 // at which the processes restart, one after the other
)

// series is what was seen of something, a value a second.
type series struct{ values []float64 }

func (s *series) add(v float64) { s.values = append(s.values, v) }

func (s *series) mean() float64 {
	sum := 0.0
	for _, v := range s.values {
		sum += v
	}
	return sum / float64(max(1, len(s.values)))
}

func (s *series) max() float64 { return slices.Max(s.values) }

func (s *series) p99() float64 {
	sorted := slices.Sorted(slices.Values(s.values))
	return sorted[len(sorted)*99/100]
}

// outcome is what a simulated day came to.
type outcome struct {
	sessions, inUse, reissues, logins, ends series // of all shards
	memory                                  series // of the fullest master
	commands, core                          series // of the busiest master
	overloaded                              int    // seconds in which a master had more to do than a core can
	feed, mirror, keys                      series // entries of all shards
	polls                                   series // a second, of a process, each shard
	lag                                     series // seconds by which a process's copies are behind
	leaseless                               int    // seconds in which lag was above Staleness for a shard
	massSeconds, massEntries                float64
	largestFeed                             float64 // of a shard
	coldStart                               float64 // seconds, the longest of the rolling restart
	restarts                                int
	masters                                 int
	fullest                                 float64 // users of the fullest shard, 1 for an even share
}

// simulate lets a day pass on a number of masters.
func (s service) simulate(masters int, m mode) *outcome {
	d := newDice(s.seed)
	sim := &simulation{service: s, dice: d, mode: m, of: spread(s.shards, masters), masters: masters, out: &outcome{}}
	// Users fall onto shards by their hash.
	sim.share = make([]float64, s.shards)
	total := 0.0
	for i := range sim.share {
		sim.share[i] = float64(max(1, d.poisson(s.sessions/float64(s.shards))))
		total += sim.share[i]
	}
	for i := range sim.share {
		sim.share[i] /= total
		sim.shards = append(sim.shards, newShardDay(s, d, sim.share[i]))
	}
	sim.out.masters, sim.out.fullest = masters, slices.Max(sim.share)*float64(s.shards)
	sim.backlog = make([]float64, s.shards)
	sim.used = make([]float64, masters)
	sim.massLeft = s.sessions * s.mass
	for now := range int(day) {
		sim.second(now)
	}
	return sim.out
}

// simulation is a day under way.
type simulation struct {
	service
	dice
	mode     mode
	level    float64 // of the daily curve
	masters  int
	of       []int
	share    []float64
	shards   []*shardDay
	backlog  []float64 // feed entries of each shard that the mirrors have still to read
	before   []float64 // used, before the mass logout
	used     []float64 // share of each master's core, in the last second
	massLeft float64
	out      *outcome
}

func (sim *simulation) second(now int) {
	c, processes := sim.costs, sim.processes()
	work, commands := make([]float64, sim.masters), make([]float64, sim.masters) // work in µs
	memory := make([]float64, sim.masters)
	sim.level = sim.curve(now)
	var sum totals
	seen := make([]events, len(sim.shards))
	for i, sh := range sim.shards {
		m := sim.of[i]
		e := sh.second(now, sim.level*sim.share[i], sim.massOf(now, i))
		seen[i] = e
		work[m] += float64(e.logins)*c.login.value + float64(e.reissues)*c.reissue.value + float64(e.ends)*c.logout.value + float64(e.revoked)*c.revokeAll.value
		commands[m] += float64(e.logins + e.reissues + e.ends + e.revoked)
		memory[m] += sim.bytes(float64(sh.sessions+sh.tombs.sum), float64(sh.keys.sum), float64(sh.feed.sum)) + float64(sh.done.sum)*c.done.value
		sim.backlog[i] += float64(e.appended)
		sim.out.massEntries += float64(e.appended - e.ends)
		sim.out.largestFeed = max(sim.out.largestFeed, float64(sh.feed.sum))
		sum.sessions += float64(sh.sessions)
		sum.inUse += float64(sh.inUse)
		sum.logins += float64(e.logins)
		sum.reissues += float64(e.reissues)
		sum.ends += float64(e.ends)
		sum.revoked += float64(e.revoked)
		sum.feed += float64(sh.feed.sum)
		sum.mirror += float64(sh.mirror.sum)
		sum.keys += float64(sh.keys.sum)
	}
	if sum.revoked > 0 {
		sim.out.massSeconds++
		sim.massLeft -= sum.revoked
	}
	requests := sum.inUse * sim.requests
	polls := 0.0
	if sim.mode == lookUps {
		for i, share := range sim.share {
			work[sim.of[i]] += requests * share * c.check.value
			commands[sim.of[i]] += requests * share
		}
	} else {
		polls = sim.poll(seen, sum, work, commands)
		sim.read(processes, requests, work, commands)
	}
	if n := (now - restartAt) / 10; now >= restartAt && now%10 == 0 && float64(n) < processes && sim.mode != lookUps {
		sim.restart(sum.feed, requests/processes, work, commands)
	}
	for i := range work {
		sim.used[i] = work[i] / 1e6
	}
	if slices.Max(sim.used) > 1 {
		sim.out.overloaded++
	}
	sim.out.record(sum)
	sim.out.polls.add(polls)
	sim.out.memory.add(slices.Max(memory))
	sim.out.commands.add(slices.Max(commands))
	sim.out.core.add(slices.Max(sim.used))
}

// totals are what all shards had or did in a second.
type totals struct{ sessions, inUse, logins, reissues, ends, revoked, feed, mirror, keys float64 }

func (o *outcome) record(sum totals) {
	o.sessions.add(sum.sessions)
	o.inUse.add(sum.inUse)
	o.logins.add(sum.logins)
	o.reissues.add(sum.reissues)
	o.ends.add(sum.ends)
	o.feed.add(sum.feed)
	o.mirror.add(sum.mirror)
	o.keys.add(sum.keys)
}

// massOf returns how many sessions of a shard the mass logout ends in a second:
// as many as the master has time for within the budget.
func (sim *simulation) massOf(now, shard int) int {
	if now < massAt || sim.massLeft < 1 {
		return 0
	}
	m := sim.of[shard]
	others := 0.0
	for i, of := range sim.of {
		if of == m {
			others += sim.share[i]
		}
	}
	left := max(leastMass, sim.massCore-sim.idleLoad(m))
	perSession := sim.costs.revokeAll.value
	if sim.mode != lookUps { // what the mirrors read of it counts as well
		perSession += sim.massCovered(sim.level) * sim.processes() * sim.costs.read.value
	}
	n := left * 1e6 / perSession * sim.share[shard] / others
	return sim.poisson(min(n, sim.massLeft*sim.share[shard]+1))
}

// idleLoad is what a master did in the last second before the mass logout
// began, as a share of its core.
func (sim *simulation) idleLoad(m int) float64 {
	if sim.out.massSeconds == 0 {
		sim.before = slices.Clone(sim.used)
	}
	return sim.before[m]
}

// poll adds what polls and nudges cost in a second, and returns how often each
// process polls each shard, on average.
func (sim *simulation) poll(seen []events, sum totals, work, commands []float64) float64 {
	c, processes, all := sim.costs, sim.processes(), 0.0
	nudges := make([]float64, len(seen)) // of each shard
	if sim.mode == mirrored {
		all = sim.nudges(seen, sum, nudges)
		work[0] += all * processes * c.nudge.value
		commands[0] += all
	}
	if sim.masters == 1 { // one poller for all shards
		rate := sim.pollRate(all)
		work[0] += rate * processes * c.poll(float64(sim.service.shards))
		commands[0] += rate * processes
		return rate
	}
	total := 0.0
	for i, m := range sim.of {
		rate := sim.pollRate(nudges[i])
		total += rate
		work[m] += rate * processes * c.poll(1)
		commands[m] += rate * processes
	}
	return total / float64(len(sim.of))
}

// nudges returns how many messages go out in a second, and adds up how many
// name each shard. A logout has one. The mass logout is done by one process,
// which sends its next message, about all that it has ended meanwhile, once the
// last has been answered.
func (sim *simulation) nudges(seen []events, sum totals, of []float64) float64 {
	messages := min(sum.revoked, 1/(sim.roundTrip+sim.processes()*sim.costs.nudge.value/1e6))
	named := make([]float64, len(seen)) // the share of them that name each shard
	many := 0.0
	for i, e := range seen {
		if messages > 0 {
			named[i] = 1 - math.Pow(1-float64(e.revoked)/sum.revoked, sum.revoked/messages)
		}
		many += named[i]
	}
	for i, e := range seen {
		if many > nudgeShards {
			named[i] = 1
		}
		of[i] = float64(e.ends) + messages*named[i]
	}
	return sum.ends + messages
}

// read lets the mirrors read on. A master gives them what it has left, a tenth
// of its time at least; a process reads so many entries a second at most. A
// shard that is not read to its end within Staleness has no lease, and its
// checks ask.
func (sim *simulation) read(processes, requests float64, work, commands []float64) {
	c := sim.costs
	wanted := make([]float64, sim.masters)
	all := 0.0
	for i, n := range sim.backlog {
		wanted[sim.of[i]] += n
		all += n
	}
	own := min(1, 1e6/c.ownRead.value/max(1, all)) // share of it that a process can read
	worst, leaseless := 0.0, false
	for i := range sim.backlog {
		m := sim.of[i]
		left := max(0.1, 1-work[m]/1e6) * 1e6 / (processes * c.read.value) // entries
		share := min(own, left/max(1, wanted[m]))
		read := sim.backlog[i] * share
		sim.backlog[i] -= read
		lag := 0.0
		if sim.backlog[i] >= 1 {
			lag = sim.backlog[i] / max(1, read)
		}
		worst = max(worst, lag)
		if lag > sim.staleness {
			leaseless = true
			work[m] += requests * sim.share[i] * c.check.value
			commands[m] += requests * sim.share[i]
		}
	}
	reads := make([]float64, sim.masters)
	for m := range reads {
		reads[m] = min(wanted[m]*own, max(0.1, 1-work[m]/1e6)*1e6/(processes*c.read.value))
		work[m] += reads[m] * processes * c.read.value
	}
	sim.out.lag.add(worst)
	if leaseless {
		sim.out.leaseless++
	}
}

// restart lets one process start: it reads the feeds from their beginning, and
// asks for each check meanwhile.
func (sim *simulation) restart(feed, requests float64, work, commands []float64) {
	c := sim.costs
	seconds := sim.reading(feed)
	sim.out.coldStart = max(sim.out.coldStart, seconds)
	sim.out.restarts++
	for i, share := range sim.share {
		work[sim.of[i]] += feed*share*c.read.value + math.Min(1, seconds)*requests*share*c.check.value
		commands[sim.of[i]] += math.Min(1, seconds) * requests * share
	}
}
