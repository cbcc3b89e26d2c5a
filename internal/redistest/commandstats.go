package redistest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
)

// CommandStats returns how often the server behind client has executed each
// command since it started or since CONFIG RESETSTAT: successfully or not, by
// itself or from a script. The names are in lower case, with a subcommand as in
// "config|get". For a cluster it is the sum over the masters.
func CommandStats(t testing.TB, client redis.UniversalClient) map[string]int64 {
	t.Helper()
	var mu sync.Mutex // the masters are asked side by side
	stats := make(map[string]int64)
	add := func(ctx context.Context, c *redis.Client) error {
		info, err := c.Info(ctx, "commandstats").Result()
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		return addCommandStats(stats, info)
	}
	var err error
	switch c := client.(type) {
	case *redis.Client:
		err = add(t.Context(), c)
	case *redis.ClusterClient:
		err = c.ForEachMaster(t.Context(), add)
	default:
		err = fmt.Errorf("no command statistics from a %T", client)
	}
	if err != nil {
		t.Fatalf("redistest: command statistics: %v", err)
	}
	return stats
}

// addCommandStats adds the calls in a commandstats section to stats. Its lines
// have the form
//
//	cmdstat_get:calls=2,usec=6,usec_per_call=3.00,rejected_calls=0,failed_calls=0
func addCommandStats(stats map[string]int64, info string) error {
	for line := range strings.Lines(info) {
		entry, ok := strings.CutPrefix(strings.TrimSpace(line), "cmdstat_")
		if !ok {
			continue
		}
		name, rest, _ := strings.Cut(entry, ":calls=")
		calls, _, _ := strings.Cut(rest, ",")
		n, err := strconv.ParseInt(calls, 10, 64)
		if err != nil {
			return fmt.Errorf("line %q: %w", line, err)
		}
		stats[name] += n
	}
	return nil
}
