package main

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
)

// BenchmarkPoll measures what a poll of a mirror costs a server that has many
// to answer: 40 processes poll about 50 times a second each, one shard a
// script, as on a cluster, and 16, as on one server. An iteration is a second.
func BenchmarkPoll(b *testing.B) {
	for _, shards := range []int{1, 16} {
		b.Run(fmt.Sprintf("%d-shards", shards), func(b *testing.B) {
			server := redistest.Start(b)
			var stores []*redisstore.Store
			for range 40 {
				stores = append(stores, newStore(b, newClient(b, server), redisstore.Options{
					Shards: shards, Mirror: redisstore.MirrorOptions{Staleness: 100 * time.Millisecond},
				}))
			}
			client := newClient(b, server)
			before, used := polls(b, stores), processorTime(b, client)
			for range b.N {
				<-time.After(time.Second)
			}
			n := float64(polls(b, stores) - before)
			b.ReportMetric((processorTime(b, client)-used).Seconds()*1e6/n, "redis-µs/poll")
			b.ReportMetric(n/float64(b.N), "polls/s")
		})
	}
}

func polls(tb testing.TB, stores []*redisstore.Store) (n int64) {
	tb.Helper()
	for _, s := range stores {
		stats, ok := s.Mirror()
		if !ok {
			tb.Fatal("no mirror")
		}
		n += stats.Polls
	}
	return n
}

// BenchmarkFeed measures what it costs a server to let one mirror read one
// entry of a feed: a mirror starts and reads 20 000 by pages.
func BenchmarkFeed(b *testing.B) {
	const entries = 20_000
	server := redistest.Start(b)
	client := newClient(b, server)
	deny(b, newStore(b, client, redisstore.Options{Shards: 1}), entries)
	var used time.Duration
	for range b.N {
		before := processorTime(b, client)
		readFeed(b, client, entries)
		used += processorTime(b, client) - before
	}
	b.ReportMetric(float64(used.Nanoseconds())/float64(b.N*entries)/1000, "redis-µs/entry")
}

// BenchmarkNudge measures what it costs a server to hand one nudge to one of
// 50 processes.
func BenchmarkNudge(b *testing.B) {
	const listeners = 50
	server := redistest.Start(b)
	client := newClient(b, server)
	for range listeners {
		s := newClient(b, server).Subscribe(b.Context(), "nudge")
		b.Cleanup(func() { s.Close() })
		if _, err := s.Receive(b.Context()); err != nil {
			b.Fatal(err)
		}
		go func() { // until the subscription is closed
			for range s.Channel() {
			}
		}()
	}
	used := processorTime(b, client)
	for range b.N {
		if n, err := client.Publish(b.Context(), "nudge", "7").Result(); err != nil || n != listeners {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64((processorTime(b, client)-used).Nanoseconds())/float64(b.N*listeners)/1000, "redis-µs/delivery")
}

// BenchmarkNudgedPolls counts how often a process on a cluster polls while
// sessions of others end about 20 times a second. An iteration is a second.
func BenchmarkNudgedPolls(b *testing.B) {
	cluster := redistest.StartCluster(b, 3, 0)
	mirror := redisstore.MirrorOptions{Staleness: time.Second}
	here := newStore(b, cluster.Client(b), redisstore.Options{Mirror: mirror})
	there := newStore(b, cluster.Client(b), redisstore.Options{Mirror: mirror})
	a := newAuthority(b, here)
	tokens := login(b, a, 20*b.N)
	before, began := polls(b, []*redisstore.Store{there}), time.Now()
	for i := range tokens {
		<-time.After(time.Until(began.Add(time.Duration(i) * 50 * time.Millisecond)))
		if err := a.Logout(b.Context(), tokens[i].AccessToken); err != nil {
			b.Fatal(err)
		}
	}
	seconds := time.Since(began).Seconds()
	b.ReportMetric(float64(len(tokens))/seconds, "logouts/s")
	b.ReportMetric(float64(polls(b, []*redisstore.Store{there})-before)/seconds/16, "polls/s/shard")
}

// readFeed starts a mirror of one shard, waits until it has read the feed to
// its end, and stops it.
func readFeed(tb testing.TB, client redis.UniversalClient, entries int) {
	tb.Helper()
	store, err := redisstore.New(client, redisstore.Options{Shards: 1, Mirror: redisstore.MirrorOptions{Staleness: time.Minute}})
	if err != nil {
		tb.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; <-time.After(5 * time.Millisecond) {
		if stats, _ := store.Mirror(); stats.Leased == 1 && stats.Entries >= entries {
			break
		}
		if time.Now().After(deadline) {
			tb.Fatal("the mirror has not read the feed")
		}
	}
	if err := store.Close(); err != nil {
		tb.Fatal(err)
	}
}

// deny logs n users in and out again, and forgets their sessions.
func deny(tb testing.TB, store *redisstore.Store, n int) {
	tb.Helper()
	a := newAuthority(tb, store)
	tokens := login(tb, a, n)
	each(tb, n, func(ctx context.Context, i int) error { return a.Logout(ctx, tokens[i].AccessToken) })
}

// infoNumber returns a number of INFO.
func infoNumber(tb testing.TB, client redis.UniversalClient, section, name string) int64 {
	tb.Helper()
	info, err := client.Info(tb.Context(), section).Result()
	if err != nil {
		tb.Fatal(err)
	}
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+":"); ok {
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				tb.Fatal(err)
			}
			return n
		}
	}
	tb.Fatalf("INFO %s has no %s", section, name)
	return 0
}

// sessionID returns a made-up id of a session.
func sessionID(i int) string {
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(make([]byte, 8), uint64(i)*0x9e3779b97f4a7c15))
}
