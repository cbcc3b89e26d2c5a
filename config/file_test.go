package config_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
)

// textFile writes a text to a new file and returns its name.
func textFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "settings")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestConfigFile(t *testing.T) {
	file := textFile(t, `{
		"access_ttl": "5m", "session_ttl": "none", "max_sessions": 7, "silent_reissue": true, "transport": "cookie",
		"audience": ["web", "mobile"], "trusted_origins": ["https://a.example", "https://b.example"],
		"signing_secret": "`+secret+`", "redis_prefix": "shop:", "mirror_staleness": "1s"
	}`)
	s := read(t, env{"CONFIG_FILE": file, "MAX_SESSIONS": "3", "REDIS_PREFIX": ""})
	c := s.Core
	if c.AccessTTL != 5*time.Minute || c.SessionTTL != core.NoLimit || len(c.Audience) != 2 || c.Audience[1] != "mobile" {
		t.Errorf("the file's values have not arrived: %v, %v, %v", c.AccessTTL, c.SessionTTL, c.Audience)
	}
	if c.MaxSessions != 3 {
		t.Errorf("MaxSessions is %d, want the environment's 3", c.MaxSessions)
	}
	if s.Redis.Prefix != "shop:" || s.Redis.Mirror.Staleness != time.Second {
		t.Errorf("Redis is %q, %v, want the file's", s.Redis.Prefix, s.Redis.Mirror.Staleness)
	}
	if same := read(t, env{"SIGNING_SECRET": secret}).Core.Keys[0].ID(); c.Keys[0].ID() != same {
		t.Errorf("the key is %q, want that of the secret, %q", c.Keys[0].ID(), same)
	}
}

// TestConfigFileFaults checks that all faults stand in one line that names the
// file, the setting, and nothing of a secret.
func TestConfigFileFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"no object":        {`["access_ttl"]`, []string{"JSON object"}},
		"empty":            {``, []string{"JSON object"}},
		"cut off":          {`{"access_ttl": "5m"`, []string{"JSON object"}},
		"no JSON":          {"signing_secret: " + secret, []string{"JSON object"}},
		"a broken secret":  {`{"signing_secret": ` + secret + `}`, []string{"JSON object"}},
		"something after":  {`{} {}`, []string{"follows"}},
		"unknown names":    {`{"acess_ttl": "5m", "issuer": "x", "config_file": "y"}`, []string{"acess_ttl", "config_file"}},
		"upper case":       {`{"ACCESS_TTL": "5m"}`, []string{"ACCESS_TTL"}},
		"a name twice":     {`{"issuer": "x", "issuer": "y"}`, []string{"issuer twice"}},
		"null":             {`{"issuer": null}`, []string{"issuer"}},
		"an object":        {`{"issuer": {"name": "x"}}`, []string{"issuer"}},
		"an empty string":  {`{"issuer": ""}`, []string{"issuer"}},
		"an empty list":    {`{"audience": []}`, []string{"audience"}},
		"list of numbers":  {`{"audience": [1]}`, []string{"audience"}},
		"two secrets":      {`{"signing_secret": ["` + secret + `", "` + secret2 + `"]}`, []string{"signing_secret", "one value"}},
		"a comma":          {`{"audience": ["a,b"]}`, []string{"audience"}},
		"bad values":       {`{"access_ttl": 0, "max_sessions": "many", "on_limit": "drop"}`, []string{"ACCESS_TTL", "MAX_SESSIONS", "ON_LIMIT"}},
		"a number too big": {`{"max_sessions": 1e9}`, []string{"MAX_SESSIONS"}},
		"too long":         {`{"issuer": "` + strings.Repeat("x", 1<<20) + `"}`, []string{"1 MiB"}},
	} {
		t.Run(name, func(t *testing.T) {
			wantFaults(t, env{"CONFIG_FILE": textFile(t, tt.text)}, tt.want...)
		})
	}
	wantFaults(t, env{"CONFIG_FILE": filepath.Join(t.TempDir(), "none")}, "CONFIG_FILE", "cannot be read")
	wantFaults(t, env{"CONFIG_FILE": t.TempDir()}, "CONFIG_FILE", "cannot be read")
}

// wantFaults checks the error of an environment.
func wantFaults(t *testing.T, e env, want ...string) {
	t.Helper()
	_, err := config.FromEnv(e.get, config.Defaults{})
	if !errors.Is(err, config.ErrInvalid) {
		t.Fatalf("the error is %v, want an ErrInvalid", err)
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error does not speak of %q: %v", w, err)
		}
	}
	if strings.Contains(err.Error(), secret[:8]) || strings.Contains(err.Error(), "\n") {
		t.Errorf("the error has a secret or a second line: %v", err)
	}
}

// TestSecretFiles checks that a secret in a file is the secret in a variable,
// and that further lines verify.
func TestSecretFiles(t *testing.T) {
	store := core.NewMemoryStore(core.MemoryOptions{})
	before := env{"SIGNING_SECRET": secret, "REFRESH_SECRET": secret2}
	old := authority(t, store, before)
	tokens, err := old.Issue(t.Context(), core.Login{Subject: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	for name, e := range map[string]env{
		"alone":            {"SIGNING_SECRET_FILE": textFile(t, secret+"\n"), "REFRESH_SECRET_FILE": textFile(t, secret2)},
		"with another end": {"SIGNING_SECRET_FILE": textFile(t, secret+"\r\n"), "REFRESH_SECRET": secret2},
		"second line": {
			"SIGNING_SECRET_FILE": textFile(t, strings.ToUpper(secret)+"\n"+secret),
			"REFRESH_SECRET_FILE": textFile(t, strings.ToUpper(secret2)+"\n"+secret2+"\n"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			next := authority(t, store, e)
			if _, err := next.Verify(t.Context(), tokens.AccessToken); err != nil {
				t.Errorf("Verify: %v", err)
			}
			if tokens, err = next.Reissue(t.Context(), tokens.RefreshToken); err != nil {
				t.Fatalf("Reissue: %v", err)
			}
			_, err := old.Verify(t.Context(), tokens.AccessToken)
			if signsWithNew := name == "second line"; (err != nil) != signsWithNew {
				t.Errorf("the old process's Verify: %v", err)
			}
			tokens, err = old.Issue(t.Context(), core.Login{Subject: "alice"})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestSecretFileFaults(t *testing.T) {
	good := textFile(t, secret)
	for name, tt := range map[string]struct {
		env  env
		want []string
	}{
		"both":          {env{"SIGNING_SECRET": secret2, "SIGNING_SECRET_FILE": good}, []string{"SIGNING_SECRET_FILE"}},
		"missing":       {env{"SIGNING_SECRET_FILE": good + "x"}, []string{"SIGNING_SECRET_FILE", "cannot be read"}},
		"empty":         {env{"SIGNING_SECRET_FILE": textFile(t, "")}, []string{"SIGNING_SECRET_FILE", "empty"}},
		"an empty line": {env{"SIGNING_SECRET_FILE": textFile(t, secret+"\n\n"+secret2)}, []string{"SIGNING_SECRET_FILE", "empty line"}},
		"short":         {env{"SIGNING_SECRET_FILE": textFile(t, secret+"\nx")}, []string{"SIGNING_SECRET_FILE, line 2,", "32"}},
		"a line twice":  {env{"SIGNING_SECRET_FILE": textFile(t, secret+"\n"+secret)}, []string{"SIGNING_SECRET_FILE, line 2,", "twice"}},
		"one for both":  {env{"SIGNING_SECRET_FILE": textFile(t, secret2+"\n"+secret), "REFRESH_SECRET_FILE": good}, []string{"REFRESH_SECRET"}},
		"two URLs":      {env{"REDIS_URL_FILE": textFile(t, "redis://127.0.0.1:1\nredis://127.0.0.1:2")}, []string{"REDIS_URL_FILE"}},
		"no use":        {env{"SIGNING_ALG": "EdDSA", "SIGNING_SECRET_FILE": good}, []string{"SIGNING_SECRET"}},
	} {
		t.Run(name, func(t *testing.T) { wantFaults(t, tt.env, tt.want...) })
	}
}

// TestSecretInPlaceOfItsFile checks that a secret put where the name of its file
// belongs is not shown.
func TestSecretInPlaceOfItsFile(t *testing.T) {
	wantFaults(t, env{"SIGNING_SECRET_FILE": secret}, "SIGNING_SECRET_FILE", "cannot be read")
	wantFaults(t, env{"REFRESH_SECRET_FILE": secret}, "REFRESH_SECRET_FILE")
	wantFaults(t, env{"REDIS_URL_FILE": "redis://:" + secret + "@db:6379"}, "REDIS_URL_FILE")
}

func TestRedisURLFile(t *testing.T) {
	e := env{"SIGNING_SECRET": secret, "REDIS_URL_FILE": textFile(t, "redis://127.0.0.1:6399\n")}
	if got := read(t, e).StoreName(); !strings.Contains(got, "127.0.0.1:6399") {
		t.Errorf("the store is %q, want that of the file", got)
	}
	both := maps.Clone(e)
	both["REDIS_URL"] = "redis://127.0.0.1:6398"
	wantFaults(t, both, "REDIS_URL_FILE")
}
