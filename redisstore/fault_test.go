package redisstore_test

import (
	"bytes"
	"context"
	"errors"
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

// lossy returns an authority whose connection to the server goes through a
// proxy, by a client with go-redis's defaults, which retries what it has had no
// answer to. Each call comes a millisecond after the one before.
func lossy(t *testing.T, server *redistest.Server, configure ...func(*core.Config)) (*core.Authority, *redistest.Proxy) {
	t.Helper()
	proxy := redistest.StartProxy(t, server.Addr())
	client := redis.NewClient(&redis.Options{Addr: proxy.Addr()})
	t.Cleanup(func() { client.Close() })
	return newAuthority(t, newStore(t, client, redisstore.Options{Now: ticking()}), configure...), proxy
}

// runTwice loses the answer to the next script that was given a key of the
// kind, does the operation, and proves that the driver ran the script a second
// time.
func runTwice(t *testing.T, proxy *redistest.Proxy, kind string, operation func()) {
	t.Helper()
	commits := func(cmd []byte) bool { return evalsha()(cmd) && bytes.Contains(cmd, []byte("}"+kind+":")) }
	before, sent := proxy.Dropped(), proxy.Requests(commits)
	proxy.DropReplies(1, commits)
	operation()
	if got := proxy.Dropped() - before; got != 1 {
		t.Fatalf("%d answers were lost, want 1", got)
	}
	if got := proxy.Requests(commits) - sent; got < 2 {
		t.Fatalf("the script was sent %d times, want 2", got)
	}
}

// A reply that is lost after the commit makes the driver run the script again.
// That is one step, not theft, in strict mode too.
func TestLostReply(t *testing.T) {
	server := redistest.Start(t)
	for name, grace := range map[string]time.Duration{"window": 30 * time.Second, "strict": driver.Strict} {
		t.Run("reissue "+name, func(t *testing.T) {
			a, proxy := lossy(t, server, func(c *core.Config) { c.ReuseGrace = grace })
			first := login(t, a, "alice")
			tokens := reissue(t, a, first) // loads the script
			var next core.Tokens
			runTwice(t, proxy, "deny", func() { next = reissue(t, a, tokens) })
			claims, err := a.Verify(t.Context(), next.AccessToken)
			if err != nil {
				t.Fatal(err)
			}
			if got := claims.Generation(); got != 2 {
				t.Errorf("got generation %d, want 2", got)
			}
			reissue(t, a, next)
		})
	}
	t.Run("the killing reissue", func(t *testing.T) {
		var reasons []string
		a, proxy := lossy(t, server, func(c *core.Config) {
			c.ReuseGrace = driver.Strict
			c.OnEvent = func(_ context.Context, e core.Event) { reasons = append(reasons, e.Reason) }
		})
		first := login(t, a, "bob")
		reissue(t, a, first)
		reasons = nil
		runTwice(t, proxy, "deny", func() {
			if _, err := a.Reissue(t.Context(), first.RefreshToken); !errors.Is(err, core.ErrRefreshInvalid) {
				t.Errorf("got %v, want %v", err, core.ErrRefreshInvalid)
			}
		})
		if len(reasons) != 1 || reasons[0] != "reuse" {
			t.Errorf("got the reasons %v, want the one alarm", reasons)
		}
	})
	for name, policy := range map[string]driver.LimitPolicy{"evict": driver.EvictIdlest, "reject": driver.RejectNew} {
		t.Run("issue at the limit, "+name, func(t *testing.T) {
			subject := "carol " + name
			var evicted int
			a, proxy := lossy(t, server, func(c *core.Config) {
				c.MaxSessions, c.OnLimit = 2, policy
				c.OnEvent = func(_ context.Context, e core.Event) {
					if e.Reason == "evicted" {
						evicted++
					}
				}
			})
			first := login(t, a, subject)
			if policy == driver.EvictIdlest {
				login(t, a, subject)
			}
			var last core.Tokens
			runTwice(t, proxy, "done", func() { last = login(t, a, subject) })
			list, err := a.Sessions(t.Context(), subject)
			if err != nil || len(list) != 2 {
				t.Errorf("got %d sessions, %v, want 2", len(list), err)
			}
			reissue(t, a, last)
			if _, err := a.Verify(t.Context(), first.AccessToken); (policy == driver.EvictIdlest) != errors.Is(err, core.ErrTokenRevoked) {
				t.Errorf("the first session's access token: got %v", err)
			}
			if want := 1 - int(policy); evicted != want {
				t.Errorf("got %d evictions, want %d", evicted, want)
			}
		})
	}
	t.Run("revoke all", func(t *testing.T) {
		a, proxy := lossy(t, server)
		for range 3 {
			login(t, a, "dave")
		}
		runTwice(t, proxy, "done", func() {
			if ended, err := a.RevokeAll(t.Context(), "dave"); err != nil || ended != 3 {
				t.Errorf("got %d, %v, want 3", ended, err)
			}
		})
	})
	t.Run("block", func(t *testing.T) {
		var ended int
		a, proxy := lossy(t, server, func(c *core.Config) {
			c.OnEvent = func(_ context.Context, e core.Event) {
				if e.Reason == "blocked" && e.Type == core.SessionRevoked {
					ended++
				}
			}
		})
		for range 3 {
			login(t, a, "erin")
		}
		runTwice(t, proxy, "done", func() { mustSucceed(t, a.Block(t.Context(), "erin", time.Time{})) })
		if ended != 3 {
			t.Errorf("got %d ended sessions, want 3", ended)
		}
	})
	t.Run("logout", func(t *testing.T) {
		var ended int
		a, proxy := lossy(t, server, func(c *core.Config) {
			c.OnEvent = func(_ context.Context, e core.Event) {
				if e.Reason == "logout" {
					ended++
				}
			}
		})
		tokens := login(t, a, "frank")
		runTwice(t, proxy, "deny", func() { mustSucceed(t, a.Logout(t.Context(), tokens.RefreshToken)) })
		if ended != 1 {
			t.Errorf("got %d events of the logout, want 1", ended)
		}
		if _, err := a.Verify(t.Context(), tokens.AccessToken); !errors.Is(err, core.ErrTokenRevoked) {
			t.Errorf("got %v, want %v", err, core.ErrTokenRevoked)
		}
	})
}

// A server that forgets its scripts, or itself, is served again without help.
func TestScriptsHeal(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.WithAOF())
	client := server.Client(t)
	a := newAuthority(t, newStore(t, client, redisstore.Options{}))
	tokens := reissue(t, a, login(t, a, "alice"))

	mustSucceed(t, client.ScriptFlush(t.Context()).Err())
	tokens = reissue(t, a, tokens)
	mustSucceed(t, a.Logout(t.Context(), login(t, a, "alice").AccessToken))

	server.Stop()
	if _, err := a.Reissue(t.Context(), tokens.RefreshToken); !errors.Is(err, core.ErrUnavailable) {
		t.Errorf("without a server: got %v, want %v", err, core.ErrUnavailable)
	}
	server.Restart()
	tokens = reissue(t, a, tokens)
	if _, err := a.Verify(t.Context(), tokens.AccessToken); err != nil {
		t.Error(err)
	}
}

// timeOuts returns the options of clients that give a server up in their own
// time, or hardly at all.
func timeOuts() map[string]redis.Options {
	const long = 10 * time.Minute
	return map[string]redis.Options{
		"defaults":                  {},
		"patient":                   {ReadTimeout: long, WriteTimeout: long, DialTimeout: long, PoolTimeout: long, MaxRetries: 10},
		"heeds context":             {ReadTimeout: long, ContextTimeoutEnabled: true},
		"heeds context, small pool": {ReadTimeout: long, ContextTimeoutEnabled: true, PoolSize: 1, PoolTimeout: long},
		"small pool":                {ReadTimeout: long, PoolSize: 1, PoolTimeout: long},
	}
}

// A frozen server and a black hole hold no call for long, whatever the client's
// time-outs, and burn no token. How long, TestLongestCall shows in simulated
// time.
func TestUnresponsiveServer(t *testing.T) {
	for name, options := range timeOuts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			proxy := redistest.StartProxy(t, server.Addr())
			options.Addr = proxy.Addr()
			client := redis.NewClient(&options)
			t.Cleanup(func() { client.Close() })
			a := newAuthority(t, newStore(t, client, redisstore.Options{}), func(c *core.Config) { c.ReuseGrace = 2 * time.Minute })
			tokens, other := reissue(t, a, login(t, a, "alice")), login(t, a, "alice")

			calls := map[string]func() error{
				"Reissue": func() error { _, err := a.Reissue(t.Context(), tokens.RefreshToken); return err },
				"Verify":  func() error { _, err := a.Verify(t.Context(), tokens.AccessToken); return err },
				"Logout":  func() error { return a.Logout(t.Context(), other.RefreshToken) },
			}
			proxy.Blackhole(true)
			giveUp(t, calls)
			proxy.Blackhole(false)
			proxy.Reset()
			tokens = eventually(t, a, tokens)

			server.Freeze()
			giveUp(t, calls)
			server.Thaw()
		})
	}
}

// giveUp makes the calls at once, of a server that does not answer, and checks
// that each answers ErrUnavailable meanwhile, with nothing that a client may see
// of the driver's words.
func giveUp(t *testing.T, calls map[string]func() error) {
	t.Helper()
	var wg sync.WaitGroup
	for name, call := range calls {
		wg.Go(func() {
			done := make(chan error, 1)
			go func() { done <- call() }()
			select {
			case err := <-done:
				if !errors.Is(err, core.ErrUnavailable) {
					t.Errorf("%s: got %v, want %v", name, err, core.ErrUnavailable)
				}
				if d := core.AsError(err).Description(); strings.Contains(d, "redis") || strings.Contains(d, "timeout") {
					t.Errorf("%s: a client would be told %q", name, d)
				}
			case <-time.After(limit): // long before the client's own
				t.Errorf("%s: the call hangs", name)
			}
		})
	}
	wg.Wait()
}

// eventually reissues as soon as the client has found its server again.
func eventually(t *testing.T, a *core.Authority, tokens core.Tokens) core.Tokens {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		next, err := a.Reissue(t.Context(), tokens.RefreshToken)
		if err == nil {
			return next
		}
		if !errors.Is(err, core.ErrUnavailable) || time.Now().After(deadline) {
			t.Fatalf("Reissue after the fault: %v", err)
		}
	}
}
