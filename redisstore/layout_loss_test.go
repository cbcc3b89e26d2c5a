package redisstore_test

import (
	"testing"

	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
)

// A server that restarts without its data gets the layout again from the
// processes that go on, so that one with another number of shards, whose
// revocations they would not see, is still refused.
func TestLayoutAfterDataLoss(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	a := newAuthority(t, newStore(t, server.Client(t), redisstore.Options{}))
	login(t, a, "alice")
	server.Kill()
	server.Restart()
	login(t, a, "alice")
	if _, err := redisstore.New(server.Client(t), redisstore.Options{Shards: 8, Logger: quiet()}); err == nil {
		t.Error("New with another number of shards: got no error")
	}
}
