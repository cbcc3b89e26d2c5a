package suite_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/lab/bench/fixture"
	"github.com/redis/go-redis/v9"
)

const (
	shards    = 16      // the store's default
	templates = 256     // made by the store itself, enough for every shard
	fillBatch = 10_000  // copies a script
	firstCopy = 1 << 30 // the number of the first made-up id that is not a template's
	fillers   = 8       // goroutines
)

// copyDenial makes copies of one blacklist entry, in the key and in the feed,
// within the server. It copies what the store has written, so that it stays
// right when the layout changes.
//
// KEYS deny key, feed. ARGV session id, session ids of the copies.
const copyDenial = `
local base = string.sub(KEYS[1], 1, #KEYS[1] - #ARGV[1])
local entry
for _, found in ipairs(redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 256)) do -- templates come first
  for _, v in ipairs(found[2]) do
    if v == ARGV[1] then entry = found[2] end
  end
end
if not entry then return redis.error_reply('no feed entry of ' .. ARGV[1]) end
for i = 2, #ARGV do
  redis.call('COPY', KEYS[1], base .. ARGV[i])
  local copy = {}
  for j, v in ipairs(entry) do copy[j] = v == ARGV[1] and ARGV[i] or v end
  redis.call('XADD', KEYS[2], '*', unpack(copy))
end
return 'copied'`

// copySession makes copies of one session, each of a user of its own.
//
// KEYS session key, user key. ARGV session id, subject, session ids of the
// copies.
const copySession = `
local session = string.sub(KEYS[1], 1, #KEYS[1] - #ARGV[1])
local user = string.sub(KEYS[2], 1, #KEYS[2] - #ARGV[2])
local score, ttl = redis.call('ZSCORE', KEYS[2], ARGV[1]), redis.call('PTTL', KEYS[2])
for i = 3, #ARGV do
  local other = user .. 'of-' .. ARGV[i]
  redis.call('COPY', KEYS[1], session .. ARGV[i])
  redis.call('ZADD', other, score, ARGV[i])
  redis.call('PEXPIRE', other, ttl)
end
return 'copied'`

// fillBlacklist brings the blacklist to a number of entries.
func fillBlacklist(t testing.TB, server *redistest.Server, store core.Store, entries int) {
	t.Helper()
	own := min(templates, entries)
	denyMany(t, store, own)
	ids := make([]string, own)
	for i := range ids {
		ids[i] = madeUpID(i)
	}
	client := server.Client(t)
	keys := keysByEnd(t, client, ids)
	multiply(t, entries-own, own, func(ctx context.Context, template int, copies []any) error {
		id := ids[template]
		deny, ok := keys[id]["deny:"]
		if !ok {
			return fmt.Errorf("no deny key of %s", id)
		}
		feed := strings.TrimSuffix(deny, "deny:"+id) + "feed"
		return client.Eval(ctx, copyDenial, []string{deny, feed}, append([]any{id}, copies...)...).Err()
	})
	// Besides the entries there are meta and a feed for each shard.
	if got, most := keyCount(t, client)-int64(entries), int64(1+shards); got < 2 || got > most {
		t.Fatalf("got %d keys besides the entries, want 2 to %d", got, most)
	}
}

// fillSessions brings the sessions from a number to another.
func fillSessions(t testing.TB, server *redistest.Server, authority *core.Authority, there, sessions int) {
	t.Helper()
	client := server.Client(t)
	own := min(templates, sessions-there)
	if own <= 0 {
		return
	}
	ids, subjects := make([]string, own), make([]string, own)
	for i := range own {
		subjects[i] = fmt.Sprintf("template-%06d", i)
		ids[i] = fixture.Login(t, authority, subjects[i]).SessionID
	}
	keys := keysByEnd(t, client, append(ids, subjects...))
	multiply(t, sessions-there-own, own, func(ctx context.Context, template int, copies []any) error {
		id, subject := ids[template], subjects[template]
		session, user := keys[id]["session:"], keys[subject]["user:"]
		if session == "" || user == "" {
			return fmt.Errorf("no session key of %s or no user key of %s", id, subject)
		}
		return client.Eval(ctx, copySession, []string{session, user}, append([]any{id, subject}, copies...)...).Err()
	})
	// A key for the session and one for its user.
	if got, want := keyCount(t, client), int64(2*sessions+1); got != want {
		t.Fatalf("got %d keys, want %d: two for each session, and meta", got, want)
	}
}

// multiply divides n copies among the templates and calls f for each batch of
// them with the session ids of the copies.
func multiply(t testing.TB, n, templates int, f func(ctx context.Context, template int, copies []any) error) {
	t.Helper()
	type batch struct{ template, from, end int }
	var batches []batch
	for template := range templates {
		for from, end := n*template/templates, n*(template+1)/templates; from < end; from += fillBatch {
			batches = append(batches, batch{template, from, min(from+fillBatch, end)})
		}
	}
	err := spread(t.Context(), len(batches), func(ctx context.Context, i int) error {
		var copies []any
		for n := batches[i].from; n < batches[i].end; n++ {
			copies = append(copies, madeUpID(firstCopy+n))
		}
		return f(ctx, batches[i].template, copies)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// keysByEnd finds keys by the name that ends them, and by the kind before it:
// "session:", "deny:" or "user:".
func keysByEnd(t testing.TB, client *redis.Client, names []string) map[string]map[string]string {
	t.Helper()
	wanted := make(map[string]map[string]string, len(names))
	for _, name := range names {
		wanted[name] = make(map[string]string)
	}
	all, err := client.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range all {
		_, rest, _ := strings.Cut(key, "}")
		kind, name, _ := strings.Cut(rest, ":")
		if found := wanted[name]; found != nil {
			found[kind+":"] = key
		}
	}
	return wanted
}

func keyCount(t testing.TB, client *redis.Client) int64 {
	t.Helper()
	n, err := client.DBSize(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// spread calls f for each number below n on a few goroutines, and returns the
// errors.
func spread(ctx context.Context, n int, f func(ctx context.Context, i int) error) error {
	var (
		next atomic.Int64
		wg   sync.WaitGroup
		errs = make([]error, fillers)
	)
	for w := range errs {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && errs[w] == nil; i = int(next.Add(1)) - 1 {
				errs[w] = f(ctx, i)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
