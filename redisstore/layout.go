package redisstore

import (
	"crypto/sha256"
	"strconv"
)

const (
	slots = 16384 // of a Redis Cluster
)

// layout turns subjects and session ids into keys.
type layout struct {
	meta   string
	nudge  string   // the channel of the mirrors
	shards []string // <prefix>{<tag>}
}

// keys begins the keys of one shard.
type keys string

func (k keys) session(id string) string      { return string(k) + "session:" + id }
func (k keys) deny(id string) string         { return string(k) + "deny:" + id }
func (k keys) user(subject string) string    { return string(k) + "user:" + subject }
func (k keys) blocked(subject string) string { return string(k) + "blocked:" + subject }
func (k keys) fresh(subject string) string   { return string(k) + "fresh:" + subject }
func (k keys) done(operation string) string  { return string(k) + "done:" + operation }
func (k keys) feed() string                  { return string(k) + "feed" }
func (k keys) poll() string                  { return string(k) + "poll" }
func (k keys) none() string                  { return string(k) + "none" } // never written

func newLayout(prefix string, shards int) layout {
	l := layout{meta: prefix + "meta", nudge: prefix + "nudge", shards: make([]string, shards)}
	for i := range l.shards {
		l.shards[i] = prefix + "{" + shardTag(i, shards) + "}"
	}
	return l
}

// of returns the keys of the subject's shard.
func (l layout) of(subject string) keys { return l.keysOf(l.shard(subject)) }

// keysOf returns the keys of a shard.
func (l layout) keysOf(shard int) keys { return keys(l.shards[shard]) }

// shard returns the number of the subject's shard, its FNV-1a hash modulo the
// number of shards: a token alone leads to its keys, and a check can afford to
// compute it on each request.
func (l layout) shard(subject string) int {
	hash := uint64(14695981039346656037)
	for i := range len(subject) {
		hash ^= uint64(subject[i])
		hash *= 1099511628211
	}
	hash ^= hash >> 32 // FNV's high bits are its better ones
	return int(hash % uint64(len(l.shards)))
}

// subjectTag is what a session's record holds of its subject, so that a session
// of another user on the same shard is not taken for the user's own.
func subjectTag(subject string) string {
	sum := sha256.Sum256([]byte(subject))
	return encode(sum[:8])
}

// shardTag returns the hash tag of a shard: its number and the first letters
// that put it into its part of the slots, so that however a cluster divides
// its slots into ranges, it divides the shards alike. Data is written under
// these tags: they cannot change without a new layout version.
func shardTag(shard, shards int) string {
	low, high := shard*slots/shards, (shard+1)*slots/shards
	for n := 0; ; n++ {
		tag := strconv.Itoa(shard) + letters(n)
		if s := slot(tag); low <= s && s < high {
			return tag
		}
	}
}

// letters counts in letters: "", a, b, … z, aa, ab, …
func letters(n int) string {
	var s string
	for ; n > 0; n = (n - 1) / 26 {
		s = string(rune('a'+(n-1)%26)) + s
	}
	return s
}

// slot is the cluster slot of a hash tag: CRC-16/XMODEM modulo the number of
// slots.
func slot(tag string) int {
	var crc uint16
	for _, c := range []byte(tag) {
		crc ^= uint16(c) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return int(crc) % slots
}
