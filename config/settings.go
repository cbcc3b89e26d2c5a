package config

import (
	"fmt"
	"log/slog"
	"math"
	"net"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

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

	// Transport says where tokens travel. It is the Transport of ginauth and
	// of echoauth alike, for the Options of either.
	Transport httpauth.Transport

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
	e := withFiles(getenv)
	s := &Settings{Addr: readAddr(e, d)}
	s.Core = readCore(e)
	s.Core.Keys, s.Core.RefreshKeys = readKeys(e, s)
	readRedis(e, s)
	readTransport(e, s)
	if err := e.err(); err != nil {
		return nil, err
	}
	if s.Core.OnStoreFailure == core.FailOpen {
		s.warn("ON_STORE_FAILURE=open: while the store is away, revoked access tokens are accepted")
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	return s, nil
}

// check lets core judge as well. Each value alone has been checked, so what is
// left is that long names together leave no room in a token.
func (s *Settings) check() error {
	c := s.Core
	c.Store, c.CacheSize = core.NewMemoryStore(core.MemoryOptions{}), -1 // not the memory of a cache
	if _, err := core.New(c); err != nil {
		text := strings.ReplaceAll(err.Error(), "\n", "; ")
		return invalid(fmt.Sprintf("ISSUER and AUDIENCE=%s cannot be used together: %s", quote(strings.Join(c.Audience, ",")), text))
	}
	return nil
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

// readCore reads all of core.Config but the keys.
func readCore(e *environment) core.Config {
	const orMore = "a Go duration of 1s or more, such as "
	none := choice[time.Duration]{"none", core.NoLimit}
	c := core.Config{
		Issuer:      readIssuer(e),
		Audience:    readAudience(e),
		AccessTTL:   e.duration("ACCESS_TTL", time.Second, longest, orMore+"10m"),
		IdleTTL:     e.duration("IDLE_TTL", time.Second, longest, orMore+"168h, or none", none),
		SessionTTL:  e.duration("SESSION_TTL", time.Second, longest, orMore+"720h, or none", none),
		ReuseGrace:  readReuseGrace(e),
		Leeway:      e.duration("LEEWAY", 0, time.Minute, "a Go duration from 0 to 1m"),
		MaxSessions: e.integer("MAX_SESSIONS", 1, 1000),
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
	if c.IdleTTL == core.NoLimit && c.SessionTTL == core.NoLimit {
		e.fault("IDLE_TTL and SESSION_TTL are both none, one of them must end a session")
	}
	return c
}

// readReuseGrace reads a duration of which zero means none, where in
// core.Config it means the default.
func readReuseGrace(e *environment) time.Duration {
	const name, allowed = "REUSE_GRACE", "strict, 0 or a Go duration from 1ms to 2m"
	d := e.duration(name, 0, 2*time.Minute, allowed, choice[time.Duration]{"strict", core.Strict})
	switch {
	case d == 0 && e.getenv(name) != "":
		return core.Strict
	case 0 < d && d < time.Millisecond:
		e.refuse(name, e.getenv(name), allowed)
	}
	return d
}

// maxName is how many bytes core allows to an issuer or an audience.
const maxName = 256

func readIssuer(e *environment) string {
	issuer := e.getenv("ISSUER")
	if issuer == "" {
		return "ratchet-example"
	}
	if !validName(issuer) {
		e.refuse("ISSUER", issuer, "UTF-8 of 256 bytes at most")
	}
	return issuer
}

func readAudience(e *environment) []string {
	text := e.getenv("AUDIENCE")
	if text == "" {
		return []string{"api"}
	}
	var list []string
	for a := range strings.SplitSeq(text, ",") {
		a = strings.TrimSpace(a)
		if !validName(a) {
			e.refuse("AUDIENCE", text, "one or more names separated by commas, each UTF-8 of 1 to 256 bytes")
			break
		}
		list = append(list, a)
	}
	return list
}

func validName(s string) bool { return s != "" && len(s) <= maxName && utf8.ValidString(s) }

// readCacheSize reads a number of bytes of which zero means none, where in
// core.Config it means the default.
func readCacheSize(e *environment) int {
	const name = "CACHE_SIZE"
	if e.getenv(name) == "0" {
		return -1
	}
	return e.integer(name, 16<<10, min(64<<30, math.MaxInt))
}
