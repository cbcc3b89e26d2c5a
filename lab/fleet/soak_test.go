package fleet

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/internal/redistest"
)

var (
	duration  = flag.Duration("duration", 15*time.Second, "how long the users go on, beside the time of the troubles")
	users     = flag.Int("users", 20, "number of users")
	processes = flag.Int("processes", 3, "number of processes of the service")
)

// TestMain is the process of the service if it is started as one.
func TestMain(m *testing.M) {
	if text := os.Getenv(environment); text != "" {
		if err := serve(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// A run in which the processes, Redis and its master are restarted and replaced
// under load: no wrong answer, no user logged out who should not be, no growth
// of goroutines or memory. Runs of more than ten minutes go through it all every
// ten.
func TestSoak(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("processes are ended by signals")
	}
	r := &run{
		t:      t,
		redis:  redistest.StartSentinel(t, replicas, 3, redistest.WithAOF()),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * *users}},
		start:  time.Now(),
	}
	r.tally = newTally(&r.weather)
	if err := r.patientSentinels(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.startService(t)
	stopUsers := r.startUsers(t)
	defer stopUsers()

	rounds := max(1, int(*duration/(10*time.Minute)))
	for range rounds {
		if err := r.round(t.Context(), *duration/time.Duration(rounds)); err != nil {
			t.Fatalf("%v\n%s", err, r.tally)
		}
	}
	if err := r.awaitAll(t.Context()); err != nil {
		t.Error(err)
	}
	stopUsers()
	for _, u := range r.users {
		u.settle(t.Context())
	}
	for _, p := range r.service {
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	}

	fmt.Printf("\nsoak: %v, %d users, %d processes with a mirror of %v, Sentinel with two replicas\n",
		time.Since(r.start).Round(time.Second), *users, *processes, r.service[0].set.Staleness)
	for _, line := range r.report {
		fmt.Println(line)
	}
	fmt.Println(r.tally)
	for i, fault := range r.tally.faults() {
		if i == 20 {
			t.Errorf("and %d more", len(r.tally.faults())-i)
			break
		}
		t.Error(fault)
	}
}

// awaitAll waits until the users have done what the run is about, which takes
// as long as the machine is busy.
func (r *run) awaitAll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, what := range []string{"reissue", "refused access"} {
		for r.tally.count(what) == 0 {
			if r.wait(ctx, 100*time.Millisecond); ctx.Err() != nil {
				return fmt.Errorf("nobody got to: %s", what)
			}
		}
	}
	return nil
}

// startService starts the processes, every second one with Echo and every third
// without a mirror.
func (r *run) startService(t *testing.T) {
	t.Helper()
	set := settings{
		Sentinels: r.redis.Addrs(), MasterName: r.redis.MasterName(), Secret: make([]byte, 32),
		AccessTTL: 3 * time.Second, ReuseGrace: time.Second, Staleness: time.Second, CacheSize: 1 << 20,
	}
	if _, err := rand.Read(set.Secret); err != nil {
		t.Fatal(err)
	}
	for i := range *processes {
		set.Echo = i%2 == 1
		set.Mirrored = i%3 != 2
		p, err := newProcess(set)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := p.stop(); err != nil {
				t.Error(err)
			}
		})
		if err := p.start(t.Context(), r.client); err != nil {
			t.Fatal(err)
		}
		r.service = append(r.service, p)
	}
}

// startUsers starts the users. They stop when the function is called.
func (r *run) startUsers(t *testing.T) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range *users {
		u := &user{
			name: fmt.Sprintf("user-%d", i), service: r.service, client: r.client,
			set: r.service[0].set, weather: &r.weather, tally: r.tally,
		}
		r.users = append(r.users, u)
		wg.Go(func() { u.live(ctx, &r.gate) })
	}
	wg.Go(func() { r.progress(ctx) })
	return func() {
		cancel()
		wg.Wait()
	}
}

// round goes through all troubles, with calm before, between and after.
func (r *run) round(ctx context.Context, length time.Duration) error {
	calm := func() { r.wait(ctx, length/5) }
	calm()
	if err := r.rollingRestart(ctx); err != nil {
		return err
	}
	calm()
	before, err := r.rest(ctx)
	if err != nil {
		return err
	}
	calm()
	if err := r.restartRedis(ctx); err != nil {
		return err
	}
	calm()
	if err := r.failOver(ctx); err != nil {
		return err
	}
	calm()
	after, err := r.grown(ctx, before)
	for i := range after {
		r.note("process %d: goroutines %d, then %d; live objects %d KiB, then %d KiB", i,
			before[i].Goroutines, after[i].Goroutines, before[i].Heap>>10, after[i].Heap>>10)
	}
	return err
}

func (r *run) wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// progress prints a line every few seconds.
func (r *run) progress(ctx context.Context) {
	every := min(10*time.Second, max(time.Second, *duration/20))
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			fmt.Printf("[%v] %s %s\n", time.Since(r.start).Round(time.Second), r.tally.line(), r.weather.now())
		}
	}
}
