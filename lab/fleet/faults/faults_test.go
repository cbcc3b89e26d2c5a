package faults_test

import (
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// fault is a row of the table.
type fault struct {
	name string
	// lossy is set for a failover, of which the replica may lack the last
	// writes.
	lossy bool
	// start starts a fleet. What it returns injects the fault into it, lets it
	// be felt, heals it and waits for the recovery.
	start func(*testing.T) (*fleet, func())
}

// Whatever becomes of Redis, clients get success or a 503 that says when to try
// again, and go on afterwards where they were.
func TestFaults(t *testing.T) {
	var repeat time.Duration
	if text := os.Getenv("RATCHET_FAULTS_FOR"); text != "" {
		var err error
		if repeat, err = time.ParseDuration(text); err != nil {
			t.Fatalf("RATCHET_FAULTS_FOR: %v", err)
		}
	}
	var mu sync.Mutex
	faults := append(singleFaults(), replicatedFaults()...)
	lines := make([]string, len(faults))
	t.Run("rows", func(t *testing.T) {
		for i, x := range faults {
			t.Run(x.name, func(t *testing.T) {
				t.Parallel()
				f, inject := x.start(t)
				f.faulty.Store(true)
				for end := time.Now().Add(repeat); ; {
					inject()
					f.awaitSteps(5)
					if !time.Now().Before(end) || t.Failed() {
						break
					}
				}
				f.finish(x.lossy)
				mu.Lock()
				defer mu.Unlock()
				lines[i] = f.tally.row(x.name)
				t.Logf("\n%s\n%s", header(), lines[i])
			})
		}
	})
	var table []string
	for _, line := range lines {
		if line != "" {
			table = append(table, line)
		}
	}
	t.Logf("\n%s\n%s", header(), strings.Join(table, "\n"))
}
