// Package metrics_test holds the examples of docs/events.md against what they
// say: each is a package here, shown there word for word.
package metrics_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/lab/metrics/otel"
	"github.com/ratchetauth/ratchet/lab/metrics/prom"
	"github.com/ratchetauth/ratchet/redisstore"
)

// live goes through a login, a reissue and a logout with the hook.
func live(t *testing.T, hook func(context.Context, core.Event)) {
	t.Helper()
	key, err := core.NewHMACKey("k", bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	a, err := core.New(core.Config{
		Issuer: "metrics", Audience: []string{"api"}, Keys: []core.Key{key},
		Store: core.NewMemoryStore(core.MemoryOptions{}), OnEvent: hook,
	})
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := a.Issue(t.Context(), core.Login{Subject: "alice"})
	for range 2 {
		if err == nil {
			tokens, err = a.Reissue(t.Context(), tokens.RefreshToken)
		}
	}
	if err == nil {
		err = a.Logout(t.Context(), tokens.AccessToken)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestPrometheus(t *testing.T) {
	registry := prometheus.NewRegistry()
	hook, err := prom.Events(registry)
	if err != nil {
		t.Fatal(err)
	}
	live(t, hook)
	want := `
# HELP ratchet_events_total Session events by type and reason.
# TYPE ratchet_events_total counter
ratchet_events_total{reason="",type="session-established"} 1
ratchet_events_total{reason="logout",type="session-revoked"} 1
ratchet_events_total{reason="rotated",type="session-reissued"} 2
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	if _, err := prom.Events(registry); err == nil {
		t.Error("to register twice: got no error")
	}
}

func TestOpenTelemetry(t *testing.T) {
	reader := metric.NewManualReader()
	hook, err := otel.Events(metric.NewMeterProvider(metric.WithReader(reader)).Meter("test"))
	if err != nil {
		t.Fatal(err)
	}
	live(t, hook)
	var got metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	counts := make(map[string]int64)
	for _, point := range got.ScopeMetrics[0].Metrics[0].Data.(metricdata.Sum[int64]).DataPoints {
		kind, _ := point.Attributes.Value("type")
		counts[kind.AsString()] = point.Value
	}
	if counts["session-established"] != 1 || counts["session-reissued"] != 2 || counts["session-revoked"] != 1 || len(counts) != 3 {
		t.Errorf("got %v, want 1 login, 2 reissues and 1 logout", counts)
	}
}

func TestMirror(t *testing.T) {
	server := redistest.Start(t)
	registry := prometheus.NewRegistry()
	for _, staleness := range []time.Duration{0, time.Second} {
		store, err := redisstore.New(server.Client(t), redisstore.Options{Mirror: redisstore.MirrorOptions{Staleness: staleness}})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		if err := prom.Mirror(registry, store); err != nil {
			t.Fatal(err)
		}
		names, err := registry.Gather()
		if want := map[time.Duration]int{0: 0, time.Second: 6}[staleness]; err != nil || len(names) != want {
			t.Errorf("with a staleness of %v: got %d metrics, %v, want %d", staleness, len(names), err, want)
		}
	}
}

// TestDocument checks that docs/events.md shows the examples as they are.
func TestDocument(t *testing.T) {
	document, err := os.ReadFile("../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"prom/prom.go", "otel/otel.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, code, _ := strings.Cut(string(text), "\n") // without the package's own comment
		if !strings.Contains(string(document), "```go\n"+code+"```\n") {
			t.Errorf("docs/events.md does not show %s as it is", name)
		}
	}
}
