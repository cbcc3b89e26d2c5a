package suite_test

import (
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/lab/bench/fixture"
)

// BenchmarkVerifyAmong measures how an access check depends on the size of the
// blacklist: asked of Redis, of a mirror of it, and of the embedded store. The
// tokens are of a thousand users, and have been verified before.
func BenchmarkVerifyAmong(b *testing.B) {
	type side struct {
		size      string
		authority *core.Authority
		sessions  []session
	}
	var remote, mirror, memory []side
	for _, size := range []struct {
		name    string
		entries int
	}{{"1k", pick(1_000, 100)}, {"1M", pick(1_000_000, 1_000)}} {
		server := redistest.Start(b)
		store := newStore(b, server)
		fillBlacklist(b, server, store, size.entries)
		add := func(list []side, store core.Store) []side {
			authority := fixture.Authority(b, store, fixture.HS256(b))
			sessions := login(b, authority, pick(1_000, checkers))
			verifyOnce(b, authority, sessions)
			return append(list, side{size.name, authority, sessions})
		}
		remote = add(remote, store)
		mirror = add(mirror, newMirror(b, server, size.entries))
		memory = add(memory, embedded(b, size.entries))
	}
	for _, s := range remote {
		ctx := b.Context()
		perSession(b, "redis/"+s.size, s.sessions, func(each *session) error {
			_, err := s.authority.Verify(ctx, each.tokens.AccessToken)
			return err
		})
	}
	for name, sides := range map[string][]side{"mirror/": mirror, "memory/": memory} {
		for _, s := range sides {
			b.Run(name+s.size, func(b *testing.B) {
				ctx, next := b.Context(), 0
				b.ReportAllocs()
				for b.Loop() {
					if _, err := s.authority.Verify(ctx, s.sessions[next].tokens.AccessToken); err != nil {
						b.Fatal(err)
					}
					next = (next + 1) % len(s.sessions)
				}
			})
		}
	}
}

// BenchmarkReissueAmong measures how a reissue depends on the number of
// sessions that Redis holds. The sessions reissued are drawn from all of a
// thousand, and from 20 000 of a million.
func BenchmarkReissueAmong(b *testing.B) {
	type side struct {
		name      string
		authority *core.Authority
		sessions  []session
	}
	var sides []side
	for _, size := range []struct {
		name     string
		sessions int
		drawn    int
	}{
		{"1k", pick(1_000, checkers), pick(1_000, checkers)},
		{"1M", pick(1_000_000, 1_000), pick(20_000, 2*checkers)},
	} {
		server := redistest.Start(b)
		authority := fixture.Authority(b, newStore(b, server), fixture.HS256(b))
		sessions := login(b, authority, size.drawn)
		fillSessions(b, server, authority, size.drawn, size.sessions)
		sides = append(sides, side{size.name, authority, sessions})
	}
	for _, s := range sides {
		ctx := b.Context()
		perSession(b, s.name, s.sessions, func(each *session) (err error) {
			each.tokens, err = s.authority.Reissue(ctx, each.tokens.RefreshToken)
			return err
		})
	}
}
