package config_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
)

// plainVariables are those whose values are no names of files.
func plainVariables() []string {
	return []string{
		"ADDR", "ACCESS_TTL", "IDLE_TTL", "SESSION_TTL", "REUSE_GRACE", "LEEWAY", "CACHE_SIZE", "MAX_SESSIONS", "ON_LIMIT",
		"BIND_ACCESS_TOKEN", "REVOCATION", "ON_STORE_FAILURE", "ISSUER", "AUDIENCE", "SIGNING_ALG", "SIGNING_SECRET", "REFRESH_SECRET",
		"REDIS_URL", "REDIS_MODE", "REDIS_PREFIX", "REDIS_SHARDS", "MIRROR_STALENESS",
		"TRANSPORT", "SILENT_REISSUE", "COOKIE_SAME_SITE", "INSECURE_COOKIES", "TRUSTED_ORIGINS", "COOKIE_DOMAIN", "COOKIE_PARTITIONED", "LOGIN_PAGE",
	}
}

// wantSound fails the test unless what FromEnv has returned is either complete
// settings, with which an Authority can be made, or one line that says so and
// shows none of the secrets.
func wantSound(t *testing.T, s *config.Settings, err error, e env) {
	t.Helper()
	if err != nil {
		if s != nil || !errors.Is(err, config.ErrInvalid) {
			t.Errorf("got settings %v with the error %v", s, err)
		}
		if strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("the error has more than one line: %q", err)
		}
		for _, name := range []string{"SIGNING_SECRET", "REFRESH_SECRET"} {
			if text := e[name]; len(text) > 12 && strings.Contains(err.Error(), text) {
				t.Errorf("the error shows %s: %q", name, err)
			}
		}
		return
	}
	c := s.Core
	c.Store = core.NewMemoryStore(core.MemoryOptions{})
	a, err := core.New(c)
	if err != nil {
		t.Fatalf("the settings were accepted, but not by core: %v", err)
	}
	pair, err := a.Issue(t.Context(), core.Login{Subject: "alice"})
	if err != nil {
		t.Fatalf("Issue: %v", err)
	}
	if _, err := a.Verify(t.Context(), pair.AccessToken); err != nil {
		t.Errorf("Verify: %v", err)
	}
	if _, err := a.Reissue(t.Context(), pair.RefreshToken, core.WithAccessToken(pair.AccessToken)); err != nil {
		t.Errorf("Reissue: %v", err)
	}
}

// comparable returns what can be compared of settings: all but the keys, of
// which the ids, unless they are random.
func comparable(t *testing.T, s *config.Settings) any {
	t.Helper()
	if s == nil {
		return nil
	}
	c := s.Core
	var ids []string
	random := len(s.Warnings) > 0 && strings.HasPrefix(s.Warnings[0], "SIGNING_SECRET is not set")
	for _, k := range append(c.Keys, c.RefreshKeys...) {
		if !random {
			ids = append(ids, k.ID()+k.Algorithm())
		}
	}
	c.Keys, c.RefreshKeys = nil, nil
	return []any{s.Addr, c, ids, s.Transport, s.Redis, s.Warnings, s.StoreName()}
}

// asFile writes the environment as a file of settings and returns the
// environment that names it.
func asFile(t *testing.T, e env) env {
	t.Helper()
	object := make(map[string]string)
	for name, value := range e {
		object[strings.ToLower(name)] = value
	}
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return env{"CONFIG_FILE": written(t, text)}
}

func written(t *testing.T, text []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "settings")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// hugeCache reports whether a cache size would cost the machine its memory.
func hugeCache(text string) bool {
	n, err := strconv.Atoi(text)
	return err == nil && n > 1<<26
}

// FuzzFromEnv gives two variables any values. The settings are sound or
// refused, and the same whether they come from the environment or from a file.
func FuzzFromEnv(f *testing.F) {
	seeds := map[string][]string{
		"ADDR": {":0", "[::1]:65536", "a:b:c", "127.0.0.1:http"}, "ACCESS_TTL": {"1s", "0", "-1h", "9223372036s", "1e9h", "NaN", "10m "},
		"IDLE_TTL": {"none", "2562047h47m16s"}, "SESSION_TTL": {"none", "1ns"}, "REUSE_GRACE": {"strict", "0", "999us"}, "LEEWAY": {"1m", "61s"},
		"CACHE_SIZE": {"0", "-1", "16384", "99999999999999999999"}, "MAX_SESSIONS": {"0", "1001", "0x10", "1_0", "\u0661"}, "AUDIENCE": {"a,b", ",", "a\n"},
		"ISSUER": {"\xff", strings.Repeat("x", 257), "a\nb"}, "SIGNING_ALG": {"none", "EdDSA"}, "SIGNING_SECRET": {secret, "short", strings.Repeat("\n", 32)},
		"REFRESH_SECRET": {secret2}, "REDIS_MODE": {"cluster", "sentinel"}, "REDIS_PREFIX": {"{", "a b", strings.Repeat("x", 64)}, "REDIS_SHARDS": {"1024", "1025"},
		"REDIS_URL": {"redis://:p%40ss@h:1/2?pool_size=-1", "rediss://h?skip_verify=1", "unix:///s?db=-1", "redis://u:p#@h", "redis://h?read_timeout=x", "redis://h/-1",
			"redis://h?addr=a&addr=b", "redis://h?master_name=m", "redis://[::1", "redis://h?min_idle_conns=9999999", "redis://h?dial_timeout=-5s&max_retries=-2"},
		"MIRROR_STALENESS": {"99ms", "1m"}, "TRANSPORT": {"cookie", "hybrid"}, "TRUSTED_ORIGINS": {"https://a.example", "https://A", "https://a:443", "http://[::1]:8"},
		"COOKIE_SAME_SITE": {"none"}, "INSECURE_COOKIES": {"true"}, "SILENT_REISSUE": {"1"}, "REVOCATION": {"none"}, "ON_LIMIT": {"Reject"}, "BIND_ACCESS_TOKEN": {"yes"},
		"COOKIE_DOMAIN": {"example.com", "com", "192.0.2.1"}, "COOKIE_PARTITIONED": {"true"}, "LOGIN_PAGE": {"/login", "//h", "/a?b"},
	}
	position := make(map[string]uint8)
	for i, name := range plainVariables() {
		position[name] = uint8(i)
	}
	for name, values := range seeds {
		for _, value := range values {
			f.Add(position[name], value, position["TRANSPORT"], "cookie")
			f.Add(position[name], value, position["REDIS_MODE"], "sentinel")
			f.Add(position[name], value, position["REDIS_URL"], "redis://h")
		}
	}
	f.Fuzz(func(t *testing.T, first uint8, value string, second uint8, other string) {
		names := plainVariables()
		e := env{names[int(second)%len(names)]: other, names[int(first)%len(names)]: value}
		if strings.Contains(value+other, "\x00") || hugeCache(e["CACHE_SIZE"]) {
			return // no environment has the one, and the other takes its memory
		}
		s, err := config.FromEnv(e.get, config.Defaults{})
		wantSound(t, s, err, e)
		for _, text := range e {
			if text == "" || !utf8.ValidString(text) {
				return // a file refuses the one and cannot hold the other
			}
		}
		fromFile, fileErr := config.FromEnv(asFile(t, e).get, config.Defaults{})
		if (err == nil) != (fileErr == nil) || err != nil && err.Error() != fileErr.Error() {
			t.Fatalf("from the environment %v\nfrom a file %v", err, fileErr)
		}
		if got, want := comparable(t, fromFile), comparable(t, s); !reflect.DeepEqual(got, want) {
			t.Errorf("from a file %+v\nfrom the environment %+v", got, want)
		}
	})
}

// FuzzConfigFile reads any text as a file of settings. One that is accepted
// says the same as the environment of its members; a file that is no object, or
// that encoding/json cannot read, is refused.
func FuzzConfigFile(f *testing.F) {
	for _, text := range []string{
		``, `{}`, `null`, `[]`, `{"addr":":1"}`, `{"addr":":1","addr":":2"}`, `{"ADDR":":1"}`, `{"max_sessions":1e1}`, `{"max_sessions":10,"bind_access_token":true}`,
		`{"audience":["a","b"]}`, `{"audience":[]}`, `{"audience":["a,b"]}`, `{"issuer":["a"]}`, `{"issuer":null}`, `{"issuer":{}}`, `{"issuer":"\ud800"}`, `{"issuer":"a"}{}`,
		`{"issuer":"a",}`, "\xef\xbb\xbf{}", `{"\u0069ssuer":"a"}`, `{"access_ttl":60}`, `{"signing_secret":"` + secret + `"}`, `{"redis_shards":-0}`, `{"ısSuer":"a"}`,
		`{"session_ttl":"none","idle_ttl":"none"}`, `{"trusted_origins":["https://a.example"],"transport":"cookie"}`, `{"nothing":1}`, "{\"issuer\":\"\xff\"}",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var object map[string]json.RawMessage
		isObject := json.Unmarshal([]byte(text), &object) == nil && object != nil
		for name := range object {
			if strings.HasSuffix(strings.ToUpper(name), "_FILE") {
				return // it would be opened
			}
		}
		if hugeCache(strings.Trim(string(object["cache_size"]), `"`)) {
			return
		}
		e := env{"CONFIG_FILE": written(t, []byte(text))}
		s, err := config.FromEnv(e.get, config.Defaults{})
		wantSound(t, s, err, env{})
		if err != nil {
			return
		}
		if !isObject {
			t.Fatalf("%q was accepted", text)
		}
		same := make(env)
		for name, value := range object {
			var word string
			var list []string
			if json.Unmarshal(value, &word) != nil && json.Unmarshal(value, &list) != nil {
				word = string(value)
			}
			if list != nil {
				word = strings.Join(list, ",")
			}
			same[strings.ToUpper(name)] = word
		}
		fromEnv, err := config.FromEnv(same.get, config.Defaults{})
		if err != nil {
			t.Fatalf("from a file it was accepted, from the environment it is %v", err)
		}
		if got, want := comparable(t, s), comparable(t, fromEnv); !reflect.DeepEqual(got, want) {
			t.Errorf("from a file %+v\nfrom the environment %+v", got, want)
		}
	})
}
