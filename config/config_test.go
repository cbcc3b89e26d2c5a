package config_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/ginauth"
)

const (
	secret  = "0123456789abcdef0123456789abcdef"
	secret2 = "fedcba9876543210fedcba9876543210"
)

// env is an environment; its get method is like os.Getenv.
type env map[string]string

func (e env) get(name string) string { return e[name] }

// read reads an environment that must be good.
func read(t *testing.T, e env) *config.Settings {
	t.Helper()
	s, err := config.FromEnv(e.get, config.Defaults{})
	if err != nil {
		t.Fatalf("FromEnv(%v): %v", e, err)
	}
	return s
}

func TestDefaults(t *testing.T) {
	s, err := config.FromEnv(env{}.get, config.Defaults{Addr: "127.0.0.1:8081"})
	if err != nil {
		t.Fatal(err)
	}
	c := s.Core
	got := fmt.Sprint(s.Addr, s.StoreName(), s.Redis.Prefix, s.Redis.Shards, c.Issuer, c.Audience, c.AccessTTL, c.IdleTTL,
		c.SessionTTL, c.ReuseGrace, c.Leeway, c.MaxSessions, c.OnLimit, c.BindAccessToken, c.Revocation, c.OnStoreFailure,
		len(c.Keys), c.Keys[0].Algorithm(), len(c.RefreshKeys))
	want := fmt.Sprint("127.0.0.1:8081", "memory", "ratchet:", 16, "ratchet-example", []string{"api"}, time.Duration(0), time.Duration(0),
		time.Duration(0), time.Duration(0), time.Duration(0), 0, core.EvictIdlest, false, core.Blacklist, core.FailClosed,
		1, "HS256", 0)
	if got != want {
		t.Errorf("settings of an empty environment:\n got %s\nwant %s", got, want)
	}
	if got := read(t, env{}).Addr; got != "127.0.0.1:8080" {
		t.Errorf("Addr without a default is %q", got)
	}
}

func TestGoodValues(t *testing.T) {
	tests := map[string]struct {
		name, value string
		get         func(*config.Settings) any
		want        any
	}{
		"addr":                  {"ADDR", "[::1]:0", func(s *config.Settings) any { return s.Addr }, "[::1]:0"},
		"addr, every interface": {"ADDR", ":80", func(s *config.Settings) any { return s.Addr }, ":80"},
		"access ttl":            {"ACCESS_TTL", "1s", func(s *config.Settings) any { return s.Core.AccessTTL }, time.Second},
		"idle ttl":              {"IDLE_TTL", "1h30m", func(s *config.Settings) any { return s.Core.IdleTTL }, 90 * time.Minute},
		"idle ttl, none":        {"IDLE_TTL", "none", func(s *config.Settings) any { return s.Core.IdleTTL }, time.Duration(core.NoLimit)},
		"session ttl":           {"SESSION_TTL", "1s", func(s *config.Settings) any { return s.Core.SessionTTL }, time.Second},
		"session ttl, none":     {"SESSION_TTL", "none", func(s *config.Settings) any { return s.Core.SessionTTL }, time.Duration(core.NoLimit)},
		"grace":                 {"REUSE_GRACE", "2m", func(s *config.Settings) any { return s.Core.ReuseGrace }, 2 * time.Minute},
		"grace, least":          {"REUSE_GRACE", "1ms", func(s *config.Settings) any { return s.Core.ReuseGrace }, time.Millisecond},
		"grace, strict":         {"REUSE_GRACE", "strict", func(s *config.Settings) any { return s.Core.ReuseGrace }, time.Duration(core.Strict)},
		"grace, 0":              {"REUSE_GRACE", "0", func(s *config.Settings) any { return s.Core.ReuseGrace }, time.Duration(core.Strict)},
		"grace, 0s":             {"REUSE_GRACE", "0s", func(s *config.Settings) any { return s.Core.ReuseGrace }, time.Duration(core.Strict)},
		"leeway":                {"LEEWAY", "1m", func(s *config.Settings) any { return s.Core.Leeway }, time.Minute},
		"leeway, 0":             {"LEEWAY", "0", func(s *config.Settings) any { return s.Core.Leeway }, time.Duration(0)},
		"max sessions":          {"MAX_SESSIONS", "1000", func(s *config.Settings) any { return s.Core.MaxSessions }, 1000},
		"max sessions, one":     {"MAX_SESSIONS", "1", func(s *config.Settings) any { return s.Core.MaxSessions }, 1},
		"evict":                 {"ON_LIMIT", "evict", func(s *config.Settings) any { return s.Core.OnLimit }, core.EvictIdlest},
		"reject":                {"ON_LIMIT", "reject", func(s *config.Settings) any { return s.Core.OnLimit }, core.RejectNew},
		"bind":                  {"BIND_ACCESS_TOKEN", "true", func(s *config.Settings) any { return s.Core.BindAccessToken }, true},
		"bind not":              {"BIND_ACCESS_TOKEN", "false", func(s *config.Settings) any { return s.Core.BindAccessToken }, false},
		"blacklist":             {"REVOCATION", "blacklist", func(s *config.Settings) any { return s.Core.Revocation }, core.Blacklist},
		"session record":        {"REVOCATION", "session", func(s *config.Settings) any { return s.Core.Revocation }, core.SessionRecord},
		"fail closed":           {"ON_STORE_FAILURE", "closed", func(s *config.Settings) any { return s.Core.OnStoreFailure }, core.FailClosed},
		"fail open":             {"ON_STORE_FAILURE", "open", func(s *config.Settings) any { return s.Core.OnStoreFailure }, core.FailOpen},
		"issuer":                {"ISSUER", "https://id.example", func(s *config.Settings) any { return s.Core.Issuer }, "https://id.example"},
		"audience":              {"AUDIENCE", "orders", func(s *config.Settings) any { return strings.Join(s.Core.Audience, "|") }, "orders"},
		"audience, two":         {"AUDIENCE", "orders, users", func(s *config.Settings) any { return strings.Join(s.Core.Audience, "|") }, "orders|users"},
		"prefix":                {"REDIS_PREFIX", "app:", func(s *config.Settings) any { return s.Redis.Prefix }, "app:"},
		"shards":                {"REDIS_SHARDS", "1", func(s *config.Settings) any { return s.Redis.Shards }, 1},
		"shards, most":          {"REDIS_SHARDS", "1024", func(s *config.Settings) any { return s.Redis.Shards }, 1024},
		"mode":                  {"REDIS_MODE", "standalone", func(s *config.Settings) any { return s.StoreName() }, "memory"},
		"url":                   {"REDIS_URL", "redis://10.0.0.1/2", func(s *config.Settings) any { return s.StoreName() }, "redis standalone 10.0.0.1:6379"},
		"alg":                   {"SIGNING_ALG", "HS256", func(s *config.Settings) any { return s.Core.Keys[0].Algorithm() }, "HS256"},
		"mirror off":            {"MIRROR_STALENESS", "0s", func(s *config.Settings) any { return s.Redis.Mirror.Staleness }, time.Duration(0)},
		"mirror":                {"MIRROR_STALENESS", "1s", func(s *config.Settings) any { return s.Redis.Mirror.Staleness }, time.Second},
		"cache off":             {"CACHE_SIZE", "0", func(s *config.Settings) any { return s.Core.CacheSize }, -1},
		"cache":                 {"CACHE_SIZE", "65536", func(s *config.Settings) any { return s.Core.CacheSize }, 65536},
		"bearer":                {"TRANSPORT", "bearer", func(s *config.Settings) any { return s.Transport == ginauth.Transport{} }, true},
		"hybrid":                {"TRANSPORT", "hybrid", func(s *config.Settings) any { return s.Transport == ginauth.Transport{} }, false},
		"cookie":                {"TRANSPORT", "cookie", func(s *config.Settings) any { return s.Transport == ginauth.Transport{} }, false},
		"not silent":            {"SILENT_REISSUE", "false", func(s *config.Settings) any { return s.StoreName() }, "memory"},
		"secure cookies":        {"INSECURE_COOKIES", "0", func(s *config.Settings) any { return s.StoreName() }, "memory"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tt.get(read(t, env{tt.name: tt.value})); got != tt.want {
				t.Errorf("%s=%q gives %v, want %v", tt.name, tt.value, got, tt.want)
			}
		})
	}
}

// TestBadValues also checks that each fault is one line that names the
// variable and shows the value.
func TestBadValues(t *testing.T) {
	long := strings.Repeat("x", 257)
	for name, values := range map[string][]string{
		"ADDR":               {"8080", "localhost", "localhost:http", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80"},
		"ACCESS_TTL":         {"0", "0s", "-1ns", "999ms", "10", "ten", "none", "7d", " 10m"},
		"IDLE_TTL":           {"0", "-1ns", "-1", "999ms", "NONE", "week"},
		"SESSION_TTL":        {"0", "-1ns", "999ms", "30d", "unlimited"},
		"REUSE_GRACE":        {"-1ns", "-30s", "1us", "2m1s", "30", "Strict", "none"},
		"LEEWAY":             {"-1s", "61s", "x"},
		"MAX_SESSIONS":       {"0", "-1", "1001", "1e2", "many", "99999999999999999999"},
		"ON_LIMIT":           {"Evict", "drop"},
		"BIND_ACCESS_TOKEN":  {"yes", "TRUE"},
		"REVOCATION":         {"none", "insecure", "Blacklist"},
		"ON_STORE_FAILURE":   {"ignore"},
		"ISSUER":             {long, "\xff"},
		"AUDIENCE":           {",", "api,", "api,,web", long, "\xff"},
		"REDIS_MODE":         {"single", "Cluster", "ring"},
		"REDIS_PREFIX":       {"{app}:", "app}", "my app:", "é:", "a\nb", long[:65]},
		"REDIS_SHARDS":       {"0", "-16", "1025", "x"},
		"SIGNING_ALG":        {"none", "hs256", "HS512", "PS256"},
		"MIRROR_STALENESS":   {"99ms", "61s", "-1s", "on", "1"},
		"CACHE_SIZE":         {"1", "-1", "16MB", "99999999999999999999"},
		"TRANSPORT":          {"Cookie", "header"},
		"SILENT_REISSUE":     {"true", "maybe"},
		"COOKIE_SAME_SITE":   {"Lax", "default", "strict", "lax", "none"},
		"INSECURE_COOKIES":   {"true", "1", "no"},
		"TRUSTED_ORIGINS":    {"https://app.example"},
		"COOKIE_DOMAIN":      {"localhost", ".example.com", "Example.com", "192.0.2.1", "example.com:80", "a b.example", "example.com"},
		"COOKIE_PARTITIONED": {"yes", "true"},
		"LOGIN_PAGE":         {"login", "//evil.example", "https://evil.example/login", "/login?x=y", "/login#x", "/a b", `/\evil.example`, "/a%20b"},
	} {
		for _, value := range values {
			t.Run(name+"="+value, func(t *testing.T) {
				s, err := config.FromEnv(env{name: value}.get, config.Defaults{})
				if s != nil || !errors.Is(err, config.ErrInvalid) {
					t.Fatalf("FromEnv returns %v and the error %v, want none and one that is ErrInvalid", s, err)
				}
				text := err.Error()
				if !strings.HasPrefix(text, name+"=") || strings.Contains(text, "; ") || strings.ContainsAny(text, "\n\r") {
					t.Errorf("the error is not one line about %s alone: %q", name, text)
				}
				shown := strings.Trim(fmt.Sprintf("%q", value[:min(len(value), 64)]), `"`)
				if !strings.Contains(text, shown) {
					t.Errorf("the error does not show the value %s: %s", shown, text)
				}
			})
		}
	}
}

func TestBadCombinations(t *testing.T) {
	tests := map[string]struct {
		env   env
		names []string
	}{
		"a session without an end":    {env{"IDLE_TTL": "none", "SESSION_TTL": "none"}, []string{"IDLE_TTL", "SESSION_TTL"}},
		"cluster without a server":    {env{"REDIS_MODE": "cluster"}, []string{"REDIS_URL", "REDIS_MODE"}},
		"sentinel without a server":   {env{"REDIS_MODE": "sentinel"}, []string{"REDIS_URL", "REDIS_MODE"}},
		"a mirror nobody asks":        {env{"REDIS_URL": "redis://h", "MIRROR_STALENESS": "1s", "REVOCATION": "session"}, []string{"MIRROR_STALENESS", "REVOCATION"}},
		"same site none, insecure":    {env{"TRANSPORT": "cookie", "COOKIE_SAME_SITE": "none", "INSECURE_COOKIES": "1"}, []string{"COOKIE_SAME_SITE=none", "INSECURE_COOKIES=1"}},
		"partitioned, insecure":       {env{"TRANSPORT": "cookie", "COOKIE_PARTITIONED": "1", "INSECURE_COOKIES": "1"}, []string{"COOKIE_PARTITIONED=1", "INSECURE_COOKIES=1"}},
		"a domain for no cookies":     {env{"COOKIE_DOMAIN": "example.com", "COOKIE_PARTITIONED": "true"}, []string{"COOKIE_DOMAIN", "COOKIE_PARTITIONED", "TRANSPORT=hybrid or cookie"}},
		"a key file with HS256":       {env{"SIGNING_KEY_FILE": "key.pem"}, []string{"SIGNING_KEY_FILE", "SIGNING_ALG"}},
		"a secret with EdDSA":         {env{"SIGNING_ALG": "EdDSA", "SIGNING_SECRET": secret}, []string{"SIGNING_SECRET", "SIGNING_ALG", "SIGNING_KEY_FILE"}},
		"no key file with RS256":      {env{"SIGNING_ALG": "RS256"}, []string{"SIGNING_KEY_FILE", "SIGNING_ALG"}},
		"a missing key file":          {env{"SIGNING_ALG": "ES256", "SIGNING_KEY_FILE": "testdata/none.pem"}, []string{"SIGNING_KEY_FILE", "testdata/none.pem"}},
		"one secret for both":         {env{"SIGNING_SECRET": secret, "REFRESH_SECRET": secret}, []string{"SIGNING_SECRET", "REFRESH_SECRET"}},
		"no room in a token":          {env{"AUDIENCE": strings.Repeat(strings.Repeat("x", 255)+",", 11) + "x"}, []string{"ISSUER", "AUDIENCE"}},
		"several faults in one line":  {env{"ACCESS_TTL": "0", "MAX_SESSIONS": "0", "REDIS_MODE": "x"}, []string{"ACCESS_TTL", "MAX_SESSIONS", "REDIS_MODE"}},
		"short signing secret":        {env{"SIGNING_SECRET": secret[:31]}, []string{"SIGNING_SECRET", "31"}},
		"short refresh secret":        {env{"SIGNING_SECRET": secret, "REFRESH_SECRET": "x"}, []string{"REFRESH_SECRET", "32"}},
		"short refresh secret, EdDSA": {env{"SIGNING_ALG": "EdDSA", "REFRESH_SECRET": "x"}, []string{"REFRESH_SECRET", "SIGNING_KEY_FILE"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := config.FromEnv(tt.env.get, config.Defaults{})
			if s != nil || !errors.Is(err, config.ErrInvalid) {
				t.Fatalf("FromEnv returns %v and the error %v, want none and one that is ErrInvalid", s, err)
			}
			for _, name := range tt.names {
				if !strings.Contains(err.Error(), name) {
					t.Errorf("the error does not name %s: %v", name, err)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("the error has several lines: %q", err)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	all := env{"SIGNING_SECRET": secret, "REDIS_URL": "redis://127.0.0.1:6379"}
	if w := read(t, all).Warnings; len(w) != 0 {
		t.Errorf("a complete environment has the warnings %q", w)
	}
	for name, tt := range map[string]struct {
		env  env
		want string
	}{
		"random key":       {env{"REDIS_URL": all["REDIS_URL"]}, "SIGNING_SECRET"},
		"memory store":     {env{"SIGNING_SECRET": secret}, "REDIS_URL"},
		"fail open":        {env{"SIGNING_SECRET": secret, "REDIS_URL": all["REDIS_URL"], "ON_STORE_FAILURE": "open"}, "ON_STORE_FAILURE"},
		"unverified Redis": {env{"SIGNING_SECRET": secret, "REDIS_URL": "rediss://127.0.0.1:6379?skip_verify=true"}, "REDIS_URL"},
	} {
		t.Run(name, func(t *testing.T) {
			w := read(t, tt.env).Warnings
			if len(w) != 1 || !strings.Contains(w[0], tt.want) {
				t.Errorf("the warnings are %q, want one about %s", w, tt.want)
			}
		})
	}
}

// TestSilentReissueStrict checks that two switches that log browsers out are
// refused together.
func TestSilentReissueStrict(t *testing.T) {
	for grace, want := range map[string]bool{"strict": true, "0": true, "": false, "1ms": false} {
		e := env{"TRANSPORT": "cookie", "SILENT_REISSUE": "true", "REUSE_GRACE": grace}
		_, err := config.FromEnv(e.get, config.Defaults{})
		if got := errors.Is(err, config.ErrInvalid); got != want || want && !strings.Contains(err.Error(), "REUSE_GRACE") {
			t.Errorf("REUSE_GRACE=%s: got the error %v, want one: %v", grace, err, want)
		}
	}
}

// TestBadOrigins checks that each origin at fault is named, and no other, in
// one line.
func TestBadOrigins(t *testing.T) {
	for _, transport := range []string{"hybrid", "cookie"} {
		e := env{"TRANSPORT": transport, "TRUSTED_ORIGINS": "https://good.example, app.example, https://Upper.example"}
		_, err := config.FromEnv(e.get, config.Defaults{})
		if !errors.Is(err, config.ErrInvalid) {
			t.Fatalf("%s: got the error %v, want an ErrInvalid", transport, err)
		}
		text := err.Error()
		for _, origin := range []string{"app.example", "https://Upper.example"} {
			if !strings.Contains(text, fmt.Sprintf("TRUSTED_ORIGINS=%q", origin)) {
				t.Errorf("%s: got the error %q, want it to name %s", transport, text, origin)
			}
		}
		if strings.Contains(text, "good.example") || strings.Contains(text, "\n") {
			t.Errorf("%s: got the error %q, want one line without the good origin", transport, text)
		}
	}
}

// TestSecretsAreNeverShown covers errors, every verb, slog and the warnings.
func TestSecretsAreNeverShown(t *testing.T) {
	const password = "pa55word-of-redis"
	good := env{
		"SIGNING_SECRET": secret, "REFRESH_SECRET": secret2,
		"REDIS_URL": "redis://user:" + password + "@127.0.0.1:6379/0",
	}
	s := read(t, good)
	var text strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
		fmt.Fprintf(&text, verb+" "+verb+"\n", s, *s)
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&text, nil), slog.NewJSONHandler(&text, nil)} {
		slog.New(h).Info("settings", "pointer", s, "value", *s, "nested", []any{s, *s}, "core", s.Core.Keys)
	}
	fmt.Fprintln(&text, s.StoreName(), s.Warnings)
	for _, bad := range []env{
		{"SIGNING_SECRET": secret[:20]}, {"REFRESH_SECRET": secret2[:20]},
		{"SIGNING_SECRET": secret, "REFRESH_SECRET": secret},
		{"SIGNING_ALG": "EdDSA", "SIGNING_SECRET": secret},
	} {
		_, err := config.FromEnv(bad.get, config.Defaults{})
		if err == nil {
			t.Fatalf("%v is accepted", bad)
		}
		fmt.Fprintln(&text, err)
	}
	for _, part := range []string{secret[:8], secret2[:8], password} {
		for _, form := range []string{part, fmt.Sprintf("%x", part), fmt.Sprint([]byte(part))} {
			if strings.Contains(text.String(), strings.Trim(form, "[]")) {
				t.Errorf("%q is shown in\n%s", form, text.String())
			}
		}
	}
}

// TestMisplacedURLs gives every variable what belongs to REDIS_URL. Some take it
// for a name: then it is a good value, and is not logged. What is refused is
// refused by the variable's name, without the value.
func TestMisplacedURLs(t *testing.T) {
	long := "redis://" + strings.Repeat("u", 100) + ":hunter2@h:6379"
	for _, name := range slices.Concat(plainVariables(), []string{"CONFIG_FILE", "SIGNING_KEY_FILE", "SIGNING_SECRET_FILE", "REDIS_URL_FILE"}) {
		for _, value := range []string{
			"redis://:hunter2@h:6379", "rediss://u:hunter2@h", "unix://:hunter2@/run/redis.sock", "REDIS://h?password=hunter2",
			" redis://h?password=hunter2", "hunter2@h:6379", "u:hunter2@h:6379", "https://u:hunter2@h", long,
		} {
			e := env{name: value}
			switch name {
			case "SIGNING_KEY_FILE":
				e["SIGNING_ALG"] = "EdDSA"
			case "REDIS_PREFIX", "REDIS_SHARDS", "MIRROR_STALENESS":
				e["REDIS_URL"] = "redis://127.0.0.1:6379"
			case "TRUSTED_ORIGINS":
				e["TRANSPORT"] = "hybrid"
			}
			s, err := config.FromEnv(e.get, config.Defaults{})
			text := fmt.Sprint(s, err)
			if err == nil {
				text = fmt.Sprint(*s, s.StoreName(), s.Warnings)
			} else if !strings.Contains(text, name) {
				t.Errorf("%s=%s: got the error %q, want one that names the variable", name, value, text)
			}
			if strings.Contains(text, "hunter2") {
				t.Errorf("%s=%s is shown in %q", name, value, text)
			}
		}
	}
	wantFaults(t, env{"CONFIG_FILE": "/nowhere/settings@1.json"}, `CONFIG_FILE="/nowhere/settings@1.json"`) // an operator has to find it
	text := textFile(t, `{"redis://:hunter2@h:6379": "x"}`)
	_, err := config.FromEnv(env{"CONFIG_FILE": text}.get, config.Defaults{})
	if err == nil || !strings.Contains(err.Error(), "CONFIG_FILE") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a URL for a name in a file: got %v, want an error without it", err)
	}
}

// TestEveryVariableIsDocumented compares what FromEnv asks for with the
// package's documentation.
func TestEveryVariableIsDocumented(t *testing.T) {
	asked := make(map[string]bool)
	for _, e := range []env{{}, {"SIGNING_ALG": "EdDSA"}} {
		_, _ = config.FromEnv(func(name string) string { asked[name] = true; return e[name] }, config.Defaults{})
	}
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "//\t") {
			documented = append(documented, regexp.MustCompile(`\b[A-Z]+(_[A-Z]+)+\b|\b[A-Z]{4,}\b`).FindAllString(line, -1)...)
		}
	}
	for name := range asked {
		if !slices.Contains(documented, name) {
			t.Errorf("%s is read but not documented", name)
		}
	}
	for _, name := range documented {
		if !asked[name] {
			t.Errorf("%s is documented but not read", name)
		}
	}
}
