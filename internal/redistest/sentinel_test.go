package redistest_test

import (
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/internal/redistest"
)

func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	s := redistest.StartSentinel(t, 2, 3)
	if r, a := len(s.Replicas()), len(s.Addrs()); r != 2 || a != 3 {
		t.Fatalf("%d replicas and %d sentinels, want 2 and 3", r, a)
	}
	client := s.Client(t)
	check(t, client.Set(t.Context(), "k", "v", 0).Err())
	wantValue(t, s.Master().Client(t), "k", "v")
	check(t, s.Master().Client(t).Wait(t.Context(), 2, 10*time.Second).Err())

	s.Master().Kill()
	master := s.AwaitFailover(t, s.Master())
	if master == s.Master() {
		t.Fatal("the killed server is still the master")
	}
	check(t, master.Client(t).Set(t.Context(), "k", "w", 0).Err())
	eventually(t, "the client follows", func() bool { return client.Get(t.Context(), "k").Val() == "w" })
}
