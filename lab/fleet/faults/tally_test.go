package faults_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
)

// tally counts what a fleet has answered.
type tally struct {
	mu          sync.Mutex
	ok          int // 200 and 204
	refused     int // 401
	unavailable [processes]int
	answers     [processes]int
	slowest     time.Duration

	recovered int // sessions that were ahead of what Redis knew
	reuse     int // sessions that were killed for reuse
	lost      int // acknowledged, and lost by a failover as documented
	recovery  time.Duration
}

func (y *tally) answered(process, status int, took time.Duration) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.answers[process]++
	y.slowest = max(y.slowest, took)
	switch status {
	case http.StatusOK, http.StatusNoContent:
		y.ok++
	case http.StatusUnauthorized:
		y.refused++
	case http.StatusServiceUnavailable:
		y.unavailable[process]++
	}
}

// event notes what only the server can tell.
func (y *tally) event(_ context.Context, e core.Event) {
	y.mu.Lock()
	defer y.mu.Unlock()
	switch {
	case e.Type == core.SessionRecovered:
		y.recovered++
	case e.Type == core.SessionRevoked && e.Reason == driver.Reuse.String():
		y.reuse++
	}
}

func (y *tally) lose() {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.lost++
}

// heal notes the longest time to a recovery.
func (y *tally) heal(took time.Duration) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.recovery = max(y.recovery, took)
}

// counts returns how many answers each process has given, and how many 503.
func (y *tally) counts() (answers, unavailable [processes]int) {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.answers, y.unavailable
}

// row is a line of the table.
func (y *tally) row(name string) string {
	y.mu.Lock()
	defer y.mu.Unlock()
	unavailable := 0
	for _, n := range y.unavailable {
		unavailable += n
	}
	return fmt.Sprintf("%-40s %6d %6d %6d %10d %5d %9.2f s %8.2f s", name, y.ok, y.refused, unavailable,
		y.recovered, y.lost, y.recovery.Seconds(), y.slowest.Seconds())
}

func header() string {
	line := fmt.Sprintf("%-40s %6s %6s %6s %10s %5s %11s %10s", "fault", "200", "401", "503", "reissues", "ends", "recovery", "slowest")
	return line + "\n" + fmt.Sprintf("%-40s %6s %6s %6s %10s %5s %11s %10s", "", "", "", "", "lost", "lost", "", "answer") +
		"\n" + strings.Repeat("-", len(line))
}
