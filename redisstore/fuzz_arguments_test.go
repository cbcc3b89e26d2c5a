package redisstore_test

import (
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/core/driver/drivertest"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// arguments are what a caller decides: core bounds some of it and lets the rest
// through.
type arguments struct {
	subject, other         string
	session, second        string
	device                 driver.Device
	operation              driver.OperationID
	seed                   driver.SeedHash
	generation             int64
	accessTTL, idle, whole time.Duration
	grace                  time.Duration
	until                  time.Time
	maxSessions            int
	onLimit                driver.LimitPolicy
	expiry                 time.Time
}

// FuzzStore makes the same calls, with any arguments that core lets through,
// on the embedded store and on Redis, each call twice as a driver may. Redis
// never fails, answers as the embedded store does, and keeps nothing but the
// keys there are, each with a life.
func FuzzStore(f *testing.F) {
	const hour = int64(time.Hour / time.Millisecond)
	for _, subject := range []string{"alice", "a}{b:c", "*", "\x00\r\n", "\xff\xfe", strings.Repeat("é", 128), " ", "session:x", "0", "nan"} {
		f.Add(subject, "device", []byte("seeds and ids"), int64(0), hour, 24*hour, 720*hour, int64(30_000), 48*hour, uint16(2), false)
	}
	for _, n := range []int64{0, 1, -1, 999, 1000, 1001, 1<<53 - 2, 1<<53 - 1, 1 << 53, 1<<53 + 1, math.MaxInt64, math.MinInt64, 253402300800000} {
		f.Add("alice", "\xff\x00", []byte{byte(n)}, n, n, n, n, n, n, uint16(n), true)
		f.Add("alice", "", []byte(nil), n, hour, n, int64(0), n, -n, uint16(1), n%2 == 0)
	}
	client := redistest.Start(f).Client(f)
	f.Fuzz(func(t *testing.T, subject, device string, ids []byte, generation, access, idle, whole, grace, until int64, sessions uint16, reject bool) {
		if subject == "" || len(subject) > 256 {
			return
		}
		if err := client.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		clock := drivertest.NewClock()
		a := let(subject, device, ids, generation, access, idle, whole, grace, until, sessions, reject)
		a.until, a.expiry = clock.Now().Add(ms(until)), clock.Now().Add(ms(access/2))
		if until == 0 {
			a.until = time.Time{}
		}
		redis := newStore(t, client, redisstore.Options{Now: clock.Now})
		memory := core.NewMemoryStore(core.MemoryOptions{Now: clock.Now})
		for i, call := range calls() {
			got, want := answered(t, call, redis, a), answered(t, call, memory, a)
			if got != want {
				t.Fatalf("call %d: Redis answers %s,\nthe embedded store %s", i, got, want)
			}
			clock.Advance(ms(grace & 0xffff))
		}
		wantKnownKeys(t, client, a)
	})
}

// ms returns so many milliseconds, or the most there are.
func ms(n int64) time.Duration {
	const most = math.MaxInt64 / int64(time.Millisecond)
	return time.Duration(max(-most, min(most, n))) * time.Millisecond
}

// let returns the arguments within the bounds of core.
func let(subject, device string, ids []byte, generation, access, idle, whole, grace, until int64, sessions uint16, reject bool) arguments {
	life := func(n int64) time.Duration {
		if n < 1000 {
			return driver.NoLimit
		}
		return ms(n)
	}
	a := arguments{
		subject: subject, other: subject + "'", generation: max(0, min(1<<53-2, generation)),
		accessTTL: max(time.Second, ms(access)), idle: life(idle), whole: life(whole),
		grace: driver.Strict, maxSessions: 1 + int(sessions)%1000,
	}
	if a.idle == driver.NoLimit && a.whole == driver.NoLimit {
		a.idle = time.Second
	}
	if 1 <= grace && grace <= 120_000 {
		a.grace = ms(grace)
	}
	if reject {
		a.onLimit = driver.RejectNew
	}
	label := strings.ToValidUTF8(device, "")
	for len(label) > 64 {
		_, size := utf8.DecodeLastRuneInString(label)
		label = label[:len(label)-size]
	}
	a.device = driver.Device{Name: label, UserAgent: "a b", IP: label}
	copy(a.operation[:], ids)
	copy(a.seed[:], slices.Concat(ids, []byte{1}))
	a.session = base64.RawURLEncoding.EncodeToString(append(slices.Clone(a.operation[:15]), 1))
	a.second = base64.RawURLEncoding.EncodeToString(append(slices.Clone(a.operation[:15]), 2))
	return a
}

// wantKnownKeys fails the test unless every key is one of those there are, and
// has a life, but the layout and a block for ever.
func wantKnownKeys(t *testing.T, client *redis.Client, a arguments) {
	t.Helper()
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		rest, ok := strings.CutPrefix(key, "ratchet:")
		_, name, inShard := strings.Cut(rest, "}")
		kind, owner, _ := strings.Cut(name, ":")
		switch {
		case ok && rest == "meta":
			continue
		case ok && inShard && kind == "feed":
		case ok && inShard && (kind == "session" || kind == "deny") && (owner == a.session || owner == a.second):
		case ok && inShard && (kind == "user" || kind == "blocked") && (owner == a.subject || owner == a.other):
		case ok && inShard && kind == "done" && len(owner) == 22:
		default:
			t.Errorf("there is a key %q", key)
		}
		if kind == "blocked" && a.until.IsZero() || kind == "blocked" && a.until.After(time.UnixMilli(1<<53-1)) {
			continue
		}
		// Not by client.PTTL, which counts in nanoseconds and so to 292 years.
		if left, err := client.Do(t.Context(), "pttl", key).Int64(); err != nil || left <= 0 && left != -2 {
			t.Errorf("the key %q lives for %d ms, %v", key, left, err)
		}
	}
}

// call is a call of a store.
type call func(*testing.T, driver.Store, arguments) (any, error)

// answered makes a call twice, and returns what it answers; the second answer
// differs only by the rotation that is now the same attempt.
func answered(t *testing.T, c call, s driver.Store, a arguments) string {
	t.Helper()
	var texts [2]string
	for i := range texts {
		answer, err := c(t, s, a)
		if err != nil {
			t.Fatalf("%T: %v", s, err)
		}
		if r, ok := answer.(driver.RotateResult); ok && i == 1 && r.Outcome == driver.SameAttempt {
			return texts[0] + fmt.Sprintf(", then %+v", r)
		}
		texts[i] = fmt.Sprintf("%T%+v", answer, answer)
	}
	if texts[0] != texts[1] {
		t.Fatalf("%T: the first run answers %s,\nthe second %s", s, texts[0], texts[1])
	}
	return texts[0]
}

func calls() []call {
	rotate := func(generation func(arguments) int64, attempt byte) call {
		return func(t *testing.T, s driver.Store, a arguments) (any, error) {
			op := a.operation
			op[15] = attempt
			return s.Rotate(t.Context(), driver.RotateRequest{
				Operation: op, Attempt: driver.AttemptID(op), Subject: a.subject, SessionID: a.session, SeedHash: a.seed,
				Generation: generation(a), AccessTTL: a.accessTTL, ReuseGrace: a.grace,
			})
		}
	}
	create := func(session func(arguments) string) call {
		return func(t *testing.T, s driver.Store, a arguments) (any, error) {
			return s.Create(t.Context(), driver.CreateRequest{
				Subject: a.subject, SessionID: session(a), SeedHash: a.seed, Device: a.device, AccessTTL: a.accessTTL,
				IdleTTL: a.idle, SessionTTL: a.whole, MaxSessions: a.maxSessions, OnLimit: a.onLimit,
			})
		}
	}
	list := func(t *testing.T, s driver.Store, a arguments) (any, error) {
		found, err := s.Sessions(t.Context(), a.subject)
		slices.SortFunc(found, func(x, y driver.Session) int { return strings.Compare(x.ID, y.ID) })
		return found, err
	}
	revoked := func(generation int64, record bool) call {
		return func(t *testing.T, s driver.Store, a arguments) (any, error) {
			return s.Revoked(t.Context(), driver.RevokedRequest{Subject: a.subject, SessionID: a.session, Generation: generation + a.generation, Session: record})
		}
	}
	end := func(op byte, subject func(arguments) string, live bool) call {
		return func(t *testing.T, s driver.Store, a arguments) (any, error) {
			id := a.operation
			id[14] = op
			return s.End(t.Context(), driver.EndRequest{
				Operation: id, Subject: subject(a), SessionID: a.session, OnlyLive: live, Generation: a.generation,
				AccessTTL: a.accessTTL, AccessExpiry: a.expiry,
			})
		}
	}
	ended := func(op byte, block bool) call {
		return func(t *testing.T, s driver.Store, a arguments) (any, error) {
			id := a.operation
			id[13] = op
			var result driver.EndAllResult
			var err error
			if block {
				result, err = s.Block(t.Context(), driver.BlockRequest{Operation: id, Subject: a.subject, Until: a.until})
			} else {
				result, err = s.EndAll(t.Context(), driver.EndAllRequest{Operation: id, Subject: a.subject, Keep: []string{a.second, a.subject}})
			}
			return slices.Sorted(slices.Values(result.Ended)), err
		}
	}
	deny := func(t *testing.T, s driver.Store, a arguments) (any, error) {
		return nil, s.Deny(t.Context(), driver.DenyRequest{
			Operation: a.operation, Subject: a.subject, SessionID: a.session, Generation: a.generation, ExpiresAt: a.expiry,
		})
	}
	unblock := func(t *testing.T, s driver.Store, a arguments) (any, error) {
		return nil, s.Unblock(t.Context(), driver.UnblockRequest{Operation: driver.OperationID{9}, Subject: a.subject})
	}
	first := func(a arguments) string { return a.session }
	second := func(a arguments) string { return a.second }
	owner := func(a arguments) string { return a.subject }
	stranger := func(a arguments) string { return a.other }
	zero := func(arguments) int64 { return 0 }
	given := func(a arguments) int64 { return a.generation }
	return []call{
		create(first), list, rotate(zero, 1), deny, revoked(0, false), revoked(1, true), end(1, stranger, false),
		rotate(given, 2), create(second), list, rotate(given, 3), revoked(0, true), ended(1, false), list,
		end(2, owner, true), end(3, owner, false), rotate(zero, 4), revoked(0, false),
		ended(2, true), create(first), list, unblock, create(second), list, revoked(0, true),
	}
}
