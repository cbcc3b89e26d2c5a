package faults_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ratchetauth/ratchet/internal/redistest"
)

// A reissue may reach Redis long after its caller has given it up, by a
// connection that was cut off for a while. It does no harm as long as nobody has
// used the refresh token that a later try got, which is until about AccessTTL
// after. Then it cannot be told from theft, even with its Idempotency-Key.
func TestLateReissue(t *testing.T) {
	for _, test := range []struct {
		name  string
		moves int // reissues before the late one arrives, its own retry included
		want  int
	}{
		{"before its retry", 0, http.StatusOK},
		{"after its retry", 1, http.StatusOK},
		{"after the next reissue", 2, http.StatusUnauthorized},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			network := startRelay(t, server.Addr())
			f := &fleet{t: t, http: &http.Client{Timeout: limit}}
			for i, o := range []*redis.Options{
				{Addr: network.addr(), MaxRetries: -1, ReadTimeout: 2 * time.Second},
				{Addr: server.Addr()},
			} {
				client := redis.NewClient(o)
				t.Cleanup(func() { _ = client.Close() })
				f.processes = append(f.processes, startProcess(t, i, newStore(t, 0, client), f.tally.event))
			}
			held := f.send(0, request{method: "POST", path: "/auth/login?user=alice"}).pair
			var key string
			reissue := func(process int) answer {
				return f.send(process, request{
					method: "POST", path: "/auth/reissue", key: key, body: fmt.Sprintf(`{"refresh_token":%q}`, held.Refresh),
				})
			}

			held = reissue(1).pair // has Redis know the script
			key = rand.Text()
			release := network.hold()
			if a := reissue(0); a.status != http.StatusServiceUnavailable {
				t.Fatalf("a reissue that is held up: got status %d, want 503", a.status)
			}
			for range test.moves {
				a := reissue(1)
				if a.status != http.StatusOK {
					t.Fatalf("a retry by another process: got status %d, code %q, want 200", a.status, a.Code)
				}
				held, key = a.pair, rand.Text()
			}
			admin := server.Client(t)
			scripts := func() int64 {
				stats := redistest.CommandStats(t, admin)
				return stats["evalsha"] + stats["eval"]
			}
			before := scripts()
			release()
			await(t, "the late reissue", func() bool { return scripts() > before })
			if a := reissue(1); a.status != test.want {
				t.Errorf("the next reissue: got status %d, code %q, want %d", a.status, a.Code, test.want)
			}
		})
	}
}
