package redisstore

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"
)

// numbered returns a session id of its own for each number.
func numbered(r *rand.Rand) (key sessionKey) {
	binary.LittleEndian.PutUint64(key[:8], r.Uint64())
	binary.LittleEndian.PutUint64(key[8:], r.Uint64())
	return key
}

// A set denies what was put into it and nothing else: not one of a million
// others, and not another generation of the same session.
func TestDenialSetIsExact(t *testing.T) {
	t.Parallel()
	var d denialSet
	until := time.Now().Add(time.Hour).UnixMilli()
	r := rand.New(rand.NewPCG(1, 1))
	var sessions, tokens [20_000]sessionKey
	for i := range sessions {
		sessions[i], tokens[i] = numbered(r), numbered(r)
		d.add(sessions[i], everyGeneration, until)
		d.add(tokens[i], int64(i), until)
	}
	if got, want := d.len(), len(sessions)+len(tokens); got != want {
		t.Errorf("got %d entries, want %d", got, want)
	}
	for i := range sessions {
		n := int64(i)
		if !d.has(sessions[i], 0) || !d.has(sessions[i], math.MaxInt64) {
			t.Fatalf("session %d is not denied with every generation", i)
		}
		if !d.has(tokens[i], n) {
			t.Fatalf("generation %d is not denied", i)
		}
		if d.has(tokens[i], n+1) || n > 0 && (d.has(tokens[i], n-1) || d.has(tokens[i], 0)) {
			t.Fatalf("another generation than %d is denied", i)
		}
	}
	for range 1_000_000 {
		if other := numbered(r); d.has(other, 0) {
			t.Fatalf("%s is denied and was never put in", other)
		}
	}
}

// A denial that is put in again keeps the later end, and so does one too far
// away for the seconds that are kept.
func TestDenialSetNeverShortens(t *testing.T) {
	now := time.Now()
	later, sooner := now.Add(time.Hour).UnixMilli(), now.Add(time.Second).UnixMilli()
	for name, untils := range map[string][]int64{
		"the sooner last":             {later, sooner},
		"the sooner first":            {sooner, later},
		"twice":                       {later, later},
		"for ever":                    {math.MaxInt64, sooner},
		"beyond 32 bits of seconds":   {(math.MaxUint32 + 5) * 1000},
		"the last of 32 bits":         {math.MaxUint32 * 1000},
		"before the last of 32 bits":  {(math.MaxUint32-1)*1000 - 1},
		"nonsense of the past, later": {math.MinInt64, later},
	} {
		t.Run(name, func(t *testing.T) {
			var d denialSet
			session, token := sessionKey{1}, sessionKey{1, 2}
			for _, until := range untils {
				d.add(session, everyGeneration, until)
				d.add(token, 7, until)
			}
			sweepAll(&d, now.Add(59*time.Minute))
			if !d.has(session, 0) || !d.has(token, 7) {
				t.Error("a denial has gone before its time")
			}
		})
	}
}

func sweepAll(d *denialSet, now time.Time) {
	for part := range setParts {
		d.sweep(part, now)
	}
}

// Sweeping removes what has expired, and nothing that has not, to the
// millisecond.
func TestSweepKeepsWhatHasNotExpired(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	base := time.Now()
	for range 200 {
		var d denialSet
		entries := make(map[tokenKey]int64)
		for range 300 {
			key := tokenKey{numbered(r), r.Int64N(3) - 1}
			entries[key] = base.UnixMilli() + r.Int64N(400_000) - 200_000
			d.add(key.session, key.generation, entries[key])
		}
		for _, e := range d.all() {
			if want := entries[tokenKey{e.session, e.generation}]; e.until < want || e.until >= want+1000 {
				t.Fatalf("got an entry until %d, want %d rounded up", e.until, want)
			}
		}
		now := base.Add(time.Duration(r.Int64N(100_000)-50_000) * time.Millisecond)
		sweepAll(&d, now)
		for key, until := range entries {
			has := d.has(key.session, max(0, key.generation))
			if until > now.UnixMilli() && !has {
				t.Fatalf("an entry went %d ms before its time", until-now.UnixMilli())
			}
			if until < now.Add(-sweepSlack-2*time.Second).UnixMilli() && has {
				t.Fatalf("an entry is there %d ms after its time", now.UnixMilli()-until)
			}
		}
	}
	var d denialSet
	d.add(sessionKey{}, 1, math.MinInt64)
	if sweepAll(&d, base); d.len() != 0 {
		t.Error("an entry of the distant past stays for ever")
	}
}

// Parts are swept in turn, so that as many rounds as there are parts leave
// nothing behind.
func TestSweepVisitsEachPart(t *testing.T) {
	m := &mirror{store: &Store{}, shards: []*mirrorShard{{}, {}}}
	p := newPoller(m, []int{0, 1})
	for i := range 2 * setParts {
		m.shards[i%2].set.add(sessionKey{byte(i / 2)}, 0, 1000)
	}
	p.serverTime = time.Now()
	for range setParts {
		p.sweep()
	}
	if n := m.shards[0].set.len() + m.shards[1].set.len(); n != 0 {
		t.Errorf("%d entries were left", n)
	}
}

// What has expired by one clock only stays: the process's may be ahead for a
// while, when it has come up with local time for UTC, and the server's as well.
func TestSweepGoesByBothClocks(t *testing.T) {
	now := time.Now()
	for name, test := range map[string]struct {
		server, process time.Time
		gone            bool
	}{
		"both right":        {now, now, false},
		"process ahead":     {now, now.Add(8 * time.Hour), false},
		"server ahead":      {now.Add(8 * time.Hour), now, false},
		"no answer yet":     {time.Time{}, now.Add(8 * time.Hour), false},
		"both an hour late": {now.Add(time.Hour), now.Add(time.Hour), true},
	} {
		t.Run(name, func(t *testing.T) {
			m := &mirror{store: &Store{now: func() time.Time { return test.process }}, shards: []*mirrorShard{{}}}
			p := newPoller(m, []int{0})
			p.serverTime = test.server
			m.shards[0].set.add(sessionKey{}, 0, now.Add(10*time.Minute).UnixMilli())
			for range setParts {
				p.sweep()
			}
			if got := !m.shards[0].set.has(sessionKey{}, 0); got != test.gone {
				t.Errorf("got gone %v, want %v", got, test.gone)
			}
		})
	}
}

// Look-ups, additions and sweeping go on at the same time.
func TestDenialSetIsConcurrent(t *testing.T) {
	var d denialSet
	now := time.Now()
	const n = 1000
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(3, uint64(g)))
			for range n {
				key := numbered(r)
				d.add(key, r.Int64N(2)-1, now.Add(time.Hour).UnixMilli())
				d.add(numbered(r), 0, now.Add(-time.Hour).UnixMilli())
				d.sweep(int(key[0]), now)
				if !d.has(key, 0) && !d.has(key, 1) {
					t.Error("an entry has gone")
				}
			}
		})
	}
	wg.Go(func() {
		for range 20 {
			for _, e := range d.all() {
				_ = e.session.String()
			}
		}
	})
	wg.Wait()
	sweepAll(&d, now)
	if got := d.len(); got != 4*n {
		t.Errorf("got %d entries, want %d", got, 4*n)
	}
}

// A denial of a session takes less than the simplest set of what can be denied
// does, which has a generation and a time for each. How much that is depends on
// Go's maps and on how full they happen to be: the figures are printed.
func TestDenialSetMemory(t *testing.T) {
	memory := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // what had a finalizer goes the second time
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	for _, n := range []int{100_000, 140_000, 200_000} {
		r, until := rand.New(rand.NewPCG(4, 4)), time.Now().Add(time.Hour).UnixMilli()
		before := memory()
		var set denialSet
		for range n {
			set.add(numbered(r), everyGeneration, until)
		}
		ours := memory() - before
		runtime.KeepAlive(&set)

		r = rand.New(rand.NewPCG(4, 4)) // the same sessions, and so the same parts
		before = memory()
		var simple [setParts]map[tokenKey]int64
		for i := range simple {
			simple[i] = make(map[tokenKey]int64)
		}
		for range n {
			session := numbered(r)
			simple[session[0]%setParts][tokenKey{session, everyGeneration}] = until
		}
		theirs := memory() - before
		runtime.KeepAlive(&simple)

		t.Logf("%d entries: %.1f bytes each, %.1f in the simplest set", n, float64(ours)/float64(n), float64(theirs)/float64(n))
		if ours >= theirs {
			t.Errorf("%d entries take %d bytes, want less than the %d of the simplest set", n, ours, theirs)
		}
	}
}

// BenchmarkDenialSet measures a look-up that finds nothing, which is what most
// requests are, and the memory of an entry.
func BenchmarkDenialSet(b *testing.B) {
	for name, generation := range map[string]int64{"sessions": everyGeneration, "tokens": 5} {
		for _, size := range []int{1_000, 1_000_000} {
			b.Run(name+"/"+map[bool]string{true: "1k", false: "1M"}[size == 1_000], func(b *testing.B) {
				r := rand.New(rand.NewPCG(5, 5))
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				shards := make([]denialSet, 16)
				for i := range size {
					shards[i%len(shards)].add(numbered(r), generation, math.MaxInt64)
				}
				runtime.GC()
				runtime.ReadMemStats(&after)
				misses := make([]sessionKey, 1024)
				for i := range misses {
					misses[i] = numbered(r)
				}
				for i := 0; b.Loop(); i++ {
					if shards[i%len(shards)].has(misses[i%len(misses)], 0) {
						b.Fatal("a false denial")
					}
				}
				b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(size), "B/entry")
			})
		}
	}
}
