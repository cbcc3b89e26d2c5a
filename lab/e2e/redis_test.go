package e2e_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/internal/redistest"
)

const unavailableBody = `{"error":"temporarily_unavailable","error_description":"the service is temporarily unavailable","code":"store_unavailable"}`

// redisEnv is the environment of processes that share a server and keys.
func redisEnv(s *redistest.Server) env {
	return env{"REDIS_URL": "redis://" + s.Addr(), "SIGNING_SECRET": secret}
}

// startAll starts each program on one environment.
func startAll(t *testing.T, e env) (clients []*client) {
	t.Helper()
	for _, p := range programs {
		clients = append(clients, startClient(t, p.name, e))
	}
	return clients
}

// TestProcesses has the programs as processes of one service: each passes what
// the one before has done.
func TestProcesses(t *testing.T) {
	clients := startAll(t, redisEnv(redistest.Start(t)))
	for i, one := range clients {
		other := clients[(i+1)%len(clients)]
		first := one.login("alice", "wonderland")
		other.want(other.me(first.AccessToken), 200, meBody)
		second := other.tokens(other.reissue(first.RefreshToken))
		one.want(one.me(second.AccessToken), 200, meBody)
		other.want(other.do("POST", "/auth/logout", bearer(second.AccessToken)), 200, "{}")
		one.refused(one.me(second.AccessToken), 401, "token_revoked")
		one.refused(one.me(first.AccessToken), 401, "token_revoked")
		one.refused(one.reissue(second.RefreshToken), 401, "refresh_invalid")

		admin, bob := one.login("admin", "correct-horse"), other.login("bob", "builder")
		one.want(one.do("PUT", "/admin/users/bob/block", bearer(admin.AccessToken)), 204, "")
		other.refused(other.me(bob.AccessToken), 401, "token_revoked")
		other.refused(other.tryLogin("bob", "builder"), 403, "user_blocked")
		other.want(other.do("DELETE", "/admin/users/bob/block", bearer(admin.AccessToken)), 204, "")
		one.login("bob", "builder")
	}
}

// TestNamesInPaths shows which user a path names, by the key that a block
// leaves in Redis.
func TestNamesInPaths(t *testing.T) {
	server := redistest.Start(t)
	clients := startAll(t, redisEnv(server))
	admin := bearer(clients[0].login("admin", "correct-horse").AccessToken)
	redis := server.Client(t)
	for path, name := range map[string]string{
		"plain": "plain", "a%2Fb": "a/b", "a+b": "a+b", "a%2Bb%2F": "a+b/", "a%20b": "a b", "a%20b%2F": "a b/",
		"%C3%A9": "é", "é": "é", "%62%6Fb": "bob", "a+b@example.org": "a+b@example.org", "a%2Fb%252F": "a/b%2F", "50%25": "50%", "%252F": "%2F", "a%2Fb%25": "a/b%", "x:y": "x:y", "%7Bx%7D": "{x}", ".": ".",
	} {
		for _, c := range clients {
			a := c.do("PUT", "/admin/users/"+path+"/block", admin)
			if a.excepted {
				continue
			}
			c.want(a, 204, "")
			keys, err := redis.Keys(t.Context(), "*blocked:*").Result()
			if err != nil {
				t.Fatal(err)
			}
			if len(keys) != 1 || !strings.HasSuffix(keys[0], "}blocked:"+name) {
				t.Errorf("the path %q blocks %q, want %q", path, keys, name)
			}
			c.want(c.do("DELETE", "/admin/users/"+path+"/block", admin), 204, "")
		}
	}
}

func TestRedisOptions(t *testing.T) {
	server := redistest.Start(t)
	e := redisEnv(server)
	e["REDIS_PREFIX"], e["REDIS_SHARDS"] = "app:", "1"
	startClient(t, programs[0].name, e).login("alice", "wonderland")
	keys, err := server.Client(t).Keys(t.Context(), "*").Result()
	if err != nil || len(keys) < 2 {
		t.Fatalf("the keys are %q, error %v", keys, err)
	}
	if i := slices.IndexFunc(keys, func(k string) bool { return !strings.HasPrefix(k, "app:") }); i >= 0 {
		t.Errorf("key %q lacks the prefix", keys[i])
	}

	e["REDIS_SHARDS"] = "2"
	for _, p := range programs {
		code, stderr := fail(t, p.name, e.list())
		if code != 2 || !strings.HasPrefix(stderr, p.name+": ") || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "REDIS_SHARDS=2") {
			t.Errorf("%s with other shards than the data's: exit code %d, %q", p.name, code, stderr)
		}
	}
}

// TestRevocation tells the two values apart by what the store forgets.
func TestRevocation(t *testing.T) {
	server := redistest.Start(t)
	for value, want := range map[string]int{"blacklist": 200, "session": 401} {
		t.Run(value, func(t *testing.T) {
			e := redisEnv(server)
			e["REVOCATION"] = value
			each(t, e, func(t *testing.T, c *client) {
				token := c.login("alice", "wonderland").AccessToken
				c.want(c.me(token), 200, meBody)
				if err := server.Client(t).FlushAll(t.Context()).Err(); err != nil {
					t.Fatal(err)
				}
				if a := c.me(token); a.status != want {
					t.Errorf("without the session's record the token gets %d %s, want %d", a.status, a.body, want)
				}
			})
		})
	}
}

// TestOutage takes Redis away and gives it back.
func TestOutage(t *testing.T) {
	for name, trouble := range map[string]struct{ begin, end func(*redistest.Server) }{
		"killed": {(*redistest.Server).Kill, (*redistest.Server).Restart},
		"frozen": {(*redistest.Server).Freeze, (*redistest.Server).Thaw},
	} {
		t.Run(name, func(t *testing.T) {
			server := redistest.Start(t, redistest.WithAOF(), redistest.WithConfig("appendfsync always"))
			each(t, redisEnv(server), func(t *testing.T, c *client) {
				pair := c.login("alice", "wonderland")
				c.want(c.do("GET", "/healthz"), 200, `{"status":"ok"}`)
				trouble.begin(server)
				for _, a := range []answer{
					c.do("GET", "/healthz"),
					c.me(pair.AccessToken),
					c.do("GET", "/auth/sessions", bearer(pair.AccessToken)),
					c.do("POST", "/auth/logout-all", bearer(pair.AccessToken)),
					c.do("POST", "/auth/logout", bearer(pair.AccessToken)),
					c.reissue(pair.RefreshToken),
					c.tryLogin("alice", "wonderland"),
				} {
					c.want(a, 503, unavailableBody)
					if a.header.Get("Retry-After") != "1" {
						t.Errorf("Retry-After is %q", a.header["Retry-After"])
					}
				}
				c.want(c.do("HEAD", "/healthz"), 503, "")
				c.refused(c.tryLogin("alice", "wrong"), 401, "bad_credentials")
				c.refused(c.me("x.y.z"), 401, "token_invalid")

				trouble.end(server)
				c.await("the store is found again", func() bool { return c.do("GET", "/healthz").status == 200 })
				c.await("every connection is good again", func() bool { return c.me(pair.AccessToken).status != 503 })
				if name == "frozen" {
					// What it was asked meanwhile it may do now or not: the
					// answer 503 promises neither.
					pair = c.login("alice", "wonderland")
				}
				c.want(c.me(pair.AccessToken), 200, meBody)
				c.want(c.reissue(pair.RefreshToken), 200, tokensBody)
			})
		})
	}
}

func TestStoreFailureOpen(t *testing.T) {
	server := redistest.Start(t)
	e := redisEnv(server)
	e["ON_STORE_FAILURE"] = "open"
	clients := startAll(t, e)
	token := clients[0].login("alice", "wonderland")
	server.Kill()
	for _, c := range clients {
		c.want(c.me(token.AccessToken), 200, meBody)
		c.want(c.reissue(token.RefreshToken), 503, unavailableBody)
		c.want(c.do("GET", "/healthz"), 503, unavailableBody)
	}
}

// TestStartWithoutRedis starts the programs before their server.
func TestStartWithoutRedis(t *testing.T) {
	server := redistest.Start(t)
	server.Kill()
	clients := startAll(t, redisEnv(server))
	for _, c := range clients {
		c.want(c.do("GET", "/healthz"), 503, unavailableBody)
		c.want(c.tryLogin("alice", "wonderland"), 503, unavailableBody)
	}
	server.Restart()
	for _, c := range clients {
		c.await("the store is found", func() bool { return c.do("GET", "/healthz").status == 200 })
		c.await("a login succeeds", func() bool { return c.tryLogin("alice", "wonderland").status == 200 })
	}
}

// TestLogHoldsNoSecret reads what two processes wrote through a session's
// life, a theft and an outage.
func TestLogHoldsNoSecret(t *testing.T) {
	server := redistest.Start(t, redistest.WithConfig("requirepass hunter2-hunter2"))
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			p := start(t, p.name, env{
				"REDIS_URL": "redis://:hunter2-hunter2@" + server.Addr(), "SIGNING_SECRET": secret, "REFRESH_SECRET": secret2, "REUSE_GRACE": "strict",
			})
			c := &client{t: t, name: p.name, url: p.url}
			one := c.login("alice", "wonderland")
			two := c.tokens(c.reissue(one.RefreshToken))
			c.refused(c.reissue(one.RefreshToken), 401, "refresh_invalid")
			if _, err := p.awaitLog("reason=reuse"); err != nil {
				t.Errorf("the theft is not in the log: %v", err)
			}
			seed, _ := json.Marshal(payload(t, one.RefreshToken)["seed"])
			for _, s := range []string{"hunter2", secret[:8], secret2[:8], "wonderland", strings.Trim(string(seed), `"`),
				one.AccessToken, one.RefreshToken, two.AccessToken, two.RefreshToken} {
				if strings.Contains(p.log.String(), s) {
					t.Errorf("the log holds %q:\n%s", s, p.log)
				}
			}
		})
	}
}
