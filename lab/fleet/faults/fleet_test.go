package faults_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

const (
	people = 6  // clients that a fleet serves
	shards = 16 // of redisstore's, by default
)

// fleet is a service under load.
type fleet struct {
	t         testing.TB
	processes []*process
	people    []*person
	http      *http.Client
	tally     tally

	faulty   atomic.Bool // there has been a fault, or is one
	stopping context.Context
	stop     context.CancelFunc
	work     sync.WaitGroup

	mu      sync.Mutex
	windows []window
}

// window is a time in which what is acknowledged may be lost: from when all
// before it is known to be on a replica too, to when the failover is over.
type window struct{ from, to time.Time }

// startFleet starts processes on the stores, and people
// who use them, and returns once each of them has done a few things.
func startFleet(t testing.TB, store func(i int) core.Store) *fleet {
	t.Helper()
	f := &fleet{t: t, http: &http.Client{
		Timeout:   limit, // the promise is 4 seconds, and the slowest answer is printed
		Transport: &http.Transport{MaxIdleConnsPerHost: 2 * people, DisableCompression: true},
	}}
	t.Cleanup(f.http.CloseIdleConnections)
	for i := range processes {
		f.processes = append(f.processes, startProcess(t, i, store(i), f.tally.event))
	}
	f.stopping, f.stop = context.WithCancel(context.Background())
	t.Cleanup(func() {
		f.stop()
		f.work.Wait()
	})
	for i := range people {
		p := newPerson(f, fmt.Sprintf("person-%d", i))
		f.people = append(f.people, p)
		f.work.Go(p.live)
	}
	f.awaitSteps(10)
	f.awaitMore("reissues", 1, func(p *person) int64 { return p.reissues.Load() })
	f.awaitMore("visits", 1, func(p *person) int64 { return p.visits.Load() })
	return f
}

// answer is what a request came to.
type answer struct {
	process      int
	status       int
	began, ended time.Time

	pair
	Code     string
	Ended    int
	Sessions []struct{ ID string }
}

// send sends a request and judges the form of the answer. The status is 0 for
// none at all.
func (f *fleet) send(i int, r request) answer {
	a := answer{process: i, began: time.Now()}
	req, err := http.NewRequest(r.method, f.processes[i].url+r.path, strings.NewReader(r.body))
	if err != nil {
		f.t.Errorf("%s: %v", r, err)
		return a
	}
	if r.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.access != "" {
		req.Header.Set("Authorization", "Bearer "+r.access)
	}
	if r.key != "" {
		req.Header.Set("Idempotency-Key", r.key)
	}
	resp, err := f.http.Do(req)
	if err != nil {
		f.t.Errorf("%s: no answer: %v", r, err)
		return a
	}
	defer resp.Body.Close()
	a.status, a.ended = resp.StatusCode, time.Now()
	if a.status != http.StatusNoContent {
		if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
			f.t.Errorf("%s: %d with a body that is not JSON: %v", r, a.status, err)
		}
	}
	a.got = a.ended
	f.tally.answered(i, a.status, a.ended.Sub(a.began))
	switch a.status {
	case http.StatusOK, http.StatusNoContent, http.StatusUnauthorized:
	case http.StatusNotFound:
		if a.Code != "session_not_found" {
			f.t.Errorf("%s: 404 with the code %q", r, a.Code)
		}
	case http.StatusServiceUnavailable:
		if got := resp.Header.Get("Retry-After"); got != "1" || a.Code != "store_unavailable" {
			f.t.Errorf("%s: 503 with Retry-After %q and the code %q", r, got, a.Code)
		}
	default:
		f.t.Errorf("%s: got status %d, code %q, want success or 503", r, a.status, a.Code)
	}
	return a
}

// awaitSteps waits until everybody has done n more things.
func (f *fleet) awaitSteps(n int64) {
	f.t.Helper()
	f.awaitMore("steps", n, func(p *person) int64 { return p.steps.Load() })
}

// awaitMore waits until a count of everybody has risen by n.
func (f *fleet) awaitMore(what string, n int64, count func(*person) int64) {
	f.t.Helper()
	want := make([]int64, len(f.people))
	for i, p := range f.people {
		want[i] = count(p) + n
	}
	await(f.t, "everybody's next "+what, func() bool {
		for i, p := range f.people {
			if count(p) < want[i] {
				return f.t.Failed()
			}
		}
		return true
	})
}

// awaitAnswers waits until each process has given n more answers.
func (f *fleet) awaitAnswers(n int) {
	f.t.Helper()
	before, _ := f.tally.counts()
	await(f.t, "further answers", func() bool {
		now, _ := f.tally.counts()
		return all(before, now, n) || f.t.Failed()
	})
}

// awaitUnavailable waits until each process has answered 503 n more times.
func (f *fleet) awaitUnavailable(n int) {
	f.t.Helper()
	_, before := f.tally.counts()
	await(f.t, "a 503 of each process", func() bool {
		_, now := f.tally.counts()
		return all(before, now, n) || f.t.Failed()
	})
}

func all(before, now [processes]int, n int) bool {
	for i := range now {
		if now[i]-before[i] < n {
			return false
		}
	}
	return true
}

// awaitRecovery waits until each process has served writes that began after the
// time, of users in many shards, and notes how long that took.
func (f *fleet) awaitRecovery(healed time.Time) {
	f.t.Helper()
	var probes sync.WaitGroup
	for i := range f.processes {
		probes.Go(func() {
			for user := range shards {
				f.probe(i, fmt.Sprint("/auth/login?user=probe-", user))
			}
			f.tally.heal(time.Since(healed))
		})
	}
	probes.Wait()
}

// probe logs in as soon as a process lets it.
func (f *fleet) probe(i int, path string) {
	pause := time.NewTicker(pace)
	defer pause.Stop()
	for deadline := time.Now().Add(limit); ; <-pause.C {
		a := f.send(i, request{method: "POST", path: path})
		if a.status == http.StatusOK {
			return
		}
		if time.Now().After(deadline) || a.status != http.StatusServiceUnavailable {
			f.t.Errorf("process %d serves no write after the fault: status %d", i, a.status)
			return
		}
	}
}

// risk opens a window of loss: what was acknowledged before this call must
// stand.
func (f *fleet) risk() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.windows = append(f.windows, window{from: time.Now()})
}

// safe closes the window.
func (f *fleet) safe() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.windows[len(f.windows)-1].to = time.Now()
}

// atRisk reports whether what was acknowledged at the time may be lost.
func (f *fleet) atRisk(acknowledged time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, w := range f.windows {
		if acknowledged.After(w.from) && (w.to.IsZero() || acknowledged.Before(w.to)) {
			return true
		}
	}
	return false
}

// finish stops the load and checks what everybody is left with.
func (f *fleet) finish(lossy bool) {
	f.t.Helper()
	f.stop()
	f.work.Wait()
	var checks sync.WaitGroup
	for _, p := range f.people {
		checks.Go(p.settle)
	}
	checks.Wait()
	f.tally.mu.Lock()
	defer f.tally.mu.Unlock()
	if f.tally.reuse != 0 {
		f.t.Errorf("%d sessions were killed for reuse, though nobody has used a token twice", f.tally.reuse)
	}
	if !lossy && (f.tally.recovered != 0 || f.tally.lost != 0) {
		f.t.Errorf("Redis lost %d reissues and %d other things that it had acknowledged", f.tally.recovered, f.tally.lost)
	}
}
