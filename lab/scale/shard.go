package main

import "math"

// shardDay is one shard in the course of the simulated day. Its sessions are
// counted, not kept: what happens in a second is drawn.
type shardDay struct {
	service
	dice
	sessions int // live ones
	fixed    steady
	inUse    int

	due   []int // visits whose token expires in a second, by that modulo AccessTTL
	old   []int // tokens without a successor that stop to need a denial in a second
	alive int   // sessions whose last token still needs a denial
	lost  int   // of these, ended by the mass logout

	keys, tombs, mirror, done ring
	feed                      fifo
}

// steady is what stays the same all day, of the whole service.
type steady struct{ goesOn, leave, visits, logins, ends float64 }

// ring counts what goes by itself, by the second in which it goes.
type ring struct {
	at  []int
	sum int
}

func newRing(seconds float64) ring { return ring{at: make([]int, int(seconds)+2)} }

func (r *ring) add(now int, life float64, n int) {
	r.at[(now+max(1, int(math.Round(life))))%len(r.at)] += n
	r.sum += n
}

func (r *ring) pass(now int) {
	i := now % len(r.at)
	r.sum -= r.at[i]
	r.at[i] = 0
}

// fifo is a feed: entries leave at the front, once their own time has passed,
// 16 with each that comes, and all at once when the time of all has passed.
type fifo struct {
	entries []group
	sum     int
	last    int // when the last of all runs out
}

type group struct{ n, till int }

func (f *fifo) add(now, till int) {
	f.entries = append(f.entries, group{1, till})
	f.sum++
	f.last = max(f.last, till)
	for range trimmed {
		if f.sum < 2 || f.entries[0].till > now {
			return
		}
		f.entries = f.entries[1:]
		f.sum--
	}
}

func (f *fifo) pass(now int) {
	if f.sum > 0 && f.last <= now {
		f.entries, f.sum = nil, 0
	}
}

// events is what a second of a shard came to.
type events struct {
	logins, reissues, ends, revoked int
	appended                        int // feed entries
}

// newShardDay returns a shard at midnight, as it is in a steady state.
func newShardDay(s service, d dice, share float64) *shardDay {
	ttl := int(s.accessTTL)
	life := s.accessTTL + margin
	sh := &shardDay{
		service: s, dice: d,
		fixed:    steady{s.goesOn(), 1 - math.Exp(-1/s.visit), s.visits(), s.loginRate(), s.endRate()},
		sessions: d.poisson(s.sessions * share),
		due:      make([]int, ttl), old: make([]int, ttl+int(margin)),
		keys: newRing(life), tombs: newRing(life), done: newRing(doneTTL),
		mirror: newRing(life + sweepSlack + sweepParts*s.staleness/5 + 1),
	}
	visits := s.visits() * share * s.curve(0)
	sh.inUse = d.poisson(visits * s.visit)
	for i := range sh.due {
		sh.issue(i-ttl, d.poisson(visits*s.issuedAVisit()))
	}
	return sh
}

// curve is how much is going on at a second of the day, 1 on average.
func (s service) curve(second int) float64 {
	return 1 + s.swing*math.Cos(2*math.Pi*float64(second-massAt)/day)
}

// issue notes n access tokens.
func (sh *shardDay) issue(now, n int) {
	ttl := int(sh.accessTTL)
	sh.due[mod(now, ttl)] += n
	sh.alive += n
}

func mod(n, m int) int { return ((n % m) + m) % m }

// second lets a second pass, at a level of the service's activity. Of the sessions that a mass logout ends in it
// nothing is known but how many they are.
func (sh *shardDay) second(now int, level float64, mass int) (e events) {
	sh.keys.pass(now)
	sh.tombs.pass(now)
	sh.mirror.pass(now)
	sh.done.pass(now)
	sh.feed.pass(now)

	// Visits whose token expires now go on, or have ended.
	ttl := int(sh.accessTTL)
	slot := mod(now, ttl)
	expired := sh.due[slot]
	sh.due[slot] = 0
	again := sh.binomial(expired, sh.fixed.goesOn)
	sh.alive -= again // they have a new one
	i := mod(now, len(sh.old))
	sh.alive -= sh.old[i] // two minutes ago
	sh.old[i] = 0
	sh.old[mod(now+int(margin), len(sh.old))] = expired - again

	begin := sh.poisson(sh.fixed.visits * level)
	e.logins = min(begin, sh.poisson(sh.fixed.logins*level))
	e.reissues = begin - e.logins + again
	sh.inUse += begin - sh.binomial(sh.inUse, sh.fixed.leave)
	sh.issue(now, begin+again)
	sh.sessions += e.logins

	e.ends = min(sh.sessions, sh.poisson(sh.fixed.ends*level))
	for range e.ends {
		sh.deny(now, sh.ageAtEnd())
	}
	e.appended = e.ends
	idle := sh.poisson((sh.fixed.logins - sh.fixed.ends) * level)
	sh.sessions -= e.ends + min(idle, sh.sessions-e.ends)

	e.revoked = min(mass, sh.sessions)
	chance := float64(sh.alive-sh.lost) / float64(max(1, sh.sessions))
	if sh.massInUse > 0 {
		chance = sh.massInUse
	}
	alive := min(max(0, sh.alive-sh.lost), sh.binomial(e.revoked, chance))
	for range alive {
		sh.deny(now, sh.ageOfAny())
	}
	sh.tombs.add(now, margin, e.revoked-alive)
	sh.done.add(now, doneTTL, e.revoked)
	sh.sessions -= e.revoked
	sh.inUse -= min(sh.inUse, sh.binomial(alive, float64(sh.inUse)/float64(max(1, sh.alive))))
	sh.lose(now, alive)
	e.appended += alive
	return e
}

// deny ends a session whose last token has an age.
func (sh *shardDay) deny(now int, age float64) {
	life := sh.accessTTL + margin - age
	sh.keys.add(now, life, 1)
	sh.tombs.add(now, max(margin, life), 1)
	sh.mirror.add(now, life+sweepSlack+sh.Float64()*sweepParts*sh.staleness/5, 1)
	sh.feed.add(now, now+int(math.Round(life)))
}

// ageAtEnd draws the age of the last token at the end of a visit.
func (sh *shardDay) ageAtEnd() float64 {
	return -sh.visit * math.Log(1-sh.Float64()*(1-sh.fixed.goesOn))
}

// ageOfAny draws the age of the last token of a session that still needs a
// denial: in use or lately.
func (sh *shardDay) ageOfAny() float64 {
	ended := 1 - sh.fixed.goesOn
	at := sh.Float64() * (sh.accessTTL + ended*margin)
	if at < sh.accessTTL {
		return at
	}
	return sh.accessTTL + (at-sh.accessTTL)/ended
}

// lose takes sessions with a token, that the mass logout has ended, out of what
// will be due: every few seconds, because that takes a while.
func (sh *shardDay) lose(now, n int) {
	sh.lost += n
	if sh.lost == 0 || now%10 != 0 {
		return
	}
	share := float64(sh.lost) / float64(max(1, sh.alive))
	for _, ring := range [][]int{sh.due, sh.old} {
		for i, count := range ring {
			gone := sh.binomial(count, share)
			ring[i] -= gone
			sh.alive -= gone
		}
	}
	sh.lost = 0
}
