package suite_test

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// units of what inParallel reports besides ns/op, which is the time between
// two answers: the inverse of the throughput.
const (
	p50Unit = "p50-ns"
	p99Unit = "p99-ns"
)

// inParallel runs b.N operations on exactly so many workers, whatever the
// number of cores, and reports the latencies' median and 99th percentile. Each
// worker takes the next operation when it is done with the last, so that all
// stop together. One operation of each worker comes before and is not counted:
// it opens the connections. The first error ends the benchmark.
func inParallel(b *testing.B, workers int, op func(worker int) error) {
	b.Helper()
	var (
		started   atomic.Int64
		latencies = make([][]time.Duration, workers)
		failed    = make([]error, workers)
		wg        sync.WaitGroup
	)
	for w := range workers {
		wg.Go(func() { failed[w] = op(w) })
	}
	wg.Wait()
	if err := errors.Join(failed...); err != nil {
		b.Fatal(err)
	}
	for w := range latencies {
		latencies[w] = make([]time.Duration, 0, 2*(b.N/workers)+16)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for w := range workers {
		wg.Go(func() {
			for started.Add(1) <= int64(b.N) {
				began := time.Now()
				if failed[w] = op(w); failed[w] != nil {
					return
				}
				latencies[w] = append(latencies[w], time.Since(began))
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	if err := errors.Join(failed...); err != nil {
		b.Fatal(err)
	}
	all := slices.Concat(latencies...)
	slices.Sort(all)
	b.ReportMetric(float64(percentile(all, 50)), p50Unit)
	b.ReportMetric(float64(percentile(all, 99)), p99Unit)
}

// percentile returns the smallest of the sorted values that p percent of them
// do not exceed.
func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[(len(sorted)*p+99)/100-1]
}

func TestPercentile(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	for _, c := range []struct {
		name   string
		values []time.Duration
		p      int
		want   time.Duration
	}{
		{"one value", []time.Duration{7}, 99, 7},
		{"median of three", []time.Duration{1, 5, 9}, 50, 5},
		{"99th of a hundred", hundred, 99, 99},
		{"99th of ten", hundred[:10], 99, 10},
	} {
		if got := percentile(c.values, c.p); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

// pick returns large, or small with -short.
func pick(large, small int) int {
	if testing.Short() {
		return small
	}
	return large
}
