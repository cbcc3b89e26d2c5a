package redisstore

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/internal/redistest"
)

// The tags are part of the layout: data written under them must be found again
// by every later version.
func TestShardTagsAreStable(t *testing.T) {
	var got []string
	for i := range 16 {
		got = append(got, shardTag(i, 16))
	}
	want := "0aa 1ab 2bb 3c 4db 5d 6fb 7fa 8d 9 10c 11aa 12bd 13bc 14da 15db"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("got the tags %s, want %s", s, want)
	}
}

func TestShardTagsSpreadOverTheSlots(t *testing.T) {
	for _, shards := range []int{1, 2, 3, 16, 100, maxShards} {
		seen := make(map[string]bool)
		for i := range shards {
			tag := shardTag(i, shards)
			if seen[tag] {
				t.Errorf("%d shards: the tag %q is there twice", shards, tag)
			}
			seen[tag] = true
			if s := slot(tag); s < i*slots/shards || s >= (i+1)*slots/shards {
				t.Errorf("%d shards: tag %q of shard %d has the slot %d", shards, tag, i, s)
			}
		}
	}
}

// So is the shard of a subject, and users spread evenly over the shards.
func TestShardOfSubject(t *testing.T) {
	l := newLayout("p:", 16)
	for subject, want := range map[string]int{"alice": 12, "bob": 13, "admin": 9, "": 1} {
		if got := l.shard(subject); got != want {
			t.Errorf("%q: got the shard %d, want %d", subject, got, want)
		}
	}
	for _, format := range []string{"%d", "user%d", "%08d", "user%d@example.com", "%x-0000-4000-8000-000000000000"} {
		count := make([]int, 16)
		for i := range 16_000 {
			count[l.shard(fmt.Sprintf(format, i))]++
		}
		for shard, n := range count {
			if n < 800 || n > 1200 {
				t.Errorf("%s: shard %d has %d of 16 000 users", format, shard, n)
			}
		}
	}
}

// The slot that is computed here is the one that a cluster computes, for the
// tag and for every kind of key, whatever the subject holds.
func TestSlotIsTheClusters(t *testing.T) {
	t.Parallel()
	client := redistest.StartCluster(t, 1, 0).Client(t)
	l := newLayout("p:", 16)
	subjects := []string{"alice", "}{", "{x}", "a:b", "\r\n\x00", "*?[a]", strings.Repeat("é", 128)}
	for i := range 16 {
		subjects = append(subjects, fmt.Sprint("user", i))
	}
	for _, subject := range subjects {
		k := l.of(subject)
		tag := strings.TrimSuffix(strings.TrimPrefix(string(k), "p:{"), "}")
		for _, key := range []string{k.session("s"), k.deny("s"), k.user(subject), k.blocked(subject), k.done("o"), k.feed(), k.none()} {
			got, err := client.ClusterKeySlot(t.Context(), key).Result()
			if err != nil {
				t.Fatal(err)
			}
			if want := int64(slot(tag)); got != want {
				t.Errorf("%q has the slot %d, want %d", key, got, want)
			}
		}
	}
}

func TestLetters(t *testing.T) {
	for n, want := range map[int]string{0: "", 1: "a", 26: "z", 27: "aa", 52: "az", 53: "ba", 702: "zz", 703: "aaa"} {
		if got := letters(n); got != want {
			t.Errorf("letters(%d): got %q, want %q", n, got, want)
		}
	}
}
