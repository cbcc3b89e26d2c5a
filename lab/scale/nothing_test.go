package main

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
)

// BenchmarkNothingChanged measures what it costs a server, beside the polls of
// 40 idle processes, that somebody asks 100 times a second for what changes
// nothing. An iteration is an idle second and such a one.
func BenchmarkNothingChanged(b *testing.B) {
	const processes, rate = 40, 100
	server := redistest.Start(b)
	var stores []*redisstore.Store
	var authorities []*core.Authority
	for range processes {
		s := newStore(b, newClient(b, server), redisstore.Options{Mirror: redisstore.MirrorOptions{Staleness: time.Second}})
		stores, authorities = append(stores, s), append(authorities, newAuthority(b, s))
	}
	client := newClient(b, server)
	tokens := login(b, authorities[0], 2)
	dead, live := tokens[0], tokens[1]
	if err := authorities[0].Logout(b.Context(), dead.AccessToken); err != nil {
		b.Fatal(err)
	}
	for name, call := range map[string]func(a *core.Authority) error{
		"logout":                  func(a *core.Authority) error { return a.Logout(b.Context(), dead.AccessToken) },
		"logout-by-refresh-token": func(a *core.Authority) error { return a.Logout(b.Context(), dead.RefreshToken) },
		"revoke-all":              func(a *core.Authority) error { _, err := a.RevokeAll(b.Context(), "some-0"); return err },
		"revoke-all-but-one": func(a *core.Authority) error {
			_, err := a.RevokeAll(b.Context(), "some-1", live.SessionID)
			return err
		},
		"reissue": func(a *core.Authority) error {
			if _, err := a.Reissue(b.Context(), dead.RefreshToken); !errors.Is(err, core.ErrRefreshInvalid) {
				return fmt.Errorf("it was not refused: %w", err)
			}
			return nil
		},
	} {
		b.Run(name, func(b *testing.B) {
			var idle, busy time.Duration
			var idlePolls, busyPolls int64
			second := func(call func(i int, end time.Time)) (time.Duration, int64) {
				used, polled, end := processorTime(b, client), polls(b, stores), time.Now().Add(time.Second)
				for i := range rate {
					call(i, end)
				}
				<-time.After(time.Until(end))
				return processorTime(b, client) - used, polls(b, stores) - polled
			}
			for range b.N { // in turn, because the machine has other work to do
				used, polled := second(func(int, time.Time) {})
				idle, idlePolls = idle+used, idlePolls+polled
				used, polled = second(func(i int, end time.Time) {
					<-time.After(time.Until(end.Add(time.Duration(i-rate) * time.Second / rate)))
					if err := call(authorities[i%processes]); err != nil {
						b.Fatal(err)
					}
				})
				busy, busyPolls = busy+used, busyPolls+polled
			}
			b.ReportMetric(100*idle.Seconds()/float64(b.N), "idle-%")
			b.ReportMetric(100*busy.Seconds()/float64(b.N), "busy-%")
			b.ReportMetric(busy.Seconds()/idle.Seconds(), "busy/idle")
			b.ReportMetric(float64(idlePolls)/float64(b.N), "idle-polls/s")
			b.ReportMetric(float64(busyPolls)/float64(b.N), "busy-polls/s")
		})
	}
}
