package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/redis/go-redis/v9"
)

// Time limits of a Redis client whose URL sets none. go-redis has 5 seconds
// for each and dials five times, which is longer than a login should hang on
// a dead server.
const (
	dialTimeout = time.Second
	ioTimeout   = 500 * time.Millisecond
)

// readRedis reads the store's variables.
func readRedis(e *environment, s *Settings) {
	s.Redis.Prefix = cmp.Or(e.getenv("REDIS_PREFIX"), "ratchet:")
	s.Redis.Shards = cmp.Or(e.integer("REDIS_SHARDS"), 16)
	s.Redis.Mirror.Staleness = e.duration("MIRROR_STALENESS", "such as 1s, or 0", 0)
	e.judge(s.Redis.Validate(), true)
	if s.Redis.Mirror.Staleness > 0 && s.Core.Revocation == core.SessionRecord {
		e.fault("MIRROR_STALENESS=%s needs REVOCATION=blacklist: REVOCATION=session looks at each session's record and never asks the mirror",
			quote(e.getenv("MIRROR_STALENESS")))
	}

	faults := len(e.faults)
	mode := oneOf(e, "REDIS_MODE", choice[string]{"standalone", "standalone"},
		choice[string]{"cluster", "cluster"}, choice[string]{"sentinel", "sentinel"})
	address := e.getenv("REDIS_URL")
	switch {
	case len(e.faults) > faults:
	case address != "":
		if err := s.parseURL(mode, address); err != nil {
			e.fault("REDIS_URL is invalid for REDIS_MODE=%s: %v", mode, err)
		}
	case mode != "standalone":
		e.fault("REDIS_URL is empty, REDIS_MODE=%s needs it", mode)
	default:
		s.store = "memory"
		s.warn("REDIS_URL is not set: the memory store is used, so sessions end with this process and no other process knows them")
		s.warnUnused(e)
	}
}

// warnUnused warns of what is set for Redis though there is none, which is
// right where an environment for development differs in REDIS_URL alone.
func (s *Settings) warnUnused(e *environment) {
	for _, name := range []string{"REDIS_PREFIX", "REDIS_SHARDS", "MIRROR_STALENESS"} {
		if e.getenv(name) != "" && (name != "MIRROR_STALENESS" || s.Redis.Mirror.Staleness > 0) {
			s.warn(name + " has no effect without REDIS_URL")
		}
	}
}

// parseURL prepares the client. Its errors hold no part of the URL but the
// names of go-redis's own parameters: whatever else is in it may belong to a
// password that was not percent-encoded.
func (s *Settings) parseURL(mode, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return errors.New("it is not a URL (is a special character of the password not percent-encoded?)")
	}
	if u.Opaque != "" || u.Scheme != "redis" && u.Scheme != "rediss" && (u.Scheme != "unix" || mode != "standalone") {
		return errors.New("it must begin with redis:// or rediss://, or in standalone mode with unix://")
	}
	query := u.Query()
	// The store's name is logged, with the addresses and the path of a socket: no
	// part of a password may be taken for one.
	switch {
	case strings.Contains(address, "#"), strings.Contains(u.Path, "@"):
		return errors.New("it has a # or, in its path, an @ (is a special character of the password not percent-encoded?)")
	case slices.ContainsFunc(query["addr"], func(addr string) bool { return strings.Contains(addr, "@") }):
		return errors.New("the parameter addr has an @, it must be host:port: user and password stand before the first host and count for all")
	case mode == "standalone" && query.Has("addr"):
		return errors.New("the parameter addr needs REDIS_MODE cluster or sentinel")
	case mode == "sentinel" && query.Get("master_name") == "":
		return errors.New("the parameter master_name is missing")
	case mode == "cluster" && u.Path != "" && u.Path != "/" && u.Path != "/0":
		return errors.New("a cluster has no numbered databases")
	}
	for _, name := range []string{"read_only", "route_by_latency", "route_randomly", "replica_only", "use_disconnected_replicas"} {
		if mode != "standalone" && query.Has(name) {
			return fmt.Errorf("the parameter %s is not allowed: a replica forgets the last revocations", name)
		}
	}
	if err := checkSizes(u, query); err != nil {
		return err
	}
	if err := s.parseClient(mode, address, u); err != nil {
		return err
	}
	if query.Get("skip_verify") == "true" || query.Get("skip_verify") == "1" {
		s.warn("REDIS_URL has skip_verify: anybody between here and Redis can read and change everything")
	}
	return nil
}

// parseClient lets go-redis parse the URL and adds the time limits that it
// leaves open.
func (s *Settings) parseClient(mode, address string, u *url.URL) error {
	switch mode {
	case "cluster":
		o, err := redis.ParseClusterURL(address)
		if err != nil {
			return reason(err, u)
		}
		limit(&o.DialTimeout, &o.ReadTimeout, &o.WriteTimeout, &o.DialerRetries)
		o.ContextTimeoutEnabled = true
		s.store = fmt.Sprintf("redis cluster %v", o.Addrs)
		s.newClient = func() redis.UniversalClient { return redis.NewClusterClient(o) }
	case "sentinel":
		o, err := redis.ParseFailoverURL(address)
		if err != nil {
			return reason(err, u)
		}
		limit(&o.DialTimeout, &o.ReadTimeout, &o.WriteTimeout, &o.DialerRetries)
		if !u.Query().Has("context_timeout_enabled") {
			o.ContextTimeoutEnabled = true
		}
		s.store = fmt.Sprintf("redis sentinel %v", o.SentinelAddrs)
		s.newClient = func() redis.UniversalClient { return redis.NewFailoverClient(o) }
	default:
		o, err := redis.ParseURL(address)
		if err != nil {
			return reason(err, u)
		}
		limit(&o.DialTimeout, &o.ReadTimeout, &o.WriteTimeout, &o.DialerRetries)
		o.ContextTimeoutEnabled = true
		s.store = "redis standalone " + o.Addr
		s.newClient = func() redis.UniversalClient { return redis.NewClient(o) }
	}
	return nil
}

// limit sets what the URL does not: go-redis leaves that zero.
func limit(dial, read, write *time.Duration, dialerRetries *int) {
	*dial = cmp.Or(*dial, dialTimeout)
	*read = cmp.Or(*read, ioTimeout)
	*write = cmp.Or(*write, ioTimeout)
	*dialerRetries = cmp.Or(*dialerRetries, 1) // commands are retried anyway
}

// reason says what go-redis found wrong, without the values that its errors
// quote.
func reason(err error, u *url.URL) error {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "redis: unexpected option: "); ok && !strings.Contains(u.RawQuery, "@") {
		return fmt.Errorf("go-redis does not know the parameter %s here", quote(name))
	}
	for _, kind := range []string{"number", "duration", "boolean"} {
		if words := strings.Fields(text); len(words) > 3 && words[1] == "invalid" && words[3] == kind+":" {
			return fmt.Errorf("%s is not a %s", words[2], kind)
		}
	}
	return errors.New("go-redis cannot parse it (is a special character of the password not percent-encoded?)")
}

// checkSizes refuses the numbers with which go-redis panics, or which name a
// database that cannot be.
func checkSizes(u *url.URL, query url.Values) error {
	const most = 1_000_000
	for _, name := range []string{"pool_size", "min_idle_conns", "max_idle_conns", "max_active_conns", "db"} {
		for _, text := range query[name] {
			if n, err := strconv.Atoi(text); err == nil && (n < 0 || n > most) {
				return fmt.Errorf("%s is not a number from 0 to %d", name, most)
			}
		}
	}
	if strings.HasPrefix(u.Path, "/-") && u.Scheme != "unix" {
		return errors.New("the database is negative")
	}
	return nil
}
