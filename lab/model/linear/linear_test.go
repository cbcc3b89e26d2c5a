package linear_test

import (
	"maps"
	"math"
	mathrand "math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/ratchetauth/ratchet/internal/redistest"
)

// Two processes answer as one that does one thing at a time.
func TestLinearizable(t *testing.T) {
	server := redistest.Start(t)
	workers := []*worker{startWorker(t, server.Addr(), 3, ""), startWorker(t, server.Addr(), 3, "")}
	checkHistories(t, 60, workers, false, "login ok", "login session_limit", "login user_blocked",
		"reissue ok", "reissue refresh_invalid", "verify ok", "verify token_revoked", "logout ok", "revoke ok",
		"revoke session_not_found", "revokeAll ok", "block ok", "unblock ok", "sessions ok")
}

// They do so too where answers of Redis are lost after the commit, whether the
// driver runs the script again or the outcome remains unknown.
func TestLinearizableWithLostReplies(t *testing.T) {
	server := redistest.Start(t)
	var workers []*worker
	for _, retries := range []int{3, -1} {
		proxy := redistest.StartProxy(t, server.Addr())
		workers = append(workers, startWorker(t, proxy.Addr(), retries, ""))
		scripts := redistest.Command("evalsha", "eval")
		proxy.DropReplies(math.MaxInt32, func(cmd []byte) bool { return scripts(cmd) && mathrand.IntN(6) == 0 })
	}
	checkHistories(t, 20, workers, true, "login unknown", "reissue unknown", "reissue ok")
}

// checkHistories checks n histories, or as many as RATCHET_HISTORIES says. If
// they are n or more, their calls come to all that is to be met.
func checkHistories(t *testing.T, n int, workers []*worker, lost bool, meet ...string) {
	t.Helper()
	enough := n
	n = number(t, "RATCHET_HISTORIES", n)
	seed := number(t, "RATCHET_SEED", 1+mathrand.IntN(1<<30))
	t.Logf("the first seed is %d", seed)
	seen := make(map[string]int)
	for i := range n {
		h, err := run(seed+i, workers)
		if err != nil {
			t.Fatalf("history %d: %v", i+1, err)
		}
		for _, c := range h.calls {
			seen[c.op+" "+c.Status]++
		}
		if !porcupine.CheckOperations(sequential(), h.operations(lost)) {
			t.Fatalf("history %d, RATCHET_SEED=%d: no order explains it:%s", i+1, seed+i, h)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		t.Logf("%6d %s", seen[name], name)
	}
	for _, name := range meet {
		if n >= enough && seen[name] == 0 {
			t.Errorf("no call came to %q, the histories are too tame", name)
		}
	}
}

// The check finds what is wrong with a store that is not linearizable.
func TestFindsFlaws(t *testing.T) {
	for name := range flaws() {
		t.Run(name, func(t *testing.T) {
			server := redistest.Start(t)
			workers := []*worker{startWorker(t, server.Addr(), 3, name), startWorker(t, server.Addr(), 3, name)}
			began := time.Now()
			const most = 500
			for i := range most {
				h, err := run(i, workers)
				if err != nil {
					t.Fatal(err)
				}
				if !porcupine.CheckOperations(sequential(), h.operations(false)) {
					t.Logf("found in history %d, after %v", i+1, time.Since(began))
					return
				}
			}
			t.Errorf("not found in %d histories", most)
		})
	}
}
