package config

import (
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/redisstore"
	"github.com/redis/go-redis/v9"
)

// Defaults are the defaults that belong to a program and not to the library.
type Defaults struct {
	// Addr is the default of ADDR. If it is empty, that is 127.0.0.1:8080.
	Addr string
}

// Settings is what the environment says. No formatting verb prints a key, a
// secret or the Redis URL.
type Settings struct {
	// Addr is where to listen, host:port. See [Settings.Listen].
	Addr string

	// Core is complete but for Store, which [Settings.Open] returns, and for
	// what only code can say: LoadClaims, OnEvent, Logger and Now.
	Core core.Config

	// Transport says where tokens travel. It is the Transport of every face's
	// Options.
	Transport httpauth.Transport

	// LoginPage is where browsers without a good token are sent. It is the
	// LoginPage of every face's Options.
	LoginPage string

	// Redis is used by [Settings.Open] if REDIS_URL is set.
	Redis redisstore.Options

	// Warnings are for the log: what is allowed, but hardly for production.
	Warnings []string

	store     string                       // see StoreName
	newClient func() redis.UniversalClient // nil for the memory store
}

// FromEnv reads the variables that the package documents, by getenv, which is
// usually os.Getenv. The error is one line that names every variable at fault,
// and is [ErrInvalid].
func FromEnv(getenv func(string) string, d Defaults) (*Settings, error) {
	e := withFiles(getenv, secretVariables...)
	s := &Settings{Addr: readAddr(e, d)}
	s.Core = readCore(e)
	s.Core.Keys, s.Core.RefreshKeys = readKeys(e, s)
	readRedis(e, s)
	readTransport(e, s)
	s.LoginPage = readLoginPage(e)
	s.check(e)
	if err := e.err(); err != nil {
		return nil, err
	}
	if s.Core.OnStoreFailure == core.FailOpen {
		s.warn("ON_STORE_FAILURE=open: while the store is away, revoked access tokens are accepted")
	}
	return s, nil
}

// Options are the Options of every face, but for what only code can say.
func (s *Settings) Options() httpauth.Options {
	return httpauth.Options{Transport: s.Transport, LoginPage: s.LoginPage}
}

// check lets core judge the settings together. A fault that only says what is
// missing because of another is not said again.
func (s *Settings) check(e *environment) {
	c := s.Core
	c.Store = core.NewMemoryStore(core.MemoryOptions{})
	_, err := core.New(c)
	e.judge(err, len(e.faults) == 0)
}

func (s *Settings) warn(text string) { s.Warnings = append(s.Warnings, text) }

// Format implements [fmt.Formatter].
func (s Settings) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "config.Settings(%s, %s)", s.Addr, s.store)
}

// LogValue implements [slog.LogValuer].
func (s Settings) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(s)) }

// MarshalText implements [encoding.TextMarshaler], for encoders that would
// look into the settings.
func (s Settings) MarshalText() ([]byte, error) { return fmt.Append(nil, s), nil }

func readAddr(e *environment, d Defaults) string {
	addr := e.getenv("ADDR")
	if addr == "" {
		addr = d.Addr
	}
	if addr == "" {
		addr = "127.0.0.1:8080"
	}
	host, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil || strings.Contains(host, "@") {
		e.refuse("ADDR", addr, "host:port with a numeric port, such as 127.0.0.1:8080")
	}
	return addr
}

// readCore reads all of core.Config but the keys. The bounds are core's.
func readCore(e *environment) core.Config {
	none := choice[time.Duration]{"none", core.NoLimit}
	return core.Config{
		Issuer:      cmp.Or(e.getenv("ISSUER"), "ratchet-example"),
		Audience:    readAudience(e),
		AccessTTL:   e.duration("ACCESS_TTL", "such as 10m", refused),
		IdleTTL:     e.duration("IDLE_TTL", "such as 168h, or none", refused, none),
		SessionTTL:  e.duration("SESSION_TTL", "such as 720h, or none", refused, none),
		ReuseGrace:  e.duration("REUSE_GRACE", "such as 30s, or strict", core.Strict, choice[time.Duration]{"strict", core.Strict}),
		Leeway:      e.duration("LEEWAY", "such as 10s", 0),
		MaxSessions: e.integer("MAX_SESSIONS"),
		CacheSize:   readCacheSize(e),
		OnLimit: oneOf(e, "ON_LIMIT",
			choice[core.LimitPolicy]{"evict", core.EvictIdlest},
			choice[core.LimitPolicy]{"reject", core.RejectNew}),
		Revocation: oneOf(e, "REVOCATION",
			choice[core.RevocationPolicy]{"blacklist", core.Blacklist},
			choice[core.RevocationPolicy]{"session", core.SessionRecord}),
		OnStoreFailure: oneOf(e, "ON_STORE_FAILURE",
			choice[core.FailurePolicy]{"closed", core.FailClosed},
			choice[core.FailurePolicy]{"open", core.FailOpen}),
		BindAccessToken: e.boolean("BIND_ACCESS_TOKEN"),
	}
}

func readAudience(e *environment) []string {
	text := e.getenv("AUDIENCE")
	if text == "" {
		return []string{"api"}
	}
	var list []string
	for a := range strings.SplitSeq(text, ",") {
		list = append(list, strings.TrimSpace(a))
	}
	return list
}

// readCacheSize reads a number of bytes of which zero means none, where in
// core.Config it means the default.
func readCacheSize(e *environment) int {
	const name = "CACHE_SIZE"
	if e.getenv(name) == "0" {
		return core.NoCache
	}
	return e.integer(name)
}
