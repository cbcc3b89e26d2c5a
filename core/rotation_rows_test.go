package core_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

func rotationRows() []abuseCase {
	return []abuseCase{
		{"29_store_down_before_the_commit", testStoreDown},
		{"29_client_gone", testClientGone},
		{"32_store_lost_writes", testLostWrites},
		{"33_wrong_seed", testWrongSeed},
		{"34_binding", testBinding},
		{"35_session_end_is_constant", testSessionEnd},
		{"36_idle", testIdle},
		{"37_roles_changed", testRolesChanged},
		{"38_key_rotated_in_the_window", testKeyRotated},
	}
}

func testStoreDown(t *testing.T) {
	w := newWorld(t)
	pair := w.login(t, "alice")
	w.events.take()
	w.store.fail(errStore, "Rotate")
	for range 3 {
		_, err := w.Reissue(t.Context(), pair.RefreshToken)
		wantError(t, "Reissue", err, core.ErrUnavailable)
		w.wantEvents(t, told{core.StoreFailed, pair.SessionID, "reissue"})
	}
	w.store.heal()
	w.clock.advance(day)
	w.reissue(t, pair.RefreshToken)
	w.wantEvents(t, told{core.SessionReissued, pair.SessionID, "rotated"})
}

// A client that goes away leaves nothing half done: the commit is not
// cancelled with the request, though bounded.
func testClientGone(t *testing.T) {
	w := newWorld(t)
	pair := w.login(t, "alice")
	ctx, cancel := context.WithCancel(t.Context())
	w.store.onCall(func(commit context.Context, method string) error {
		cancel()
		if method == "Sessions" || method == "Revoked" {
			return nil
		}
		if _, bounded := commit.Deadline(); !bounded {
			t.Errorf("%s: the commit has no deadline", method)
		}
		return commit.Err()
	}, nil)
	child, err := w.Reissue(ctx, pair.RefreshToken)
	if err != nil {
		t.Fatalf("Reissue: %v", err)
	}
	if _, err := w.Issue(ctx, core.Login{Subject: "alice"}); err != nil {
		t.Errorf("Issue: %v", err)
	}
	for what, err := range map[string]error{
		"Blacklist": w.Blacklist(ctx, child.AccessToken),
		"Revoke":    w.Revoke(ctx, "alice", pair.SessionID),
		"Logout":    w.Logout(ctx, pair.RefreshToken),
		"Block":     w.Block(ctx, "bob", time.Time{}),
		"Unblock":   w.Unblock(ctx, "bob"),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := w.RevokeAll(ctx, "alice"); err != nil {
		t.Errorf("RevokeAll: %v", err)
	}
	if got := w.sessions(t, "alice"); len(got) != 0 {
		t.Errorf("got sessions %v, want none", got)
	}
}

// A store that came back without its last writes is behind the tokens in use.
// Whoever holds the later token goes on; an ancestor is an ancestor again.
func testLostWrites(t *testing.T) {
	w := newWorld(t)
	secret := refreshSecret(hmacSecret)
	login := w.login(t, "alice")
	at := func(generation int) string {
		return forge(t, login.RefreshToken, secret, `"gen":0`, fmt.Sprintf(`"gen":%d`, generation))
	}
	w.events.take()
	victim := w.reissue(t, at(7))
	w.wantEvents(t, told{core.SessionRecovered, login.SessionID, "recovered"})
	if got, want := payloadOf(t, victim.AccessToken)["jti"], login.SessionID+".8"; got != want {
		t.Errorf("got jti %v, want %s", got, want)
	}
	wantSamePair(t, w.reissue(t, at(7)), victim)
	w.wantEvents(t, told{core.SessionReplayed, login.SessionID, "replayed"})
	w.clock.advance(time.Minute)
	w.wantRefused(t, at(4))
	w.wantEvents(t, told{core.SessionRevoked, login.SessionID, "reuse"})
	w.wantDead(t, "alice", victim)

	t.Run("thief first", func(t *testing.T) {
		w := newWorld(t)
		login = w.login(t, "alice")
		thief := w.reissue(t, at(4))
		victim := w.reissue(t, at(7))
		w.clock.advance(time.Minute)
		w.wantRefused(t, thief.RefreshToken)
		w.wantDead(t, "alice", victim)
	})
}

// A right signature with a wrong seed is the work of who stole the key. It
// logs nobody out, and it is told at the highest level.
func testWrongSeed(t *testing.T) {
	w := newWorld(t)
	pair, other := w.login(t, "alice"), w.login(t, "alice")
	w.events.take()
	secret := refreshSecret(hmacSecret)
	for _, token := range []string{
		forge(t, pair.RefreshToken, secret, field(t, pair.RefreshToken, "seed"), `"seed":"AAAAAAAAAAAAAAAAAAAAAA"`),
		forge(t, pair.RefreshToken, secret, field(t, pair.RefreshToken, "seed"), field(t, other.RefreshToken, "seed")),
		forge(t, pair.RefreshToken, secret, field(t, pair.RefreshToken, "sid"), field(t, other.RefreshToken, "sid")),
		forge(t, pair.RefreshToken, secret, field(t, pair.RefreshToken, "seed"), `"seed":"AAAAAAAAAAAAAAAAAAAAAA"`, `"gen":0`, `"gen":500`),
	} {
		w.wantRefused(t, token)
		if list := w.events.take(); len(list) != 1 || list[0].Type != core.RefreshForged || list[0].Level().String() != "ERROR" {
			t.Errorf("Reissue: got events %+v, want one forgery", list)
		}
		if err := w.Logout(t.Context(), token); err != nil {
			t.Errorf("Logout: %v", err)
		}
		if list := w.events.take(); len(list) != 1 || list[0].Type != core.RefreshForged || list[0].Reason != "logout" {
			t.Errorf("Logout: got events %+v, want one forgery", list)
		}
	}
	// The session is the subject's: another subject's name finds nothing.
	w.wantRefused(t, forge(t, pair.RefreshToken, secret, `"alice"`, `"bob"`))
	w.wantEvents(t, told{core.RefreshRefused, pair.SessionID, "missing"})
	w.wantAlive(t, pair)
	w.wantAlive(t, other)
}

func testBinding(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.BindAccessToken = true })
	alice, second, bob := w.login(t, "alice"), w.login(t, "alice"), w.login(t, "bob")
	w.events.take()
	before := w.store.total()
	for name, access := range map[string]string{
		"another user's":              bob.AccessToken,
		"another session's":           second.AccessToken,
		"none":                        "",
		"rubbish":                     "rubbish",
		"the refresh token":           alice.RefreshToken,
		"forged":                      forge(t, alice.AccessToken, "another secret of 32 bytes or so!!"),
		"right session, wrong user's": forge(t, alice.AccessToken, hmacSecret, `"alice"`, `"bob"`),
	} {
		t.Run(name, func(t *testing.T) {
			w.wantRefused(t, alice.RefreshToken, core.WithAccessToken(access))
			w.wantEvents(t, told{core.RefreshRefused, alice.SessionID, "unbound"})
		})
	}
	t.Run("no option", func(t *testing.T) {
		w.wantRefused(t, alice.RefreshToken)
		w.wantEvents(t, told{core.RefreshRefused, alice.SessionID, "unbound"})
	})
	if calls := w.store.total() - before; calls != 0 {
		t.Errorf("the store was called %d times", calls)
	}
	w.wantEvents(t)

	// An expired and a revoked one will do, and so will an older one.
	w.clock.advance(day)
	w.wantAccess(t, alice.AccessToken, core.ErrTokenExpired)
	next := w.reissue(t, alice.RefreshToken, core.WithAccessToken(alice.AccessToken))
	if err := w.Blacklist(t.Context(), next.AccessToken); err != nil {
		t.Fatal(err)
	}
	next = w.reissue(t, next.RefreshToken, core.WithAccessToken(next.AccessToken))
	w.reissue(t, next.RefreshToken, core.WithAccessToken(alice.AccessToken))

	// Without BindAccessToken nobody looks at it.
	free := newWorld(t)
	pair := free.login(t, "alice")
	free.reissue(t, pair.RefreshToken, core.WithAccessToken("rubbish"))
}

// The absolute end of a session does not move, however often it is reissued.
func testSessionEnd(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.SessionTTL, c.IdleTTL = 10*day, 2*day })
	pair := w.login(t, "alice")
	end, exp := w.clock.Now().Add(10*day), fmt.Sprint(w.clock.Now().Add(10*day).Unix())
	for range 10 {
		if got := fmt.Sprint(payloadOf(t, pair.RefreshToken)["exp"]); got != exp {
			t.Errorf("got refresh exp %s, want %s", got, exp)
		}
		if pair.RefreshExpiresAt.After(end) || pair.AccessExpiresAt.After(end) {
			t.Errorf("got ends %v and %v after the session's, %v", pair.AccessExpiresAt, pair.RefreshExpiresAt, end)
		}
		w.clock.advance(day - time.Minute)
		pair = w.reissue(t, pair.RefreshToken)
	}
	w.clock.advance(9*time.Minute + 59*time.Second)
	pair = w.reissue(t, pair.RefreshToken)
	if got, want := fmt.Sprint(payloadOf(t, pair.AccessToken)["exp"]), exp; got != want {
		t.Errorf("the last access token: got exp %s, want the session's end, %s", got, want)
	}
	w.clock.advance(time.Second)
	w.wantRefused(t, pair.RefreshToken)
	w.wantAccess(t, pair.AccessToken, core.ErrTokenExpired)
	if got := w.sessions(t, "alice"); len(got) != 0 {
		t.Errorf("got sessions %v, want none", got)
	}
}

func testIdle(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.IdleTTL, c.SessionTTL = day, core.NoLimit })
	pair := w.login(t, "alice")
	if _, has := payloadOf(t, pair.RefreshToken)["exp"]; has {
		t.Error("the refresh token of a session without an absolute end has an exp")
	}
	for range 50 {
		w.clock.advance(day - time.Millisecond)
		pair = w.reissue(t, pair.RefreshToken)
	}
	w.clock.advance(day)
	w.events.take()
	w.wantRefused(t, pair.RefreshToken)
	w.wantEvents(t, told{core.RefreshRefused, pair.SessionID, "expired"})
	if got := w.sessions(t, "alice"); len(got) != 0 {
		t.Errorf("got sessions %v, want none", got)
	}
	wantError(t, "Revoke", w.Revoke(t.Context(), "alice", pair.SessionID), core.ErrSessionNotFound)
	w.clock.advance(day)
	w.wantRefused(t, pair.RefreshToken)
	w.wantEvents(t, told{core.RefreshRefused, pair.SessionID, "missing"})
}

func testRolesChanged(t *testing.T) {
	type claims struct {
		Roles []string `json:"roles,omitempty"`
	}
	var loaded claimsLoader
	loaded.set(claims{[]string{"admin"}})
	w := newWorld(t, withClaims(&loaded))
	roles := func(pair core.Tokens) string {
		t.Helper()
		c, err := core.ClaimsAs[claims](w.claims(t, pair.AccessToken))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(c.Roles, " ")
	}
	pair := w.login(t, "alice")
	if got := roles(pair); got != "admin" {
		t.Errorf("login: got roles %q", got)
	}
	loaded.set(claims{[]string{"user"}})
	child := w.reissue(t, pair.RefreshToken)
	if got := roles(child); got != "user" {
		t.Errorf("reissue: got roles %q, want user", got)
	}
	loaded.set(claims{})
	replay := w.reissue(t, pair.RefreshToken)
	wantSamePair(t, replay, child)
	if got := roles(replay); got != "" {
		t.Errorf("replay: got roles %q, want none", got)
	}
	if _, has := payloadOf(t, replay.RefreshToken)["claims"]; has {
		t.Error("the refresh token carries claims that are loaded anew")
	}
}

func testKeyRotated(t *testing.T) {
	w := newWorld(t)
	old, fresh := hmacKey(t, "k1", hmacSecret), hmacKey(t, "k2", strings.ToUpper(hmacSecret))
	parent := w.login(t, "alice")
	child := w.reissue(t, parent.RefreshToken)
	setKeys := func(keys ...core.Key) {
		t.Helper()
		if err := w.SetKeys(keys, nil); err != nil {
			t.Fatal(err)
		}
	}
	setKeys(fresh, old)
	again := w.reissue(t, parent.RefreshToken)
	wantSamePair(t, again, child)
	for _, token := range []string{again.AccessToken, again.RefreshToken} {
		if header, _ := parts(t, token); !strings.Contains(header, `"kid":"k2"`) {
			t.Errorf("got header %s, want the new kid", header)
		}
	}
	w.wantAccess(t, child.AccessToken, nil)
	setKeys(fresh)
	before := w.store.total()
	w.wantAccess(t, child.AccessToken, core.ErrTokenInvalid)
	w.wantRefused(t, child.RefreshToken)
	w.wantRefused(t, parent.RefreshToken)
	if calls := w.store.total() - before; calls != 0 {
		t.Errorf("the store was called %d times for tokens of a retired key", calls)
	}
	w.wantAlive(t, again)
}
