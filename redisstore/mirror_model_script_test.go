package redisstore

import (
	"log/slog"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/redis/go-redis/v9"
)

// reader is where a mirror has read to, on the server and in the model.
type reader struct{ script, model page }

// What the model takes the scripts for is what they do: denials, repairs and
// polls in small pages give the same answers, whatever has expired, been
// trimmed or been lost in between.
func TestModelServerIsTheScripts(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	const seeds, steps = 8, 250
	counts := make(map[string]int)
	for seed := range uint64(seeds) {
		if err := client.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		now := time.Now().UnixMilli()
		s, err := New(client, Options{
			Shards: 1, Now: func() time.Time { return time.UnixMilli(now) }, Logger: silent(),
		})
		if err != nil {
			t.Fatal(err)
		}
		c := comparison{t: t, store: s, client: client, rand: rand.New(rand.NewPCG(seed, 2)), model: newModelServer(noFlaw), counts: counts}
		var snapshots []snapshot
		for range steps {
			switch n := c.rand.IntN(100); {
			case n < 15:
				now += c.rand.Int64N(20_000)
			case n < 16:
				now += c.rand.Int64N(600_000)
			case n < 50:
				c.deny(now)
			case n < 55:
				c.repair(now)
			case n < 56:
				snapshots = append(snapshots, c.save())
			case n < 57 && len(snapshots) > 0:
				c.restore(snapshots[c.rand.IntN(len(snapshots))])
			default:
				c.poll(now)
			}
			c.expire(now)
		}
	}
	t.Log(counts)
	for _, status := range []string{"end", "more", "broken"} {
		if counts[status] < seeds {
			t.Errorf("only %d polls were answered %q", counts[status], status)
		}
	}
}

// comparison does the same to both.
type comparison struct {
	t       *testing.T
	store   *Store
	client  *redis.Client
	rand    *rand.Rand
	model   *modelServer
	nonce   int64
	readers [3]reader
	counts  map[string]int
}

func (c *comparison) key() tokenKey {
	return tokenKey{modelSession(c.rand.IntN(12)), c.rand.Int64N(3) - 1}
}

func (c *comparison) deny(now int64) {
	key, life := c.key(), c.rand.Int64N(300_000)-margin
	k := c.store.layout.keysOf(0)
	c.nonce++
	args := []any{c.store.clock(), "", key.session.String(), strconv.FormatInt(c.nonce, 10), what(key), now + life}
	keys := []string{k.session("none"), k.deny(key.session.String()), k.feed()}
	list, err := c.store.scripts.deny.Run(c.t.Context(), c.client, keys, args...).Int64Slice()
	if err != nil {
		c.t.Fatal(err)
	}
	until := list[0]
	d := denial{key.session, key.generation, max(now+life, 0) + margin}
	if until != d.until {
		c.t.Fatalf("deny answered %d, want %d", until, d.until)
	}
	c.model.deny(now, d, c.nonce)
}

func (c *comparison) repair(now int64) {
	key := c.key()
	until := (now + c.rand.Int64N(300_000)) / 1000 * 1000
	k := c.store.layout.keysOf(0)
	c.nonce++
	args := []any{c.store.clock(), c.nonce, key.session.String(), what(key), until}
	if err := c.store.scripts.repair.Run(c.t.Context(), c.client, []string{k.feed(), k.deny(key.session.String())}, args...).Err(); err != nil {
		c.t.Fatal(err)
	}
	c.model.repair(now, denial{key.session, key.generation, until}, c.nonce)
}

// poll reads on as one of the readers and compares the answers. The server's
// ids and the model's are different clocks'.
func (c *comparison) poll(now int64) {
	c.t.Helper()
	r, room := &c.readers[c.rand.IntN(len(c.readers))], 1+c.rand.IntN(4)
	k := c.store.layout.keysOf(0)
	list, err := c.store.scripts.poll.Run(c.t.Context(), c.client, []string{k.feed(), k.poll()},
		c.store.clock(), room, r.script.cursor, r.script.fields).Slice()
	if err != nil {
		c.t.Fatal(err)
	}
	if len(list) != 2 || list[0] != now {
		c.t.Fatalf("got %v, want the time %d and one page", list, now)
	}
	a := answer{list: list[1].([]any)}
	script := page{a.text(), a.text(), a.text(), a.text()}
	model, _, _ := c.model.poll(now, room, r.model.cursor, r.model.fields)
	if a.err != nil || script.status != model.status || script.lines != model.lines || (script.cursor == "") != (model.cursor == "") {
		c.t.Fatalf("from %q of %d: got %+v, %v, want %+v", r.script.cursor, room, script, a.err, model)
	}
	r.script, r.model = script, model
	c.counts[script.status]++
}

// expire lets the feed go when its time has come: by the test's clock, which
// the server's expiry does not know. The server must have meant the same time.
func (c *comparison) expire(now int64) {
	c.t.Helper()
	feed := c.store.layout.keysOf(0).feed()
	before := c.model.expires
	c.model.clock(now)
	if before != 0 && c.model.expires == 0 {
		if err := c.client.Del(c.t.Context(), feed).Err(); err != nil {
			c.t.Fatal(err)
		}
	}
	n, err := c.client.XLen(c.t.Context(), feed).Result()
	if err != nil || int(n) != len(c.model.feed) {
		c.t.Fatalf("the feed has %d entries, %v, want %d", n, err, len(c.model.feed))
	}
}

// snapshot is a backup of both.
type snapshot struct {
	keys  map[string]string
	model *modelServer
}

func (c *comparison) save() snapshot {
	s := snapshot{make(map[string]string), c.model.copy()}
	for _, key := range c.client.Keys(c.t.Context(), "*").Val() {
		s.keys[key] = c.client.Dump(c.t.Context(), key).Val()
	}
	return s
}

func (c *comparison) restore(s snapshot) {
	c.t.Helper()
	if err := c.client.FlushAll(c.t.Context()).Err(); err != nil {
		c.t.Fatal(err)
	}
	for key, value := range s.keys {
		if err := c.client.Restore(c.t.Context(), key, time.Hour, value).Err(); err != nil {
			c.t.Fatal(err)
		}
	}
	c.model = s.model.copy()
}

func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }

const margin = int64(driver.DenialMargin / time.Millisecond)

func what(key tokenKey) string {
	if key.generation == everyGeneration {
		return "*"
	}
	return strconv.FormatInt(key.generation, 10)
}
