package suite_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/lab/bench/fixture"
	"github.com/ratchetauth/ratchet/lab/bench/peer"
)

// checkers is how many requests are under way at once.
const checkers = 64

// BenchmarkCheckRedis compares an access check that asks Redis each time with
// go-redis's EXISTS, both alone and as part of the verification of a token.
// Nothing that is asked about is on either blacklist.
func BenchmarkCheckRedis(b *testing.B) {
	server := redistest.Start(b)
	store := newStore(b, server)
	blacklist := peer.NewBlacklist(newClient(b, server))
	entries := pick(10_000, 100)
	denyMany(b, store, entries)
	err := spread(b.Context(), entries, func(ctx context.Context, i int) error {
		return blacklist.Revoke(ctx, madeUpID(i)+".0", 12*time.Minute)
	})
	if err != nil {
		b.Fatal(err)
	}
	algorithm := fixture.HS256(b)
	authority := fixture.Authority(b, store, algorithm)
	sessions := login(b, authority, pick(1_000, checkers))
	parser := peer.NewParser(algorithm.Name, algorithm.Verification)
	ctx := b.Context()

	verifyOnce(b, authority, sessions)
	perSession(b, "store/ours", sessions, func(s *session) error {
		result, err := store.Revoked(ctx, driver.RevokedRequest{Subject: s.subject, SessionID: s.tokens.SessionID})
		if err == nil && result.Revoked {
			err = core.ErrTokenRevoked
		}
		return err
	})
	perSession(b, "store/EXISTS", sessions, func(s *session) error {
		return blacklist.Check(ctx, s.tokens.SessionID+".0")
	})
	perSession(b, "verify/ours", sessions, func(s *session) error {
		_, err := authority.Verify(ctx, s.tokens.AccessToken)
		return err
	})
	perSession(b, "verify/golang-jwt+EXISTS", sessions, func(s *session) error {
		c, err := parser.Parse(s.tokens.AccessToken)
		if err != nil {
			return err
		}
		return blacklist.Check(ctx, c.ID)
	})
}

// session is a login of the benchmark's own.
type session struct {
	subject string
	tokens  core.Tokens
}

// login starts one session for each of n users.
func login(b *testing.B, authority *core.Authority, n int) []session {
	b.Helper()
	sessions := make([]session, n)
	err := spread(b.Context(), n, func(ctx context.Context, i int) (err error) {
		sessions[i].subject = fmt.Sprintf("user-%06d", i)
		sessions[i].tokens, err = authority.Issue(ctx, core.Login{Subject: sessions[i].subject})
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return sessions
}

// verifyOnce makes the tokens known to the authority's cache.
func verifyOnce(b *testing.B, authority *core.Authority, sessions []session) {
	b.Helper()
	for _, s := range sessions {
		if _, err := authority.Verify(b.Context(), s.tokens.AccessToken); err != nil {
			b.Fatal(err)
		}
	}
}

// perSession runs a benchmark of many workers, each of which goes through its
// own share of the sessions.
func perSession(b *testing.B, name string, sessions []session, op func(*session) error) {
	b.Run(name, func(b *testing.B) {
		next := make([]struct {
			i int
			_ [56]byte // a cache line each
		}, checkers)
		share := len(sessions) / checkers
		inParallel(b, checkers, func(w int) error {
			s := &sessions[w*share+next[w].i%share]
			next[w].i++
			return op(s)
		})
	})
}
