package core

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// The cache never holds more bytes than it may, counts them rightly, keeps what
// came last, and drops what expires first.
func TestCacheIsBounded(t *testing.T) {
	const buckets, tokens = 4, 10_000
	c := newTokenCache(buckets * bucketBytes)
	if len(c.buckets) != buckets {
		t.Fatalf("got %d buckets, want %d", len(c.buckets), buckets)
	}
	r := rand.New(rand.NewPCG(1, 2))
	evicted := 0
	for i := range tokens {
		token := strings.Repeat(string(rune('a'+r.IntN(26))), 200+r.IntN(maxToken-200)) + "." + strings.Repeat("x", i%7) + "."
		token = token[max(0, len(token)-maxToken):]
		claims := &Claims{claims: accessClaims{ExpiresAt: int64(1 + r.IntN(1000))}}
		before := held(c)
		c.put(token, claims)
		after := held(c)
		if got := c.get(token); got == nil {
			t.Fatalf("token %d of %d bytes is not there", i, len(token))
		}
		for e, bucket := range before {
			if after[e] == bucket {
				continue
			}
			evicted++
			for kept, in := range after {
				if in == bucket && kept.token != token && kept.expiresAt() < e.expiresAt() {
					t.Fatalf("a token that expires at %d was dropped for one that expires at %d", e.expiresAt(), kept.expiresAt())
				}
			}
		}
		used := make([]int, buckets)
		for e, bucket := range after {
			used[bucket-1] += e.size()
		}
		for n := range c.buckets {
			if got := c.buckets[n].used; got != used[n] || got > bucketBytes {
				t.Fatalf("bucket %d counts %d bytes, it holds %d and may hold %d", n, got, used[n], bucketBytes)
			}
		}
	}
	if evicted < tokens/2 {
		t.Errorf("got %d evictions, the test means to have more", evicted)
	}
}

// held returns what the cache holds, with the number of the bucket from 1.
func held(c *tokenCache) map[*cachedToken]int {
	all := make(map[*cachedToken]int)
	for n := range c.buckets {
		for i := range c.buckets[n].ways {
			if e := c.buckets[n].ways[i].Load(); e != nil {
				all[e] = n + 1
			}
		}
	}
	return all
}
