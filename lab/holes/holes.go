// Package holes plays known holes of other login systems against this one.
// Each case is a history in which a system that has the hole lets somebody in
// or throws somebody out; it fails if this one does the same. docs/holes.md
// says who had each and where it is told.
//
// A store's test calls [Run], so that
//
//	go -C lab test -run TestHole/window_slides ./holes
//
// plays one on each store.
package holes

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver/drivertest"
)

// Deployment is where one history is played.
type Deployment struct {
	// Store returns the store of one more process, on the same data.
	Store func() core.Store
	// Age drops what the store keeps no longer at the time of the clock. Nil
	// is for a store that goes by the clock itself.
	Age func() error
}

// Open returns an empty deployment whose clock is now.
type Open func(t *testing.T, now func() time.Time) Deployment

// hole is a known hole. Sources tell of it.
type hole struct {
	name    string
	sources []string
	play    func(*fleet)
}

func holes() []hole { return slices.Concat(rotationHoles(), revocationHoles()) }

// Run plays every hole, each in a subtest of its name.
func Run(t *testing.T, open Open) {
	for _, h := range holes() {
		t.Run(h.name, func(t *testing.T) {
			clock := drivertest.NewClock()
			h.play(&fleet{T: t, clock: clock, Deployment: open(t, clock.Now), log: new(eventLog)})
		})
	}
}

// fleet is the processes of an application and those who talk to it.
type fleet struct {
	*testing.T
	Deployment
	clock *drivertest.Clock
	log   *eventLog
}

// process starts one more process.
func (f *fleet) process(configure ...func(*core.Config)) *core.Authority {
	f.Helper()
	return f.processOn(f.Store(), configure...)
}

// processOn starts a process with a store of its own making.
func (f *fleet) processOn(store core.Store, configure ...func(*core.Config)) *core.Authority {
	f.Helper()
	key, err := core.NewHMACKey("k", []byte("a secret of thirty-two bytes....."))
	if err != nil {
		f.Fatal(err)
	}
	c := core.Config{
		Issuer: "https://id.example", Audience: []string{"api"}, Keys: []core.Key{key},
		Store: store, Now: f.clock.Now, OnEvent: f.log.add, Logger: silent(),
	}
	for _, set := range configure {
		set(&c)
	}
	a, err := core.New(c)
	if err != nil {
		f.Fatal(err)
	}
	return a
}

// pass lets time pass, for what the store keeps as well.
func (f *fleet) pass(d time.Duration) {
	f.Helper()
	f.clock.Advance(d)
	if f.Age != nil {
		if err := f.Age(); err != nil {
			f.Fatal(err)
		}
	}
}

func (f *fleet) login(a *core.Authority) core.Tokens {
	f.Helper()
	pair, err := a.Issue(f.Context(), core.Login{Subject: "alice"})
	if err != nil {
		f.Fatalf("Issue: %v", err)
	}
	return pair
}

// reissue exchanges a refresh token that must be good.
func (f *fleet) reissue(a *core.Authority, pair core.Tokens, options ...core.ReissueOption) core.Tokens {
	f.Helper()
	next, err := a.Reissue(f.Context(), pair.RefreshToken, options...)
	if err != nil {
		f.Fatalf("Reissue: %v", err)
	}
	return next
}

// refused fails the test unless the pair's refresh token is refused.
func (f *fleet) refused(a *core.Authority, pair core.Tokens) {
	f.Helper()
	if _, err := a.Reissue(f.Context(), pair.RefreshToken); !errors.Is(err, core.ErrRefreshInvalid) {
		f.Errorf("Reissue: got error %v, want %v", err, core.ErrRefreshInvalid)
	}
}

// access fails the test unless the pair's access token is judged so; nil means
// that it is good.
func (f *fleet) access(a *core.Authority, pair core.Tokens, want error) {
	f.Helper()
	if _, err := a.Verify(f.Context(), pair.AccessToken); !errors.Is(err, want) {
		f.Errorf("Verify: got error %v, want %v", err, want)
	}
}

// dead fails the test unless both tokens are.
func (f *fleet) dead(a *core.Authority, pair core.Tokens) {
	f.Helper()
	f.access(a, pair, core.ErrTokenRevoked)
	f.refused(a, pair)
}

// alive fails the test unless the pair is the newest of a living session, which
// it moves on.
func (f *fleet) alive(a *core.Authority, pair core.Tokens) core.Tokens {
	f.Helper()
	f.access(a, pair, nil)
	return f.reissue(a, pair)
}

// tokenID returns the jti of the pair's access token: its session and
// generation.
func (f *fleet) tokenID(a *core.Authority, pair core.Tokens) string {
	f.Helper()
	c, err := a.Verify(f.Context(), pair.AccessToken)
	if err != nil {
		f.Fatalf("Verify: %v", err)
	}
	return c.TokenID()
}

// told fails the test unless so many events with the reason have come since the
// last look.
func (f *fleet) told(reason string, want int) {
	f.Helper()
	got := 0
	for _, e := range f.log.take() {
		if e.Reason == reason {
			got++
		}
	}
	if got != want {
		f.Errorf("events with the reason %s: got %d, want %d", reason, got, want)
	}
}

// withGrace sets the window in which a used refresh token gets the same pair.
func withGrace(d time.Duration) func(*core.Config) {
	return func(c *core.Config) { c.ReuseGrace = d }
}

// atOnce calls f for 0 to n-1 at the same time and waits for all.
func atOnce(n int, f func(i int)) {
	var group sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	group.Wait()
}
