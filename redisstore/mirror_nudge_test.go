package redisstore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/redis/go-redis/v9"
)

// unstarted returns a mirror of some shards whose pollers do not run: one for
// each shard, or one for all.
func unstarted(shards int, one bool) *mirror {
	m := &mirror{polledBy: make([]*poller, shards), announce: make(chan struct{}, 1)}
	var all []int
	for i := range shards {
		m.shards, all = append(m.shards, &mirrorShard{}), append(all, i)
		if !one {
			m.appoint([]int{i})
		}
	}
	if one {
		m.appoint(all)
	}
	return m
}

// nudged returns which pollers have been nudged, and takes that from them.
func (m *mirror) nudged() (which []int) {
	for i, p := range m.pollers {
		select {
		case <-p.nudged:
			which = append(which, i)
		default:
		}
	}
	return which
}

// A message nudges the pollers of the shards that it names; one that is no list
// of shards nudges all, whatever it has beside it.
func TestNudgeMessages(t *testing.T) {
	all := []int{0, 1, 2, 3}
	for message, want := range map[string][]int{
		"2": {2}, "0 3": {0, 3}, "3 0": {0, 3}, "1 1": {1}, "0 1 2 3": all, "02": {2},
		"4": nil, "4 2": {2}, "1023 65536 4294967295": nil,
		"": all, " ": all, "2 ": all, " 2": all, "2  3": all, "2,3": all, "2\n": all, "x": all, "2 x": all, "x 2": all,
		"-1": all, "+2": all, "2 -2": all, "0x2": all, "1_0": all, "2.0": all, "٢": all, "\x00": all, "\xff\xfe": all,
		"4294967296": all, "1 99999999999999999999": all, strings.Repeat("9", 1<<20): all, strings.Repeat(" ", 1<<20): all,
	} {
		m := unstarted(4, false)
		m.nudge(message)
		if got := m.nudged(); !slices.Equal(got, want) {
			t.Errorf("%.40q: got the pollers %v nudged, want %v", message, got, want)
		}
		// On one server there is one poller, which reads them all.
		var single []int
		if want != nil {
			single = []int{0}
		}
		m = unstarted(4, true)
		m.nudge(message)
		if got := m.nudged(); !slices.Equal(got, single) {
			t.Errorf("%.40q, one poller: got %v nudged, want %v", message, got, single)
		}
	}
}

// A message names what is due, once, and a list that would be long is left out.
func TestDueNudge(t *testing.T) {
	for _, shards := range [][]int{{0}, {15}, {3, 7, 11}, numbers(nudgeShards), numbers(nudgeShards + 1), numbers(maxShards)} {
		sender, listener := unstarted(maxShards, false), unstarted(maxShards, false)
		if message, due := sender.dueNudge(); due {
			t.Fatalf("got %q due before a revocation", message)
		}
		for range 2 {
			for _, i := range shards {
				sender.deny(i, sid(1), 1, time.Now().Add(time.Minute).UnixMilli())
			}
		}
		select {
		case <-sender.announce:
		default:
			t.Error("the sender has not been told")
		}
		message, due := sender.dueNudge()
		if !due || len(message) > 5*nudgeShards {
			t.Errorf("%d shards: got %q, %v, want a short message", len(shards), message, due)
		}
		want := shards
		if len(shards) > nudgeShards {
			want = numbers(maxShards)
		}
		listener.nudge(message)
		if got := listener.nudged(); !slices.Equal(got, want) {
			t.Errorf("%d shards: got %d pollers nudged by %q, want %d", len(shards), len(got), message, len(want))
		}
		// None is no empty message, which would mean all.
		if message, due := sender.dueNudge(); due {
			t.Errorf("%d shards: got %q due again", len(shards), message)
		}
	}
}

func numbers(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}

// pollCounter counts the polls of each shard that a client has sent.
type pollCounter struct {
	layout layout
	shards [16]atomic.Int64
}

func (c *pollCounter) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *pollCounter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		for _, arg := range cmd.Args() {
			for i := range c.shards {
				if arg == c.layout.keysOf(i).poll() {
					c.shards[i].Add(1)
				}
			}
		}
		return next(ctx, cmd)
	}
}

func (c *pollCounter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// counts returns the polls so far.
func (c *pollCounter) counts() (n [16]int64) {
	for i := range c.shards {
		n[i] = c.shards[i].Load()
	}
	return n
}

// nudgedCluster is a cluster with a process that listens for nudges and polls
// each shard every 12 seconds or somewhat sooner.
type nudgedCluster struct {
	*redistest.Cluster
	store *Store
	polls *pollCounter
}

func startNudgedCluster(t *testing.T) *nudgedCluster {
	c := &nudgedCluster{Cluster: redistest.StartCluster(t, 3, 0), polls: &pollCounter{}}
	client := c.Client(t)
	c.polls.layout = newLayout("ratchet:", 16)
	client.AddHook(c.polls)
	c.store = newQuietStore(t, client, Options{Mirror: MirrorOptions{Staleness: maxStaleness}})
	c.await(t, 1)
	return c
}

// await waits until the process has read all shards and so many listen.
func (c *nudgedCluster) await(t *testing.T, listeners int64) {
	t.Helper()
	eventually(t, "the leases", func() bool { return c.store.mirror.leased() == 16 })
	eventually(t, "the subscriptions", func() (all bool) {
		var n int64
		for _, node := range c.Nodes() {
			subscribers, err := node.Client(t).PubSubNumSub(t.Context(), "ratchet:nudge").Result()
			if err != nil {
				return false
			}
			n += subscribers["ratchet:nudge"]
		}
		return n == listeners
	})
}

// deny revokes a token and returns its session.
func (c *nudgedCluster) deny(t *testing.T, by *Store, shard, n int) string {
	t.Helper()
	err := by.Deny(t.Context(), driver.DenyRequest{
		Subject: subjectOf(by, shard), SessionID: sid(byte(n)), Generation: 1, ExpiresAt: time.Now().Add(10 * time.Minute),
		Operation: driver.OperationID{1, byte(shard), byte(n)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return sid(byte(n))
}

// byTimer is how many polls of a shard there may be in a time without a nudge.
func byTimer(d time.Duration) int64 { return 1 + int64(d/(maxStaleness/pollsPerLease*7/8)) }

// A revocation has the others poll its shard and no other.
func TestNudgePollsOneShard(t *testing.T) {
	t.Parallel()
	c := startNudgedCluster(t)
	other := newQuietStore(t, c.Client(t), Options{Mirror: MirrorOptions{Staleness: maxStaleness}})
	c.await(t, 2)
	const rounds, shard = 20, 5
	before, began := c.polls.counts(), time.Now()
	for i := range rounds {
		session := c.deny(t, other, shard, i)
		eventually(t, "the refusal", func() bool { return c.store.mirror.check(shard, session, 1) == mirrorDenies })
	}
	after, most := c.polls.counts(), byTimer(time.Since(began))
	for i := range after {
		n := after[i] - before[i]
		if i == shard && n < max(rounds, most+1) {
			t.Errorf("shard %d: got %d polls, want one a revocation, which are %d, and more than the %d by the timer", i, n, rounds, most)
		}
		if i != shard && n > most {
			t.Errorf("shard %d: got %d polls, want the %d by the timer at most", i, n, most)
		}
	}
}

// Revocations in several shards go out in one message, and each shard is polled.
func TestNudgeNamesAllThatIsDue(t *testing.T) {
	t.Parallel()
	c := startNudgedCluster(t)
	silentStore := newQuietStore(t, c.Client(t), Options{}) // it has no mirror and sends no nudges
	sender, _ := idleMirror(silentStore, time.Minute)
	subscription := c.Client(t).Subscribe(t.Context(), "ratchet:nudge")
	t.Cleanup(func() { subscription.Close() })
	messages := subscription.Channel()
	c.await(t, 2)

	shards := []int{11, 2, 7}
	for _, i := range shards {
		session := c.deny(t, silentStore, i, i)
		sender.deny(i, session, 1, time.Now().Add(10*time.Minute).UnixMilli())
	}
	sender.working.Go(func() { sender.send(t.Context()) }) // until the test is over
	t.Cleanup(sender.working.Wait)
	receive := func(want string) {
		t.Helper()
		select {
		case message := <-messages:
			if message.Payload != want {
				t.Errorf("got the message %q, want %q", message.Payload, want)
			}
		case <-time.After(time.Minute):
			t.Fatalf("got no message, want %q", want)
		}
	}
	receive("2 7 11")
	for _, i := range shards {
		eventually(t, fmt.Sprintf("the refusal in shard %d", i), func() bool {
			return c.store.mirror.check(i, sid(byte(i)), 1) == mirrorDenies
		})
	}
	sender.deny(3, sid(9), 1, time.Now().Add(10*time.Minute).UnixMilli())
	receive("3") // so there was one message before
}

// A message that names no shards, as of a process that knows no better, and one
// that is no list have all shards polled; one of other shards has none.
func TestNudgeOfAll(t *testing.T) {
	t.Parallel()
	c := startNudgedCluster(t)
	publisher := c.Client(t)
	publish := func(message string) {
		t.Helper()
		if err := publisher.Publish(t.Context(), "ratchet:nudge", message).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, message := range []string{"", "garbage", "3 garbage", "1 -1"} {
		before, began := c.polls.counts(), time.Now()
		eventually(t, fmt.Sprintf("more polls of each shard after %q than by the timer", message), func() bool {
			publish(message)
			most := byTimer(time.Since(began))
			for i, n := range c.polls.counts() {
				if n-before[i] <= most {
					return false
				}
			}
			return true
		})
	}
	// A revocation without a nudge of its own shows up with the shard's name.
	silentStore := newQuietStore(t, publisher, Options{})
	session := c.deny(t, silentStore, 4, 4)
	publish("99 4")
	eventually(t, "the refusal", func() bool { return c.store.mirror.check(4, session, 1) == mirrorDenies })
}
