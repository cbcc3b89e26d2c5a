// Package otel counts Ratchet's events with OpenTelemetry.
package otel

import (
	"context"

	"github.com/ratchetauth/ratchet/core"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Events returns a hook for core.Config.OnEvent that counts events by type and
// reason, both of which have few values.
func Events(m metric.Meter) (func(context.Context, core.Event), error) {
	events, err := m.Int64Counter("ratchet.events",
		metric.WithDescription("Session events by type and reason."), metric.WithUnit("{event}"))
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, e core.Event) {
		events.Add(ctx, 1, metric.WithAttributes(
			attribute.String("type", string(e.Type)), attribute.String("reason", e.Reason)))
	}, nil
}
