package core_test

import (
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

func blockRows() []abuseCase {
	return []abuseCase{
		{"47_block", testBlock},
		{"47_block_until", testBlockUntil},
		{"47_block_again", testBlockAgain},
		{"47_block_in_a_login", testBlockedLoginRaces},
	}
}

func testBlock(t *testing.T) {
	w := newWorld(t)
	first := w.login(t, "alice")
	first = w.reissue(t, first.RefreshToken)
	second, bob := w.login(t, "alice"), w.login(t, "bob")
	w.events.take()
	if err := w.Block(t.Context(), "alice", time.Time{}); err != nil {
		t.Fatal(err)
	}
	list := w.events.take()
	if len(list) != 3 || list[0].Type != core.UserBlocked || list[0].Subject != "alice" ||
		list[1].Reason != "blocked" || list[2].Reason != "blocked" || list[1].SessionID == list[2].SessionID {
		t.Errorf("got events %+v, want the block and one of each session", list)
	}
	refusedLogin := func() {
		t.Helper()
		tokens, err := w.Issue(t.Context(), core.Login{Subject: "alice"})
		wantError(t, "Issue", err, core.ErrUserBlocked)
		if tokens != (core.Tokens{}) {
			t.Error("Issue: got tokens with a refusal")
		}
		w.wantEvents(t, told{core.LoginRefused, "", "blocked"})
	}
	refusedLogin()
	w.wantDead(t, "alice", first)
	w.wantDead(t, "alice", second)
	w.clock.advance(1000 * day)
	w.events.take()
	refusedLogin()
	if err := w.Unblock(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	w.wantEvents(t, told{core.UserUnblocked, "", ""})
	w.wantAlive(t, w.login(t, "alice"))
	w.wantRefused(t, first.RefreshToken)

	// At once unblocked, old tokens are still dead.
	carol := w.login(t, "carol")
	if err := w.Block(t.Context(), "carol", time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := w.Unblock(t.Context(), "carol"); err != nil {
		t.Fatal(err)
	}
	w.wantDead(t, "carol", carol)
	w.wantAlive(t, w.login(t, "carol"))
	if _, err := w.Verify(t.Context(), bob.AccessToken); err == nil {
		t.Error("bob's access token outlived 1000 days")
	}
	if err := w.Unblock(t.Context(), "nobody"); err != nil {
		t.Errorf("Unblock of who is not blocked: %v", err)
	}
}

func testBlockUntil(t *testing.T) {
	w := newWorld(t)
	for name, until := range map[string]time.Time{
		"past": w.clock.Now().Add(-time.Second), "now": w.clock.Now(), "1970": time.Unix(0, 0), "before 1970": time.Unix(-5, 0),
	} {
		before := w.store.total()
		wantError(t, "Block until "+name, w.Block(t.Context(), "alice", until), core.ErrRequestInvalid)
		if w.store.total() != before {
			t.Errorf("%s: the store was called", name)
		}
	}
	w.wantEvents(t)
	old, bob := w.login(t, "alice"), w.login(t, "bob")
	if err := w.Block(t.Context(), "alice", w.clock.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	end := w.clock.Now().Add(time.Hour)
	w.clock.advance(time.Hour - time.Millisecond)
	_, err := w.Issue(t.Context(), core.Login{Subject: "alice"})
	wantError(t, "Issue", err, core.ErrUserBlocked)
	if until, blocked, err := w.BlockedUntil(t.Context(), "alice"); !blocked || !until.Equal(end) || err != nil {
		t.Errorf("BlockedUntil: got %v, %v, %v, want until %v", until, blocked, err, end)
	}
	w.clock.advance(time.Millisecond)
	if until, blocked, err := w.BlockedUntil(t.Context(), "alice"); blocked || !until.IsZero() || err != nil {
		t.Errorf("BlockedUntil after the block: got %v, %v, %v", until, blocked, err)
	}
	w.wantAlive(t, w.login(t, "alice"))
	w.wantRefused(t, old.RefreshToken)
	w.reissue(t, bob.RefreshToken)
}

func testBlockAgain(t *testing.T) {
	w := newWorld(t)
	blocked := func(want bool) {
		t.Helper()
		_, err := w.Issue(t.Context(), core.Login{Subject: "alice"})
		if want {
			wantError(t, "Issue", err, core.ErrUserBlocked)
		} else {
			wantError(t, "Issue", err, nil)
		}
	}
	// The last word counts: a shorter block, one for ever, a finite one again.
	for _, until := range []time.Duration{2 * time.Hour, time.Hour, 0, 3 * time.Hour} {
		at := time.Time{}
		if until != 0 {
			at = w.clock.Now().Add(until)
		}
		if err := w.Block(t.Context(), "alice", at); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.advance(2 * time.Hour)
	blocked(true)
	w.clock.advance(time.Hour)
	blocked(false)
	if err := w.Block(t.Context(), "alice", time.Time{}); err != nil {
		t.Fatal(err)
	}
	w.clock.advance(24 * time.Hour)
	blocked(true)
}

// A login is before a block, and then ended by it, or after, and then refused.
func testBlockedLoginRaces(t *testing.T) {
	w := newWorld(t)
	for range 200 {
		done := make(chan error)
		go func() { done <- w.Block(t.Context(), "alice", time.Time{}) }()
		pair, err := w.Issue(t.Context(), core.Login{Subject: "alice"})
		if blockErr := <-done; blockErr != nil {
			t.Fatal(blockErr)
		}
		if err == nil {
			w.wantDead(t, "alice", pair)
		} else {
			wantError(t, "Issue", err, core.ErrUserBlocked)
		}
		if got := w.sessions(t, "alice"); len(got) != 0 {
			t.Fatalf("a blocked user has sessions: %v", got)
		}
		if err := w.Unblock(t.Context(), "alice"); err != nil {
			t.Fatal(err)
		}
	}
}
