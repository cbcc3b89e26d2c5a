package drivertest

import (
	"sync"
	"time"
)

// Clock is a clock that only a test moves. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that stands at the present, to the millisecond.
func NewClock() *Clock {
	return &Clock{now: time.Now().UTC().Truncate(time.Millisecond)}
}

// Now returns the time at which the clock stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock forward. It panics if d is negative.
func (c *Clock) Advance(d time.Duration) {
	if d < 0 {
		panic("drivertest: Clock.Advance by a negative duration")
	}
	c.move(d)
}

// SetBack moves the clock back, as an operator or a failover does. A store that
// keeps real times to live cannot follow it: what it has set to expire expires
// as early as before.
func (c *Clock) SetBack(d time.Duration) { c.move(-d) }

func (c *Clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
