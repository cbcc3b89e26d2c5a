package config

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/redisstore"
)

// StoreName tells operators which store [Settings.Open] opens: "memory", or
// "redis", the mode and the addresses.
func (s *Settings) StoreName() string { return s.store }

// Open returns the store and a function that closes it, to be called when
// nothing uses the store any more. The logger is for what the store cannot
// report otherwise; nil means slog.Default().
//
// A Redis that cannot be reached is no error: the store's operations fail
// until it can be. Data that was written with another REDIS_SHARDS is, and is
// [ErrInvalid].
func (s *Settings) Open(logger *slog.Logger) (core.Store, func() error, error) {
	if s.newClient == nil {
		return core.NewMemoryStore(core.MemoryOptions{}), func() error { return nil }, nil
	}
	options := s.Redis
	if options.Logger == nil {
		options.Logger = logger
	}
	client := s.newClient()
	store, err := redisstore.New(client, options)
	if err != nil {
		err = invalid(fmt.Sprintf("REDIS_PREFIX=%s and REDIS_SHARDS=%d do not fit: %v", quote(options.Prefix), options.Shards, err))
		return nil, nil, errors.Join(err, client.Close())
	}
	return store, func() error { return errors.Join(store.Close(), client.Close()) }, nil
}
