package main

import "fmt"

// row is one line of the table: a measure of ours, usually beside a peer's.
type row struct {
	id     string // of the target
	what   string
	unit   unit
	ours   measure
	peer   measure // without benchmarks if the target is an absolute one
	target target
}

// benchmarks returns the names of the benchmarks that the row needs.
func (r row) benchmarks() []string { return append(r.ours.benchmarks, r.peer.benchmarks...) }

// measure is a value that is computed from those that one run reported.
type measure struct {
	benchmarks []string
	unit       string // of the benchmarks
	compute    func(values []float64) float64
}

// of returns the measure's value in a run, false if the run lacks it.
func (m measure) of(r run) (float64, bool) {
	values := make([]float64, len(m.benchmarks))
	for i, name := range m.benchmarks {
		v, ok := r[name][m.unit]
		if !ok {
			return 0, false
		}
		values[i] = v
	}
	return m.compute(values), true
}

// value is what a benchmark reported.
func value(benchmark, unit string) measure {
	return measure{[]string{benchmark}, unit, func(v []float64) float64 { return v[0] }}
}

// added is by how much a benchmark is above another.
func added(benchmark, bare, unit string) measure {
	return measure{[]string{benchmark, bare}, unit, func(v []float64) float64 { return v[0] - v[1] }}
}

// throughput is how many operations a second a benchmark did.
func throughput(benchmark string) measure {
	return measure{[]string{benchmark}, "ns/op", func(v []float64) float64 { return 1e9 / v[0] }}
}

// target is what a row should come to. Those on ratios mean ours divided by
// the peer's.
type target struct {
	text     string
	absolute bool // on ours alone
	met      func(float64) bool
}

func atMost(limit float64, text string) target {
	return target{text: text, met: func(ratio float64) bool { return ratio <= limit }}
}

func atLeast(limit float64, text string) target {
	return target{text: text, met: func(ratio float64) bool { return ratio >= limit }}
}

// below is for "lower than the peer's".
func below(limit float64, text string) target {
	return target{text: text, met: func(ratio float64) bool { return ratio < limit }}
}

func absolute(limit float64, text string) target {
	return target{text: text, absolute: true, met: func(ours float64) bool { return ours <= limit }}
}

// information is for a row that puts others into proportion.
func information() target { return target{} }

// unmeasured are the targets, or the parts of them, that no row is about.
func unmeasured() []string {
	return []string{
		"P10, that no revocation is late under freezes, kills and failovers: a test, not a benchmark",
		"P12, thirty minutes of mixed load: a test, not a benchmark",
	}
}

// rows returns all rows in the order of the targets.
func rows() []row {
	var all []row
	for _, group := range [][]row{
		warmRows(), middlewareRows(), coldRows(), checkRows(), reissueRows(), memoryRows(), sizeRows(), mirrorRows(), serverRows(),
	} {
		all = append(all, group...)
	}
	return all
}

func warmRows() []row {
	return []row{
		{
			id: "P1", what: "warm Verify, HS256, 100 000 denied, against golang-jwt's parse", unit: duration,
			ours: value("VerifyWarm/ours", "ns/op"), peer: value("VerifyWarm/golang-jwt", "ns/op"),
			target: atMost(1.0/40, "ratio at most 1/40"),
		},
		{
			id: "P1", what: "allocations of the same", unit: count,
			ours: value("VerifyWarm/ours", "allocs/op"), peer: value("VerifyWarm/golang-jwt", "allocs/op"),
			target: absolute(0, "none"),
		},
	}
}

func middlewareRows() []row {
	frameworks := []struct{ name, peer string }{{"Gin", "gin-jwt"}, {"Echo", "echo-jwt"}}
	var list []row
	add := func(id, framework, peer, algorithm, of, unitOf string, u unit, t target) {
		list = append(list, row{
			id: id, what: fmt.Sprintf("%s added by the %s middleware, %s, against %s", of, framework, algorithm, peer), unit: u,
			ours:   added(framework+"/"+algorithm+"/ours", framework+"/bare", unitOf),
			peer:   added(framework+"/"+algorithm+"/"+peer, framework+"/bare", unitOf),
			target: t,
		})
	}
	for _, f := range frameworks {
		add("P2", f.name, f.peer, "HS256", "time", "ns/op", duration, atMost(1.0/20, "ratio at most 1/20"))
		add("P2", f.name, f.peer, "HS256", "allocations", "allocs/op", count, absolute(2, "at most 2"))
	}
	for _, f := range frameworks {
		for _, algorithm := range []string{"EdDSA", "ES256", "RS256"} {
			add("P3", f.name, f.peer, algorithm, "time", "ns/op", duration, atMost(1.0/80, "ratio at most 1/80"))
		}
	}
	return list
}

func coldRows() []row {
	return []row{
		{
			id: "P4", what: "cold Verify, HS256, against golang-jwt's parse", unit: duration,
			ours: value("VerifyCold/ours", "ns/op"), peer: value("VerifyCold/golang-jwt", "ns/op"),
			target: atMost(1.15, "ratio at most 1.15"),
		},
		{
			id: "P4", what: "allocations of the same", unit: count,
			ours: value("VerifyCold/ours", "allocs/op"), peer: value("VerifyCold/golang-jwt", "allocs/op"),
			target: atMost(1, "no more"),
		},
	}
}

func checkRows() []row {
	return []row{
		{
			id: "P5", what: "store check, 64 at a time, against EXISTS", unit: perSecond,
			ours: throughput("CheckRedis/store/ours"), peer: throughput("CheckRedis/store/EXISTS"),
			target: atLeast(0.9, "ratio at least 0.9"),
		},
		{
			id: "P5", what: "Verify, 64 at a time, against EXISTS alone", unit: perSecond,
			ours: throughput("CheckRedis/verify/ours"), peer: throughput("CheckRedis/store/EXISTS"),
			target: atLeast(0.9, "ratio at least 0.9"),
		},
		{
			id: "P5", what: "Verify, 64 at a time, against golang-jwt and EXISTS", unit: perSecond,
			ours: throughput("CheckRedis/verify/ours"), peer: throughput("CheckRedis/verify/golang-jwt+EXISTS"),
			target: information(),
		},
	}
}

func reissueRows() []row {
	var list []row
	for _, peer := range []string{"GET+DEL+SET", "WATCH+MULTI"} {
		for _, callers := range []int{1, 16, 64, 256} {
			ours, other := fmt.Sprintf("Reissue/%d/ours", callers), fmt.Sprintf("Reissue/%d/%s", callers, peer)
			list = append(list,
				row{
					id: "P6", what: fmt.Sprintf("Reissue, %d at a time, against %s", callers, peer), unit: perSecond,
					ours: throughput(ours), peer: throughput(other), target: atLeast(1.3, "ratio at least 1.3"),
				},
				row{
					id: "P6", what: fmt.Sprintf("its p99, %d at a time, against %s", callers, peer), unit: duration,
					ours: value(ours, "p99-ns"), peer: value(other, "p99-ns"), target: below(1, "lower"),
				})
		}
		list = append(list, row{
			id: "P6", what: "round trips of a Reissue, against " + peer, unit: count,
			ours:   value("Reissue/1/ours", "roundtrips/op"),
			peer:   value("Reissue/1/"+peer, "roundtrips/op"),
			target: absolute(1, "one"),
		})
	}
	return list
}

func memoryRows() []row {
	return []row{
		{
			id: "P7", what: "a session and its user's index, one session a user, against GET+DEL+SET", unit: size,
			ours: value("SessionMemory/1-a-user", "B/session"), peer: value("SessionMemory/GET+DEL+SET", "B/session"),
			target: absolute(450, "at most 450 B"),
		},
		{
			id: "P7", what: "a session and its share of the index, three a user, against GET+DEL+SET", unit: size,
			ours: value("SessionMemory/3-a-user", "B/session"), peer: value("SessionMemory/GET+DEL+SET", "B/session"),
			target: absolute(450, "at most 450 B"),
		},
		{
			id: "P7", what: "a session's keys after 10 000 reissues, against after one", unit: size,
			ours: value("ReissuedSessionMemory/10000", "B/session"), peer: value("ReissuedSessionMemory/1", "B/session"),
			target: atMost(1.05, "the same, but for the digits of a number"),
		},
		{
			id: "P7", what: "a blacklist entry, feed included, against a key to EXISTS", unit: size,
			ours: value("BlacklistMemory/ours", "B/entry"), peer: value("BlacklistMemory/EXISTS", "B/entry"),
			target: absolute(250, "at most 250 B"),
		},
	}
}

func sizeRows() []row {
	within := atMost(1.3, "within 1.3")
	list := []row{{
		id: "P8", what: "Verify by Redis, 64 at a time, 1 000 000 denied, against 1 000", unit: duration,
		ours: value("VerifyAmong/redis/1M", "ns/op"), peer: value("VerifyAmong/redis/1k", "ns/op"), target: within,
	}}
	for _, store := range []struct{ bench, name string }{{"mirror", "mirror"}, {"memory", "embedded store"}} {
		list = append(list, row{
			id: "P8", what: fmt.Sprintf("Verify by the %s, 1 000 000 denied, against 1 000", store.name), unit: duration,
			ours:   value("VerifyAmong/"+store.bench+"/1M", "ns/op"),
			peer:   value("VerifyAmong/"+store.bench+"/1k", "ns/op"),
			target: within,
		})
	}
	return append(list, row{
		id: "P8", what: "Reissue, 64 at a time, among 1 000 000 sessions, against 1 000", unit: duration,
		ours: value("ReissueAmong/1M", "ns/op"), peer: value("ReissueAmong/1k", "ns/op"), target: within,
	})
}

func mirrorRows() []row {
	list := []row{
		{
			id: "P9", what: "memory of a mirror's entry", unit: size,
			ours: value("MirrorStart", "B/entry"), target: absolute(64, "at most 64 B"),
		},
		{
			id: "P9", what: "start of a mirror of 1 000 000 entries", unit: duration,
			ours: value("MirrorStart", "start-ns"), target: absolute(5e9, "at most 5 s"),
		},
		{
			id: "P10", what: "p99 from a logout here to refusals there, healthy", unit: duration,
			ours: value("LogoutSpreads", "p99-ns"), target: absolute(50e6, "at most 50 ms"),
		},
	}
	for _, where := range []string{"server", "cluster"} {
		list = append(list,
			row{
				id: "P11", what: fmt.Sprintf("scripts a second of an idle mirror, %s", where), unit: count,
				ours: value("MirrorIdle/"+where, "scripts/s"), target: absolute(100, "under 100"),
			},
			row{
				id: "P11", what: fmt.Sprintf("percent of a core of an idle mirror, %s", where), unit: count,
				ours: value("MirrorIdle/"+where, "%core"), target: absolute(1, "under 1 %"),
			})
	}
	return list
}

func serverRows() []row {
	list := []row{{
		id: "P13", what: "Redis's processor time of a reissue, against GET, DEL, SET by a script", unit: duration,
		ours: value("ReissueScript/ours", "redis-ns/op"), peer: value("ReissueScript/GET+DEL+SET", "redis-ns/op"),
		target: atMost(1.6, "ratio at most 1.6"),
	}}
	for _, c := range []struct {
		bench, what string
		target      target
	}{
		{"list", "a list, 1 000 live and 12 000 ended sessions: longest hold of Redis", absolute(200e3, "at most 0.2 ms")},
		{"login", "a login at the limit, the same user", absolute(200e3, "at most 0.2 ms")},
		{"revoke-all", "revoke-all of 1 000 sessions, for each", absolute(40e3, "at most 0.04 ms")},
		{"revoke-all-ended", "the same beside 12 000 ended ones, for each live one", absolute(40e3, "at most 0.04 ms")},
	} {
		list = append(list, row{id: "P14", what: c.what, unit: duration, ours: value("Hold/"+c.bench, "hold-ns"), target: c.target})
	}
	return list
}
