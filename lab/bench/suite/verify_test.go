package suite_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/lab/bench/fixture"
	"github.com/ratchetauth/ratchet/lab/bench/peer"
)

// BenchmarkVerifyWarm compares the check of a token that has been verified
// before, with a mirror of 100 000 entries, with golang-jwt's parse of it.
func BenchmarkVerifyWarm(b *testing.B) {
	algorithm := fixture.HS256(b)
	compareVerify(b, algorithm, fixture.Authority(b, mirrorOf(b, pick(100_000, 1_000)), algorithm))
}

// BenchmarkVerifyCold compares the first check of a token, the blacklist of
// 100 000 entries asked in memory, with golang-jwt's parse of it.
func BenchmarkVerifyCold(b *testing.B) {
	algorithm := fixture.HS256(b)
	compareVerify(b, algorithm, fixture.Authority(b, embedded(b, pick(100_000, 1_000)), algorithm, withoutCache))
}

// compareVerify compares Verify with golang-jwt's parse of the same token into
// a struct of the same claims.
func compareVerify(b *testing.B, algorithm fixture.Algorithm, authority *core.Authority) {
	token := fixture.Login(b, authority, subject).AccessToken
	b.Run("ours", func(b *testing.B) {
		ctx := b.Context()
		b.ReportAllocs()
		for b.Loop() {
			if _, err := authority.Verify(ctx, token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("golang-jwt", func(b *testing.B) {
		parser := peer.NewParser(algorithm.Name, algorithm.Verification)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := parser.Parse(token); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// withoutCache makes each check of a token the first.
func withoutCache(c *core.Config) { c.CacheSize = -1 }

// subject is the user of the benchmarks that need only one.
const subject = "user-123456"

// mirrorOf returns a store on Redis with so many entries on the blacklist and a
// mirror of them.
func mirrorOf(t testing.TB, entries int) core.Store {
	t.Helper()
	server := redistest.Start(t)
	fillBlacklist(t, server, newStore(t, server), entries)
	return newMirror(t, server, entries)
}

// embedded returns a store without a server, with so many entries on the
// blacklist.
func embedded(t testing.TB, entries int) core.Store {
	t.Helper()
	store := core.NewMemoryStore(core.MemoryOptions{})
	denyMany(t, store, entries)
	return store
}

// denyMany puts entries on the blacklist.
func denyMany(t testing.TB, store core.Store, entries int) {
	t.Helper()
	err := spread(t.Context(), entries, func(ctx context.Context, i int) error { return deny(ctx, store, i) })
	if err != nil {
		t.Fatal(err)
	}
}

// deny puts one entry on the blacklist: the logout, by an access token, of a
// session whose record is gone. That leaves the entry and nothing else.
func deny(ctx context.Context, store core.Store, i int) error {
	result, err := store.End(ctx, driver.EndRequest{
		Operation: driver.OperationID{byte(i), byte(i >> 8), byte(i >> 16), byte(i >> 24), 1},
		Subject:   goneSubject(i),
		SessionID: madeUpID(i),
		AccessTTL: 10 * time.Minute,
	})
	if err == nil && result.Outcome != driver.EndMissing {
		err = fmt.Errorf("ending a made-up session: got outcome %d, want %d", result.Outcome, driver.EndMissing)
	}
	return err
}

func goneSubject(i int) string { return fmt.Sprintf("gone-%06d", i) }

// madeUpID returns the i-th of a fixed list of session ids, which look as
// random as those of an Authority.
func madeUpID(i int) string {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
