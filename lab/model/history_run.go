package model

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// operations is how long a random history is.
const operations = 60

// Run runs the table of regressions and then n random histories, or as many as
// RATCHET_HISTORIES says, on stores from open. It prints the seed of the first
// history; the others' follow it by one each. With RATCHET_SEED it begins with
// that one.
func Run(t *testing.T, n int, open Open) {
	for _, r := range regressions() {
		t.Run(r.name, func(t *testing.T) {
			w, err := r.history.run(open)
			if err != nil {
				t.Fatal(err)
			}
			r.check(t, w)
		})
	}
	t.Run("random", func(t *testing.T) { runRandom(t, number(t, "RATCHET_HISTORIES", n), open) })
}

func runRandom(t *testing.T, n int, open Open) {
	seed := number(t, "RATCHET_SEED", int(rand.Uint32()))
	t.Logf("the first seed is %d", seed)
	seen := make(map[string]int)
	for i := range n {
		h := generate(rand.New(rand.NewPCG(uint64(seed+i), 0)), operations)
		w, err := h.run(open)
		if err != nil {
			short, why := shrink(h, err, func(h history) error { _, err := h.run(open); return err })
			t.Fatalf("history %d, RATCHET_SEED=%d: %v\nfor the table of regressions, of %d operations:\n%#v", i+1, seed+i, why, len(short.Ops), short)
		}
		for name, count := range w.seen {
			seen[name] += count
		}
	}
	t.Logf("%d histories: %v", n, seen)
	if n < 100 {
		return // too few to meet everything
	}
	for _, name := range outcomes() {
		if seen[name] == 0 {
			t.Errorf("no reissue came to %s, the histories are too tame", name)
		}
	}
}

// number returns the number in an environment variable.
func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		t.Fatalf("%s is %q, want a number", name, text)
	}
	return n
}
