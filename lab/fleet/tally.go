package fleet

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
)

// tally counts what the users got.
type tally struct {
	weather *weather

	mu       sync.Mutex
	requests int
	answers  map[string]int // by status and code
	calm503  int            // outside of any trouble
	latency  map[string]histogram
	wrong    []string
	needless []string
	lost     map[string]int // with a failover
	done     map[string]int // by the users
}

func newTally(w *weather) *tally {
	return &tally{
		weather: w, answers: make(map[string]int), latency: make(map[string]histogram),
		lost: make(map[string]int), done: make(map[string]int),
	}
}

// got counts an answer to a request of a kind.
func (t *tally) got(kind string, a answer, took time.Duration) {
	calm := t.weather.now() == ""
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests++
	t.answers[a.String()]++
	switch {
	case a.status == 503 && calm:
		t.calm503++
	case a.status == 200:
		h := t.latency[kind]
		if h == nil {
			h = make(histogram)
			t.latency[kind] = h
		}
		h.add(took)
	}
}

func (t *tally) did(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done[what]++
}

func (t *tally) count(what string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.done[what]
}

// amiss notes an answer that must not be.
func (t *tally) amiss(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wrong = append(t.wrong, fmt.Sprintf(format, args...))
	fmt.Println("WRONG:", t.wrong[len(t.wrong)-1])
}

// loggedOut notes the end of a session that nobody has ended.
func (t *tally) loggedOut(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.needless = append(t.needless, fmt.Sprintf(format, args...))
	fmt.Println("LOGGED OUT:", t.needless[len(t.needless)-1])
}

// lostTo notes what a failover may lose.
func (t *tally) lostTo(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lost[what]++
}

// line is the state in a line.
func (t *tally) line() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.latency["access"]
	return fmt.Sprintf("%d requests, 503 %d, wrong %d, needless logouts %d, access p50 %v p99 %v",
		t.requests, t.answers["503 store_unavailable"], len(t.wrong), len(t.needless), h.quantile(0.5), h.quantile(0.99))
}

// String is the report.
func (t *tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "%d requests\n", t.requests)
	for _, name := range slices.Sorted(maps.Keys(t.answers)) {
		fmt.Fprintf(&b, "  %-28s %10d\n", name, t.answers[name])
	}
	fmt.Fprintf(&b, "  503 outside of any trouble   %10d\n", t.calm503)
	b.WriteString("done by the users\n")
	for _, name := range slices.Sorted(maps.Keys(t.done)) {
		fmt.Fprintf(&b, "  %-28s %10d\n", name, t.done[name])
	}
	b.WriteString("latency of what succeeded               p50          p99\n")
	for _, kind := range slices.Sorted(maps.Keys(t.latency)) {
		h := t.latency[kind]
		fmt.Fprintf(&b, "  %-28s %12v %12v\n", kind, h.quantile(0.5), h.quantile(0.99))
	}
	fmt.Fprintf(&b, "wrong answers                  %10d\nneedless logouts               %10d\n", len(t.wrong), len(t.needless))
	for _, name := range slices.Sorted(maps.Keys(t.lost)) {
		fmt.Fprintf(&b, "lost with a failover, %-12s %6d\n", name, t.lost[name])
	}
	return b.String()
}

// faults returns what must fail the run.
func (t *tally) faults() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Concat(t.wrong, t.needless)
}

// histogram counts durations in buckets that are a twentieth wide.
type histogram map[int]int

func (h histogram) add(d time.Duration) { h[int(math.Log(float64(max(d, 1)))/math.Log(1.05))]++ }

func (h histogram) quantile(q float64) time.Duration {
	total := 0
	for _, n := range h {
		total += n
	}
	rest := int(math.Ceil(q * float64(total)))
	for _, bucket := range slices.Sorted(maps.Keys(h)) {
		if rest -= h[bucket]; rest <= 0 {
			return time.Duration(math.Pow(1.05, float64(bucket)+0.5)).Round(10 * time.Microsecond)
		}
	}
	return 0
}
