package config

import (
	"cmp"
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/redisstore"
)

// StoreName tells operators which store [Settings.Open] opens: "memory", or
// "redis", the mode and the addresses.
func (s *Settings) StoreName() string { return s.store }

// checkTimeout bounds how long Open looks at a Redis.
const checkTimeout = 2 * time.Second

// Open returns the store and a function that closes it, to be called when
// nothing uses the store any more. The logger is for what the store cannot
// report otherwise, and for each finding of [redisstore.Store.Check]; nil means
// slog.Default().
//
// A Redis that cannot be reached is no error: the store's operations fail
// until it can be. Data that was written with another REDIS_SHARDS is, and is
// [ErrInvalid].
func (s *Settings) Open(logger *slog.Logger) (core.Store, func() error, error) {
	if s.newClient == nil {
		return core.NewMemoryStore(core.MemoryOptions{}), func() error { return nil }, nil
	}
	options := s.Redis
	logger = cmp.Or(options.Logger, logger, slog.Default())
	noticed := &noticing{Handler: logger.Handler()}
	options.Logger = slog.New(noticed)
	store, closeStore, err := s.newStore(s.newClient(), options)
	if err != nil {
		return nil, nil, err
	}
	logFindings(store, logger, noticed.warned.Load())
	return store, closeStore, nil
}

// logFindings logs what Check reports about the Redis. That it cannot be asked is
// logged unless New has warned already.
func logFindings(store *redisstore.Store, logger *slog.Logger, warned bool) {
	ctx, cancel := context.WithTimeout(context.Background(), checkTimeout)
	defer cancel()
	report, err := store.Check(ctx)
	for _, f := range report {
		attrs := []slog.Attr{slog.String("code", f.Code), slog.String("danger", f.Danger), slog.String("remedy", f.Remedy)}
		if f.Server != "" {
			attrs = append(attrs, slog.String("server", f.Server))
		}
		logger.LogAttrs(ctx, f.Level, "redis: "+f.Found, attrs...)
	}
	if err != nil && !warned {
		logger.Warn("redis: the server could not be checked", "error", err)
	}
}

// noticing notes whether a warning was logged.
type noticing struct {
	slog.Handler
	warned atomic.Bool
}

// Handle implements [slog.Handler].
func (n *noticing) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		n.warned.Store(true)
	}
	return n.Handler.Handle(ctx, r)
}
