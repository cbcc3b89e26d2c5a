package redisstore_test

import (
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
)

// A service that holds public keys alone, with a mirror on the same Redis,
// accepts what the login service issues and refuses what that revokes, and can
// issue nothing itself.
func TestVerifyingService(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signing, err := core.NewPrivateKey("2026", private)
	if err != nil {
		t.Fatal(err)
	}
	verifying, err := core.NewPublicKey("2026", public)
	if err != nil {
		t.Fatal(err)
	}
	refresh, err := core.NewHMACKey("refresh", make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	issuer := newAuthority(t, newStore(t, server.Client(t), redisstore.Options{}), func(c *core.Config) {
		c.Keys, c.RefreshKeys = []core.Key{signing}, []core.Key{refresh}
	})
	s := mirrored(t, server.Client(t), time.Second)
	service := newAuthority(t, s, func(c *core.Config) { c.Keys = []core.Key{verifying} })
	awaitLeases(t, s)

	first, second := login(t, issuer, "alice"), login(t, issuer, "alice")
	for _, tokens := range []core.Tokens{first, second} {
		if _, err := service.Verify(t.Context(), tokens.AccessToken); err != nil {
			t.Errorf("Verify: %v", err)
		}
	}
	mustSucceed(t, issuer.Logout(t.Context(), first.RefreshToken))
	await(t, "the mirror to know", func() bool { return s.Remembers("alice", first.SessionID, 0) })
	if _, err := service.Verify(t.Context(), first.AccessToken); !errors.Is(err, core.ErrTokenRevoked) {
		t.Errorf("Verify after the logout: got %v, want %v", err, core.ErrTokenRevoked)
	}
	if _, err := service.Verify(t.Context(), second.AccessToken); err != nil {
		t.Errorf("Verify of the other session: %v", err)
	}
	if _, err := service.Issue(t.Context(), core.Login{Subject: "alice"}); err == nil {
		t.Error("Issue: got no error")
	}
	if _, err := service.Reissue(t.Context(), second.RefreshToken); err == nil || errors.Is(err, core.ErrRefreshInvalid) {
		t.Errorf("Reissue: got %v, want an error that is no refusal", err)
	}
	// It may still end sessions: an administrator's service, say.
	if ended, err := service.RevokeAll(t.Context(), "alice"); err != nil || ended != 1 {
		t.Errorf("RevokeAll: got %d, %v, want 1", ended, err)
	}
	if _, err := issuer.Reissue(t.Context(), second.RefreshToken); !errors.Is(err, core.ErrRefreshInvalid) {
		t.Errorf("Reissue after it: got %v, want %v", err, core.ErrRefreshInvalid)
	}
}
