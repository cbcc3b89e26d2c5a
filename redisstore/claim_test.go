package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// silenced returns a server without nudges, so that a process learns of what
// others have ended by what it asks itself, or by a poll of a minute's mirror.
func silenced(t *testing.T) *redistest.Server {
	t.Helper()
	server := redistest.Start(t)
	mustSucceed(t, server.Client(t).Do(t.Context(), "acl", "setuser", "default", "-publish").Err())
	return server
}

// wantRevoked fails the test unless the process refuses the tokens.
func wantRevoked(t *testing.T, what string, a *core.Authority, tokens ...core.Tokens) {
	t.Helper()
	for _, x := range tokens {
		if _, err := a.Verify(t.Context(), x.AccessToken); !errors.Is(err, core.ErrTokenRevoked) {
			t.Errorf("%s was answered, and the process that answered accepts a token: %v", what, err)
		}
	}
}

// However many processes and goroutines end the sessions of a user at once,
// whoever has been answered is refused by the process that answered: also if it
// found nothing left to end.
func TestAnsweredIsRefused(t *testing.T) {
	t.Parallel()
	const rounds = 3000
	server := silenced(t)
	var processes [2]*core.Authority
	for i := range processes {
		s := mirrored(t, server.Client(t), time.Minute)
		awaitLeases(t, s)
		processes[i] = newAuthority(t, s)
	}
	r := rand.New(rand.NewPCG(1, 8))
	for round := range rounds {
		user := fmt.Sprint("user", round)
		first, second := login(t, processes[0], user), login(t, processes[0], user)
		both := []core.Tokens{first, second}
		calls := []struct {
			name  string
			ended []core.Tokens
			call  func(a *core.Authority) error
		}{
			{"RevokeAll", both, func(a *core.Authority) error { _, err := a.RevokeAll(t.Context(), user); return err }},
			{"RevokeAll but one", both[:1], func(a *core.Authority) error {
				_, err := a.RevokeAll(t.Context(), user, second.SessionID)
				return err
			}},
			{"Block", both, func(a *core.Authority) error { return a.Block(t.Context(), user, time.Time{}) }},
			{"Revoke", both[:1], func(a *core.Authority) error {
				err := a.Revoke(t.Context(), user, first.SessionID)
				if errors.Is(err, core.ErrSessionNotFound) {
					err = nil
				}
				return err
			}},
			{"Logout", both[:1], func(a *core.Authority) error { return a.Logout(t.Context(), first.AccessToken) }},
			{"Logout by refresh token", both[:1], func(a *core.Authority) error { return a.Logout(t.Context(), first.RefreshToken) }},
		}
		var all sync.WaitGroup
		for i := range 4 {
			c, a := calls[r.IntN(len(calls))], processes[i%2]
			all.Go(func() {
				if err := c.call(a); err != nil {
					t.Errorf("%s: %v", c.name, err)
				}
				wantRevoked(t, c.name, a, c.ended...)
			})
		}
		all.Wait()
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
}

// A call is made, its answer is lost, and it is made again, as another
// operation: whoever is told now that there is nothing to end, the tokens are
// refused at once. So it is of a user who is gone.
func TestAnswerLostThenNothingToEnd(t *testing.T) {
	t.Parallel()
	server := silenced(t)
	proxy := redistest.StartProxy(t, server.Addr())
	s := mirrored(t, server.Client(t, func(o *redis.Options) { o.Addr, o.MaxRetries = proxy.Addr(), -1 }), time.Minute)
	awaitLeases(t, s)
	gone := false
	a := newAuthority(t, s, func(c *core.Config) {
		c.LoadClaims = func(context.Context, core.ClaimsRequest) (any, error) {
			if gone {
				return nil, core.ErrUserGone
			}
			return nil, nil
		}
	})
	for name, end := range map[string]func(x core.Tokens) error{
		"RevokeAll": func(x core.Tokens) error { _, err := a.RevokeAll(t.Context(), "alice"); return err },
		"Block":     func(x core.Tokens) error { return a.Block(t.Context(), "alice", time.Time{}) },
		"Revoke":    func(x core.Tokens) error { return a.Revoke(t.Context(), "alice", x.SessionID) },
		"Logout":    func(x core.Tokens) error { return a.Logout(t.Context(), x.AccessToken) },
		"Blacklist": func(x core.Tokens) error { return a.Blacklist(t.Context(), x.AccessToken) },
		"user gone": func(x core.Tokens) error {
			gone = true
			defer func() { gone = false }()
			_, err := a.Reissue(t.Context(), x.RefreshToken)
			return err
		},
	} {
		mustSucceed(t, a.Unblock(t.Context(), "alice"))
		x := login(t, a, "alice")
		proxy.DropReplies(1, evalsha())
		if err := end(x); !errors.Is(err, core.ErrUnavailable) {
			t.Fatalf("%s: got %v, want %v", name, err, core.ErrUnavailable)
		}
		if err := end(x); err != nil && !errors.Is(err, core.ErrSessionNotFound) && !errors.Is(err, core.ErrRefreshInvalid) {
			t.Fatalf("%s: %v", name, err)
		}
		wantRevoked(t, name, a, x)
	}
}

// A call that cannot learn of all that is on the feed gives the shard's lease
// up: checks ask the server until the next poll, which it asks for.
func TestFarBehindGivesTheLeaseUp(t *testing.T) {
	t.Parallel()
	server := silenced(t)
	client := server.Client(t)
	s := newStore(t, client, redisstore.Options{Shards: 1, Mirror: redisstore.MirrorOptions{Staleness: time.Minute}})
	other := newStore(t, client, redisstore.Options{Shards: 1})
	awaitLeases(t, s)
	a := newAuthority(t, s)
	x, polls := login(t, a, "alice"), stats(s).Polls
	for i := range 300 {
		deny(t, other, i)
	}
	mustSucceed(t, newAuthority(t, other).Logout(t.Context(), x.AccessToken))
	if ended, err := a.RevokeAll(t.Context(), "alice"); err != nil || ended != 0 {
		t.Fatalf("got %d sessions ended, %v, want none", ended, err)
	}
	wantRevoked(t, "RevokeAll", a, x)
	awaitLeases(t, s)
	await(t, "a poll", func() bool { return stats(s).Polls > polls })
	before := stats(s).Fallbacks
	wantRevoked(t, "RevokeAll", a, x)
	if after := stats(s).Fallbacks; after != before || stats(s).Entries < 301 {
		t.Errorf("got %d look-ups and %d entries after the poll, want none and all", after-before, stats(s).Entries)
	}
}
