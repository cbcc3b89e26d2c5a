package config_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/config"
)

func TestStoreNames(t *testing.T) {
	tests := map[string]struct {
		env  env
		want string
	}{
		"memory":     {env{}, "memory"},
		"standalone": {env{"REDIS_URL": "redis://:p@redis.example/1?read_timeout=2s"}, "redis standalone redis.example:6379"},
		"tls":        {env{"REDIS_URL": "rediss://redis.example:6380"}, "redis standalone redis.example:6380"},
		"socket":     {env{"REDIS_URL": "unix:///run/redis.sock?db=1"}, "redis standalone /run/redis.sock"},
		"cluster":    {env{"REDIS_MODE": "cluster", "REDIS_URL": "redis://u:p@a:1/0?addr=b:2&addr=c:3"}, "redis cluster [a:1 b:2 c:3]"},
		"sentinel":   {env{"REDIS_MODE": "sentinel", "REDIS_URL": "redis://a:1/2?master_name=m&addr=b:2&password=p"}, "redis sentinel [a:1 b:2]"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := read(t, tt.env).StoreName(); got != tt.want {
				t.Errorf("StoreName() is %q, want %q", got, tt.want)
			}
		})
	}
}

// TestBadURLs uses passwords that were not percent-encoded, which break a URL
// in different places: no error may show any part of them.
func TestBadURLs(t *testing.T) {
	tests := map[string]struct {
		mode, url string
		want      string // in the error, as a hint
	}{
		"no scheme":                    {"", "127.0.0.1:6379", ""},
		"a host alone":                 {"", "hunter2", "redis://"},
		"another scheme":               {"", "hunter2://x", "redis://"},
		"http":                         {"", "http://hunter2", "redis://"},
		"a cluster on a socket":        {"cluster", "unix:///run/hunter2", "redis://"},
		"a slash in the password":      {"", "redis://u:hun/ter2@h:6379", ""},
		"digits, then a slash":         {"", "redis://u:12/hunter2@h:6379", "percent-encoded"},
		"digits, two slashes":          {"", "redis://u:12/hunter2/x@h:6379", ""},
		"a hash in the password":       {"", "redis://u:hunter2#x@h:6379", ""},
		"a percent sign":               {"", "redis://u:hunter2%zz@h:6379", "percent-encoded"},
		"a question mark":              {"", "redis://u:12?hunter2@h:6379", ""},
		"a question mark and more":     {"", "redis://u:12?hunter2=x@h:6379", ""},
		"a space":                      {"", "redis://u:hunter2 x@h:6379", ""},
		"a control character":          {"", "redis://u:hunter2\x7f@h:6379", ""},
		"a bad port":                   {"", "redis://h:hunter2", ""},
		"a bad database":               {"", "redis://h/hunter2", "database"},
		"a bad number":                 {"", "redis://h?pool_size=hunter2", "pool_size"},
		"a bad duration":               {"", "redis://h?read_timeout=hunter2", "read_timeout"},
		"a bad boolean":                {"", "redis://h?pool_fifo=hunter2", "pool_fifo"},
		"an unknown parameter":         {"", "redis://h?max_retry=hunter2", "max_retry"},
		"more nodes, standalone":       {"", "redis://h?addr=hunter2:1", "addr"},
		"a bad node":                   {"cluster", "redis://h?addr=hunter2", ""},
		"a database on a cluster":      {"cluster", "redis://h/2", "database"},
		"no master's name":             {"sentinel", "redis://h?addr=hunter2:1", "master_name"},
		"replica reads on a cluster":   {"cluster", "redis://h?read_only=true", "read_only"},
		"latency routing on a cluster": {"cluster", "redis://h?route_by_latency=true", "route_by_latency"},
		"random routing on a cluster":  {"cluster", "redis://h?route_randomly=1", "route_randomly"},
		"latency routing by sentinel":  {"sentinel", "redis://h?master_name=m&route_by_latency=true", "route_by_latency"},
		"replicas only by sentinel":    {"sentinel", "redis://h?master_name=m&replica_only=true", "replica_only"},
		"a password for a node":        {"cluster", "redis://:x@h:1?addr=hunter2@b:2", "addr"},
		"a password for a sentinel":    {"sentinel", "redis://h:1?master_name=m&addr=b:2&addr=hunter2@c:3", "addr"},
		"an encoded @ for a node":      {"cluster", "redis://h:1?addr=hunter2%40b:2", "addr"},
		"a user for a node":            {"cluster", "redis://h:1?addr=u:hunter2@b:2", "addr"},
		"a URL for a node":             {"sentinel", "redis://h:1?master_name=m&addr=redis://:hunter2@b:2", "addr"},
		"a URL in brackets":            {"cluster", "redis://h:1?addr=[redis://:hunter2@b]:2", "addr"},
		"a list of nodes":              {"cluster", "redis://h:1?addr=b:2,hunter2@c:3", "addr"},
		"digits, then a hash":          {"", "redis://u:12#hunter2@h:6379", "percent-encoded"},
		"a hash at the end":            {"", "redis://u:12#", "percent-encoded"},
		"digits, a slash, a socket":    {"", "unix://u:12/hunter2@/run/redis.sock", "percent-encoded"},
		"digits, a slash, a cluster":   {"cluster", "redis://u:12/hunter2@h:6379", "percent-encoded"},
		"no slashes":                   {"", "redis:hunter2@h:6379", "redis://"},
		"an unknown cluster parameter": {"cluster", "redis://h?master_name=hunter2", "master_name"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := config.FromEnv(env{"REDIS_MODE": tt.mode, "REDIS_URL": tt.url}.get, config.Defaults{})
			if !errors.Is(err, config.ErrInvalid) {
				t.Fatalf("the error is %v, want an ErrInvalid", err)
			}
			text := err.Error()
			if !strings.HasPrefix(text, "REDIS_URL ") || !strings.Contains(text, tt.want) || strings.Contains(text, "\n") {
				t.Errorf("the error is not one line about REDIS_URL with %q: %q", tt.want, text)
			}
			if strings.Contains(text, "hunter2") || strings.Contains(text, "ter2") {
				t.Errorf("the error shows a value: %q", text)
			}
		})
	}
}

// TestUnusedVariables checks that an operator learns of what is set for a
// Redis that there is not.
func TestUnusedVariables(t *testing.T) {
	url := "redis://127.0.0.1:6379"
	tests := map[string]struct {
		env  env
		want []string
	}{
		"prefix":            {env{"REDIS_PREFIX": "app:"}, []string{"REDIS_PREFIX"}},
		"shards":            {env{"REDIS_SHARDS": "16"}, []string{"REDIS_SHARDS"}},
		"mirror":            {env{"MIRROR_STALENESS": "1s"}, []string{"MIRROR_STALENESS"}},
		"mirror off":        {env{"MIRROR_STALENESS": "0s"}, nil},
		"all":               {env{"MIRROR_STALENESS": "1s", "REDIS_PREFIX": "app:", "REDIS_SHARDS": "8"}, []string{"REDIS_PREFIX", "REDIS_SHARDS", "MIRROR_STALENESS"}},
		"nothing":           {env{}, nil},
		"all, with a Redis": {env{"REDIS_URL": url, "MIRROR_STALENESS": "1s", "REDIS_PREFIX": "app:", "REDIS_SHARDS": "8"}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, w := range read(t, tt.env).Warnings {
				if name, ok := strings.CutSuffix(w, " has no effect without REDIS_URL"); ok {
					got = append(got, name)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("the warnings are about %q, want %q", got, tt.want)
			}
		})
	}
}

// TestRedisSizes checks numbers with which go-redis panics, for each mode.
func TestRedisSizes(t *testing.T) {
	for _, query := range []string{
		"pool_size=-1", "pool_size=9999999999", "min_idle_conns=-1", "max_active_conns=-1", "max_idle_conns=9999999999",
		"db=-1", "pool_size=1&pool_size=-1",
	} {
		for mode, address := range map[string]string{
			"standalone": "redis://127.0.0.1:1?", "cluster": "redis://127.0.0.1:1?", "sentinel": "redis://127.0.0.1:1?master_name=m&",
		} {
			wantFaults(t, env{"REDIS_MODE": mode, "REDIS_URL": address + query}, "REDIS_URL")
		}
	}
	wantFaults(t, env{"REDIS_URL": "redis://127.0.0.1:1/-3"}, "REDIS_URL")
}
