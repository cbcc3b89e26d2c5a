package config

import (
	"errors"
	"strings"

	"github.com/ratchetauth/ratchet/core/driver"
)

// inEnvironment puts what core and redisstore say of fields into the words of the
// environment: the bounds are theirs, and the names ours.
func inEnvironment(text string) string {
	return strings.NewReplacer(
		"core: ", "", "redisstore: ", "", "Config.", "", "Options.", "",
		"AccessTTL", "ACCESS_TTL", "IdleTTL", "IDLE_TTL", "SessionTTL", "SESSION_TTL", "ReuseGrace", "REUSE_GRACE",
		"Leeway", "LEEWAY", "MaxSessions", "MAX_SESSIONS", "CacheSize", "CACHE_SIZE", "Issuer", "ISSUER", "Audience", "AUDIENCE",
		"Prefix", "REDIS_PREFIX", "Shards", "REDIS_SHARDS", "Mirror.Staleness", "MIRROR_STALENESS",
		"NoLimit", "none", "Strict", "strict", "NoCache", "0",
	).Replace(text)
}

// judge records the faults that a constructor has found, others than those of a
// field only if all is true.
func (e *environment) judge(err error, all bool) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, fault := range joined.Unwrap() {
			e.judge(fault, all)
		}
		return
	}
	var f *driver.FieldError
	switch {
	case errors.As(err, &f) && f.Allowed != "":
		name, _, _ := strings.Cut(inEnvironment(f.Field), "[") // of a list the variable is one
		e.refuse(name, e.getenv(name), inEnvironment(f.Allowed))
	case f != nil || err != nil && all:
		e.fault("%s", inEnvironment(err.Error()))
	}
}
