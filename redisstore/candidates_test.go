package redisstore_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// meanwhile is a hook that calls f before each login's second run.
type meanwhile struct {
	pipelines

	f    func()
	runs int
}

func (m *meanwhile) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if args := cmd.Args(); cmd.Name() == "evalsha" && len(args) > 7 && strings.Contains(args[7].(string), "}done:") {
			if m.runs++; m.runs%2 == 0 {
				m.f()
			}
		}
		return next(ctx, cmd)
	}
}

// A login at the limit evicts the idlest as of the moment at which it stands:
// not one that was the idlest when it looked and has moved on since. However often
// that happens to all that it has been told of, it looks again.
func TestCandidatesThatMoveOn(t *testing.T) {
	const limit = 60
	server := redistest.Start(t)
	clock := newClock()
	other := newStore(t, server.Client(t), redisstore.Options{Now: clock.Now})
	for n := range limit {
		mustCreate(t, other, creation(n, time.Hour, limit))
		clock.Advance(time.Second)
	}
	rotate := func(n int) {
		r, err := other.Rotate(t.Context(), driver.RotateRequest{
			Subject: "alice", SessionID: numbered(n), AccessTTL: time.Minute,
		})
		if err != nil || r.Outcome != driver.Rotated {
			t.Errorf("Rotate: got %+v, %v", r, err)
		}
		clock.Advance(time.Second)
	}
	client := server.Client(t)
	s := newStore(t, client, redisstore.Options{Now: clock.Now})
	hook := &meanwhile{f: func() { rotate(0); rotate(1) }}
	client.AddHook(hook)
	if got := mustCreate(t, s, creation(limit, time.Hour, limit)); !slices.Equal(got.Evicted, []string{numbered(2)}) {
		t.Errorf("got the evicted %v, want the third", got.Evicted)
	}
	hook.runs = 0
	hook.f = func() {
		for n := 3; n < limit-1 && hook.runs == 2; n++ { // all but the last
			rotate(n)
		}
	}
	if got := mustCreate(t, s, creation(limit+1, time.Hour, limit)); !slices.Equal(got.Evicted, []string{numbered(limit - 1)}) {
		t.Errorf("got the evicted %v, want the last of the first", got.Evicted)
	}
	hook.runs = 0
	hook.f = func() {
		r, err := other.End(t.Context(), driver.EndRequest{Operation: driver.OperationID{1}, Subject: "alice", SessionID: numbered(0)})
		if err != nil || r.Outcome != driver.Ended {
			t.Errorf("End: got %+v, %v", r, err)
		}
		mustCreate(t, other, creation(limit+3, time.Hour, limit)) // takes its place
	}
	// The first login here had its time before the second session moved on.
	if got := mustCreate(t, s, creation(limit+2, time.Hour, limit)); !slices.Equal(got.Evicted, []string{numbered(limit)}) {
		t.Errorf("got the evicted %v, want the next after the one that was ended", got.Evicted)
	}
	if on := client.ZRange(t.Context(), keyOf(t, client, "user:alice"), 0, -1).Val(); slices.Contains(on, numbered(0)) {
		t.Error("a session that was ended is on the index")
	}
}
