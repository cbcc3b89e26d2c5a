package redisstore_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// newStore returns a store that is closed with the test.
func newStore(t testing.TB, client redis.UniversalClient, o redisstore.Options) *redisstore.Store {
	t.Helper()
	if o.Logger == nil {
		o.Logger = quiet()
	}
	s, err := redisstore.New(client, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// newAuthority returns an authority on the store. All authorities of a test
// share one key, as the processes of a fleet do.
func newAuthority(t testing.TB, store driver.Store, configure ...func(*core.Config)) *core.Authority {
	t.Helper()
	key, err := core.NewHMACKey("test", []byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	c := core.Config{Issuer: "test", Audience: []string{"api"}, Keys: []core.Key{key}, Store: store, Logger: quiet()}
	for _, f := range configure {
		f(&c)
	}
	a, err := core.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// patiently calls f again while the server, on a busy machine, does not answer
// in time. Any other failure is one of the operation's.
func patiently(f func() error) error {
	for {
		if err := f(); !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
	}
}

func login(t testing.TB, a *core.Authority, subject string) (tokens core.Tokens) {
	t.Helper()
	err := patiently(func() (err error) {
		tokens, err = a.Issue(t.Context(), core.Login{Subject: subject})
		return err
	})
	if err != nil {
		t.Fatalf("Issue: %v", err)
	}
	return tokens
}

func reissue(t testing.TB, a *core.Authority, tokens core.Tokens) (next core.Tokens) {
	t.Helper()
	err := patiently(func() (err error) {
		next, err = a.Reissue(t.Context(), tokens.RefreshToken)
		return err
	})
	if err != nil {
		t.Fatalf("Reissue: %v", err)
	}
	return next
}

// fakeClock is a clock that the test moves.
type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *fakeClock { return &fakeClock{now: time.Now().Truncate(time.Millisecond)} }

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// ticking returns a clock by which each call comes a millisecond after the one
// before, so that no two things happen at once.
func ticking() func() time.Time {
	clock := newClock()
	return func() time.Time {
		clock.Advance(time.Millisecond)
		return clock.Now()
	}
}

func randomPrefix() string { return "t" + rand.Text()[:8] + ":" }

// evalsha matches the commands that run a script.
func evalsha() func([]byte) bool { return redistest.Command("evalsha", "eval") }

// seedOf reads the seed claim of a refresh token.
func seedOf(t testing.TB, refreshToken string) string {
	t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(refreshToken, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct{ Seed string }
	if err := json.Unmarshal(payload, &claims); err != nil || claims.Seed == "" {
		t.Fatalf("no seed in %s: %v", payload, err)
	}
	return claims.Seed
}
