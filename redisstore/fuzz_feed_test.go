package redisstore

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
)

// FuzzPage applies any text as what a poll has read. A page that is refused
// moves nothing on; one that is accepted was understood as a whole: each of its
// lines is a denial, and the set has it.
func FuzzPage(f *testing.F) {
	good := sid(1) + " * 99999999999999"
	for _, lines := range []string{
		"", good, good + "\n" + sid(2) + " 3 5", good + "\n", "\n" + good, sid(2) + " -1 5", sid(2) + " +1 +5", sid(2) + " * -5", sid(2) + "  5", sid(2) + " * 5 5",
		sid(2) + " * 1e14", strings.Repeat("!", 22) + " * 5", strings.Repeat("\r", 22) + " * 5", sid(2)[:21] + "B * 5", sid(2) + " 9223372036854775807 9223372036854775807",
		sid(2) + " 9223372036854775808 5", sid(2) + " * -9223372036854775808", "\x00 \xff \n", sid(2) + "\t*\t5",
	} {
		for _, status := range []string{"end", "more", "broken", "", "END"} {
			f.Add(status, "2-0", "n b", lines)
		}
	}
	f.Fuzz(func(t *testing.T, status, cursor, fields, lines string) {
		s := &mirrorShard{cursor: "1-0", fields: "known", until: 5}
		s.set.add(sessionKey{255}, everyGeneration, 99)
		progress, err := s.apply(page{status, cursor, fields, lines}, time.UnixMilli(7))
		if !s.set.has(sessionKey{255}, 0) {
			t.Fatal("what was known is forgotten")
		}
		if (err != nil) != (progress == nothingApplied) {
			t.Fatalf("got %v, %v", progress, err)
		}
		if err != nil {
			if s.cursor != "1-0" || s.fields != "known" || s.until != 5 {
				t.Errorf("it was refused and moved to %q %q until %d", s.cursor, s.fields, s.until)
			}
			return
		}
		want := map[string]progressAt{"end": {readToEnd, cursor}, "more": {moreToRead, cursor}, "broken": {startAgain, ""}}[status]
		if (progressAt{progress, s.cursor}) != want {
			t.Errorf("status %q: got %v at %q, want %+v", status, progress, s.cursor, want)
		}
		if status == "broken" || lines == "" {
			return
		}
		for line := range strings.SplitSeq(strings.TrimSuffix(lines, "\n"), "\n") {
			words := strings.Split(line, " ")
			if len(words) != 3 || len(words[0]) != 22 {
				t.Fatalf("the line %q was accepted", line)
			}
			key, ok := parseSession(words[0])
			generation, err := strconv.ParseInt(words[1], 10, 64)
			if words[1] == "*" {
				generation, err = 0, nil
			}
			until, untilErr := strconv.ParseInt(words[2], 10, 64)
			if !ok || err != nil || generation < 0 || untilErr != nil {
				t.Fatalf("the line %q was accepted", line)
			}
			if !s.set.has(key, generation) || s.until < until {
				t.Errorf("%q was applied and is not denied until then", line)
			}
		}
	})
}

type progressAt struct {
	progress progress
	cursor   string
}

// FuzzFeed puts any entry on a feed beside good ones, as who may write to Redis
// can. A mirror either refuses to vouch for the shard, or knows every denial on
// it. The other shards have their leases, and once the feed is lost so has
// this one.
func FuzzFeed(f *testing.F) {
	f.Add("n", "x", "s", sid(3), "g", "*", "x", "99999999999999")
	f.Add("n", "x", "s", sid(3), "g", "7", "x", "1")
	f.Add("", "", "", "", "", "", "", "")
	f.Add("n", "a b", "s", sid(3)+" * 9\n"+sid(4), "g", "*\n", "x", "9")
	f.Add("n", "\x00", "s", "\xff\xfe", "g", "-1", "x", "nan")
	f.Add("x", "\r\n", "g", "*", "s", sid(3), "n", "1e400")
	f.Add("n", strings.Repeat("y", 70_000), "s", sid(3), "g", "9007199254740993", "x", "9223372036854775807")
	client := redistest.Start(f).Client(f)
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2, k3, v3, k4, v4 string) {
		ctx := t.Context()
		if err := client.FlushAll(ctx).Err(); err != nil {
			t.Fatal(err)
		}
		s := newQuietStore(t, client, Options{Shards: 2})
		m, p := idleMirror(s, time.Minute)
		subject := "alice"
		shard := s.layout.shard(subject)
		deny := func(session byte) {
			t.Helper()
			if err := s.Deny(ctx, driver.DenyRequest{Operation: driver.OperationID{session}, Subject: subject, SessionID: sid(session), ExpiresAt: time.Now().Add(time.Hour)}); err != nil {
				t.Fatal(err)
			}
		}
		poll := func() (leased bool) {
			t.Helper()
			m.shards[shard].lease.monotonic.Store(0)
			_ = p.poll(ctx) // a feed that is not understood is an error, with its lease missing
			if !m.shards[1-shard].lease.valid(m.start, time.Now()) {
				t.Error("the other shard has no lease")
			}
			return m.shards[shard].lease.valid(m.start, time.Now())
		}
		known := func(sessions ...byte) {
			t.Helper()
			for _, n := range sessions {
				if m.check(shard, sid(n), 0) != mirrorDenies {
					t.Errorf("there is a lease, but the denial of session %d is not known", n)
				}
			}
		}
		deny(1)
		if !poll() {
			t.Fatal("a good feed gave no lease")
		}
		known(1)
		deny(2)
		if err := client.Do(ctx, "XADD", s.layout.keysOf(shard).feed(), "*", k1, v1, k2, v2, k3, v3, k4, v4).Err(); err != nil {
			t.Fatal(err)
		}
		deny(5) // which may drop what has expired from the front, but no denial that has not
		if poll() {
			known(1, 2, 5)
			if poll() {
				known(1, 2, 5)
			}
		}
		if err := client.Del(ctx, s.layout.keysOf(shard).feed()).Err(); err != nil {
			t.Fatal(err)
		}
		deny(6)
		if !poll() {
			t.Error("a feed that is good again gave no lease")
		}
		known(1, 6)
	})
}
