package redistest_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// eventually polls cond until it is true.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	for !cond() {
		select {
		case <-ticker.C:
		case <-limit.C:
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

// check fails the test if err is not nil.
func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantValue fails the test if key does not have the value, where an empty value
// means that there is no such key.
func wantValue(t testing.TB, client redis.UniversalClient, key, want string) {
	t.Helper()
	got, err := client.Get(t.Context(), key).Result()
	if err != nil && err != redis.Nil {
		t.Fatalf("GET %s: %v", key, err)
	}
	if got != want {
		t.Errorf("GET %s = %q, want %q", key, got, want)
	}
}

// noRetries has go-redis try each command once.
func noRetries(o *redis.Options) { o.MaxRetries = -1 }

// impatient is noRetries with a short timeout, for commands which are to run
// into it.
func impatient(o *redis.Options) {
	o.MaxRetries = -1
	o.ReadTimeout = 200 * time.Millisecond
}

// recorder stands in for the test whose end is itself under test.
type recorder struct {
	testing.TB
	skipped, failed string
}

// outcome runs f with a recorder, as a test of its own.
func outcome(t testing.TB, f func(t testing.TB)) *recorder {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	return r
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failed = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Errorf(format string, args ...any) { r.failed = fmt.Sprintf(format, args...) }

func (r *recorder) Skipf(format string, args ...any) {
	r.skipped = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// dialOnce returns a dialer which fails after its first connection, so that a
// client cannot replace that one unnoticed.
func dialOnce() func(ctx context.Context, network, addr string) (net.Conn, error) {
	var dialled atomic.Bool
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if dialled.Swap(true) {
			return nil, errors.New("dialled again")
		}
		var d net.Dialer
		return d.DialContext(ctx, network, addr)
	}
}
