// Package prom counts Ratchet's events for Prometheus.
package prom

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/redisstore"
)

// Events returns a hook for core.Config.OnEvent that counts events by type and
// reason, both of which have few values.
func Events(r prometheus.Registerer) (func(context.Context, core.Event), error) {
	events := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "ratchet_events_total",
		Help: "Session events by type and reason.",
	}, []string{"type", "reason"})
	if err := r.Register(events); err != nil {
		return nil, err
	}
	return func(_ context.Context, e core.Event) {
		events.WithLabelValues(string(e.Type), e.Reason).Inc()
	}, nil
}

// Mirror exports how old a store's copy of the blacklist is and how often
// checks had to ask the server. Without a mirror it exports nothing.
func Mirror(r prometheus.Registerer, s *redisstore.Store) error {
	if _, ok := s.Mirror(); !ok {
		return nil
	}
	stats := func() redisstore.MirrorStats { m, _ := s.Mirror(); return m }
	for _, c := range []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "ratchet_mirror_lag_seconds", Help: "Age of the oldest shard's copy of the blacklist.",
		}, func() float64 { return stats().Lag.Seconds() }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "ratchet_mirror_unleased_shards", Help: "Shards whose checks ask the server.",
		}, func() float64 { m := stats(); return float64(m.Shards - m.Leased) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "ratchet_mirror_entries", Help: "Denials in the copy.",
		}, func() float64 { return float64(stats().Entries) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "ratchet_mirror_fallbacks_total", Help: "Checks that had to ask the server.",
		}, func() float64 { return float64(stats().Fallbacks) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "ratchet_mirror_poll_failures_total", Help: "Polls that failed.",
		}, func() float64 { return float64(stats().PollFailures) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "ratchet_mirror_breaks_total", Help: "Losses of history that was still needed.",
		}, func() float64 { return float64(stats().Breaks) }),
	} {
		if err := r.Register(c); err != nil {
			return err
		}
	}
	return nil
}
