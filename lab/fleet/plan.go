package fleet

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ratchetauth/ratchet/internal/redistest"
)

// replicas is how many the master has.
const replicas = 2

// run is one run of the program.
type run struct {
	t       *testing.T
	redis   *redistest.Sentinel
	service []*process
	users   []*user
	gate    sync.RWMutex // held for writing while the users rest
	client  *http.Client // of all users
	weather weather
	tally   *tally
	report  []string
	start   time.Time
}

// note adds a line to the report and prints it.
func (r *run) note(format string, args ...any) {
	line := fmt.Sprintf("[%v] ", time.Since(r.start).Round(time.Second)) + fmt.Sprintf(format, args...)
	r.report = append(r.report, line)
	fmt.Println(line)
}

// through has the service go through a trouble, and notes how long it took
// until every process served again.
func (r *run) through(ctx context.Context, trouble string, happen func() error) error {
	r.weather.begin(trouble)
	defer r.weather.end()
	start := time.Now()
	if err := happen(); err != nil {
		return fmt.Errorf("%s: %w", trouble, err)
	}
	happened := time.Now()
	for _, p := range r.service {
		err := p.await(ctx, r.client, func(s stats) error {
			if s.Leased < s.Shards {
				return fmt.Errorf("the mirror holds leases of %d shards of %d", s.Leased, s.Shards)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("after the %s: %w", trouble, err)
		}
	}
	r.note("%s: took %v, all served from memory again %v later", trouble,
		happened.Sub(start).Round(10*time.Millisecond), time.Since(happened).Round(10*time.Millisecond))
	return nil
}

// rollingRestart restarts one process after the other.
func (r *run) rollingRestart(ctx context.Context) error {
	return r.through(ctx, "rolling restart", func() error {
		for _, p := range r.service {
			if err := errors.Join(p.stop(), p.start(ctx, r.client)); err != nil {
				return err
			}
		}
		return nil
	})
}

// patientSentinels has the sentinels leave a master alone that is slow because
// the machine is busy: a failover that nobody has planned would lose what the
// old master goes on to acknowledge.
func (r *run) patientSentinels(ctx context.Context) error {
	for _, addr := range r.redis.Addrs() {
		if err := r.sentinel(addr, func(c *redis.SentinelClient) error {
			return c.Set(ctx, r.redis.MasterName(), "down-after-milliseconds", "120000").Err()
		}); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) sentinel(addr string, do func(*redis.SentinelClient) error) error {
	c := redis.NewSentinelClient(&redis.Options{Addr: addr})
	return errors.Join(do(c), c.Close())
}

// restartRedis restarts the master in good order.
func (r *run) restartRedis(ctx context.Context) error {
	return r.through(ctx, "restart of Redis", func() error {
		r.redis.AwaitFailover(r.t, nil).Restart()
		return nil
	})
}

// failOver kills the master, which comes back as a replica.
func (r *run) failOver(ctx context.Context) error {
	err := r.through(ctx, "failover", func() error {
		old := r.redis.AwaitFailover(r.t, nil)
		from := time.Now()
		if err := r.replicated(ctx, old.Client(r.t)); err != nil {
			return err
		}
		r.weather.risk(from)
		old.Kill()
		if err := r.sentinel(r.redis.Addrs()[0], func(c *redis.SentinelClient) error {
			return c.Failover(ctx, r.redis.MasterName()).Err()
		}); err != nil {
			return err
		}
		r.redis.AwaitFailover(r.t, old)
		old.Restart()
		return nil
	})
	if err == nil {
		r.weather.safe()
	}
	return err
}

// replicated waits until all replicas have what the master was asked before. A
// write on the same connection stands for it.
func (r *run) replicated(ctx context.Context, master *redis.Client) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn := master.Conn()
	defer conn.Close()
	for {
		if err := conn.Set(ctx, "replicated", "", patience).Err(); err != nil {
			return err
		}
		n, err := conn.Wait(ctx, replicas, time.Second).Result()
		if err != nil || n >= replicas {
			return err
		}
	}
}

// rest stops the users for a moment, closes their connections and returns what
// each process then says of itself.
func (r *run) rest(ctx context.Context) ([]stats, error) {
	r.gate.Lock()
	defer r.gate.Unlock()
	r.client.CloseIdleConnections()
	all := make([]stats, len(r.service))
	for i, p := range r.service {
		var err error
		if all[i], err = p.stats(ctx, r.client); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// grown returns an error if a process has more goroutines or more memory than
// it had. Requests that have just been abandoned may still be under way, and
// the cache of tokens may have filled meanwhile.
func (r *run) grown(ctx context.Context, before []stats) (after []stats, err error) {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		if after, err = r.rest(ctx); err != nil {
			return nil, err
		}
		for i, s := range after {
			switch old := before[i]; {
			case s.Goroutines > old.Goroutines+5:
				err = fmt.Errorf("process %d has %d goroutines, it had %d", i, s.Goroutines, old.Goroutines)
			case s.Heap > old.Heap+old.Heap/4+uint64(r.service[i].set.CacheSize)+1<<20:
				err = fmt.Errorf("process %d has %d bytes of live objects, it had %d", i, s.Heap, old.Heap)
			}
		}
		if err == nil {
			return after, nil
		}
		select {
		case <-limited.Done():
			return after, err
		case <-time.After(100 * time.Millisecond):
		}
	}
}
