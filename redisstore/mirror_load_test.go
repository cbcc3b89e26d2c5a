package redisstore

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/redis/go-redis/v9"
)

// afterwards calls back when a poll has its answer, which it does not know yet.
type afterwards func()

func (f afterwards) DialHook(next redis.DialHook) redis.DialHook { return next }

func (f afterwards) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if err == nil && strings.Contains(fmt.Sprint(cmd.Args()...), "}poll") {
			f()
		}
		return err
	}
}

func (f afterwards) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// A lease counts from when the poll was sent. The answer to one is held back
// after the server has given it, and a revocation comes meanwhile: however late
// the answer, the lease ends in the revocation's time.
func TestLeaseCountsFromTheSending(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	other := newQuietStore(t, server.Client(t), Options{Shards: 1})
	m, p := idleMirror(newQuietStore(t, client, Options{Shards: 1}), time.Minute)
	var acknowledged time.Duration
	client.AddHook(afterwards(func() {
		deny1(t, other, 0)
		acknowledged = time.Since(m.start)
	}))
	if err := p.poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if m.check(0, sid(77), 1) != mirrorAllows {
		t.Error("the revocation is known: the test shows nothing")
	}
	if end := time.Duration(m.shards[0].lease.monotonic.Load()); end > acknowledged+m.staleness {
		t.Errorf("the lease ends %v after the acknowledgement, want %v at most", end-acknowledged, m.staleness)
	}
}

func TestPageOf(t *testing.T) {
	entry := func(id, nonce, what string) any {
		return []any{id, []any{"n", nonce, "s", sid(1), "g", what, "x", "9"}}
	}
	applied := entry("1-0", "a", "*")
	const fields = "n a s AQAAAAAAAAAAAAAAAAAAAA g * x 9"
	one := sid(1) + " 3 9"
	for _, test := range []struct {
		name    string
		entries []any
		want    page
		faulty  bool
	}{
		{"nothing", nil, page{status: "broken"}, false},
		{"the last entry only", []any{applied}, page{"more", "1-0", fields, ""}, false},
		{"what follows", []any{applied, entry("1-1", "b", "3"), entry("2-0", "c", "3")},
			page{"more", "2-0", "n c s AQAAAAAAAAAAAAAAAAAAAA g 3 x 9", one + "\n" + one}, false},
		{"another id", []any{entry("1-1", "a", "*")}, page{status: "broken"}, false},
		{"another nonce", []any{entry("1-0", "b", "*"), entry("2-0", "c", "3")}, page{status: "broken"}, false},
		{"no entry", []any{"1-0"}, page{}, true},
		{"no fields", []any{[]any{"1-0", nil}}, page{}, true},
		{"a field less", []any{applied, []any{"2-0", []any{"n", "b", "s", sid(1), "g", "*"}}}, page{}, true},
		{"a number", []any{applied, []any{"2-0", []any{"n", "b", "s", sid(1), "g", int64(1), "x", "9"}}}, page{}, true},
		{"no id", []any{[]any{int64(1), []any{"n", "a", "s", sid(1), "g", "*", "x", "9"}}}, page{}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := pageOf(test.entries, "1-0", fields)
			if got != test.want || (err != nil) != test.faulty {
				t.Errorf("got %+v, %v, want %+v", got, err, test.want)
			}
		})
	}
}

// A cluster is read as a single server is.
func TestLoadOnCluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3, 0)
	all := fill(t, newQuietStore(t, cluster.Client(t), Options{}), 3*pollEntries, false)
	s := newQuietStore(t, cluster.Client(t), Options{Mirror: MirrorOptions{Staleness: time.Minute}})
	eventually(t, "the leases", func() bool { return s.mirror.leased() == len(s.mirror.shards) })
	if m, _ := s.Mirror(); m.Entries != len(all) || m.PollFailures != 0 {
		t.Errorf("got %+v, want %d entries and no failure", m, len(all))
	}
}

// A feed that cannot be loaded costs its shard the lease and the others nothing.
func TestLoadThatFails(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	fill(t, newQuietStore(t, server.Client(t), Options{}), 8*pollEntries, false)
	proxy := redistest.StartProxy(t, server.Addr())
	client := redis.NewClient(&redis.Options{Addr: proxy.Addr(), MaxRetries: -1})
	t.Cleanup(func() { client.Close() })
	m, p := idleMirror(newQuietStore(t, client, Options{}), time.Minute)
	proxy.DropReplies(1<<30, redistest.Command("xrange"))
	for range 3 {
		if err := p.poll(t.Context()); err == nil {
			t.Error("a poll whose load fails: got no error")
		}
	}
	if m.leased() != len(m.shards)-1 || m.shards[0].lease.valid(m.start, time.Now()) {
		t.Errorf("%d shards have a lease, want all but the first", m.leased())
	}
	proxy.DropReplies(0, nil)
	if err := p.poll(t.Context()); err != nil || m.leased() != len(m.shards) {
		t.Errorf("once it succeeds: got %v and %d leases", err, m.leased())
	}
}

// A mirror that finds more than a poll may read knows all of it afterwards, and
// only a few polls were needed.
func TestLoad(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	proxy := redistest.StartProxy(t, server.Addr())
	all := fill(t, newQuietStore(t, server.Client(t), Options{Shards: 1}), 4*pollEntries+7, false)
	client := redis.NewClient(&redis.Options{Addr: proxy.Addr()})
	t.Cleanup(func() { client.Close() })
	s := newQuietStore(t, client, Options{Shards: 1, Mirror: MirrorOptions{Staleness: time.Minute}})
	eventually(t, "the lease", func() bool { return s.mirror.leased() == 1 })
	if n := proxy.Requests(redistest.Command("xrange")); n == 0 { // polls read pages as well
		t.Error("no page was read by XRANGE")
	}
	before := proxy.Requests(redistest.Command("hmget"))
	for _, i := range []int{0, pollEntries - 1, pollEntries, 2 * pollEntries, 4 * pollEntries, len(all) - 1} {
		r, err := s.Revoked(t.Context(), driver.RevokedRequest{Subject: subjectOf(s, 0), SessionID: all[i].session.String()})
		if err != nil || !r.Revoked {
			t.Errorf("entry %d: got %v, %v, want it denied", i, r.Revoked, err)
		}
	}
	if n := proxy.Requests(redistest.Command("hmget")) - before; n > 0 {
		t.Errorf("got %d look-ups, want none", n)
	}
}

// A load stops in time for the other shards' leases, and the next poll goes on
// where it has stopped.
func TestLoadStopsInTime(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	all := fill(t, newQuietStore(t, client, Options{}), 5*pollEntries, false)
	m, p := idleMirror(newQuietStore(t, client, Options{}), time.Minute)
	pages, err := p.read(t.Context(), []int{0})
	if err != nil {
		t.Fatal(err)
	}
	if progress, err := m.shards[0].apply(pages[0], p.serverTime); progress != moreToRead || err != nil {
		t.Fatalf("got %v, %v, want more to read", progress, err)
	}
	before := m.shards[0].set.len()
	goesOn, err := p.load(t.Context(), 0, time.Now())
	if got := m.shards[0].set.len() - before; !goesOn || err != nil || got != pollEntries {
		t.Errorf("got %v, %v and %d entries, want one page of %d and more to come", goesOn, err, got, pollEntries)
	}
	if goesOn, err := p.load(t.Context(), 0, time.Now().Add(time.Minute)); goesOn || err != nil || m.shards[0].set.len() != len(all) {
		t.Errorf("got %v, %v and %d entries, want all %d", goesOn, err, m.shards[0].set.len(), len(all))
	}
}

// A feed that another server continues while it is read is read anew: what the
// first pages have shown is no part of it.
func TestLoadAcrossALoss(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	quiet := newQuietStore(t, client, Options{Shards: 1})
	lost := fill(t, quiet, 2*pollEntries+10, false)
	s, p := idleMirror(newQuietStore(t, client, Options{Shards: 1}), time.Minute)
	pages, err := p.read(t.Context(), []int{0})
	if err != nil {
		t.Fatal(err)
	}
	if progress, err := s.shards[0].apply(pages[0], p.serverTime); progress != moreToRead || err != nil {
		t.Fatalf("got %v, %v, want more to read", progress, err)
	}
	if err := client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	next := fill(t, quiet, 3*pollEntries, false)
	cursor := s.shards[0].cursor
	if _, err := p.load(t.Context(), 0, time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if s.shards[0].cursor != cursor || s.check(0, next[1].session.String(), 0) == mirrorDenies {
		t.Error("a page of another history was applied")
	}
	if err := p.poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	for what, d := range map[string]repair{"lost": lost[0], "new": next[len(next)-1], "new, in the middle": next[pollEntries+3]} {
		if got := s.check(0, d.session.String(), 0); got != mirrorDenies {
			t.Errorf("an entry that is %s: got %v, want it denied", what, got)
		}
	}
	if n := s.shards[0].breaks.Load(); n != 1 {
		t.Errorf("got %d breaks, want 1", n)
	}
}
