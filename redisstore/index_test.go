package redisstore_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// numbered returns a session id.
func numbered(n int) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], uint64(n+1))
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// creation is the login of alice whose id is numbered.
func creation(n int, idle time.Duration, most int) driver.CreateRequest {
	return driver.CreateRequest{
		Subject: "alice", SessionID: numbered(n), AccessTTL: 10 * time.Minute, IdleTTL: idle, SessionTTL: driver.NoLimit, MaxSessions: most,
	}
}

func mustCreate(t *testing.T, s driver.Store, r driver.CreateRequest) driver.CreateResult {
	t.Helper()
	result, err := s.Create(t.Context(), r)
	if err != nil || result.Outcome != driver.Created {
		t.Fatalf("Create: got %+v, %v", result, err)
	}
	return result
}

// called returns how often f made the server execute each command.
func called(t *testing.T, client *redis.Client, f func()) map[string]int64 {
	t.Helper()
	mustSucceed(t, client.ConfigResetStat(t.Context()).Err())
	f()
	stats := redistest.CommandStats(t, client)
	delete(stats, "config|resetstat")
	delete(stats, "info")
	return stats
}

// A reissue reads two keys and writes one. Only when an eighth of the idle time
// has gone it lets the keys live longer and corrects the index.
func TestReissueWritesOneKey(t *testing.T) {
	client := redistest.Start(t).Client(t)
	clock := newClock()
	s := newStore(t, client, redisstore.Options{Now: clock.Now})
	mustCreate(t, s, creation(0, 8*time.Hour, 10))
	generation := int64(0)
	rotate := func() {
		r, err := s.Rotate(t.Context(), driver.RotateRequest{
			Attempt: driver.AttemptID{byte(generation)}, Subject: "alice", SessionID: numbered(0), Generation: generation, AccessTTL: 10 * time.Minute,
		})
		if err != nil || r.Outcome != driver.Rotated {
			t.Fatalf("Rotate: got %+v, %v", r, err)
		}
		generation++
	}
	rotate() // the script is loaded
	want := map[string]int64{"evalsha": 1, "hmget": 1, "get": 1, "hset": 1}
	if got := called(t, client, rotate); !maps.Equal(got, want) {
		t.Errorf("a reissue: got the commands %v, want %v", got, want)
	}
	clock.Advance(time.Hour)
	// The keys go by the real time, which has stood still.
	mustSucceed(t, client.Expire(t.Context(), keyOf(t, client, "user:alice"), 2*time.Hour).Err())
	want = map[string]int64{"evalsha": 1, "hmget": 1, "get": 1, "hset": 1, "pexpire": 2, "zadd": 1, "pttl": 1}
	if got := called(t, client, rotate); !maps.Equal(got, want) {
		t.Errorf("a reissue after an eighth: got the commands %v, want %v", got, want)
	}
}

// pipelines is a hook that keeps the sizes of the pipelines that read records and
// counts scripts and lists.
type pipelines struct {
	sizes  []int
	single int
}

func (p *pipelines) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (p *pipelines) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "evalsha" || cmd.Name() == "zrange" { // not what begins a connection
			p.single++
		}
		return next(ctx, cmd)
	}
}

func (p *pipelines) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if cmds[0].Name() == "hmget" {
			p.sizes = append(p.sizes, len(cmds))
		}
		return next(ctx, cmds)
	}
}

// fillUp makes a user with live sessions who has had others, which ended a
// moment ago, and returns the number of the next.
func fillUp(t *testing.T, s driver.Store, clock *fakeClock, live, ended int) int {
	t.Helper()
	for n := range ended {
		mustCreate(t, s, creation(n, time.Second, live))
		clock.Advance(20 * time.Millisecond)
	}
	clock.Advance(time.Second)
	for n := range live {
		mustCreate(t, s, creation(ended+n, time.Hour, live))
		clock.Advance(time.Millisecond)
	}
	return ended + live
}

// No command visits more than a few sessions of a user, however many live or
// have ended, but those that end them all, which visit no more than those that live
// and a hundred besides.
func TestCommandsAreShort(t *testing.T) {
	const live, ended = 300, 1500
	client := redistest.Start(t).Client(t)
	clock := newClock()
	sizes := &pipelines{}
	s := newStore(t, client, redisstore.Options{Now: clock.Now})
	next := fillUp(t, s, clock, live, ended)
	index := int(client.ZCard(t.Context(), keyOf(t, client, "user:alice")).Val())
	if index > live+108 {
		t.Fatalf("%d sessions are on the index, want the %d that live and few more", index, live)
	}

	// The scripts are loaded.
	_, err := s.Sessions(t.Context(), "bob")
	mustSucceed(t, err)
	_, err = s.EndAll(t.Context(), driver.EndAllRequest{Operation: driver.OperationID{9}, Subject: "bob"})
	mustSucceed(t, err)

	client.AddHook(sizes)
	list, err := s.Sessions(t.Context(), "alice")
	if err != nil || len(list) != live {
		t.Fatalf("got %d sessions, %v, want %d", len(list), err, live)
	}
	if sizes.single != 2 || len(sizes.sizes) != (index+49)/50 || slices.Max(sizes.sizes) > 50 {
		t.Errorf("a list of %d took %d commands and pipelines of %v, want 2, and 50 at most in each", index, sizes.single, sizes.sizes)
	}

	// At the limit: the script, a list, and the script again.
	stats := called(t, client, func() {
		if r := mustCreate(t, s, creation(next, time.Hour, live)); len(r.Evicted) != 1 || r.Evicted[0] != numbered(ended) {
			t.Errorf("got the evicted %v, want the idlest", r.Evicted)
		}
	})
	if stats["evalsha"] != 3 || stats["zrange"] != 1 {
		t.Errorf("a login at the limit: got the commands %v, want three scripts and a list", stats)
	}
	if got := stats["hmget"] - int64(index); got > 60 {
		t.Errorf("the scripts of a login at the limit have looked at %d sessions, want 60 at most", got)
	}
	stats = called(t, client, func() { mustCreate(t, s, creation(next+1, time.Hour, 2*live)) })
	if stats["evalsha"] != 1 || stats["hmget"] > 9 {
		t.Errorf("a login below the limit: got the commands %v, want one script that looks at 9 sessions at most", stats)
	}
	stats = called(t, client, func() {
		r, err := s.Block(t.Context(), driver.BlockRequest{Operation: driver.OperationID{1}, Subject: "alice"})
		if err != nil || len(r.Ended) != live+1 {
			t.Errorf("got %d sessions ended, %v, want %d", len(r.Ended), err, live+1)
		}
	})
	if stats["evalsha"] != 1 || stats["hmget"] > live+1+108 {
		t.Errorf("a block: got the commands %v, want one script that looks at few more than those that live", stats)
	}
	// Every access token that might pass is denied.
	for n := range next {
		r, err := s.Revoked(t.Context(), driver.RevokedRequest{Subject: "alice", SessionID: numbered(n)})
		if err != nil || !r.Revoked {
			t.Fatalf("session %d: revoked = %v, %v, want true", n, r.Revoked, err)
		}
	}
}

// However many sessions have ended at once, a login looks at a few of them.
func TestLoginLooksAtAFew(t *testing.T) {
	client := redistest.Start(t).Client(t)
	clock := newClock()
	s := newStore(t, client, redisstore.Options{Now: clock.Now})
	for n := range 300 {
		mustCreate(t, s, creation(n, time.Second, 1000))
	}
	clock.Advance(2 * time.Second)
	stats := called(t, client, func() { mustCreate(t, s, creation(300, time.Hour, 1000)) })
	if stats["evalsha"] != 1 || stats["hmget"] > 9 {
		t.Errorf("got the commands %v, want one script that looks at 9 sessions at most", stats)
	}
}

// A session whose record is lost takes no place.
func TestLostRecordsTakeNoPlace(t *testing.T) {
	client := redistest.Start(t).Client(t)
	clock := newClock()
	s := newStore(t, client, redisstore.Options{Now: clock.Now})
	for _, limit := range []int{5, 40} {
		for _, policy := range []driver.LimitPolicy{driver.EvictIdlest, driver.RejectNew} {
			mustSucceed(t, client.FlushAll(t.Context()).Err())
			for n := range limit {
				mustCreate(t, s, creation(n, time.Hour, limit))
				clock.Advance(time.Second)
			}
			mustSucceed(t, client.Del(t.Context(), keyOf(t, client, "session:"+numbered(limit/2))).Err())
			r := creation(limit, time.Hour, limit)
			r.OnLimit = policy
			if got := mustCreate(t, s, r); len(got.Evicted) != 0 {
				t.Errorf("limit %d: got the evicted %v, want none", limit, got.Evicted)
			}
			if n := client.ZCard(t.Context(), keyOf(t, client, "user:alice")).Val(); n != int64(limit) {
				t.Errorf("limit %d: %d sessions are on the index", limit, n)
			}
		}
	}
}

// What has left the index because it counts as missing stays missing when the
// clock is set back: nothing could revoke it.
func TestClockSetBackRevivesNothing(t *testing.T) {
	client := redistest.Start(t).Client(t)
	clock := newClock()
	s := newStore(t, client, redisstore.Options{Now: clock.Now})
	mustCreate(t, s, creation(0, time.Minute, 10))
	clock.Advance(time.Hour)
	mustCreate(t, s, creation(1, time.Minute, 10))
	clock.Advance(-time.Hour)
	r, err := s.Rotate(t.Context(), driver.RotateRequest{Subject: "alice", SessionID: numbered(0), AccessTTL: time.Minute, ReuseGrace: time.Minute})
	if err != nil || r.Outcome != driver.Missing {
		t.Errorf("Rotate: got %v, %v, want %v", r.Outcome, err, driver.Missing)
	}
}

// Whatever has happened, each session that can be revoked is on the index, under
// a time at which it has not ended if it may live, so that a block finds it; and the
// store answers as the embedded one does.
func TestIndexHoldsWhatCanBeRevoked(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(uint64(seed), 1))
	for round := range 20 {
		mustSucceed(t, client.FlushAll(t.Context()).Err())
		clock := newClock()
		s := newStore(t, client, redisstore.Options{Now: clock.Now})
		m := core.NewMemoryStore(core.MemoryOptions{Now: clock.Now})
		most := 3 + r.IntN(30)
		var generations []int64
		for step := range 120 {
			clock.Advance(time.Duration(r.IntN(40_000)) * time.Millisecond)
			n := r.IntN(len(generations) + 1)
			switch {
			case n == len(generations) || r.IntN(4) == 0:
				q := creation(len(generations), time.Duration(1+r.IntN(400))*time.Second, most)
				q.AccessTTL = time.Duration(1+r.IntN(600)) * time.Second
				if r.IntN(3) == 0 {
					q.SessionTTL = time.Duration(1+r.IntN(900)) * time.Second
				}
				generations = append(generations, 0)
				got, want := mustCreate(t, s, q), mustCreate(t, m, q)
				if slices.Sort(got.Evicted); !slices.Equal(got.Evicted, slices.Sorted(slices.Values(want.Evicted))) {
					t.Fatalf("round %d, step %d: evicted %v, want %v", round, step, got.Evicted, want.Evicted)
				}
			default:
				q := driver.RotateRequest{
					Operation: driver.OperationID{byte(step)}, Attempt: driver.AttemptID{byte(step)}, Subject: "alice", SessionID: numbered(n),
					Generation: max(0, generations[n]-int64(r.IntN(2))), AccessTTL: time.Duration(1+r.IntN(600)) * time.Second, ReuseGrace: 2 * time.Minute,
				}
				got, err := s.Rotate(t.Context(), q)
				want, _ := m.Rotate(t.Context(), q)
				if err != nil || got != want {
					t.Fatalf("round %d, step %d: got %+v, %v, want %+v", round, step, got, err, want)
				}
				generations[n] = max(generations[n], got.Generation)
			}
			wantIndexed(t, client, clock.Now(), len(generations))
		}
		op := driver.OperationID{255, byte(round)}
		got, err := s.EndAll(t.Context(), driver.EndAllRequest{Operation: op, Subject: "alice"})
		want, _ := m.EndAll(t.Context(), driver.EndAllRequest{Operation: op, Subject: "alice"})
		slices.Sort(got.Ended)
		slices.Sort(want.Ended)
		if err != nil || !slices.Equal(got.Ended, want.Ended) {
			t.Fatalf("round %d: EndAll: got %v, %v, want %v", round, got.Ended, err, want.Ended)
		}
		for n := range generations {
			q := driver.RevokedRequest{Subject: "alice", SessionID: numbered(n), Generation: generations[n]}
			got, err := s.Revoked(t.Context(), q)
			if want, _ := m.Revoked(t.Context(), q); err != nil || want.Revoked && !got.Revoked {
				t.Fatalf("round %d: the access token of session %d: got %v, %v, want %v", round, n, got.Revoked, err, want.Revoked)
			}
		}
	}
}

// wantIndexed looks at the records and the index as record.lua and create.lua
// describe them.
func wantIndexed(t *testing.T, client *redis.Client, clock time.Time, sessions int) {
	t.Helper()
	now := clock.UnixMilli()
	index := make(map[string]float64)
	for _, z := range client.ZRangeWithScores(t.Context(), keyOf(t, client, "user:alice"), 0, -1).Val() {
		index[z.Member.(string)] = z.Score
	}
	shard := strings.TrimSuffix(keyOf(t, client, "user:alice"), "user:alice")
	for n := range sessions {
		v := client.HMGet(t.Context(), shard+"session:"+numbered(n), "st", "gone").Val()
		score, on := index[numbered(n)]
		if v[0] == nil || v[1] != nil {
			if on && v[1] != nil {
				t.Fatalf("session %d has been killed and is on the index", n)
			}
			continue
		}
		var f [6]int64
		for i, text := range strings.Fields(v[0].(string)) {
			f[i], _ = strconv.ParseInt(text, 10, 64)
		}
		made, rotated, life, idle, lasts := f[0], f[0]+f[2], f[3], f[4], f[5]
		ends := rotated + idle
		if lasts > 0 {
			ends = min(ends, made+lasts)
		}
		retained := max(ends, rotated+life) + driver.DenialMargin.Milliseconds()
		switch {
		case now < ends && (!on || score <= 0 || score > float64(ends)):
			t.Fatalf("session %d lives until %d and is on the index: %v, under %v", n, ends, on, score)
		case now < retained && !on:
			t.Fatalf("session %d can be revoked until %d and is not on the index", n, retained)
		}
	}
}
