package redisstore

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/redis/go-redis/v9"
)

func newQuietStore(t *testing.T, client redis.UniversalClient, o Options) *Store {
	t.Helper()
	o.Logger = silent()
	s, err := New(client, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// idleMirror returns a mirror without goroutines, and a poller of all its
// shards that the test moves.
func idleMirror(s *Store, staleness time.Duration) (*mirror, *poller) {
	m := &mirror{store: s, staleness: staleness, start: time.Now(), announce: make(chan struct{}, 1)}
	var all []int
	for i := range s.layout.shards {
		m.shards, all = append(m.shards, &mirrorShard{}), append(all, i)
	}
	return m, newPoller(m, all)
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(2 * time.Minute); !condition(); <-ticker.C { // which decides nothing
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func (m *mirror) leased() (n int) {
	for _, s := range m.shards {
		if s.lease.valid(m.start, time.Now()) {
			n++
		}
	}
	return n
}

// fill puts so many denials of sessions on the blacklist, spread over the
// shards, or all on the first.
func fill(t *testing.T, s *Store, n int, spread bool) []repair {
	t.Helper()
	_, p := idleMirror(s, time.Minute)
	r := rand.New(rand.NewPCG(uint64(n), 7))
	until := time.Now().Add(time.Hour).UnixMilli()
	var all []repair
	for i := range n {
		shard := 0
		if spread {
			shard = i * len(s.layout.shards) / n
		}
		all = append(all, repair{shard, denial{numbered(r), everyGeneration, until}})
	}
	for p.repairs = all; len(p.repairs) > 0; {
		if err := p.repair(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// subjectOf returns a user of a shard.
func subjectOf(s *Store, shard int) string {
	for i := 0; ; i++ {
		if subject := fmt.Sprint("user", i); s.layout.shard(subject) == shard {
			return subject
		}
	}
}

// polling matches the commands that run the poll script.
func polling(cmd []byte) bool { return bytes.Contains(cmd, []byte("}poll")) }

// A process that starts with a long feed answers by look-ups until it has read
// that to its end, and from memory from then on; rightly both times.
func TestColdStart(t *testing.T) {
	t.Parallel()
	const entries = 20_000
	server := redistest.Start(t)
	proxy := redistest.StartProxy(t, server.Addr())
	all := fill(t, newQuietStore(t, server.Client(t), Options{}), entries, true)

	proxy.DropReplies(1<<30, polling)
	client := redis.NewClient(&redis.Options{Addr: proxy.Addr(), MaxRetries: 1})
	t.Cleanup(func() { client.Close() })
	s := newQuietStore(t, client, Options{Mirror: MirrorOptions{Staleness: 10 * time.Second}})
	check := func(when string) {
		t.Helper()
		for i := range 100 {
			known := all[i*len(all)/100]
			for session, want := range map[sessionKey]bool{known.session: true, {byte(i)}: false} {
				r, err := s.Revoked(t.Context(), driver.RevokedRequest{Subject: subjectOf(s, known.shard), SessionID: session.String()})
				if err != nil || r.Revoked != want {
					t.Fatalf("%s: got %v, %v, want %v", when, r.Revoked, err, want)
				}
			}
		}
	}
	looks := func() int { return proxy.Requests(redistest.Command("hmget")) }

	eventually(t, "a poll", func() bool { return s.mirror.polls.Load() > 0 })
	check("before the first lease")
	if m, _ := s.Mirror(); m.Leased != 0 || m.Fallbacks != 200 || looks() < 200 {
		t.Errorf("before the first lease: got %+v and %d look-ups, want no lease and 200", m, looks())
	}
	proxy.DropReplies(0, nil)
	eventually(t, "the leases", func() bool { return s.mirror.leased() == len(s.mirror.shards) })
	before := looks()
	check("with leases")
	if m, _ := s.Mirror(); m.Entries != entries || looks() != before {
		t.Errorf("with leases: got %+v and %d look-ups more, want %d entries and none", m, looks()-before, entries)
	}
}

// An entry that cannot be understood costs its shard the lease and the others
// nothing.
func TestMalformedEntryCostsOneShard(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client(t)
	for name, values := range map[string][]string{
		"session id":     {"n", "x", "s", "not an id", "g", "*", "x", "1"},
		"too few fields": {"n", "x"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newQuietStore(t, client, Options{})
			m, p := idleMirror(s, time.Minute)
			feed := s.layout.keysOf(5).feed()
			if err := client.XAdd(t.Context(), &redis.XAddArgs{Stream: feed, Values: values}).Err(); err != nil {
				t.Fatal(err)
			}
			if err := p.poll(t.Context()); err == nil || !strings.Contains(err.Error(), "malformed") {
				t.Errorf("got %v, want a malformed entry", err)
			}
			if m.leased() != len(m.shards)-1 || m.shards[5].lease.valid(m.start, time.Now()) {
				t.Errorf("%d shards have a lease, want all but one", m.leased())
			}
			if err := client.Del(t.Context(), feed).Err(); err != nil {
				t.Fatal(err)
			}
			if err := p.poll(t.Context()); err != nil || m.leased() != len(m.shards) {
				t.Errorf("after it has gone: got %v and %d leases", err, m.leased())
			}
		})
	}
}

// elsewhere sends every other poll to another server.
type elsewhere struct {
	other *redis.Client
	polls atomic.Int64
}

func (e *elsewhere) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if strings.Contains(fmt.Sprint(cmd.Args()...), "}poll") && e.polls.Add(1)%2 == 0 {
			return e.other.Process(ctx, cmd)
		}
		return next(ctx, cmd)
	}
}

func (e *elsewhere) DialHook(next redis.DialHook) redis.DialHook { return next }

func (e *elsewhere) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// A poll that is answered now by one server and now by another gives up,
// instead of beginning again for ever.
func TestPollGivesUpBetweenTwoServers(t *testing.T) {
	t.Parallel()
	one, two := redistest.Start(t), redistest.Start(t)
	fill(t, newQuietStore(t, one.Client(t), Options{Shards: 1}), pollEntries+100, false)
	fill(t, newQuietStore(t, two.Client(t), Options{Shards: 1}), pollEntries+200, false)
	client := one.Client(t)
	s := newQuietStore(t, client, Options{Shards: 1})
	m, p := idleMirror(s, time.Minute)
	if err := s.scripts.poll.Load(t.Context(), two.Client(t)).Err(); err != nil {
		t.Fatal(err)
	}
	if err := s.scripts.poll.Load(t.Context(), client).Err(); err != nil {
		t.Fatal(err)
	}
	hook := &elsewhere{other: two.Client(t)}
	client.AddHook(hook)
	if err := p.poll(t.Context()); err == nil {
		t.Error("got no error")
	}
	if n := hook.polls.Load(); n > 10 {
		t.Errorf("it asked %d times", n)
	}
	if m.leased() != 0 {
		t.Error("it has a lease")
	}
}

// The last entry applied is known by all of it: after a loss a server whose
// clock lags gives the same id to another entry.
func TestLastEntryIsComparedByteForByte(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client(t)
	s := newQuietStore(t, client, Options{Shards: 1})
	m, p := idleMirror(s, time.Minute)
	feed := s.layout.keysOf(0).feed()
	until := strconv.FormatInt(time.Now().Add(time.Hour).UnixMilli(), 10)
	write := func(values ...string) {
		t.Helper()
		if err := client.Del(t.Context(), feed).Err(); err != nil {
			t.Fatal(err)
		}
		if err := client.XAdd(t.Context(), &redis.XAddArgs{Stream: feed, ID: "5-1", Values: values}).Err(); err != nil {
			t.Fatal(err)
		}
		if err := p.poll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	write("n", "a", "s", sid(1), "g", "*", "x", until)
	for breaks, other := range [][]string{
		{"n", "b", "s", sid(1), "g", "*", "x", until},
		{"n", "b", "s", sid(2), "g", "*", "x", until},
		{"n", "b", "s", sid(2), "g", "3", "x", until},
		{"n", "b", "s", sid(2), "g", "3", "x", until + "0"},
	} {
		write(other...)
		if got := m.shards[0].breaks.Load(); got != int64(breaks+1) {
			t.Errorf("%v: got %d breaks, want %d", other, got, breaks+1)
		}
	}
	if !m.shards[0].set.has(sessionKey{1}, 0) || !m.shards[0].set.has(sessionKey{2}, 3) {
		t.Error("an entry was not applied")
	}
}

// A stop does not wait for a client that is stuck in a dial, which can take as
// long as the client likes.
func TestStopDoesNotWaitForADial(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t, func(o *redis.Options) { o.ReadTimeout = 10 * time.Minute })
	s := newQuietStore(t, client, Options{})
	server.Freeze()
	m := startMirror(s, minStaleness, nil)
	eventually(t, "failed polls", func() bool { return m.pollFailures.Load() > 2 })
	stopped := make(chan struct{})
	go func() {
		m.stop()
		close(stopped)
	}()
	select {
	case <-stopped:
	case <-time.After(time.Minute):
		t.Error("it waits")
	}
	server.Thaw()
	<-stopped
}

// A master of a cluster that is frozen costs the shards of the others nothing.
func TestFrozenMasterCostsOthersNothing(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3, 0)
	client := cluster.Client(t, func(o *redis.ClusterOptions) { o.ReadTimeout = 10 * time.Minute })
	for _, node := range cluster.Nodes() {
		if err := node.Client(t).ConfigSet(t.Context(), "cluster-require-full-coverage", "no").Err(); err != nil {
			t.Fatal(err)
		}
	}
	s := newQuietStore(t, client, Options{Mirror: MirrorOptions{Staleness: 500 * time.Millisecond}})
	m := s.mirror
	eventually(t, "the leases", func() bool { return m.leased() == len(m.shards) })
	var theirs, others []int
	frozen := cluster.MasterFor(t, s.layout.keysOf(0).feed())
	for i := range m.shards {
		if cluster.MasterFor(t, s.layout.keysOf(i).feed()) == frozen {
			theirs = append(theirs, i)
		} else {
			others = append(others, i)
		}
	}
	if len(theirs) == 0 || len(others) == 0 {
		t.Fatalf("the shards %v are on the one, %v on the others", theirs, others)
	}
	frozen.Freeze()
	eventually(t, "the end of their leases", func() bool {
		return !slices.ContainsFunc(theirs, func(i int) bool { return m.shards[i].lease.valid(m.start, time.Now()) })
	})
	leases := make([]int64, len(m.shards))
	for i, shard := range m.shards {
		leases[i] = shard.lease.monotonic.Load()
	}
	eventually(t, "the others' leases to be renewed", func() bool {
		for _, i := range theirs {
			if m.shards[i].lease.monotonic.Load() != leases[i] {
				t.Fatalf("shard %d of the frozen master has got a lease", i)
			}
		}
		for _, i := range others {
			if m.shards[i].lease.monotonic.Load() < leases[i]+3*int64(m.staleness) {
				return false
			}
		}
		return true
	})
	for _, i := range theirs {
		if got := m.check(i, sid(1), 0); got != mirrorUnsure {
			t.Errorf("shard %d of the frozen master: got %v, want %v", i, got, mirrorUnsure)
		}
	}
	r := deny1(t, s, others[0])
	if got := m.check(others[0], r, 1); got != mirrorDenies {
		t.Errorf("a revocation on another shard: got %v, want %v", got, mirrorDenies)
	}
	frozen.Thaw()
	eventually(t, "the leases", func() bool { return m.leased() == len(m.shards) })
}

// deny1 revokes generation 1 of a session of a shard.
func deny1(t *testing.T, s *Store, shard int) (sessionID string) {
	t.Helper()
	err := s.Deny(t.Context(), driver.DenyRequest{
		Subject: subjectOf(s, shard), SessionID: sid(77), Generation: 1, ExpiresAt: time.Now().Add(time.Minute),
	})
	if err != nil {
		t.Fatal(err)
	}
	return sid(77)
}
