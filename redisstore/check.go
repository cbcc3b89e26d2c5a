package redisstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Report is what [Store.Check] has found, the more severe first. An empty one
// says that the Redis is fit.
type Report []Finding

// Finding is one thing about a Redis that endangers sessions or revocations, or
// that could not be looked at.
type Finding struct {
	// Code names the kind of finding, for programs: "clock", "cluster",
	// "eviction", "layout", "mode", "permission", "persistence", "role",
	// "shards", "snapshot", "unknown", "unreachable" or "version".
	Code string
	// Level is slog.LevelWarn, or slog.LevelInfo for what does no harm as
	// things are and for what could not be looked at.
	Level slog.Level
	// Server is the address of the server. It is empty for what is found about
	// a whole cluster.
	Server string
	// Found says what is the case, Danger what may come of it, and Remedy what
	// to do, each in one line.
	Found, Danger, Remedy string
}

// String returns the finding as one line.
func (f Finding) String() string {
	text := f.Found + ": " + f.Danger + "; " + f.Remedy
	if f.Server != "" {
		text = f.Server + ": " + text
	}
	return text
}

// LogValue implements [slog.LogValuer].
func (f Finding) LogValue() slog.Value {
	attrs := make([]slog.Attr, 0, 5)
	attrs = append(attrs, slog.String("code", f.Code))
	if f.Server != "" {
		attrs = append(attrs, slog.String("server", f.Server))
	}
	return slog.GroupValue(append(attrs, slog.String("found", f.Found), slog.String("danger", f.Danger), slog.String("remedy", f.Remedy))...)
}

// String returns the findings, one a line.
func (r Report) String() string {
	lines := make([]string, len(r))
	for i, f := range r {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// LogValue implements [slog.LogValuer]: a group of the findings by number.
func (r Report) LogValue() slog.Value {
	attrs := make([]slog.Attr, len(r))
	for i, f := range r {
		attrs[i] = slog.Any(strconv.Itoa(i), f)
	}
	return slog.GroupValue(attrs...)
}

// Check looks whether the Redis is fit for sessions and a blacklist: its
// eviction policy, persistence, role, version and clock, the rights of the
// client's user, and the state of a cluster, on each of its masters. Beyond
// what the store needs, the user should have +info and +config|get, and on a
// cluster +cluster|info; what may not be looked at is a finding.
//
// The error is for a server that could not be asked, or not to the end: the
// report then holds what had been found. A cluster's master that does not
// answer is a finding as long as another does. Check writes nothing but the
// record of the layout, as [New] does, and takes a few round trips: it is for
// the start of a program and for its operators, not for requests.
func (s *Store) Check(ctx context.Context) (Report, error) {
	var report Report
	var err error
	if c, ok := s.client.(masters); ok {
		report, err = s.checkCluster(ctx, c)
	} else {
		n := &node{store: s, client: s.client, server: addressOf(s.client)}
		n.check(ctx)
		report, err = n.report, n.err
	}
	if err == nil {
		err = s.recheckLayout(ctx, &report)
	}
	slices.SortStableFunc(report, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(b.Level, a.Level), cmp.Compare(a.Server, b.Server))
	})
	if err != nil {
		return report, fmt.Errorf("redisstore: check: %w", err)
	}
	return report, nil
}

// masters is what a client of a cluster has.
type masters interface {
	ForEachMaster(context.Context, func(context.Context, *redis.Client) error) error
}

// checkCluster looks at all masters at once, and at how the shards lie on them.
func (s *Store) checkCluster(ctx context.Context, c masters) (Report, error) {
	clients, err := bounded(ctx, s, func(ctx context.Context) ([]*redis.Client, error) {
		var mu sync.Mutex
		var list []*redis.Client
		err := c.ForEachMaster(ctx, func(_ context.Context, client *redis.Client) error {
			mu.Lock()
			defer mu.Unlock()
			list = append(list, client)
			return nil
		})
		return list, err
	})
	if err != nil {
		return nil, err
	}
	if len(clients) == 0 {
		return nil, errors.New("no node knows a master")
	}
	nodes := make([]*node, len(clients))
	var asking sync.WaitGroup
	for i, client := range clients {
		nodes[i] = &node{store: s, client: client, server: addressOf(client), ofCluster: true}
		asking.Go(func() { nodes[i].check(ctx) })
	}
	asking.Wait()

	var report Report
	var answering *node
	for _, n := range nodes {
		report = append(report, n.report...)
		if n.err == nil {
			answering = n
			continue
		}
		err = n.err
		report = append(report, Finding{
			Code: "unreachable", Level: slog.LevelWarn, Server: n.server,
			Found:  "the master does not answer: " + n.err.Error(),
			Danger: "requests of the users whose sessions it holds are answered with 503",
			Remedy: "start it, or let a replica take over",
		})
	}
	if answering == nil || ctx.Err() != nil {
		return report, cmp.Or(err, context.Cause(ctx))
	}
	whole := &node{store: s, client: answering.client, ofCluster: true}
	whole.checkShards(ctx)
	return append(report, whole.report...), nil
}

// recheckLayout looks for what New looks for, again, because the server may
// have been away then or have lost its data since. What already explains why it
// fails is not found twice.
func (s *Store) recheckLayout(ctx context.Context, report *Report) error {
	if slices.ContainsFunc([]string{"cluster", "mode", "permission", "role"}, report.has) {
		return nil
	}
	version, shards := strconv.Itoa(layoutVersion), strconv.Itoa(len(s.layout.shards))
	found, err := bounded(ctx, s, func(ctx context.Context) ([]string, error) {
		return s.scripts.layout.Run(ctx, s.client, []string{s.layout.meta}, version, shards).StringSlice()
	})
	f := Finding{
		Code: "layout", Level: slog.LevelWarn,
		Danger: "requests are answered with 503",
		Remedy: "ask why in the server's log",
	}
	switch {
	case redis.HasErrorPrefix(err, "MISCONF") && (report.has("snapshot") || report.has("persistence")):
		return nil
	case err != nil && !answered(err):
		if report.has("unreachable") {
			return nil
		}
		return err
	case err != nil:
		f.Found = "the server refuses to tell how the data is laid out: " + err.Error()
	case !slices.Equal(found, []string{version, shards}):
		f.Found = fmt.Sprintf("the data is of layout version and shards %v, this process expects %v", found, []string{version, shards})
		f.Danger = "this process does not find the sessions of the others, nor their revocations"
		f.Remedy = "set Options.Shards to the data's, or use another Options.Prefix"
	default:
		return nil
	}
	*report = append(*report, f)
	return nil
}

// has reports whether there is a warning of the kind.
func (r Report) has(code string) bool {
	return slices.ContainsFunc(r, func(f Finding) bool { return f.Code == code && f.Level >= slog.LevelWarn })
}
