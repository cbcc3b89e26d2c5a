package fleet

import (
	"sync"
	"time"
)

// weather remembers what the service has gone through.
type weather struct {
	mu      sync.Mutex
	losses  []loss
	trouble string
}

// loss is a time in which what is acknowledged may be lost: from when all
// before it is known to be on the replicas, to when every process has found
// the new master.
type loss struct{ from, to time.Time }

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

// risk says that what the master acknowledges from the time on may be lost.
func (w *weather) risk(from time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.losses = append(w.losses, loss{from: from})
}

// safe says that no process asks the old master any more.
func (w *weather) safe() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.losses[len(w.losses)-1].to = time.Now()
}

// lossy tells whether what a user learned at that time may have been lost since.
func (w *weather) lossy(learned time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range w.losses {
		if learned.After(l.from) && (l.to.IsZero() || learned.Before(l.to)) {
			return true
		}
	}
	return false
}
