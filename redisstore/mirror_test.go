package redisstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
)

func TestMirrorSmoke(t *testing.T) {
	server := redistest.Start(t)
	var as [2]*core.Authority
	var stores [2]*redisstore.Store
	for i := range as {
		stores[i] = newStore(t, server.Client(t), redisstore.Options{Mirror: redisstore.MirrorOptions{Staleness: time.Second}})
		as[i] = newAuthority(t, stores[i])
	}
	leased := func() bool {
		for _, s := range stores {
			if m, _ := s.Mirror(); m.Leased != m.Shards {
				return false
			}
		}
		return true
	}
	for !leased() {
	}
	for range 50 {
		tokens := login(t, as[0], "alice")
		if _, err := as[1].Verify(t.Context(), tokens.AccessToken); err != nil {
			t.Fatal(err)
		}
		mustSucceed(t, as[0].Logout(t.Context(), tokens.RefreshToken))
		if _, err := as[0].Verify(t.Context(), tokens.AccessToken); !errors.Is(err, core.ErrTokenRevoked) {
			t.Fatal(err)
		}
		start := time.Now()
		for {
			if _, err := as[1].Verify(t.Context(), tokens.AccessToken); errors.Is(err, core.ErrTokenRevoked) {
				break
			}
		}
		t.Log(time.Since(start))
	}
	for _, s := range stores {
		m, _ := s.Mirror()
		t.Logf("%+v", m)
	}
}
