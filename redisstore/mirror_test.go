package redisstore_test

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// mirrored returns a store with a mirror.
func mirrored(t testing.TB, client redis.UniversalClient, staleness time.Duration) *redisstore.Store {
	t.Helper()
	return newStore(t, client, redisstore.Options{Mirror: redisstore.MirrorOptions{Staleness: staleness}})
}

func stats(s *redisstore.Store) redisstore.MirrorStats {
	m, _ := s.Mirror()
	return m
}

// limit bounds each wait, so that a broken program does not hang the test. It
// decides nothing: it is far above what any wait takes, on a busy machine too.
const limit = 2 * time.Minute

// await waits until a condition holds.
func await(t testing.TB, what string, condition func() bool) {
	t.Helper()
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(limit); !condition(); <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// awaitLeases waits until each store answers from memory.
func awaitLeases(t testing.TB, stores ...*redisstore.Store) {
	t.Helper()
	for i, s := range stores {
		await(t, fmt.Sprintf("leases of store %d", i), func() bool { m := stats(s); return m.Leased == m.Shards })
	}
}

// revoked is a token that has been revoked, at the level of the Store.
type revoked struct{ subject, session string }

func randomSession() string {
	var id [16]byte
	rand.Read(id[:])
	return base64.RawURLEncoding.EncodeToString(id[:])
}

// deny revokes generation 1 of a made-up session of a made-up user.
func deny(t testing.TB, s *redisstore.Store, i int) revoked {
	t.Helper()
	r := revoked{fmt.Sprint("user", i%64), randomSession()}
	request := r.request()
	if err := patiently(func() error { return s.Deny(t.Context(), request) }); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r revoked) request() driver.DenyRequest {
	request := driver.DenyRequest{Subject: r.subject, SessionID: r.session, Generation: 1, ExpiresAt: time.Now().Add(10 * time.Minute)}
	rand.Read(request.Operation[:])
	return request
}

func (r revoked) check() driver.RevokedRequest {
	return driver.RevokedRequest{Subject: r.subject, SessionID: r.session, Generation: 1}
}

// refuses reports whether a store knows that a token is revoked.
func refuses(t testing.TB, s *redisstore.Store, r revoked) bool {
	t.Helper()
	result, err := s.Revoked(t.Context(), r.check())
	return err == nil && result.Revoked
}

// A logout on one process is refused on the other before its next poll is due:
// the nudge has it poll at once.
func TestNudge(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	var stores [2]*redisstore.Store
	var as [2]*core.Authority
	for i := range stores {
		stores[i] = mirrored(t, server.Client(t), time.Minute) // a poll every 12 s
		as[i] = newAuthority(t, stores[i])
	}
	awaitLeases(t, stores[0], stores[1])
	await(t, "the subscriptions", func() bool {
		n, err := server.Client(t).PubSubNumSub(t.Context(), "ratchet:nudge").Result()
		return err == nil && n["ratchet:nudge"] == 2
	})
	// Until there were more refusals than the timer's polls can bring.
	const most = 60
	began := time.Now()
	byTimer := func() int { return 1 + int(time.Since(began)/(10*time.Second)) }
	for i := 0; i < 20 || i <= byTimer(); i++ {
		tokens := login(t, as[i%2], "alice")
		for _, a := range as {
			if _, err := a.Verify(t.Context(), tokens.AccessToken); err != nil {
				t.Fatal(err)
			}
		}
		mustSucceed(t, as[i%2].Logout(t.Context(), tokens.RefreshToken))
		if _, err := as[i%2].Verify(t.Context(), tokens.AccessToken); !errors.Is(err, core.ErrTokenRevoked) {
			t.Fatalf("the process of the logout: got %v, want %v", err, core.ErrTokenRevoked)
		}
		await(t, "the refusal on the other process", func() bool {
			_, err := as[1-i%2].Verify(t.Context(), tokens.AccessToken)
			return errors.Is(err, core.ErrTokenRevoked)
		})
		if i == most {
			t.Fatalf("got %d refusals in %v, which are no more than polls by the timer bring", i+1, time.Since(began))
		}
	}
	for _, s := range stores {
		if m := stats(s); m.Fallbacks != 0 || m.NudgeFailures != 0 {
			t.Errorf("got %+v, want no fallback and no failed nudge", m)
		}
	}
}

// Without the nudge a revocation comes by the next poll: when PUBLISH is
// refused, which is counted, and when SUBSCRIBE is.
func TestNudgeLost(t *testing.T) {
	t.Parallel()
	for _, refused := range []string{"publish", "subscribe"} {
		t.Run(refused, func(t *testing.T) {
			server := redistest.Start(t)
			mustSucceed(t, server.Client(t).Do(t.Context(), "acl", "setuser", "quiet", "on", "nopass", "~*", "&*", "+@all", "-"+refused).Err())
			quietly := func(o *redis.Options) { o.Username, o.Password = "quiet", "x" }
			a, b := mirrored(t, server.Client(t, quietly), time.Second), mirrored(t, server.Client(t, quietly), time.Second)
			awaitLeases(t, a, b)
			for i := range 3 {
				r := deny(t, a, i)
				if !refuses(t, a, r) {
					t.Error("the revoker accepts what it has revoked")
				}
				await(t, "the poll", func() bool { return b.Remembers(r.subject, r.session, 1) })
				if !refuses(t, b, r) {
					t.Error("another process accepts what it knows to be revoked")
				}
			}
			if refused == "publish" {
				await(t, "the count of the lost nudge", func() bool { return stats(a).NudgeFailures > 0 })
			}
		})
	}
}

// Two thousand checks cost Redis the polls that went on meanwhile and nothing
// else.
func TestChecksCostNoRoundTrip(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client(t)
	s := mirrored(t, client, time.Minute)
	a := newAuthority(t, s)
	good, bad := login(t, a, "alice"), login(t, a, "bob")
	mustSucceed(t, a.Logout(t.Context(), bad.AccessToken))
	awaitLeases(t, s)

	const rounds = 1000
	before, polls := redistest.CommandStats(t, client), stats(s).Polls
	for range rounds {
		if _, err := a.Verify(t.Context(), good.AccessToken); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Verify(t.Context(), bad.AccessToken); !errors.Is(err, core.ErrTokenRevoked) {
			t.Fatalf("got %v, want %v", err, core.ErrTokenRevoked)
		}
	}
	after := redistest.CommandStats(t, client)
	polls = stats(s).Polls - polls + 1 // one may have been under way
	for name := range after {
		n := after[name] - before[name]
		switch name {
		case "evalsha", "time":
			if n > polls {
				t.Errorf("got %d %s, want the %d polls at most", n, name, polls)
			}
		case "xrange", "set": // of each shard, by the poll
			if n > 16*polls {
				t.Errorf("got %d %s, want %d at most", n, name, 16*polls)
			}
		case "info", "publish":
		case "hello", "client", "client|setinfo", "client|maint_notifications", "ping", "subscribe":
			// The pool or the subscription may have opened a connection meanwhile,
			// the checks have not.
			if n >= rounds {
				t.Errorf("got %d %s, which are as many as checks", n, name)
			}
		default:
			if n != 0 {
				t.Errorf("got %d %s, want none", n, name)
			}
		}
	}
	if m := stats(s); m.Fallbacks != 0 {
		t.Errorf("got %d fallbacks, want none", m.Fallbacks)
	}
}

// The statistics say what there is.
func TestMirrorStats(t *testing.T) {
	server := redistest.Start(t)
	if _, ok := newStore(t, server.Client(t), redisstore.Options{}).Mirror(); ok {
		t.Error("a store without a mirror reports on one")
	}
	s := mirrored(t, server.Client(t), time.Minute)
	awaitLeases(t, s)
	for i := range 7 {
		deny(t, s, i)
	}
	m, ok := s.Mirror()
	if !ok || m.Entries != 7 || m.Shards != 16 || m.Polls == 0 || m.PollFailures != 0 || m.Breaks != 0 {
		t.Errorf("got %+v, want 7 entries, 16 shards and no failure", m)
	}
	if m.Lag <= 0 {
		t.Errorf("got a lag of %v, want the age of a copy", m.Lag)
	}
}
