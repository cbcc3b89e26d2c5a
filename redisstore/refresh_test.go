package redisstore_test

import (
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
)

// A refresh of the claims tells the other processes once: again, before any
// reissue, it denies nothing new. Whoever watches is told what is denied.
func TestRefreshClaimsTellsNews(t *testing.T) {
	client := redistest.Start(t).Client(t)
	var mu sync.Mutex
	var told []redisstore.Denial
	s := newStore(t, client, redisstore.Options{Mirror: redisstore.MirrorOptions{Staleness: time.Minute, OnDenial: func(d redisstore.Denial) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, d)
	}}})
	a := newAuthority(t, s)
	pair, err := a.Issue(t.Context(), core.Login{Subject: "alice"})
	mustSucceed(t, err)
	other, err := a.Issue(t.Context(), core.Login{Subject: "bob"})
	mustSucceed(t, err)
	published := func() int64 { return redistest.CommandStats(t, client)["publish"] }
	mustSucceed(t, a.RefreshClaims(t.Context(), "alice"))
	await(t, "the nudge", func() bool { return published() == 1 })
	for range 20 {
		mustSucceed(t, a.RefreshClaims(t.Context(), "alice"))
	}
	mustSucceed(t, a.Logout(t.Context(), other.RefreshToken))
	await(t, "the nudge of a logout", func() bool { return published() > 1 })
	if n := published(); n != 2 {
		t.Errorf("got %d nudges, want 2", n)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(told) != 2 || told[0].SessionID != pair.SessionID || told[0].Generation != 0 || !told[0].AndBefore {
		t.Errorf("told of %+v, want one refresh and one logout", told)
	}
}
