package core_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

func logoutRows() []abuseCase {
	return []abuseCase{
		{"39_access_after_logout", testAccessAfterLogout},
		{"40_older_access_after_logout", testOlderAccess},
		{"43_logout_of_anything", testLogoutOfAnything},
		{"44_logout_while_the_store_fails", testLogoutStoreDown},
		{"45_another_users_session", testAnothersSession},
		{"46_all_but_the_current", testAllButCurrent},
		{"49_denial_outlives_the_token", testDenialOutlives},
		{"49_denial_without_a_record", testDenialWithoutRecord},
		{"49_clocks_and_leeways_differ", testDenialWithLeeway},
		{"50_expired_token_blacklisted", testExpiredBlacklisted},
		{"52_store_down_on_access", testStoreDownOnAccess},
	}
}

// A logout on one process is one on every process, by whichever token and
// under each policy that asks the store.
func testAccessAfterLogout(t *testing.T) {
	for _, policy := range []core.RevocationPolicy{core.Blacklist, core.SessionRecord} {
		for _, by := range []string{"access", "refresh", "used refresh", "expired access"} {
			t.Run(fmt.Sprint(by, " policy ", policy), func(t *testing.T) {
				w := newWorld(t, func(c *core.Config) { c.Revocation = policy })
				process := w.another(t)
				parent, other := w.login(t, "alice"), w.login(t, "alice")
				w.clock.advance(time.Hour)
				pair := w.reissue(t, parent.RefreshToken)
				w.events.take()
				token := map[string]string{
					"access": pair.AccessToken, "refresh": pair.RefreshToken,
					"used refresh": parent.RefreshToken, "expired access": parent.AccessToken,
				}[by]
				if err := w.Logout(t.Context(), token); err != nil {
					t.Fatal(err)
				}
				w.wantEvents(t, told{core.SessionRevoked, pair.SessionID, "logout"})
				w.wantDead(t, "alice", pair)
				_, err := process.Verify(t.Context(), pair.AccessToken)
				wantError(t, "Verify on another process", err, core.ErrTokenRevoked)
				w.reissue(t, other.RefreshToken)
			})
		}
	}
}

func testOlderAccess(t *testing.T) {
	w := newWorld(t)
	pairs := []core.Tokens{w.login(t, "alice")}
	for range 5 {
		w.clock.advance(time.Minute)
		pairs = append(pairs, w.reissue(t, pairs[len(pairs)-1].RefreshToken))
	}
	for _, p := range pairs {
		w.wantAccess(t, p.AccessToken, nil) // a reissue denies no token
	}
	if err := w.Logout(t.Context(), pairs[2].AccessToken); err != nil {
		t.Fatal(err)
	}
	for _, p := range pairs {
		w.wantAccess(t, p.AccessToken, core.ErrTokenRevoked)
	}
}

// Whatever is logged out of is ended or was never anything: RFC 7009, section
// 2.2.
func testLogoutOfAnything(t *testing.T) {
	w := newWorld(t)
	living := w.login(t, "bob")
	for _, token := range []string{"", "rubbish", "a.b.c", "\x00", living.AccessToken + "x", living.RefreshToken[1:]} {
		before := w.store.total()
		wantError(t, "Logout", w.Logout(t.Context(), token), nil)
		if w.store.total() != before {
			t.Errorf("%.20q: the store was called", token)
		}
	}
	w.wantAlive(t, living)

	pair := w.login(t, "alice")
	w.events.take()
	for range 3 {
		wantError(t, "Logout", w.Logout(t.Context(), pair.AccessToken), nil)
	}
	w.wantEvents(t, told{core.SessionRevoked, pair.SessionID, "logout"})

	// Long after the end of everything.
	old := w.login(t, "alice")
	w.clock.advance(60 * day)
	for _, token := range []string{old.AccessToken, old.RefreshToken} {
		wantError(t, "Logout", w.Logout(t.Context(), token), nil)
	}
	// A store that has lost the record has not lost the order.
	lost := w.login(t, "alice")
	fresh := w.another(t, func(c *core.Config) { c.Store = core.NewMemoryStore(core.MemoryOptions{Now: w.clock.Now}) })
	for _, token := range []string{lost.RefreshToken, lost.AccessToken} {
		wantError(t, "Logout", fresh.Logout(t.Context(), token), nil)
		_, err := fresh.Verify(t.Context(), lost.AccessToken)
		wantError(t, "Verify", err, core.ErrTokenRevoked)
	}
}

func testLogoutStoreDown(t *testing.T) {
	w := newWorld(t)
	pair := w.login(t, "alice")
	w.events.take()
	w.store.fail(errStore)
	for _, token := range []string{pair.AccessToken, pair.RefreshToken} {
		wantError(t, "Logout", w.Logout(t.Context(), token), core.ErrUnavailable)
		w.wantEvents(t, told{core.StoreFailed, pair.SessionID, "logout"})
	}
	wantError(t, "Blacklist", w.Blacklist(t.Context(), pair.AccessToken), core.ErrUnavailable)
	wantError(t, "Revoke", w.Revoke(t.Context(), "alice", pair.SessionID), core.ErrUnavailable)
	ended, err := w.RevokeAll(t.Context(), "alice")
	wantError(t, "RevokeAll", err, core.ErrUnavailable)
	if ended != 0 {
		t.Errorf("RevokeAll: got %d with an error", ended)
	}
	wantError(t, "Block", w.Block(t.Context(), "alice", time.Time{}), core.ErrUnavailable)
	wantError(t, "Unblock", w.Unblock(t.Context(), "alice"), core.ErrUnavailable)
	_, err = w.Sessions(t.Context(), "alice")
	wantError(t, "Sessions", err, core.ErrUnavailable)
	_, blocked, err := w.BlockedUntil(t.Context(), "alice")
	wantError(t, "BlockedUntil", err, core.ErrUnavailable)
	if blocked {
		t.Error("BlockedUntil: got blocked with an error")
	}
	wantError(t, "Ping", w.Ping(t.Context()), core.ErrUnavailable)
	_, err = w.Issue(t.Context(), core.Login{Subject: "alice"})
	wantError(t, "Issue", err, core.ErrUnavailable)
	w.store.heal()
	wantError(t, "Ping", w.Ping(t.Context()), nil)
	w.wantAlive(t, pair)
}

func testAnothersSession(t *testing.T) {
	w := newWorld(t)
	alice, bob := w.login(t, "alice"), w.login(t, "bob")
	w.events.take()
	for name, id := range map[string]string{
		"another's": alice.SessionID, "none": "AAAAAAAAAAAAAAAAAAAAAA", "malformed": "../x", "empty": "", "pattern": "*",
	} {
		t.Run(name, func(t *testing.T) {
			before := w.store.total()
			err := w.Revoke(t.Context(), "bob", id)
			wantError(t, "Revoke", err, core.ErrSessionNotFound)
			if asked := w.store.total() != before; asked != (len(id) == 22) {
				t.Errorf("the store was asked: %t", asked)
			}
			if err.Error() != core.ErrSessionNotFound.Error() {
				t.Errorf("the error says more: %v", err)
			}
		})
	}
	if ended, err := w.RevokeAll(t.Context(), "bob", alice.SessionID); ended != 1 || err != nil {
		t.Errorf("RevokeAll: got %d, %v, want bob's one", ended, err)
	}
	w.wantEvents(t, told{core.SessionRevoked, bob.SessionID, "revoke_all"})
	w.wantDead(t, "bob", bob)
	w.wantAlive(t, alice)
}

func testAllButCurrent(t *testing.T) {
	w := newWorld(t)
	var others []core.Tokens
	for range 5 {
		others = append(others, w.login(t, "alice"))
	}
	current, bob := w.login(t, "alice"), w.login(t, "bob")
	w.events.take()
	if ended, err := w.RevokeAll(t.Context(), "alice", current.SessionID); ended != 5 || err != nil {
		t.Errorf("got %d, %v, want 5", ended, err)
	}
	list := w.events.take()
	if len(list) != 5 || slices.ContainsFunc(list, func(e core.Event) bool { return e.SessionID == current.SessionID || e.Reason != "revoke_all" }) {
		t.Errorf("got events %+v, want one of each other session", list)
	}
	for _, o := range others {
		w.wantDead(t, "alice", o)
	}
	if got, want := w.sessionIDs(t, "alice"), []string{current.SessionID}; !slices.Equal(got, want) {
		t.Errorf("got sessions %v, want %v", got, want)
	}
	current = w.wantAlive(t, current)
	if ended, err := w.RevokeAll(t.Context(), "alice", current.SessionID); ended != 0 || err != nil {
		t.Errorf("again: got %d, %v, want none", ended, err)
	}
	w.wantAlive(t, current)
	w.wantAlive(t, bob)
}

// A denial is of no use if it ends before the token, however the settings
// changed between the two.
func testDenialOutlives(t *testing.T) {
	for _, end := range []string{"logout", "logout by refresh token", "blacklist", "reuse", "revoke", "block"} {
		t.Run(end, func(t *testing.T) {
			w := newWorld(t, func(c *core.Config) { c.AccessTTL = 5 * time.Hour })
			lowered := w.another(t, func(c *core.Config) { c.AccessTTL = time.Minute })
			pair := w.login(t, "alice")
			used := pair
			w.clock.advance(time.Second)
			next, err := lowered.Reissue(t.Context(), pair.RefreshToken)
			if err != nil {
				t.Fatal(err)
			}
			w.clock.advance(time.Hour)
			switch end {
			case "logout":
				err = lowered.Logout(t.Context(), next.AccessToken)
			case "logout by refresh token":
				err = lowered.Logout(t.Context(), next.RefreshToken)
			case "blacklist":
				err = lowered.Blacklist(t.Context(), pair.AccessToken)
			case "reuse":
				w.wantRefused(t, used.RefreshToken)
			case "revoke":
				err = lowered.Revoke(t.Context(), "alice", pair.SessionID)
			case "block":
				err = lowered.Block(t.Context(), "alice", time.Time{})
			}
			if err != nil {
				t.Fatal(err)
			}
			for range 23 {
				w.clock.advance(10 * time.Minute)
				w.login(t, "bob") // lets the store forget what it may
				w.wantAccess(t, pair.AccessToken, core.ErrTokenRevoked)
			}
			w.clock.advance(10*time.Minute - 2*time.Second)
			w.login(t, "bob")
			w.wantAccess(t, pair.AccessToken, core.ErrTokenRevoked)
			w.clock.advance(2 * time.Second)
			w.wantAccess(t, pair.AccessToken, core.ErrTokenExpired)
		})
	}
}

// The record may be gone, with the store's memory; the token that comes along
// still says how long its denial must last.
func testDenialWithoutRecord(t *testing.T) {
	w := newWorld(t)
	pair, err := w.another(t, func(c *core.Config) { c.AccessTTL = 5 * time.Hour }).Issue(t.Context(), core.Login{Subject: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	lost := w.another(t, func(c *core.Config) {
		c.AccessTTL, c.Store = time.Minute, core.NewMemoryStore(core.MemoryOptions{Now: w.clock.Now})
	})
	if err := lost.Logout(t.Context(), pair.AccessToken); err != nil {
		t.Fatal(err)
	}
	w.clock.advance(5*time.Hour - time.Second)
	if _, err := lost.Issue(t.Context(), core.Login{Subject: "bob"}); err != nil {
		t.Fatal(err)
	}
	_, err = lost.Verify(t.Context(), pair.AccessToken)
	wantError(t, "Verify", err, core.ErrTokenRevoked)
}

// A process with the greatest leeway and a clock a minute behind the store's
// never sees the denial of a token go before the token.
func testDenialWithLeeway(t *testing.T) {
	w := newWorld(t)
	late := w.another(t, func(c *core.Config) {
		c.Leeway = time.Minute
		c.Now = func() time.Time { return w.clock.Now().Add(-time.Minute) }
	})
	pair := w.login(t, "alice")
	if err := w.Logout(t.Context(), pair.AccessToken); err != nil {
		t.Fatal(err)
	}
	revoked, expired := 0, 0
	w.clock.advance(pair.AccessExpiresAt.Add(90 * time.Second).Sub(w.clock.Now()))
	for expired == 0 {
		w.clock.advance(250 * time.Millisecond)
		w.login(t, "bob")
		_, err := late.Verify(t.Context(), pair.AccessToken)
		switch core.AsError(err) {
		case core.ErrTokenRevoked:
			revoked++
		case core.ErrTokenExpired:
			expired++
		default:
			t.Fatalf("%v after the end: got %v", w.clock.Now().Sub(pair.AccessExpiresAt), err)
		}
	}
	if revoked != 4*30-1 {
		t.Errorf("the token was revoked for %d quarters of a second, want all of the last 30 seconds", revoked)
	}
}

func testExpiredBlacklisted(t *testing.T) {
	w := newWorld(t)
	pair := w.login(t, "alice")
	w.clock.advance(10 * time.Minute)
	w.events.take()
	before := w.store.total()
	wantError(t, "Blacklist", w.Blacklist(t.Context(), pair.AccessToken), nil)
	if w.store.total() != before {
		t.Error("the store was called")
	}
	w.wantEvents(t)
	w.reissue(t, pair.RefreshToken)
}

func testStoreDownOnAccess(t *testing.T) {
	t.Run("closed", func(t *testing.T) {
		w := newWorld(t)
		pair := w.login(t, "alice")
		w.events.take()
		w.store.fail(errStore)
		w.wantAccess(t, pair.AccessToken, core.ErrUnavailable)
		w.wantEvents(t, told{core.StoreFailed, pair.SessionID, "verify"})
		w.store.heal()
		w.wantAccess(t, pair.AccessToken, nil)
	})
	t.Run("open", func(t *testing.T) {
		w := newWorld(t, func(c *core.Config) { c.OnStoreFailure = core.FailOpen })
		pair, ended := w.login(t, "alice"), w.login(t, "alice")
		if err := w.Logout(t.Context(), ended.AccessToken); err != nil {
			t.Fatal(err)
		}
		w.events.take()
		w.store.fail(errStore)
		w.wantAccess(t, pair.AccessToken, nil)
		list := w.events.take()
		if len(list) != 1 || list[0].Type != core.AccessUnchecked || list[0].Err == nil ||
			list[0].SessionID != pair.SessionID || list[0].Level().String() != "ERROR" {
			t.Errorf("got events %+v, want one unchecked access", list)
		}
		w.wantAccess(t, ended.AccessToken, nil) // as documented
		_, err := w.Reissue(t.Context(), pair.RefreshToken)
		wantError(t, "Reissue", err, core.ErrUnavailable)
		// What is wrong without the store stays wrong.
		w.wantAccess(t, pair.RefreshToken, core.ErrTokenInvalid)
		w.clock.advance(10 * time.Minute)
		w.wantAccess(t, pair.AccessToken, core.ErrTokenExpired)
		w.store.heal()
		w.wantAccess(t, ended.AccessToken, core.ErrTokenExpired)
	})
}
