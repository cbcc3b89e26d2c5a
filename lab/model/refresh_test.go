package model_test

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
)

// Claims change, and are refreshed, while a session is reissued and another login
// is under way. Whatever access token is accepted afterwards carries the new ones,
// and both sessions live.
func TestRefreshClaimsInFlight(t *testing.T) {
	stores := map[string]struct {
		rounds int
		open   func(*testing.T) core.Store
	}{
		"memory": {3000, func(*testing.T) core.Store { return core.NewMemoryStore(core.MemoryOptions{}) }},
		"redis": {1000, func(t *testing.T) core.Store {
			store, err := redisstore.New(redistest.Start(t).Client(t), redisstore.Options{Mirror: redisstore.MirrorOptions{Staleness: time.Second}})
			return opened(t, store, err)
		}},
		"cluster": {500, func(t *testing.T) core.Store {
			store, err := redisstore.New(redistest.StartCluster(t, 3, 0).Client(t), redisstore.Options{})
			return opened(t, store, err)
		}},
	}
	for name, s := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := s.open(t)
			var version atomic.Int64
			key, err := core.NewHMACKey("k", []byte("a secret of thirty-two bytes....."))
			if err != nil {
				t.Fatal(err)
			}
			a, err := core.New(core.Config{
				Issuer: "https://id.example", Audience: []string{"api"}, Keys: []core.Key{key}, Store: store,
				LoadClaims: func(context.Context, core.ClaimsRequest) (any, error) {
					return map[string]int64{"version": version.Load()}, nil
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			for range s.rounds {
				user := rand.Text()
				pair, err := a.Issue(t.Context(), core.Login{Subject: user})
				if err != nil {
					t.Fatal(err)
				}
				var next, late core.Tokens
				var failed, alsoFailed error
				var group sync.WaitGroup
				group.Go(func() { next, failed = a.Reissue(t.Context(), pair.RefreshToken) })
				group.Go(func() { late, alsoFailed = a.Issue(t.Context(), core.Login{Subject: user}) })
				want := version.Add(1)
				refreshed := a.RefreshClaims(t.Context(), user)
				group.Wait()
				if err := errors.Join(failed, alsoFailed, refreshed); err != nil {
					t.Fatal(err)
				}
				for what, token := range map[string]string{"before": pair.AccessToken, "reissued": next.AccessToken, "of a login": late.AccessToken} {
					claims, err := a.Verify(t.Context(), token)
					if errors.Is(err, core.ErrTokenRevoked) {
						continue
					}
					if got, _ := core.ClaimsAs[map[string]int64](claims); err != nil || got["version"] != want || what == "before" {
						t.Fatalf("the access token %s: got claims %v, %v, want version %d or a refusal", what, got, err, want)
					}
				}
				for _, p := range []core.Tokens{next, late} {
					if _, err := a.Reissue(t.Context(), p.RefreshToken); err != nil {
						t.Fatalf("a session is lost: %v", err)
					}
				}
			}
		})
	}
}

func opened(t *testing.T, store *redisstore.Store, err error) core.Store {
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}
