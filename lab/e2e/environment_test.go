package e2e_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	secret  = "an example secret of 32 bytes, and more"
	secret2 = "another example secret of 32 bytes, and more"
)

func TestLifetimes(t *testing.T) {
	t.Run("ACCESS_TTL", func(t *testing.T) {
		each(t, env{"ACCESS_TTL": "1s"}, func(t *testing.T, c *client) {
			pair := c.login("alice", "wonderland")
			if pair.ExpiresIn != 1 {
				t.Errorf("expires_in is %d", pair.ExpiresIn)
			}
			c.await("the access token expires", func() bool { return c.me(pair.AccessToken).status == 401 })
			c.refused(c.me(pair.AccessToken), 401, "token_expired")
			c.want(c.reissue(pair.RefreshToken), 200, tokensBody)
		})
	})
	t.Run("IDLE_TTL", func(t *testing.T) {
		each(t, env{"IDLE_TTL": "1s"}, func(t *testing.T, c *client) {
			pair := c.login("alice", "wonderland")
			if pair.RefreshTokenExpiresIn > 1 {
				t.Errorf("refresh_token_expires_in is %d", pair.RefreshTokenExpiresIn)
			}
			c.await("the session leaves the list", func() bool {
				return c.do("GET", "/auth/sessions", bearer(pair.AccessToken)).body == "{\"sessions\":[]}\n"
			})
			c.refused(c.reissue(pair.RefreshToken), 401, "refresh_invalid")
		})
	})
	t.Run("SESSION_TTL", func(t *testing.T) {
		each(t, env{"SESSION_TTL": "2s"}, func(t *testing.T, c *client) {
			pair := c.login("alice", "wonderland")
			if pair.ExpiresIn > 2 || pair.RefreshTokenExpiresIn > 2 {
				t.Errorf("the tokens live for %d and %d seconds", pair.ExpiresIn, pair.RefreshTokenExpiresIn)
			}
			c.await("the session ends", func() bool {
				a := c.reissue(pair.RefreshToken)
				if a.status == 200 {
					pair = c.tokens(a)
				}
				return a.status == 401
			})
		})
	})
	t.Run("SESSION_TTL=none", func(t *testing.T) {
		each(t, env{"SESSION_TTL": "none"}, func(t *testing.T, c *client) {
			if exp, ok := payload(t, c.login("alice", "wonderland").RefreshToken)["exp"]; ok {
				t.Errorf("the refresh token expires at %v", exp)
			}
		})
	})
}

func TestReuseGrace(t *testing.T) {
	for _, value := range []string{"strict", "0"} {
		t.Run(value, func(t *testing.T) {
			each(t, env{"REUSE_GRACE": value}, func(t *testing.T, c *client) {
				pair := c.login("alice", "wonderland")
				next := c.tokens(c.reissue(pair.RefreshToken))
				c.refused(c.reissue(pair.RefreshToken), 401, "refresh_invalid")
				c.refused(c.me(next.AccessToken), 401, "token_revoked")
				c.refused(c.reissue(next.RefreshToken), 401, "refresh_invalid")
			})
		})
	}
}

func TestSessionLimit(t *testing.T) {
	t.Run("evict", func(t *testing.T) {
		each(t, env{"MAX_SESSIONS": "1"}, func(t *testing.T, c *client) {
			one, two := c.login("alice", "wonderland"), c.login("alice", "wonderland")
			c.refused(c.me(one.AccessToken), 401, "token_revoked")
			c.want(c.me(two.AccessToken), 200, meBody)
		})
	})
	t.Run("reject", func(t *testing.T) {
		each(t, env{"MAX_SESSIONS": "1", "ON_LIMIT": "reject"}, func(t *testing.T, c *client) {
			one := c.login("alice", "wonderland")
			c.refused(c.tryLogin("alice", "wonderland"), 409, "session_limit")
			c.want(c.me(one.AccessToken), 200, meBody)
		})
	})
}

func TestBinding(t *testing.T) {
	each(t, env{"BIND_ACCESS_TOKEN": "true"}, func(t *testing.T, c *client) {
		alice, bob := c.login("alice", "wonderland"), c.login("bob", "builder")
		c.refused(c.reissue(alice.RefreshToken), 401, "refresh_invalid")
		c.refused(c.reissue(alice.RefreshToken, bearer(bob.AccessToken)), 401, "refresh_invalid")
		c.want(c.reissue(alice.RefreshToken, bearer(alice.AccessToken)), 200, tokensBody)
	})
}

func TestNames(t *testing.T) {
	each(t, env{"ISSUER": "https://id.example", "AUDIENCE": "orders,users", "SIGNING_SECRET": secret}, func(t *testing.T, c *client) {
		token := c.login("alice", "wonderland").AccessToken
		claims, _ := json.Marshal(payload(t, token))
		if s := string(claims); !strings.Contains(s, `"iss":"https://id.example"`) || !strings.Contains(s, `"aud":["orders","users"]`) {
			t.Errorf("the claims are %s", s)
		}
		if !signedBy(t, token, secret) {
			t.Error("the key is not the secret's text")
		}
		c.want(c.me(token), 200, meBody)
	})
	each(t, nil, func(t *testing.T, c *client) {
		claims := payload(t, c.login("alice", "wonderland").AccessToken)
		if claims["iss"] != "ratchet-example" || claims["aud"] != "api" {
			t.Errorf("by default the issuer is %v and the audience %v", claims["iss"], claims["aud"])
		}
	})
}

func TestSigningKeys(t *testing.T) {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for alg, key := range map[string]any{"EdDSA": ed, "ES256": ec, "RS256": rs} {
		t.Run(alg, func(t *testing.T) {
			der, err := x509.MarshalPKCS8PrivateKey(key)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "key.pem")
			if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
				t.Fatal(err)
			}
			each(t, env{"SIGNING_ALG": alg, "SIGNING_KEY_FILE": file}, func(t *testing.T, c *client) {
				pair := c.login("alice", "wonderland")
				header := tokenHeader(t, pair.AccessToken)
				if header["alg"] != alg || tokenHeader(t, pair.RefreshToken)["alg"] != "HS256" {
					t.Errorf("the header is %v", header)
				}
				a := c.do("GET", "/.well-known/jwks.json")
				var set struct{ Keys []map[string]string }
				if err := json.Unmarshal([]byte(a.body), &set); err != nil || len(set.Keys) != 1 || set.Keys[0]["kid"] != header["kid"] || set.Keys[0]["d"] != "" {
					t.Errorf("the key set is %s", a.body)
				}
				c.want(c.me(pair.AccessToken), 200, meBody)
				c.want(c.reissue(pair.RefreshToken), 200, tokensBody)
			})
		})
	}
}

func TestDefaultAddress(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			// Whoever has the port, this test or a stranger, the program says
			// which one it wanted.
			if l, err := net.Listen("tcp", p.addr); err == nil {
				defer l.Close()
			}
			code, stderr := fail(t, p.name, []string{"GODEBUG="})
			if code != 1 || stderr != p.name+`: ADDR="`+p.addr+`" is in use by another process: listen tcp `+p.addr+": bind: address already in use\n" {
				t.Errorf("exit code %d and %q", code, stderr)
			}
		})
	}
}

// TestBadValues covers every variable once. The config package's own tests
// have all the values.
func TestBadValues(t *testing.T) {
	for _, tt := range []struct{ variable, environ string }{
		{"ADDR", "ADDR=nowhere"},
		{"ADDR", "ADDR=127.0.0.1:99999"},
		{"ADDR", "ADDR=192.0.2.1:80"},
		{"ACCESS_TTL", "ACCESS_TTL=0"},
		{"IDLE_TTL", "IDLE_TTL=0"},
		{"SESSION_TTL", "SESSION_TTL=0"},
		{"SESSION_TTL", "SESSION_TTL=none IDLE_TTL=none"},
		{"REUSE_GRACE", "REUSE_GRACE=1h"},
		{"LEEWAY", "LEEWAY=1h"},
		{"MAX_SESSIONS", "MAX_SESSIONS=0"},
		{"ON_LIMIT", "ON_LIMIT=none"},
		{"BIND_ACCESS_TOKEN", "BIND_ACCESS_TOKEN=perhaps"},
		{"REVOCATION", "REVOCATION=none"},
		{"ON_STORE_FAILURE", "ON_STORE_FAILURE=none"},
		{"SIGNING_ALG", "SIGNING_ALG=none"},
		{"SIGNING_SECRET", "SIGNING_SECRET=short"},
		{"SIGNING_KEY_FILE", "SIGNING_KEY_FILE=/none SIGNING_ALG=EdDSA"},
		{"REFRESH_SECRET", "REFRESH_SECRET=short"},
		{"ISSUER", "ISSUER=" + strings.Repeat("x", 257)},
		{"AUDIENCE", "AUDIENCE=a,,b"},
		{"REDIS_URL", "REDIS_URL=http://h"},
		{"REDIS_MODE", "REDIS_MODE=ring"},
		{"REDIS_PREFIX", "REDIS_PREFIX={x}"},
		{"REDIS_SHARDS", "REDIS_SHARDS=0"},
		{"MIRROR_STALENESS", "MIRROR_STALENESS=1ms"},
		{"TRANSPORT", "TRANSPORT=header"},
		{"SILENT_REISSUE", "SILENT_REISSUE=true"},
		{"SILENT_REISSUE", "SILENT_REISSUE=true TRANSPORT=cookie REUSE_GRACE=strict"},
		{"INSECURE_COOKIES", "INSECURE_COOKIES=true"},
		{"TRUSTED_ORIGINS", "TRUSTED_ORIGINS=https://x.example"},
		{"COOKIE_DOMAIN", "COOKIE_DOMAIN=localhost TRANSPORT=cookie"},
		{"COOKIE_PARTITIONED", "COOKIE_PARTITIONED=true"},
		{"LOGIN_PAGE", "LOGIN_PAGE=login"},
	} {
		t.Run(tt.environ[:min(len(tt.environ), 40)], func(t *testing.T) {
			var said []string
			for _, p := range programs {
				code, stderr := fail(t, p.name, strings.Fields(tt.environ))
				if code != 2 {
					t.Errorf("%s: exit code %d, want 2; standard error:\n%s", p.name, code, stderr)
				}
				line, ok := strings.CutPrefix(stderr, p.name+": ")
				if !ok || strings.Count(line, "\n") != 1 || !strings.Contains(line, tt.variable) {
					t.Errorf("%s: standard error is not one line that names %s: %q", p.name, tt.variable, stderr)
				}
				said = append(said, line)
			}
			if len(slices.Compact(said)) != 1 {
				t.Errorf("the programs say %q", said)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			p := start(t, p.name, nil)
			for _, what := range []string{"SIGNING_SECRET is not set", "REDIS_URL is not set", "store=memory"} {
				if !strings.Contains(p.log.String(), what) {
					t.Errorf("the log does not say %q", what)
				}
			}
		})
		t.Run(p.name+" without need", func(t *testing.T) {
			p := start(t, p.name, env{"SIGNING_SECRET": secret, "REDIS_URL": "redis://127.0.0.1:1"})
			if strings.Contains(p.log.String(), "not set") || strings.Contains(p.log.String(), secret) {
				t.Errorf("the log is\n%s", p.log)
			}
		})
	}
}
