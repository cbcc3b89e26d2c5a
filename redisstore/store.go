package redisstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/redis/go-redis/v9"
)

// layoutVersion is the version of the keys' layout that meta records.
const layoutVersion = 2

// Options configures [New]. The zero value is ready to use.
type Options struct {
	// Prefix begins every key. Default "ratchet:". At most 64 printable ASCII
	// characters without spaces and braces.
	Prefix string

	// Shards is into how many parts the users are divided, each on one slot
	// of a cluster. Default 16, also on a single server, so that moving to a
	// cluster logs nobody out. From 1 to 1024; it cannot change while there
	// is data.
	Shards int

	// Mirror keeps a copy of the blacklist in the process, so that an access
	// check costs no round trip. Off by default.
	Mirror MirrorOptions

	// Now replaces the server's clock, for tests. It must not lie behind the
	// time of what the store already holds.
	Now func() time.Time

	// Logger receives what New could not report and how the mirror fares:
	// losing its answers, getting them back, restoring lost entries. Default
	// slog.Default().
	Logger *slog.Logger
}

// Store is a [driver.Store] in Redis. It is safe for concurrent use.
type Store struct {
	client  redis.UniversalClient
	layout  layout
	scripts scripts
	now     func() time.Time
	logger  *slog.Logger
	mirror  *mirror // nil without one

	heedsContext bool // the client ends a command with its context

	laidOut atomic.Bool // the recorded layout is ours
}

var _ driver.Store = (*Store)(nil)

// New returns a Store on the client, which the caller still owns and closes
// after the Store.
//
// It refuses clients that may read from a replica (ReadOnly, RouteByLatency,
// RouteRandomly) or from go-redis's client-side cache, because either forgets
// the last revocations, and a [redis.Ring], which moves keys without their
// data. A failover client must not set ReplicaOnly, which New cannot see: its
// operations fail. New refuses a number of shards other than the data's. If the
// server cannot be reached or refuses the client, New succeeds and logs it; the
// operations fail until the server answers, and the layout is checked then.
func New(client redis.UniversalClient, o Options) (*Store, error) {
	if err := checkClient(client); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	if err := o.Validate(); err != nil {
		return nil, err
	}
	s := &Store{
		client: client, layout: newLayout(o.Prefix, o.Shards), scripts: loadScripts(), now: o.Now, logger: o.Logger,
		heedsContext: heedsContext(client),
	}
	var mismatch *layoutError
	if err := s.checkLayout(context.Background()); errors.As(err, &mismatch) {
		return nil, mismatch
	} else if err != nil {
		s.logger.Warn("redisstore: the server has not said how its data is laid out, operations fail until it does", "error", err)
	}
	if o.Mirror.Staleness != 0 {
		s.mirror = startMirror(s, o.Mirror.Staleness, o.Mirror.OnDenial)
	}
	return s, nil
}

// Close stops the mirror and waits until it has stopped. The client stays
// open. A closed Store still works, with one look-up a check.
func (s *Store) Close() error {
	if s.mirror != nil {
		s.mirror.stop()
	}
	return nil
}

// Format implements [fmt.Formatter] and prints no part of the client's
// options, whatever the verb.
func (s *Store) Format(f fmt.State, _ rune) { fmt.Fprint(f, "redisstore.Store") }

// Ping implements [driver.Store].
func (s *Store) Ping(ctx context.Context) error {
	if err := s.checkLayout(ctx); err != nil {
		return err
	}
	_, err := bounded(ctx, s, func(ctx context.Context) (string, error) { return s.client.Ping(ctx).Result() })
	return err
}

// checkClient refuses the clients that New documents.
func checkClient(client redis.UniversalClient) error {
	if v := reflect.ValueOf(client); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return errors.New("redisstore: the client is nil")
	}
	switch c := client.(type) {
	case *redis.Client:
		if o := c.Options(); o.ClientSideCacheConfig != nil || o.ClientSideCache != nil {
			return errors.New("redisstore: the client has ClientSideCache: a cut-off cache forgets the last revocations")
		}
	case *redis.Ring:
		return errors.New("redisstore: a redis.Ring moves keys without their data; use a cluster")
	case *redis.ClusterClient:
		o := c.Options()
		switch {
		case o.RouteByLatency:
			return errors.New("redisstore: the client has RouteByLatency: a replica forgets the last revocations")
		case o.RouteRandomly:
			return errors.New("redisstore: the client has RouteRandomly: a replica forgets the last revocations")
		case o.ReadOnly:
			return errors.New("redisstore: the client has ReadOnly: a replica forgets the last revocations")
		}
	}
	return nil
}

// heedsContext reports whether the client ends a command when its context
// ends, rather than by its own time-outs only.
func heedsContext(client redis.UniversalClient) bool {
	switch c := client.(type) {
	case *redis.Client:
		return c.Options().ContextTimeoutEnabled
	case *redis.ClusterClient:
		return c.Options().ContextTimeoutEnabled
	}
	return false
}

// layoutError says that the data was written with another layout.
type layoutError struct{ what, found, want string }

func (e *layoutError) Error() string {
	return fmt.Sprintf("redisstore: %s is %s, but the data was written with %s", e.what, e.want, e.found)
}

// checkLayout calls compareLayout until it has been answered once.
func (s *Store) checkLayout(ctx context.Context) error {
	if s.laidOut.Load() {
		return nil
	}
	_, err := bounded(ctx, s, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.compareLayout(ctx) })
	return err
}

// compareLayout compares the recorded layout with ours and records ours if
// there is none. It has no time limit but the context's.
func (s *Store) compareLayout(ctx context.Context) error {
	shards := strconv.Itoa(len(s.layout.shards))
	version := strconv.Itoa(layoutVersion)
	found, err := s.scripts.layout.Run(ctx, s.client, []string{s.layout.meta}, version, shards).StringSlice()
	switch {
	case err != nil:
		return fmt.Errorf("redisstore: layout: %w", err)
	case len(found) != 2:
		return fmt.Errorf("redisstore: layout: unexpected answer of %d parts", len(found))
	case found[0] != version:
		return &layoutError{"the layout version", found[0], version}
	case found[1] != shards:
		return &layoutError{"Options.Shards", found[1], shards}
	}
	s.laidOut.Store(true)
	return nil
}
