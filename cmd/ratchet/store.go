package main

import (
	"context"
	"crypto/rand"
	"log/slog"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// silent drops what go-redis logs by itself.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// logger returns the log, which is off by default.
func (c *call) logger() *slog.Logger {
	if c.flags.verbose {
		return slog.New(slog.NewTextHandler(c.stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	redis.SetLogger(silent{})
	return slog.New(slog.DiscardHandler)
}

// getenv is the environment, with --redis-url in place of REDIS_URL.
func (c *call) getenv(name string) string {
	switch {
	case c.flags.redisURL == "":
	case name == "REDIS_URL":
		return c.flags.redisURL
	case name == "REDIS_URL_FILE":
		return ""
	}
	return c.env(name)
}

// open returns the store of the programs' settings; change may alter these.
func (c *call) open(change func(*config.Settings)) (*redisstore.Store, func() error, error) {
	s, err := config.StoreFromEnv(c.getenv)
	if err != nil {
		return nil, nil, err
	}
	if change == nil {
		change = func(s *config.Settings) { s.Redis.Mirror = redisstore.MirrorOptions{} }
	}
	change(s)
	return s.Connect(c, c.logger())
}

// authority runs f with an Authority on the store. Its key is random: it signs
// and verifies nothing. Ended is called with each session that f ends.
func (c *call) authority(ended func(sessionID string), f func(*core.Authority) error) error {
	store, closeStore, err := c.open(nil)
	if err != nil {
		return err
	}
	defer func() { _ = closeStore() }()
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := core.NewHMACKey("none", secret)
	if err != nil {
		return err
	}
	a, err := core.New(core.Config{
		Issuer: "ratchet", Audience: []string{"none"}, Keys: []core.Key{key}, Store: store, Logger: c.logger(),
		OnEvent: func(_ context.Context, e core.Event) {
			if e.Type == core.SessionRevoked && ended != nil {
				ended(e.SessionID)
			}
		},
	})
	if err != nil {
		return err
	}
	return f(a)
}
