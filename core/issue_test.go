package core_test

import (
	"crypto"
	"errors"
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// Whatever Issue lets through, Verify and Reissue accept; whatever it does not
// is refused before anything is changed. A token is never too long for its own
// parser, at any size of name, claims and key.
func TestTokenSizes(t *testing.T) {
	type extreme struct {
		name              string
		key               func() core.Key
		issuer, subject   string
		audience, claimed int // number of 256-byte audiences, bytes of claims
		fits              bool
	}
	hmac := func() core.Key { return hmacKey(t, strings.Repeat("k", 64), hmacSecret) }
	angled := func() core.Key { return hmacKey(t, strings.Repeat("<", 64), hmacSecret) }
	wide := func(bits int, id string) func() core.Key {
		return func() core.Key { return privateKey(t, id, newWideSigner(bits)) }
	}
	letters, controls, angles := strings.Repeat("s", 256), strings.Repeat("\x01", 256), strings.Repeat("<", 256)
	for _, x := range []extreme{
		{"all small", hmac, "i", "s", 0, 0, true},
		{"letters", hmac, letters, letters, 1, 1024, true},
		{"control characters", hmac, "i", controls, 0, 0, true},
		{"angle brackets", hmac, "i", angles, 0, 0, true},
		{"control characters in both names", hmac, controls, controls, 0, 0, false},
		{"control characters and claims", hmac, "i", controls, 0, 1024, false},
		{"kid of angle brackets", angled, "i", "s", 0, 1024, true},
		{"4 audiences", hmac, "i", "s", 4, 0, true},
		{"9 audiences and claims", hmac, "i", "s", 9, 1024, false},
		{"RSA 4096", wide(4096, "k"), "i", letters, 1, 0, true},
		{"RSA 4096 and claims", wide(4096, "k"), "i", "s", 0, 1024, true},
		{"RSA 8192", wide(8192, "k"), "i", "s", 0, 0, true},
		{"RSA 8192, kid of angle brackets", wide(8192, strings.Repeat("<", 64)), letters, letters, 0, 0, true},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := newWorld(t, func(c *core.Config) {
				c.Issuer, c.Keys = x.issuer, []core.Key{x.key()}
				c.RefreshKeys = []core.Key{hmacKey(t, strings.Repeat("<", 64), refreshSecret(hmacSecret))}
				if x.audience > 0 {
					c.Audience = manyAudiences(x.audience)
				}
			})
			claims := map[string]string{"x": strings.Repeat("x", max(0, x.claimed-8))}
			if x.claimed == 0 {
				claims = nil
			}
			_, err := w.Issue(t.Context(), core.Login{Subject: x.subject, Claims: claims})
			if (err == nil) != x.fits {
				t.Fatalf("got error %v, fits %t", err, x.fits)
			}
			if err != nil && w.store.total() != 0 {
				t.Error("the store was called")
			}
			// The largest claims that are let through make a pair that is good.
			sort.Search(1100, func(size int) bool { return !issueAndUse(t, w, x.subject, size+8) })
		})
	}
}

// issueAndUse logs in with custom claims of a size and uses the pair, and
// reports false if the login was refused.
func issueAndUse(t *testing.T, w *world, subject string, size int) bool {
	t.Helper()
	before := w.store.total()
	pair, err := w.Issue(t.Context(), core.Login{
		Subject: subject, AuthTime: time.Unix(-1<<62, 0), Claims: map[string]string{"x": strings.Repeat("x", size-8)},
	})
	if err != nil {
		if w.store.total() != before {
			t.Errorf("%d bytes of claims: the store was called", size)
		}
		return false
	}
	if len(pair.AccessToken) > 4096 || len(pair.RefreshToken) > 4096 {
		t.Errorf("%d bytes of claims: the tokens have %d and %d bytes", size, len(pair.AccessToken), len(pair.RefreshToken))
	}
	w.wantAccess(t, pair.AccessToken, nil)
	w.reissue(t, pair.RefreshToken)
	return true
}

// The longest tokens are those of the last generations.
func TestTokenSizeInLateGenerations(t *testing.T) {
	w := newWorld(t)
	subject := strings.Repeat("\x01", 256)
	fits := sort.Search(1100, func(size int) bool { return !issueAndUse(t, w, subject, size+8) }) - 1
	pair := w.issue(t, core.Login{Subject: subject, Claims: map[string]string{"x": strings.Repeat("x", fits)}})
	late := forge(t, pair.RefreshToken, refreshSecret(hmacSecret), `"gen":0`, `"gen":9007199254740988`)
	for range 2 {
		pair = w.reissue(t, late)
		w.wantAccess(t, pair.AccessToken, nil)
		late = pair.RefreshToken
	}
}

// A signer that fails costs the client a retry, and the operator no event.
func TestSigningFails(t *testing.T) {
	var failure error
	signer := remoteSigner{Signer: ecPrivate(), fail: func() error { return failure }}
	var _ crypto.Signer = signer
	broken := errors.New("hsm: session lost")
	w := newWorld(t, func(c *core.Config) {
		c.MaxSessions = 1
		c.Keys, c.RefreshKeys = []core.Key{privateKey(t, "k1", signer)}, []core.Key{hmacKey(t, "k1", refreshSecret(hmacSecret))}
	})
	first := w.login(t, "alice")
	w.events.take()

	failure = broken
	_, err := w.Reissue(t.Context(), first.RefreshToken)
	wantFault(t, "Reissue", err)
	if !errors.Is(err, broken) {
		t.Errorf("Reissue: got error %v, want the signer's", err)
	}
	failure = nil
	second := w.reissue(t, first.RefreshToken)
	if got, want := fmt.Sprint(payloadOf(t, second.AccessToken)["jti"]), first.SessionID+".1"; got != want {
		t.Errorf("the retry: got jti %s, want %s", got, want)
	}

	t.Run("recovery is told", func(t *testing.T) {
		w.events.take()
		failure = broken
		_, err := w.Reissue(t.Context(), forge(t, second.RefreshToken, refreshSecret(hmacSecret), `"gen":1`, `"gen":9`))
		wantFault(t, "Reissue", err)
		w.wantEvents(t, told{core.SessionRecovered, first.SessionID, "recovered"})
		failure = nil
	})
	t.Run("eviction is told", func(t *testing.T) {
		w.events.take()
		failure = broken
		_, err := w.Issue(t.Context(), core.Login{Subject: "alice"})
		wantFault(t, "Issue", err)
		evicted := 0
		for _, e := range w.events.take() {
			if e.Type == core.SessionRevoked && e.SessionID == first.SessionID && e.Reason == "evicted" {
				evicted++
			}
		}
		if evicted != 1 {
			t.Errorf("got %d events of the eviction, want 1", evicted)
		}
		failure = nil
		w.wantDead(t, "alice", second)
	})
}

// A user who is gone is not told of a refresh token that they do not have.
func TestIssueUserGone(t *testing.T) {
	var claims claimsLoader
	claims.set(core.ErrUserGone)
	w := newWorld(t, withClaims(&claims))
	_, err := w.Issue(t.Context(), core.Login{Subject: "alice"})
	if !errors.Is(err, core.ErrUserGone) {
		t.Errorf("got error %v, want %v", err, core.ErrUserGone)
	}
	if errors.Is(err, core.ErrRefreshInvalid) || errors.Is(err, core.ErrUnavailable) {
		t.Errorf("got error %v", err)
	}
}

func TestIssueEvents(t *testing.T) {
	w := newWorld(t)
	pair := w.issue(t, core.Login{Subject: "alice", Device: core.Device{Name: "phone", UserAgent: strings.Repeat("u", 100), IP: "192.0.2.1"}})
	list := w.events.take()
	want := core.Event{
		Type: core.SessionEstablished, Time: w.clock.Now(), Subject: "alice", SessionID: pair.SessionID,
		Device: core.Device{Name: "phone", UserAgent: strings.Repeat("u", 64), IP: "192.0.2.1"},
	}
	if len(list) != 1 || list[0] != want {
		t.Errorf("got events %+v, want %+v", list, want)
	}
	got := w.sessions(t, "alice")
	if len(got) != 1 || got[0] != (core.Session{
		ID: pair.SessionID, CreatedAt: w.clock.Now(), LastUsedAt: w.clock.Now(), ExpiresAt: pair.RefreshExpiresAt, Device: want.Device,
	}) {
		t.Errorf("got sessions %+v", got)
	}
	if hash := w.store.created.SeedHash; string(hash[:]) != hashed(payloadOf(t, pair.RefreshToken)["seed"].(string)) {
		t.Error("the store was not given the SHA-256 of the seed")
	}
}

// Ids and seeds are 128 random bits: no two are alike.
func TestIDsDiffer(t *testing.T) {
	w := newWorld(t)
	seen := make(map[string]bool)
	for range 200 {
		pair := w.login(t, "alice")
		for _, id := range []string{pair.SessionID, payloadOf(t, pair.RefreshToken)["seed"].(string)} {
			if len(unb64(t, id)) != 16 || seen[id] {
				t.Fatalf("the id %q is short or not new", id)
			}
			seen[id] = true
		}
	}
}
