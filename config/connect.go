package config

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// ErrNoData is what [Settings.Connect] returns where no program has written
// anything under the prefix. It is [ErrInvalid] as well.
var ErrNoData = errors.New("config: nothing has been written under the prefix")

// noData is an error about a prefix without data.
type noData string

func (e noData) Error() string        { return string(e) }
func (e noData) Is(target error) bool { return target == ErrNoData || target == ErrInvalid }

// StoreFromEnv reads REDIS_URL, REDIS_URL_FILE, REDIS_MODE, REDIS_PREFIX,
// REDIS_SHARDS and MIRROR_STALENESS, from a CONFIG_FILE too, and nothing else, for
// an operator's tool: it needs no key and reads no file with one. The error is
// [ErrInvalid], also if there is no REDIS_URL. Of the Settings only Redis,
// [Settings.Connect], [Settings.Open] and [Settings.StoreName] are of use.
func StoreFromEnv(getenv func(string) string) (*Settings, error) {
	e := withFiles(getenv, "REDIS_URL")
	s := &Settings{}
	readRedis(e, s)
	if s.newClient == nil && len(e.faults) == 0 {
		e.fault("REDIS_URL is not set: the memory store is known to its own process alone")
	}
	if err := e.err(); err != nil {
		return nil, err
	}
	return s, nil
}

// Connect returns the Redis store in which a program has kept its sessions, and
// a function that closes it, for an operator's tool. Unlike [Settings.Open] it
// writes nothing where there is nothing, does not look whether the Redis is fit,
// and fails if the Redis cannot be reached. A password that is refused and
// another REDIS_SHARDS are [ErrInvalid], a prefix without data is [ErrNoData]. The
// logger is the store's; nil means slog.Default().
func (s *Settings) Connect(ctx context.Context, logger *slog.Logger) (*redisstore.Store, func() error, error) {
	if s.newClient == nil {
		return nil, nil, invalid("REDIS_URL is not set")
	}
	client := s.newClient()
	if err := s.hasData(ctx, client); err != nil {
		_ = client.Close()
		return nil, nil, err
	}
	options := s.Redis
	if logger != nil {
		options.Logger = logger
	}
	return s.newStore(client, options)
}

// hasData looks for the record of the layout, which every program writes first.
func (s *Settings) hasData(ctx context.Context, client redis.UniversalClient) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	n, err := client.Exists(ctx, s.Redis.Prefix+"meta").Result()
	switch {
	case err != nil && (strings.Contains(err.Error(), "WRONGPASS") || strings.Contains(err.Error(), "NOAUTH")):
		return invalid(fmt.Sprintf("REDIS_URL: %s refuses the user or the password", s.store))
	case err != nil:
		return fmt.Errorf("%s cannot be asked: %w", s.store, err)
	case n == 0:
		return noData(fmt.Sprintf("REDIS_PREFIX=%s: no program has written anything under this prefix in %s; is the prefix, the database or the server another one?",
			quote(s.Redis.Prefix), s.store))
	}
	return nil
}

// newStore returns the store on the client, and what closes both.
func (s *Settings) newStore(client redis.UniversalClient, o redisstore.Options) (*redisstore.Store, func() error, error) {
	store, err := redisstore.New(client, o)
	if err != nil {
		err = invalid(fmt.Sprintf("REDIS_PREFIX=%s and REDIS_SHARDS=%d do not fit: %v", quote(o.Prefix), o.Shards, err))
		return nil, nil, errors.Join(err, client.Close())
	}
	return store, func() error { return errors.Join(store.Close(), client.Close()) }, nil
}
