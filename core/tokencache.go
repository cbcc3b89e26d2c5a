package core

import (
	"hash/maphash"
	"math/bits"
	"strings"
	"sync"
	"sync/atomic"
)

const (
	cacheWays     = 8
	bucketBytes   = cacheWays * 1280 // room for eight usual tokens or for one of any size
	entryOverhead = 512              // of a token's claims, over twice its text
)

// tokenCache remembers access tokens that have been verified, by their exact
// text: what is spelled differently is verified on its own. A hit saves the
// parsing and the signature, never the expiry or the blacklist.
//
// It belongs to one keyring, so that a key that is retired takes along what it
// has verified. Its memory is bounded: a token falls into one of a fixed number
// of buckets, and a bucket makes room among its own. Readers take no lock.
type tokenCache struct {
	seed    maphash.Seed
	buckets []cacheBucket
}

type cacheBucket struct {
	ways [cacheWays]atomic.Pointer[cachedToken]

	mu   sync.Mutex // of writers
	used int
}

type cachedToken struct {
	hash   uint64
	token  string
	claims *Claims
}

// newTokenCache returns a cache of so many bytes at most, nil if that is too
// few for one bucket.
func newTokenCache(size int) *tokenCache {
	if size < bucketBytes {
		return nil
	}
	return &tokenCache{seed: maphash.MakeSeed(), buckets: make([]cacheBucket, size/bucketBytes)}
}

// get returns the claims of a token that has been verified, or nil.
func (c *tokenCache) get(token string) *Claims {
	if c == nil {
		return nil
	}
	hash := maphash.String(c.seed, token)
	b := c.bucket(hash)
	for i := range b.ways {
		if e := b.ways[i].Load(); e != nil && e.hash == hash && e.token == token {
			return e.claims
		}
	}
	return nil
}

// put remembers a token that has been verified. It replaces what expires
// first, until the bucket has room.
func (c *tokenCache) put(token string, claims *Claims) {
	if c == nil {
		return
	}
	// The request's buffers are not to live as long as the cache.
	token = strings.Clone(token)
	claims.payload = payloadSegment(token)
	e := &cachedToken{hash: maphash.String(c.seed, token), token: token, claims: claims}
	b := c.bucket(e.hash)
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		free, first := -1, -1
		for i := range b.ways {
			other := b.ways[i].Load()
			switch {
			case other == nil:
				free = i
			case other.hash == e.hash && other.token == token:
				return
			case first < 0 || other.expiresAt() < b.ways[first].Load().expiresAt():
				first = i
			}
		}
		if free >= 0 && b.used+e.size() <= bucketBytes {
			b.used += e.size()
			b.ways[free].Store(e)
			return
		}
		if first < 0 {
			return // larger than a bucket, which the parser's limit rules out
		}
		b.used -= b.ways[first].Load().size()
		b.ways[first].Store(nil)
	}
}

func (c *tokenCache) bucket(hash uint64) *cacheBucket {
	i, _ := bits.Mul64(hash, uint64(len(c.buckets))) // hash/2^64 of the way through
	return &c.buckets[i]
}

func (e *cachedToken) expiresAt() int64 { return e.claims.claims.ExpiresAt }

// size bounds an entry's memory: the text, the decoded claims, which are no
// longer than it, and what holds them.
func (e *cachedToken) size() int { return 2*len(e.token) + entryOverhead }
