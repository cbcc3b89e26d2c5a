package config_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// limit is the limits of a variable: values just inside and just outside, and
// how code gives them to the package whose limits they are.
type limit struct {
	name    string
	inside  []string
	outside []string
	give    func(t *testing.T, text string) error
}

// check fails if the variable's limits are not those of the other package: a
// good value would then fail later and without the variable's name, or be
// refused for nothing.
func (l limit) check(t *testing.T, judge func(*config.Settings) error) {
	for _, text := range l.inside {
		if err := judge(read(t, env{l.name: text})); err != nil {
			t.Errorf("%s=%.40s: the settings are refused: %v", l.name, text, err)
		}
		if err := l.give(t, text); err != nil {
			t.Errorf("%.40s is in the limits of %s, but refused in code: %v", text, l.name, err)
		}
	}
	for _, text := range l.outside {
		s, err := config.FromEnv(env{l.name: text}.get, config.Defaults{})
		if s != nil || !errors.Is(err, config.ErrInvalid) || !strings.HasPrefix(err.Error(), l.name) {
			t.Errorf("%s=%.40s: got the error %v, want an ErrInvalid that names the variable", l.name, text, err)
		}
		if l.give(t, text) == nil {
			t.Errorf("%.40s is out of the limits of %s, but accepted in code", text, l.name)
		}
	}
}

func durationOf(t *testing.T, text string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func numberOf(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestLimitsAreCores(t *testing.T) {
	judge := func(c core.Config) error {
		c.Store = core.NewMemoryStore(core.MemoryOptions{})
		_, err := core.New(c)
		return err
	}
	with := func(set func(*core.Config, string)) func(*testing.T, string) error {
		return func(t *testing.T, text string) error {
			c := read(t, env{"SIGNING_SECRET": secret}).Core
			set(&c, text)
			return judge(c)
		}
	}
	duration := func(field func(*core.Config) *time.Duration) func(*testing.T, string) error {
		return with(func(c *core.Config, text string) { *field(c) = durationOf(t, text) })
	}
	long := strings.Repeat("x", 257)
	overCacheSize := []string{"16383"}
	if strconv.IntSize > 32 { // otherwise no int is greater
		overCacheSize = append(overCacheSize, "68719476737")
	}
	for _, l := range []limit{
		{"ACCESS_TTL", []string{"1s"}, []string{"999999999ns"}, duration(func(c *core.Config) *time.Duration { return &c.AccessTTL })},
		{"IDLE_TTL", []string{"1s"}, []string{"999999999ns"}, duration(func(c *core.Config) *time.Duration { return &c.IdleTTL })},
		{"SESSION_TTL", []string{"1s"}, []string{"999999999ns"}, duration(func(c *core.Config) *time.Duration { return &c.SessionTTL })},
		{"REUSE_GRACE", []string{"1ms", "2m"}, []string{"999999ns", "2m0.000000001s"},
			duration(func(c *core.Config) *time.Duration { return &c.ReuseGrace })},
		{"LEEWAY", []string{"0", "1m"}, []string{"-1ns", "1m0.000000001s"},
			duration(func(c *core.Config) *time.Duration { return &c.Leeway })},
		{"MAX_SESSIONS", []string{"1", "1000"}, []string{"-1", "1001"},
			with(func(c *core.Config, text string) { c.MaxSessions = numberOf(t, text) })},
		{"CACHE_SIZE", []string{"16384"}, overCacheSize,
			with(func(c *core.Config, text string) { c.CacheSize = numberOf(t, text) })},
		{"ISSUER", []string{"x", long[:256]}, []string{long, "\xff"}, with(func(c *core.Config, text string) { c.Issuer = text })},
		{"AUDIENCE", []string{"x", long[:256]}, []string{long, "\xff"}, with(func(c *core.Config, text string) { c.Audience = []string{text} })},
		{"SIGNING_SECRET", []string{secret}, []string{secret[:31]}, func(_ *testing.T, text string) error {
			_, err := core.NewHMACKey("k", []byte(text))
			return err
		}},
		{"REFRESH_SECRET", []string{secret2}, []string{secret2[:31]}, func(_ *testing.T, text string) error {
			_, err := core.NewHMACKey("k", []byte(text))
			return err
		}},
	} {
		t.Run(l.name, func(t *testing.T) {
			l.check(t, func(s *config.Settings) error { return judge(s.Core) })
		})
	}
}

func TestLimitsAreTheStores(t *testing.T) {
	judge := func(o redisstore.Options) error {
		// No server is needed: New judges the options before it looks for one.
		client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, DialerRetries: 1})
		defer client.Close()
		o.Logger = quiet()
		store, err := redisstore.New(client, o)
		if err != nil {
			return err
		}
		return store.Close()
	}
	with := func(set func(*redisstore.Options, string)) func(*testing.T, string) error {
		return func(_ *testing.T, text string) error {
			var o redisstore.Options
			set(&o, text)
			return judge(o)
		}
	}
	long := strings.Repeat("x", 65)
	for _, l := range []limit{
		{"REDIS_PREFIX", []string{"!", "~", long[:64]}, []string{long, " ", "\x7f", "{", "}"},
			with(func(o *redisstore.Options, text string) { o.Prefix = text })},
		{"REDIS_SHARDS", []string{"1", "1024"}, []string{"-1", "1025"},
			with(func(o *redisstore.Options, text string) { o.Shards = numberOf(t, text) })},
		{"MIRROR_STALENESS", []string{"0", "100ms", "1m"}, []string{"-1ns", "99999999ns", "1m0.000000001s"},
			with(func(o *redisstore.Options, text string) { o.Mirror.Staleness = durationOf(t, text) })},
	} {
		t.Run(l.name, func(t *testing.T) {
			l.check(t, func(s *config.Settings) error { return judge(s.Redis) })
		})
	}
}
