package soak

import (
	"sync"
	"time"
)

// weather remembers what the service has gone through.
type weather struct {
	mu      sync.Mutex
	losses  []time.Time
	trouble string
}

// begin and end enclose a trouble, in which answers of 503 are to be expected.
func (w *weather) begin(trouble string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trouble = trouble
}

func (w *weather) end() { w.begin("") }

// now returns the trouble that goes on, if any.
func (w *weather) now() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.trouble
}

// loss says that a master is about to be killed, and with it what it has
// acknowledged but not yet replicated.
func (w *weather) loss() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.losses = append(w.losses, time.Now())
}

// lossy tells whether what a user learned at that time may have been lost since.
// Replication is behind by milliseconds, and so is the user; on a busy machine
// by more.
func (w *weather) lossy(learned time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, at := range w.losses {
		if d := learned.Sub(at); d > -2*time.Second && d < 2*time.Second {
			return true
		}
	}
	return false
}
