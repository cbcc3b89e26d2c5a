package redisstore

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

const (
	maxShards    = 1024
	maxPrefix    = 64 // bytes
	minStaleness = 100 * time.Millisecond
	maxStaleness = time.Minute
)

func (o Options) withDefaults() Options {
	if o.Prefix == "" {
		o.Prefix = "ratchet:"
	}
	if o.Shards == 0 {
		o.Shards = 16
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

// Validate reports every fault of the options, each as a [driver.FieldError]. [New]
// reports them as well.
func (o Options) Validate() error {
	var faults []error
	refuse := func(field, problem, allowed string) {
		faults = append(faults, &driver.FieldError{Package: "redisstore", Field: "Options." + field, Problem: problem, Allowed: allowed})
	}
	o = o.withDefaults()
	// A brace would take the place of the shard's hash tag. The rest would be
	// hard to type in redis-cli or an ACL rule.
	if len(o.Prefix) > maxPrefix || strings.ContainsFunc(o.Prefix, func(c rune) bool { return c <= ' ' || c > '~' || c == '{' || c == '}' }) {
		refuse("Prefix", fmt.Sprintf("is %.70q", o.Prefix), fmt.Sprintf("printable ASCII of %d bytes at most, without spaces and braces", maxPrefix))
	}
	if o.Shards < 1 || o.Shards > maxShards {
		refuse("Shards", fmt.Sprintf("is %d", o.Shards), fmt.Sprintf("from 1 to %d", maxShards))
	}
	if s := o.Mirror.Staleness; s != 0 && (s < minStaleness || s > maxStaleness) {
		refuse("Mirror.Staleness", fmt.Sprintf("is %v", s), fmt.Sprintf("0 or from %v to %v", minStaleness, maxStaleness))
	}
	return errors.Join(faults...)
}
