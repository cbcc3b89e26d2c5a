package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// A session's state is the same after 10 000 reissues as after one: nothing is
// kept of an ancestor, and yet each is recognised.
func TestStateIsConstant(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	a := newAuthority(t, newStore(t, client, redisstore.Options{}))
	first := login(t, a, "alice")

	tokens := reissue(t, a, first)
	once := contents(t, client)
	for range 9_999 {
		tokens = reissue(t, a, tokens)
	}
	often := contents(t, client)
	if len(often) != len(once) {
		t.Fatalf("got the keys %v after 10 000 reissues, want %v", often, once)
	}
	for key, before := range once {
		// A value of more than 64 bytes would double what the record takes.
		if kind := client.ObjectEncoding(t.Context(), key).Val(); kind == "hashtable" && strings.Contains(key, "}session:") {
			t.Errorf("%s is a %s", key, kind)
		}
		// Only the generation itself may take a few digits more.
		if after := often[key]; len(after) > len(before)+8 {
			t.Errorf("%s: got %q after 10 000 reissues, which is more than %q after one", key, after, before)
		}
	}
	if _, err := a.Reissue(t.Context(), first.RefreshToken); err == nil {
		t.Error("got tokens for an ancestor 10 000 generations old")
	}
	if _, err := a.Reissue(t.Context(), tokens.RefreshToken); err == nil {
		t.Error("got tokens for a session that its ancestor has killed")
	}
}

// contents returns what each key holds, as text. What it takes of Redis's
// memory depends on the allocator.
func contents(t *testing.T, client redis.UniversalClient) map[string]string {
	t.Helper()
	texts := make(map[string]string)
	for _, key := range allKeys(t, client) {
		texts[key] = content(t, client, key)
	}
	return texts
}

func allKeys(t *testing.T, client redis.UniversalClient) []string {
	t.Helper()
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// What denies the access tokens of a session's generations goes once it is of
// no more use, however long the session lives and however often it happens, and
// not before.
func TestDenialsDoNotPileUp(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client(t)
	clock := newClock()
	a := newAuthority(t, newStore(t, client, redisstore.Options{Now: clock.Now}), func(c *core.Config) {
		c.Now, c.SessionTTL = clock.Now, driver.NoLimit
	})
	tokens := login(t, a, "alice")
	giveUp := func() (old core.Tokens) {
		old, tokens = tokens, reissue(t, a, tokens)
		mustSucceed(t, a.Blacklist(t.Context(), old.AccessToken))
		return old
	}
	key, largest := "", int64(0)
	for range 200 {
		giveUp()
		for _, k := range allKeys(t, client) {
			if strings.Contains(k, "}deny:") {
				key = k
			}
		}
		largest = max(largest, client.HLen(t.Context(), key).Val())
		clock.Advance(9 * time.Minute)
	}
	if largest > 17 {
		t.Errorf("got %d denials of one session, want 17 at most", largest)
	}

	var recent []core.Tokens
	for range 50 {
		recent = append(recent, giveUp())
		clock.Advance(time.Second)
	}
	for i, old := range recent {
		if _, err := a.Verify(t.Context(), old.AccessToken); !errors.Is(err, core.ErrTokenRevoked) {
			t.Errorf("access token %d: got %v, want %v", i, err, core.ErrTokenRevoked)
		}
	}
	if n := client.HLen(t.Context(), key).Val(); n < 50 {
		t.Errorf("got %d denials, want the 50 that are of use", n)
	}
	clock.Advance(13 * time.Minute)
	tokens = reissue(t, a, tokens) // the one before has expired and needs no denial
	giveUp()
	if n := client.HLen(t.Context(), key).Val(); n != 1 {
		t.Errorf("got %d denials once all others have passed, want 1", n)
	}
}

// A client that logs out again and again with one token of a session whose
// record is gone adds no more to the blacklist than an entry an AccessTTL.
func TestRepeatedLogoutWithoutARecord(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client(t)
	for name, token := range map[string]func(core.Tokens) string{
		"access token":  func(x core.Tokens) string { return x.AccessToken },
		"refresh token": func(x core.Tokens) string { return x.RefreshToken },
	} {
		t.Run(name, func(t *testing.T) {
			mustSucceed(t, client.FlushAll(t.Context()).Err())
			clock := newClock()
			a := newAuthority(t, newStore(t, client, redisstore.Options{Now: clock.Now}), func(c *core.Config) { c.Now = clock.Now })
			tokens := login(t, a, "alice")
			mustSucceed(t, client.FlushAll(t.Context()).Err())
			for range 300 { // in 9 of 10 minutes
				clock.Advance(1800 * time.Millisecond)
				mustSucceed(t, a.Logout(t.Context(), token(tokens)))
			}
			if n := feedLength(t, client); n == 0 || n > 2 {
				t.Errorf("got %d entries on the feed of 300 logouts, want 1 or 2", n)
			}
			clock.Advance(59 * time.Second)
			if _, err := a.Verify(t.Context(), tokens.AccessToken); !errors.Is(err, core.ErrTokenRevoked) {
				t.Errorf("got %v, want %v", err, core.ErrTokenRevoked)
			}
		})
	}
}

// Nor does one that logs out with a token that is ahead of a session which has
// ended since: one more entry denies what the lost writes may have given out.
func TestRepeatedLogoutAhead(t *testing.T) {
	client := redistest.Start(t).Client(t)
	clock := newClock()
	s := newStore(t, client, redisstore.Options{Now: clock.Now})
	a := newAuthority(t, s, func(c *core.Config) { c.Now = clock.Now })
	session := login(t, a, "alice").SessionID
	clock.Advance(5 * time.Minute)
	for i := range 300 {
		_, err := s.End(t.Context(), driver.EndRequest{
			Operation: driver.OperationID{byte(i), byte(i >> 8)}, Subject: "alice", SessionID: session,
			Generation: int64(min(i, 1)), AccessTTL: 10 * time.Minute,
		})
		mustSucceed(t, err)
		clock.Advance(10 * time.Millisecond)
	}
	if n := feedLength(t, client); n != 2 {
		t.Errorf("got %d entries on the feed of 300 logouts, want 2", n)
	}
	clock.Advance(11 * time.Minute) // a token of the last moment before the end has a minute left by a clock that lags
	if result, err := s.Revoked(t.Context(), driver.RevokedRequest{Subject: "alice", SessionID: session, Generation: 1}); err != nil || !result.Revoked {
		t.Errorf("got %v, %v, want it revoked", result, err)
	}
}

// One round trip a reissue and a check: one EVALSHA and one HMGET of the
// client's, whatever the script does inside.
func TestRoundTrips(t *testing.T) {
	server := redistest.Start(t)
	proxy := redistest.StartProxy(t, server.Addr())
	// One connection, and no second try: a handshake or a retry would count.
	client := redis.NewClient(&redis.Options{Addr: proxy.Addr(), PoolSize: 1, ReadTimeout: time.Minute, MaxRetries: -1})
	t.Cleanup(func() { client.Close() })
	a := newAuthority(t, newStore(t, client, redisstore.Options{}))
	tokens := reissue(t, a, login(t, a, "alice")) // connected, scripts loaded

	any := func([]byte) bool { return true }
	before, evals := proxy.Requests(any), proxy.Requests(redistest.Command("evalsha"))
	tokens = reissue(t, a, tokens)
	if got := proxy.Requests(any) - before; got != 1 {
		t.Errorf("a reissue sent %d commands, want 1", got)
	}
	if got := proxy.Requests(redistest.Command("evalsha")) - evals; got != 1 {
		t.Errorf("a reissue sent %d EVALSHA, want 1", got)
	}

	before, hmgets := proxy.Requests(any), proxy.Requests(redistest.Command("hmget"))
	if _, err := a.Verify(t.Context(), tokens.AccessToken); err != nil {
		t.Fatal(err)
	}
	if got := proxy.Requests(any) - before; got != 1 {
		t.Errorf("a check sent %d commands, want 1", got)
	}
	if got := proxy.Requests(redistest.Command("hmget")) - hmgets; got != 1 {
		t.Errorf("a check sent %d HMGET, want 1", got)
	}

	before = proxy.Requests(any)
	if _, err := a.Verify(t.Context(), tokens.RefreshToken); err == nil {
		t.Error("a refresh token passed as an access token")
	}
	if got := proxy.Requests(any) - before; got != 0 {
		t.Errorf("rubbish sent %d commands, want 0", got)
	}
}

// What a dump of Redis and everything sent to it holds is no usable token.
// Every key but meta and a block for ever goes by itself, at the latest two
// minutes after what it is about, a session's an eighth of its idle time later, and
// nothing walks the keyspace.
func testDumpAndMonitor(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client(t)
	monitor := redistest.StartMonitor(t, server.Addr())
	a := newAuthority(t, newStore(t, client, redisstore.Options{}), func(c *core.Config) { c.MaxSessions = 5 })

	var issued []core.Tokens
	for i := range 40 {
		subject := fmt.Sprintf("user%d", i%4)
		tokens := login(t, a, subject)
		next := reissue(t, a, tokens)
		issued = append(issued, tokens, next)
		switch i % 8 {
		case 1:
			mustSucceed(t, a.Logout(t.Context(), next.RefreshToken))
		case 3:
			mustSucceed(t, a.Blacklist(t.Context(), next.AccessToken))
		case 5:
			last := reissue(t, a, next)
			issued = append(issued, last)
			if _, err := a.Reissue(t.Context(), tokens.RefreshToken); err == nil {
				t.Fatal("a grandparent passed")
			}
		case 7:
			_, err := a.Sessions(t.Context(), subject)
			mustSucceed(t, err)
		}
	}
	_, err := a.RevokeAll(t.Context(), "user2")
	mustSucceed(t, err)
	mustSucceed(t, a.Block(t.Context(), "user1", time.Time{}))
	mustSucceed(t, a.Block(t.Context(), "user3", time.Now().Add(time.Hour)))
	monitor.Stop()

	text := strings.Join(monitor.Lines(), "\n") + dump(t, client)
	for _, tokens := range issued {
		for _, token := range []string{tokens.AccessToken, tokens.RefreshToken} {
			signature := token[strings.LastIndexByte(token, '.')+1:]
			if strings.Contains(text, token) || strings.Contains(text, signature) {
				t.Fatal("a token or a signature has reached Redis")
			}
		}
		if seed := seedOf(t, tokens.RefreshToken); strings.Contains(text, seed) {
			t.Fatal("a seed has reached Redis")
		}
	}
	walk := regexp.MustCompile(`(?i)"(keys|scan|hscan|sscan|zscan|flushall|flushdb|randomkey)"`)
	for _, line := range monitor.Lines() {
		if walk.MatchString(line) {
			t.Errorf("the store sent %s", line)
		}
	}

	const idle = 7 * 24 * time.Hour
	longest := idle + idle/8 + driver.DenialMargin
	for _, key := range allKeys(t, client) {
		ttl, err := client.PTTL(t.Context(), key).Result()
		mustSucceed(t, err)
		limit := longest
		switch {
		case strings.HasSuffix(key, "}blocked:user1"), key == "ratchet:meta":
			if ttl >= 0 {
				t.Errorf("%s has a TTL of %v, want none", key, ttl)
			}
			continue
		case strings.Contains(key, "}deny:"), strings.HasSuffix(key, "}feed"):
			limit = 10*time.Minute + driver.DenialMargin
		case strings.Contains(key, "}blocked:"):
			limit = time.Hour
		case strings.Contains(key, "}done:"):
			limit = time.Minute
		}
		if ttl <= 0 || ttl > limit {
			t.Errorf("%s has a TTL of %v, want one of %v at most", key, ttl, limit)
		}
	}
}

// dump returns all that Redis holds, in its own format and as text.
func dump(t *testing.T, client redis.UniversalClient) string {
	t.Helper()
	var b strings.Builder
	ctx := context.WithoutCancel(t.Context())
	for _, key := range allKeys(t, client) {
		raw, err := client.Dump(ctx, key).Result()
		mustSucceed(t, err)
		fmt.Fprintln(&b, key, raw)
		fmt.Fprintln(&b, content(t, client, key))
	}
	return b.String()
}

// content returns what a key holds, as text.
func content(t *testing.T, client redis.UniversalClient, key string) string {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	switch kind := client.Type(ctx, key).Val(); kind {
	case "hash":
		return fmt.Sprint(client.HGetAll(ctx, key).Val())
	case "stream":
		return fmt.Sprint(client.XRange(ctx, key, "-", "+").Val())
	case "zset":
		return fmt.Sprint(client.ZRangeWithScores(ctx, key, 0, -1).Val())
	case "list":
		return fmt.Sprint(client.LRange(ctx, key, 0, -1).Val())
	case "string":
		return client.Get(ctx, key).Val()
	default:
		t.Errorf("%s is a %s", key, kind)
		return ""
	}
}

func mustSucceed(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
