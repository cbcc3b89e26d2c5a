package drivertest

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// What a case uses if it does not say otherwise. The window is shorter than
// the life of an access token, which is shorter than the idle time, which is
// shorter than the session's.
const (
	accessTTL  = 10 * time.Minute
	idleTTL    = 24 * time.Hour
	sessionTTL = 30 * 24 * time.Hour
	reuseGrace = 30 * time.Second
)

// maxGeneration is the greatest generation that a token may carry. Its child's
// is the greatest integer that a float64 tells from its neighbours.
const maxGeneration = 1<<53 - 2

// env is what one case works with: a store, its clock, and the test, which any
// error of the store ends.
type env struct {
	*testing.T
	store driver.Store
	clock *Clock
	began time.Time
}

// advanceTo moves the clock to a moment.
func (e *env) advanceTo(moment time.Time) {
	e.Helper()
	d := moment.Sub(e.clock.Now())
	if d < 0 {
		e.Fatalf("the case would move the clock back by %v", -d)
	}
	e.clock.Advance(d)
}

// advanceToSecond moves the clock to the next whole second, where rounding an
// expiry to seconds changes nothing.
func (e *env) advanceToSecond() {
	now := e.clock.Now()
	e.advanceTo(now.Truncate(time.Second).Add(time.Second))
}

// newSubject returns the name of a new user.
func (e *env) newSubject() string { return "user-" + newSessionID() }

// newID returns 16 random bytes, enough never to repeat.
func newID() (b [16]byte) {
	rand.Read(b[:]) // never fails: it crashes the program instead
	return b
}

// newSessionID returns a new session id in the spelling that tokens have.
func newSessionID() string {
	b := newID()
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// newSeedHash returns the hash of a new seed.
func newSeedHash() (h driver.SeedHash) {
	rand.Read(h[:])
	return h
}

// wantIDs compares session ids regardless of their order.
func (e *env) wantIDs(what string, got []string, want ...string) {
	e.Helper()
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		e.Fatalf("%s = %q, want %q", what, got, want)
	}
}

// wantTime compares times; zero means that there is none.
func (e *env) wantTime(what string, got, want time.Time) {
	e.Helper()
	if !got.Equal(want) {
		e.Fatalf("%s = %s, want %s", what, e.moment(got), e.moment(want))
	}
}

// moment shows a time as the distance from the case's beginning.
func (e *env) moment(t time.Time) string {
	if t.IsZero() {
		return "none"
	}
	return fmt.Sprintf("beginning+%v", t.Sub(e.began))
}

// now shows the time at which the case has arrived.
func (e *env) now() string { return e.moment(e.clock.Now()) }

// race calls f for 0 to n-1 at once, each on its own goroutine, and waits for
// all. Every other time it starts them in the reverse order. f reports with
// its results: it must not end the test.
func race(round, n int, f func(i int)) {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	ready.Add(n)
	for i := range n {
		if round%2 == 1 {
			i = n - 1 - i
		}
		done.Go(func() {
			ready.Done()
			<-start
			f(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
}
