package config_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/redistest"
)

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// open opens the store of an environment and closes it when t ends.
func open(t *testing.T, e env) core.Store {
	t.Helper()
	store, closeStore, err := read(t, e).Open(quiet())
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := closeStore(); err != nil {
			t.Errorf("closing the store: %v", err)
		}
	})
	return store
}

func TestOpenMemory(t *testing.T) {
	if store := open(t, env{}); store.Ping(t.Context()) != nil {
		t.Error("the memory store does not answer")
	} else if _, ok := store.(*core.MemoryStore); !ok {
		t.Errorf("Open returns a %T", store)
	}
}

func TestOpenRedis(t *testing.T) {
	server := redistest.Start(t)
	url := "redis://" + server.Addr()
	e := env{"REDIS_URL": url, "SIGNING_SECRET": secret}

	t.Run("two processes share sessions", func(t *testing.T) {
		one, two := authority(t, open(t, e), e), authority(t, open(t, e), e)
		tokens, err := one.Issue(t.Context(), core.Login{Subject: "alice"})
		if err != nil {
			t.Fatal(err)
		}
		if err := two.Logout(t.Context(), tokens.AccessToken); err != nil {
			t.Fatal(err)
		}
		if _, err := one.Verify(t.Context(), tokens.AccessToken); !errors.Is(err, core.ErrTokenRevoked) {
			t.Errorf("after a logout in the other process the token gives %v, want ErrTokenRevoked", err)
		}
	})
	t.Run("the prefix begins every key", func(t *testing.T) {
		e := env{"REDIS_URL": url + "/3", "REDIS_PREFIX": "app:"}
		if _, err := authority(t, open(t, e), e).Issue(t.Context(), core.Login{Subject: "alice"}); err != nil {
			t.Fatal(err)
		}
		client := server.Client(t)
		conn := client.Conn()
		defer conn.Close()
		if err := conn.Select(t.Context(), 3).Err(); err != nil {
			t.Fatal(err)
		}
		keys, err := conn.Keys(t.Context(), "*").Result()
		if err != nil || len(keys) == 0 {
			t.Fatalf("database 3 has the keys %q, error %v", keys, err)
		}
		for _, k := range keys {
			if !strings.HasPrefix(k, "app:") {
				t.Errorf("key %q lacks the prefix", k)
			}
		}
	})
	t.Run("other shards than the data's", func(t *testing.T) {
		s := read(t, env{"REDIS_URL": url, "REDIS_SHARDS": "8"})
		_, _, err := s.Open(quiet())
		if !errors.Is(err, config.ErrInvalid) || !strings.Contains(err.Error(), "REDIS_SHARDS=8") {
			t.Errorf("Open returns %v, want an ErrInvalid that names REDIS_SHARDS", err)
		}
	})
	t.Run("a server that is away", func(t *testing.T) {
		away := redistest.Start(t)
		away.Kill()
		store := open(t, env{"REDIS_URL": "redis://" + away.Addr()})
		if store.Ping(t.Context()) == nil {
			t.Error("Ping succeeds")
		}
		away.Restart()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		for store.Ping(ctx) != nil {
			if ctx.Err() != nil {
				t.Fatal("the store does not find the server again")
			}
		}
	})
}

func TestOpenCluster(t *testing.T) {
	addrs := redistest.StartCluster(t, 3, 0).Addrs()
	e := env{"REDIS_MODE": "cluster", "REDIS_URL": "redis://" + addrs[0] + "?addr=" + addrs[1]}
	a := authority(t, open(t, e), e)
	for _, user := range []string{"alice", "bob", "carol", "dave"} {
		tokens, err := a.Issue(t.Context(), core.Login{Subject: user})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Reissue(t.Context(), tokens.RefreshToken); err != nil {
			t.Errorf("reissue for %s: %v", user, err)
		}
	}
}

func TestOpenSentinel(t *testing.T) {
	s := redistest.StartSentinel(t, 1, 1)
	e := env{"REDIS_MODE": "sentinel", "REDIS_URL": "redis://" + s.Addrs()[0] + "?master_name=" + s.MasterName()}
	if _, err := authority(t, open(t, e), e).Issue(t.Context(), core.Login{Subject: "alice"}); err != nil {
		t.Error(err)
	}
}

func TestListen(t *testing.T) {
	l, err := read(t, env{"ADDR": "127.0.0.1:0"}).Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := net.Dial("tcp", l.Addr().String()); err != nil {
		t.Errorf("nobody listens: %v", err)
	}

	_, err = read(t, env{"ADDR": l.Addr().String()}).Listen()
	if err == nil || errors.Is(err, config.ErrInvalid) || !strings.Contains(err.Error(), "in use") {
		t.Errorf("an address that is taken gives %v, want an error that says so and is not ErrInvalid", err)
	}
	_, err = read(t, env{"ADDR": "192.0.2.1:80"}).Listen()
	if !errors.Is(err, config.ErrInvalid) || !strings.Contains(err.Error(), "ADDR=") {
		t.Errorf("an address of another machine gives %v, want an ErrInvalid that names ADDR", err)
	}
}
