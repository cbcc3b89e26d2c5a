package redisstore_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// A mirror that is frozen, cut off or told to start afresh, whose Redis is
// flushed, failed over, restarted empty or from a backup, never accepts past
// the bound what was acknowledged, and keeps what it knew.
func testMirrorUnderFaults(t *testing.T) {
	t.Run("single", testFaultsOnOneServer)
	t.Run("sentinel", testFailoverUnderLoad)
}

// hasty are the options of a client that gives up soon.
func hasty(o *redis.Options) {
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout = time.Second, 250*time.Millisecond, 250*time.Millisecond
	o.DialerRetries, o.MaxRetries = 1, 1
}

func heedful(o *redis.Options) { o.ContextTimeoutEnabled = true }

func testFaultsOnOneServer(t *testing.T) {
	t.Parallel()
	const staleness, revocations = 400 * time.Millisecond, 10_000
	// What the server has told the system to write outlives its process.
	server := redistest.Start(t, redistest.WithConfig("appendonly yes", "appendfsync no", "auto-aof-rewrite-percentage 0"))
	admin := server.Client(t, hasty, heedful)

	client := server.Client(t, hasty)
	client.AddHook(everyOtherNudgeLost())
	revoker := mirrored(t, client, staleness)
	var proxies [2]*redistest.Proxy
	var verifiers [2]*redisstore.Store
	for i := range verifiers {
		proxies[i] = redistest.StartProxy(t, server.Addr())
		options := []func(*redis.Options){hasty, func(o *redis.Options) { o.Addr = proxies[i].Addr() }}
		if i == 0 {
			options = append(options, heedful)
		}
		verifiers[i] = mirrored(t, server.Client(t, options...), staleness)
	}
	awaitLeases(t, revoker, verifiers[0], verifiers[1])

	x := newTrial(t, staleness, revoker, verifiers[0], verifiers[1])
	stop := x.start(6)
	healthy := func() { awaitLeases(t, revoker, verifiers[0], verifiers[1]) }
	blind := func(stores ...*redisstore.Store) {
		before := x.seen.unavailable.Load()
		for _, s := range stores {
			await(t, "the end of the leases", func() bool { return stats(s).Leased == 0 })
		}
		await(t, "a check without an answer", func() bool { return x.seen.unavailable.Load() > before })
	}
	progress := func(n int) { // however slowly
		for end := x.count() + n; x.count() < end; {
			from := x.count()
			await(t, "a further revocation", func() bool { return x.count() > from })
		}
	}
	flush := func() { await(t, "FLUSHALL", func() bool { return admin.FlushAll(t.Context()).Err() == nil }) }
	kick := func(kind string) { _ = admin.ClientKillByFilter(t.Context(), "TYPE", kind).Err() } // it may be killed itself
	faults := []struct {
		name   string
		inject func()
	}{
		{"frozen for a moment", func() {
			for range 10 {
				server.Freeze()
				server.Thaw()
				progress(5)
			}
		}},
		{"frozen until no lease is left", func() { server.Freeze(); blind(verifiers[:]...); server.Thaw() }},
		{"one process cut off", func() { proxies[0].Blackhole(true); blind(verifiers[0]); proxies[0].Blackhole(false) }},
		{"the other process cut off", func() {
			proxies[1].Blackhole(true)
			blind(verifiers[1])
			progress(100)
			proxies[1].Blackhole(false)
		}},
		{"answers to polls lost", func() {
			before := proxies[0].Dropped()
			proxies[0].DropReplies(3, redistest.Command("evalsha"))
			await(t, "lost answers", func() bool { return proxies[0].Dropped() > before })
			proxies[0].DropReplies(0, nil)
		}},
		{"connections killed", func() { kick("normal"); kick("pubsub"); progress(20) }},
		{"scripts forgotten", func() { _ = admin.ScriptFlush(t.Context()).Err() }},
		{"flushed", func() { x.lose(flush) }},
		{"flushed while one is cut off", func() {
			proxies[0].Blackhole(true)
			blind(verifiers[0])
			progress(50)
			x.lose(flush)
			progress(50)
			proxies[0].Blackhole(false)
		}},
		{"killed and restarted with its data", func() { server.Kill(); blind(verifiers[:]...); server.Restart() }},
		{"killed and restarted empty", func() { x.lose(func() { flush(); server.Kill(); server.Restart() }) }},
		{"restored from a backup", func() {
			x.lose(func() { // from now on nothing reaches the file that it restarts with
				mustSucceed(t, admin.ConfigSet(t.Context(), "appendonly", "no").Err())
				progress(100)
				x.remember()
				server.Kill()
				server.Restart()
			})
		}},
	}
	r := rand.New(rand.NewPCG(1, 51))
	for _, i := range r.Perm(len(faults)) {
		t.Log(faults[i].name)
		faults[i].inject()
		healthy()
		progress(revocations / 2 / len(faults))
	}
	progress(revocations - x.count())
	stop()
	healthy()
	settle(x)
	x.report()
	if x.seen.violations.Load() != 0 || x.count() < revocations {
		t.Errorf("got %d violations in %d revocations, want none in %d", x.seen.violations.Load(), x.count(), revocations)
	}
}

// settle checks every revocation once more, on a quiet system: what was not
// lost is refused everywhere at once, and what was is refused by everybody
// again after the repair, because the revoker knows all.
func settle(x *trial) {
	t := x.t
	t.Helper()
	last := time.Now()
	await(t, "the bound to pass", func() bool { return time.Since(last) >= x.staleness })
	x.remember()
	all := x.all()
	for i := range x.verifiers {
		for _, a := range all {
			x.check(t.Context(), i, a)
		}
	}
	for i, s := range x.verifiers {
		next := 0
		await(t, "the repair", func() bool {
			for next < len(all) && s.Remembers(all[next].subject, all[next].session, 1) {
				next++
			}
			return next == len(all)
		})
		for _, a := range all {
			if !refuses(t, s, a.revoked) {
				t.Fatalf("process %d has been told and accepts", i)
			}
		}
	}
}

// A failover under load. Only what the replica had acknowledged as well is
// sure to be in the new master's history: a WAIT on the revoker's one
// connection tells.
func testFailoverUnderLoad(t *testing.T) {
	t.Parallel()
	const staleness, revocations = 500 * time.Millisecond, 600
	sentinel := redistest.StartSentinel(t, 1, 3)
	hasty := func(o *redis.FailoverOptions) {
		o.DialTimeout, o.ReadTimeout, o.WriteTimeout = time.Second, 300*time.Millisecond, 300*time.Millisecond
		o.DialerRetries, o.MaxRetries, o.ContextTimeoutEnabled = 1, 1, true
	}
	client := sentinel.Client(t, hasty, func(o *redis.FailoverOptions) { o.PoolSize = 1 })
	revoker := newStore(t, client, redisstore.Options{})
	verifiers := []*redisstore.Store{
		mirrored(t, sentinel.Client(t, hasty), staleness), mirrored(t, sentinel.Client(t, hasty), staleness),
	}
	awaitLeases(t, verifiers...)
	x := newTrial(t, staleness, revoker, verifiers...)
	stop := x.start(0)
	var over atomic.Bool
	revoking, cancel := context.WithCancel(t.Context())
	var sure atomic.Int64
	x.working.Go(func() {
		for i := 0; revoking.Err() == nil; i++ {
			after := over.Load()
			a := x.revoke(revoking, i)
			if a == nil {
				continue
			}
			if !after {
				n, err := client.Wait(revoking, 1, 100*time.Millisecond).Result()
				a.fragile = err != nil || n < 1
			}
			if !a.fragile {
				sure.Add(1)
			}
			x.add(a)
		}
	})
	progress := func(n int64) { // however slowly
		for from := sure.Load(); from < n; from = sure.Load() {
			await(t, "a further revocation", func() bool { return sure.Load() > from })
		}
	}
	progress(revocations / 2)
	old := sentinel.Master()
	old.Freeze()
	master := sentinel.AwaitFailover(t, old)
	await(t, "a revocation on the new master", func() bool { return master.Client(t).DBSize(t.Context()).Val() > 0 })
	awaitLeases(t, verifiers...)
	over.Store(true)
	progress(revocations)
	cancel()
	stop()

	last := time.Now()
	await(t, "the bound to pass", func() bool { return time.Since(last) >= staleness })
	var fragile int
	for _, a := range x.all() {
		if a.fragile {
			fragile++
		}
		for i := range verifiers {
			x.check(t.Context(), i, a)
		}
	}
	t.Logf("%d revocations were acknowledged by the one master only", fragile)
	x.report()
	for i, s := range verifiers {
		if m := stats(s); m.Leased != m.Shards {
			t.Errorf("process %d: got %+v, want all leases", i, m)
		}
	}
}

// While the store cannot be reached the mirror answers until its lease has
// ended. Then a closed policy answers 503 and an open one lets pass, with an
// event for each; what is known to be revoked stays refused under both.
func testStoreUnreachableWithMirror(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := mirrored(t, server.Client(t, hasty, heedful), time.Second)
	var events, failures atomic.Int64
	closed := newAuthority(t, s)
	open := newAuthority(t, s, func(c *core.Config) {
		c.OnStoreFailure = core.FailOpen
		c.OnEvent = func(_ context.Context, e core.Event) {
			switch {
			case e.Type == core.AccessUnchecked && e.Err != nil && e.Subject == "alice":
				events.Add(1)
			case e.Type == core.StoreFailed:
				failures.Add(1)
			}
		}
	})
	good, bad := login(t, closed, "alice"), login(t, closed, "bob")
	mustSucceed(t, closed.Logout(t.Context(), bad.AccessToken))
	awaitLeases(t, s)
	refused := func(when string) {
		t.Helper()
		for name, a := range map[string]*core.Authority{"closed": closed, "open": open} {
			if _, err := a.Verify(t.Context(), bad.AccessToken); !errors.Is(err, core.ErrTokenRevoked) {
				t.Errorf("%s, %s: a revoked token: got %v, want %v", when, name, err, core.ErrTokenRevoked)
			}
		}
	}

	server.Kill()
	refused("with a lease")
	await(t, "the end of the leases", func() bool {
		_, err := closed.Verify(t.Context(), good.AccessToken)
		if err != nil && !errors.Is(err, core.ErrUnavailable) {
			t.Fatalf("got %v, want %v", err, core.ErrUnavailable)
		}
		return stats(s).Leased == 0
	})
	_, err := closed.Verify(t.Context(), good.AccessToken)
	if !errors.Is(err, core.ErrUnavailable) || core.AsError(err).Status() != http.StatusServiceUnavailable {
		t.Errorf("closed: got %v, want %v", err, core.ErrUnavailable)
	}
	const checks = 5
	for range checks {
		if _, err := open.Verify(t.Context(), good.AccessToken); err != nil {
			t.Errorf("open: got %v, want it to pass", err)
		}
	}
	if got := events.Load(); got != checks || failures.Load() != 0 {
		t.Errorf("open: got %d events of unchecked tokens and %d of failures, want %d and none", got, failures.Load(), checks)
	}
	refused("without a lease")
	if m := stats(s); m.Fallbacks < checks+1 {
		t.Errorf("got %d fallbacks, want %d at least", m.Fallbacks, checks+1)
	}

	server.Restart() // empty: it has lost the sessions
	awaitLeases(t, s)
	if _, err := closed.Verify(t.Context(), good.AccessToken); err != nil {
		t.Errorf("after the return: got %v, want it to pass", err)
	}
	refused("after the return")
}
