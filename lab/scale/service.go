package main

import (
	"flag"
	"fmt"
	"math"
	"time"
)

const day = 86400.0 // seconds

// What redisstore and core have built in, in seconds.
const (
	margin      = 120.0 // driver.DenialMargin
	sweepSlack  = 60.0  // how much longer a mirror keeps an entry
	sweepParts  = 64.0  // of a mirror's set, one a poll
	nudgeGap    = 0.010 // between two polls, however many nudges
	nudgeShards = 32    // that a nudge names, at most; one about more means all
	pollEntries = 2000.0
	doneTTL     = 60.0 // of the answer of a RevokeAll
	trimmed     = 16   // feed entries that leave with a new one, at most
)

// service is what is assumed of a service. Times are in seconds.
type service struct {
	sessions float64 // live ones

	inUse    float64 // share of the sessions in use, on the day's average
	swing    float64 // of the daily curve: the peak is 1+swing times the average
	visit    float64 // how long a session is in use at a time, on average
	requests float64 // a second, of a session in use
	logins   float64 // a live session and day
	logouts  float64 // a live session and day
	thefts   float64 // found out, a live session and day

	accessTTL  float64
	staleness  float64
	shards     int
	perProcess float64 // requests a second that a process serves
	budget     float64 // share of a master's core
	memory     float64 // bytes of data of a master
	mass       float64 // share of the sessions that a mass logout ends
	massCore   float64 // share of a master's core up to which it is done
	massInUse  float64 // share of the ended that have an access token, 0 for as many as of all
	roundTrip  float64 // to Redis

	costs costs
	seed  uint64
}

// assumed returns the assumptions of docs/scale.md for a number of sessions.
func assumed(sessions float64) service {
	return service{
		sessions: sessions,
		inUse:    0.05, swing: 0.8, visit: 20 * 60, requests: 0.1, logins: 0.1, logouts: 0.03, thefts: 1e-5,
		accessTTL: 600, staleness: 1, shards: 16, perProcess: 2000, budget: 0.5, memory: 8 << 30, mass: 0.1, massCore: 0.5, roundTrip: 0.0005,
		costs: measured(), seed: 1,
	}
}

// flags lets the command line change the assumptions.
func (s *service) flags(f *flag.FlagSet) {
	seconds := func(p *float64, name, usage string) {
		usage += fmt.Sprintf(" (default %v)", time.Duration(*p*float64(time.Second)))
		f.Func(name, usage, func(text string) error {
			d, err := time.ParseDuration(text)
			*p = d.Seconds()
			return err
		})
	}
	f.Float64Var(&s.inUse, "in-use", s.inUse, "share of the sessions in use, on the day's average")
	f.Float64Var(&s.swing, "swing", s.swing, "of the daily curve: the peak is 1+swing times the average")
	seconds(&s.visit, "visit", "how long a session is in use at a time")
	f.Float64Var(&s.requests, "requests", s.requests, "requests a second of a session in use")
	f.Float64Var(&s.logins, "logins", s.logins, "logins a live session and day")
	f.Float64Var(&s.logouts, "logouts", s.logouts, "logouts a live session and day")
	f.Float64Var(&s.thefts, "thefts", s.thefts, "thefts found out a live session and day")
	seconds(&s.accessTTL, "access-ttl", "AccessTTL")
	seconds(&s.staleness, "staleness", "Options.Mirror.Staleness")
	f.IntVar(&s.shards, "shards", s.shards, "Options.Shards")
	f.Float64Var(&s.perProcess, "per-process", s.perProcess, "requests a second that a process serves")
	f.Float64Var(&s.budget, "budget", s.budget, "share of a master's core that may be used at the peak")
	f.Float64Var(&s.memory, "memory", s.memory, "bytes of data that a master may hold")
	f.Float64Var(&s.mass, "mass", s.mass, "share of the sessions that a mass logout ends")
	f.Float64Var(&s.massCore, "mass-core", s.massCore, "share of a master's core up to which a mass logout may use it")
	f.Float64Var(&s.massInUse, "mass-in-use", s.massInUse, "share of the ended sessions that have an access token, 0 for as many as of all")
	seconds(&s.roundTrip, "round-trip", "time of a round trip to Redis")
	f.Uint64Var(&s.seed, "seed", s.seed, "of the simulation")
}

// check returns an error that names the flag if an assumption makes no sense.
func (s *service) check() error {
	for name, v := range map[string]float64{
		"visit": s.visit, "requests": s.requests, "access-ttl": s.accessTTL, "in-use": s.inUse,
		"per-process": s.perProcess, "budget": s.budget, "memory": s.memory, "round-trip": s.roundTrip,
	} {
		if !(v > 0) || math.IsInf(v, 0) {
			return fmt.Errorf("-%s is %v, it must be positive", name, v)
		}
	}
	for name, v := range map[string]float64{"logins": s.logins, "logouts": s.logouts, "thefts": s.thefts, "mass": s.mass, "swing": s.swing, "mass-core": s.massCore, "mass-in-use": s.massInUse} {
		if !(v >= 0 && v <= 1) {
			return fmt.Errorf("-%s is %v, it must be from 0 to 1", name, v)
		}
	}
	switch {
	case !(s.sessions >= 1 && s.sessions <= 1e9):
		return fmt.Errorf("-sessions has %v, it must be from 1 to 1e9", s.sessions)
	case s.shards < 1 || s.shards > 1024:
		return fmt.Errorf("-shards is %d, it must be from 1 to 1024", s.shards)
	case s.staleness < 0.1 || s.staleness > 60:
		return fmt.Errorf("-staleness is %vs, it must be from 100ms to 1m", s.staleness)
	case s.inUse*(1+s.swing) > 1:
		return fmt.Errorf("-in-use %v and -swing %v have more sessions in use at the peak than there are", s.inUse, s.swing)
	case s.accessTTL != math.Trunc(s.accessTTL) || s.accessTTL < 1:
		return fmt.Errorf("-access-ttl is %vs, it must be whole seconds", s.accessTTL)
	case s.logouts+s.thefts > s.logins:
		return fmt.Errorf("-logouts and -thefts are more than -logins %v: there would soon be no session", s.logins)
	case s.visits() < s.loginRate():
		return fmt.Errorf("-logins is %v, which is more visits than -in-use and -visit have", s.logins)
	}
	return nil
}

// The rates are a second, on the day's average.

func (s service) visits() float64    { return s.sessions * s.inUse / s.visit }
func (s service) loginRate() float64 { return s.sessions * s.logins / day }

// endRate is of sessions that a logout or a theft ends.
func (s service) endRate() float64 { return s.sessions * (s.logouts + s.thefts) / day }

// goesOn is the chance that a visit still lasts an AccessTTL later, if they
// end at any moment alike.
func (s service) goesOn() float64 { return math.Exp(-s.accessTTL / s.visit) }

// issuedAVisit is how many access tokens a visit takes: one when it begins, and
// one whenever the last has expired meanwhile.
func (s service) issuedAVisit() float64 { return 1 / (1 - s.goesOn()) }

// reissueRate is of all tokens but a login's.
func (s service) reissueRate() float64 { return s.visits()*s.issuedAVisit() - s.loginRate() }

// covered is how many sessions have an access token that has not expired for
// two minutes. To end one of them takes a blacklist entry, to end another takes
// none, because no token of it is left.
func (s service) covered() float64 {
	return min(s.sessions, s.visits()*(s.issuedAVisit()*s.accessTTL+margin))
}

// denialLife is how long an entry denies after the logout at the end of a
// visit: until two minutes after the last token has expired.
func (s service) denialLife() float64 {
	age := s.visit - s.accessTTL*s.goesOn()/(1-s.goesOn())
	return s.accessTTL - age + margin
}

// processes is how many serve the peak, two at least.
func (s service) processes() float64 {
	return max(2, math.Ceil(s.sessions*s.inUse*(1+s.swing)*s.requests/s.perProcess))
}

// pollRate returns how often a poller polls, when so many nudges a second come
// to it at any moment: by its timer, or sooner after a nudge, but not within the
// gap.
func (s service) pollRate(nudges float64) float64 {
	timer := s.staleness / 5 * (1 - 1.0/16) // shortened by up to an eighth
	if nudges <= 0 {
		return 1 / timer
	}
	gap := min(nudgeGap, timer)
	return 1 / (gap + (math.Exp(-nudges*gap)-math.Exp(-nudges*timer))/nudges)
}

// spread returns which master has each shard: equal ranges of slots, and the
// shards at equal distances.
func spread(shards, masters int) []int {
	of := make([]int, shards)
	for i := range of {
		of[i] = (2*i + 1) * masters / (2 * shards)
	}
	return of
}

// fullest is the number of shards of the master that has most.
func fullest(shards, masters int) (most int) {
	count := make([]int, masters)
	for _, m := range spread(shards, masters) {
		count[m]++
		most = max(most, count[m])
	}
	return most
}
