package main

import "math"

// mode is how processes come to know the blacklist.
type mode int

const (
	lookUps  mode = iota // no mirror: each check asks
	mirrored             // a mirror in each process
	unnudged             // a mirror, and PUBLISH is forbidden
)

// load is what the busiest master does at the peak, in shares of its core.
type load struct {
	scripts float64 // logins, reissues and logouts
	checks  float64 // without a mirror
	polls   float64
	reads   float64 // feed entries that the polls bring
	nudges  float64
}

func (l load) total() float64 { return l.scripts + l.checks + l.polls + l.reads + l.nudges }

// plan is a number of masters and what it comes to. With one there is a single
// server, with more a cluster.
type plan struct {
	masters int
	enough  bool // within the budget, or else there are as many masters as shards
	busiest load
	memory  float64 // of the busiest master, the mass logout excluded

	pollRate  float64 // of a process, each shard
	scripts   float64 // that poll, a second, of all processes
	bytes     float64 // a second of a process, of polls that find nothing
	ownShare  float64 // of a core of each process, for its polls
	perMaster float64 // operations a second of the busiest master
	round     float64 // seconds of its core for one poll of each process
}

// estimate is what a service needs.
type estimate struct {
	service
	inUse, reqs, logins, reissues, ends float64 // at the peak, a second but for inUse
	keys, feed, mirror                  float64 // entries at the peak
	memory                              float64 // of all masters
	plans                               [3]plan
	mass                                massLogout
	coldStart                           float64 // seconds until a mirror has read the feeds at the peak
}

// massLogout is what it takes to end a share of all sessions at the peak.
type massLogout struct {
	sessions float64
	entries  float64 // on the feeds
	seconds  float64 // with what the budget has left
	reading  bool    // it is the reading that takes more of the masters, not the ending

	redis      float64 // bytes that come with it
	sent       float64 // bytes to all mirrors
	mirror     float64 // bytes of each process that reads it
	own        float64 // bytes of the process that does it
	polls      float64 // pages of a shard's feed
	coldStart  float64 // seconds, while it is on the feeds
	feedStays  float64 // seconds until later logouts have trimmed it from the feeds
	everyEntry float64 // bytes of each mirror if all of the sessions were in use
}

// calculate computes what the service needs at the peak of its day.
func (s service) calculate() estimate {
	peak := 1 + s.swing
	e := estimate{
		service: s,
		inUse:   s.sessions * s.inUse * peak, logins: s.loginRate() * peak, reissues: s.reissueRate() * peak, ends: s.endRate() * peak,
	}
	e.reqs = e.inUse * s.requests
	e.keys = e.ends * s.denialLife()
	e.feed = e.ends * (s.accessTTL + margin) // an entry waits for all before it
	e.memory = e.bytes(s.sessions+e.keys, e.keys, e.feed)
	for m := range e.plans {
		e.plans[m] = e.plan(mode(m))
	}
	e.mirror = e.ends * (s.denialLife() + sweepSlack + sweepParts/e.plans[mirrored].pollRate/2)
	e.coldStart = s.reading(e.feed)
	e.mass = e.massLogout()
	return e
}

// reading returns how long a process that starts takes to read the feeds.
func (s service) reading(entries float64) float64 {
	return s.roundTrip + entries*s.costs.ownRead.value/1e6
}

// leastMass is the share of a core that a mass logout takes in any case.
const leastMass = 0.05

// massCovered is the share of the sessions of a mass logout that need a
// blacklist entry, at a level of the daily curve.
func (s service) massCovered(level float64) float64 {
	if s.massInUse > 0 {
		return s.massInUse
	}
	return min(1, s.covered()*level/s.sessions)
}

// bytes returns what sessions, blacklist keys and feed entries take of Redis.
func (s service) bytes(sessions, keys, feed float64) float64 {
	c := s.costs
	return sessions*c.session.value + keys*(c.denial.value-c.feedEntry.value) + feed*c.feedEntry.value
}

// plan finds the fewest masters that keep within the budget.
func (e estimate) plan(m mode) plan {
	p := e.on(1, m)
	for masters := 3; !p.enough && masters <= e.shards; masters++ { // a cluster has three at least
		p = e.on(masters, m)
	}
	return p
}

// on computes the load of the busiest master of so many.
func (e estimate) on(masters int, m mode) plan {
	c, processes := e.costs, e.processes()
	most := float64(fullest(e.shards, masters))
	share := most / float64(e.shards)
	p := plan{masters: masters, memory: e.memory * share}
	p.busiest.scripts = share * (e.logins*c.login.value + e.reissues*c.reissue.value + e.ends*c.logout.value) / 1e6
	p.perMaster = share * (e.logins + e.reissues + e.ends)
	if m == lookUps {
		p.busiest.checks = share * e.reqs * c.check.value / 1e6
		p.perMaster += share * e.reqs
	} else {
		nudges := e.ends
		if m == unnudged {
			nudges = 0
		}
		p.pollRate = e.pollRate(nudges)
		scriptsOfProcess, scriptCost := p.pollRate, c.poll(float64(e.shards))
		if masters > 1 { // each shard has a poller, and nudges of its own
			p.pollRate = e.pollRate(nudges / float64(e.shards))
			scriptsOfProcess, scriptCost = p.pollRate*float64(e.shards), c.poll(1)*most
		}
		p.scripts = processes * scriptsOfProcess
		p.round = processes * scriptCost / 1e6
		p.busiest.polls = processes * p.pollRate * scriptCost / 1e6
		p.busiest.reads = share * e.ends * processes * c.read.value / 1e6
		p.busiest.nudges = nudges * processes * c.nudge.value / 1e6 // one node has the channel
		p.bytes = p.pollRate * float64(e.shards) * c.pollBytes.value
		p.ownShare = scriptsOfProcess * c.ownPoll.value / 1e6
		p.perMaster += p.scripts
		if masters > 1 {
			p.perMaster += p.scripts * (share - 1)
		}
	}
	p.enough = p.busiest.total() <= e.budget && p.memory <= e.service.memory
	return p
}

// massLogout computes a mass logout by RevokeAll of each user, one after the
// other on each master, without nudges counted.
func (e estimate) massLogout() massLogout {
	c, p := e.costs, e.plans[unnudged]
	ended := e.sessions * e.service.mass
	l := massLogout{sessions: ended, entries: ended * e.massCovered(1+e.swing)}
	busiest := float64(fullest(e.shards, p.masters)) / float64(e.shards)
	ending, reading := c.revokeAll.value, l.entries/max(1, ended)*e.processes()*c.read.value
	l.reading = reading > ending
	left := max(leastMass, e.massCore-p.busiest.total())
	l.seconds = ended * busiest * (ending + reading) / 1e6 / left
	kept := min(1, doneTTL/max(doneTTL, l.seconds))
	// The sessions turn into tombstones of the same size and go within AccessTTL
	// and two minutes.
	l.redis = l.entries*c.denial.value + ended*kept*c.done.value
	l.sent = l.entries * e.processes() * c.entryBytes.value
	l.mirror = l.entries * c.mirrorEntry.value
	// Whoever ends a session remembers it, entry or none.
	remembered := min(1, (margin+sweepSlack)/max(margin+sweepSlack, l.seconds))
	l.own = max(l.mirror, ended*remembered*c.mirrorEntry.value)
	l.polls = math.Ceil(l.entries / float64(e.shards) / pollEntries)
	l.coldStart = e.reading(e.feed + l.entries)
	if e.endRate() > 0 {
		l.feedStays = l.entries / (trimmed * e.endRate())
	}
	l.everyEntry = ended * c.mirrorEntry.value
	return l
}
