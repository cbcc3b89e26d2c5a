package main

// figure is a measured constant.
type figure struct {
	value  float64
	unit   string
	what   string
	source string // the command or the page that measured it
}

// costs is what everything is computed from. Where a measurement gave a range,
// the figure is its dear end.
type costs struct {
	// Of a core of the master.
	login, reissue, check, logout, revokeAll figure
	pollOne, pollSixteen                     figure
	read, nudge                              figure

	// Of a core of a process.
	ownPoll, ownRead figure

	// Of memory.
	session, denial, feedEntry, done, mirrorEntry figure

	// On the wire.
	pollBytes, entryBytes figure
}

const (
	byCost    = "`go -C lab/scale test -run '^$' -bench Cost .`"
	byPoll    = "`go -C lab/scale test -run '^$' -bench Poll$ -benchtime 4x .`"
	byFeed    = "`go -C lab/scale test -run '^$' -bench Feed -benchtime 20x .`"
	byNudge   = "`go -C lab/scale test -run '^$' -bench Nudge$ -benchtime 3000x .`"
	byMemory  = "`go -C lab/scale test -run '^$' -bench ServerMemory -benchtime 1x .`"
	byWire    = "`go -C lab/scale test -run '^$' -bench Wire -benchtime 1x .`"
	byBenchP7 = "P7 of [performance](performance.md)"
)

// measured returns the constants.
func measured() costs {
	return costs{
		login:       figure{110, "µs", "a login", byCost},
		reissue:     figure{100, "µs", "a reissue", byCost},
		check:       figure{17, "µs", "a check without a mirror", byCost},
		logout:      figure{122, "µs", "a logout", byCost},
		revokeAll:   figure{117, "µs", "`RevokeAll` of a user with one session", byCost},
		pollOne:     figure{50, "µs", "a poll of one shard", byPoll},
		pollSixteen: figure{195, "µs", "a poll of 16 shards by one script", byPoll},
		read:        figure{1.6, "µs", "a feed entry that one mirror reads", byFeed},
		nudge:       figure{9.5, "µs", "a nudge that one process is handed", byNudge},
		ownPoll:     figure{532, "µs", "a poll, of the process's own core", "P11 of [performance](performance.md), 4.44 % of a core by 83.4 scripts a second"},
		ownRead:     figure{4.12, "µs", "an entry that a mirror reads, in time", "P9 of [performance](performance.md), 4.12 s for a million"},
		session:     figure{492, "B", "a session of a user with one", byBenchP7},
		denial:      figure{244, "B", "a blacklist entry, feed included", byBenchP7},
		feedEntry:   figure{57, "B", "of that, the feed", byMemory},
		done:        figure{288, "B", "the answer of a `RevokeAll`, kept for a minute", byMemory},
		mirrorEntry: figure{45, "B", "an entry of a process's mirror", "[the mirror](mirror.md)"},
		pollBytes:   figure{342, "B", "a poll of one shard that finds nothing, both ways", byWire},
		entryBytes:  figure{114, "B", "a feed entry in a page", byWire},
	}
}

// list returns the constants in the order in which the page names them.
func (c costs) list() []figure {
	return []figure{
		c.login, c.reissue, c.check, c.logout, c.revokeAll, c.pollOne, c.pollSixteen, c.read, c.nudge,
		c.ownPoll, c.ownRead,
		c.session, c.denial, c.feedEntry, c.done, c.mirrorEntry,
		c.pollBytes, c.entryBytes,
	}
}

// poll returns what one script that polls so many shards costs a master.
func (c costs) poll(shards float64) float64 {
	each := (c.pollSixteen.value - c.pollOne.value) / 15
	return c.pollOne.value + each*(shards-1)
}
