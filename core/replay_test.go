package core_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

func replayRows() []abuseCase {
	return []abuseCase{
		{"16_parent_within_grace", testParentWithinGrace},
		{"17_parent_after_grace", testParentAfterGrace},
		{"18_parent_after_child_used", testParentAfterChildUsed},
		{"19_grandparent", testGrandparent},
		{"19_ancestor_10000_generations_old", testAncestor},
		{"20_after_the_kill", testAfterTheEnd},
		{"21_replays_do_not_slide_the_window", testWindowDoesNotSlide},
		{"22_lock_step", testLockStep},
		{"23_parallel", testParallel},
		{"24_parallel_strict", testParallelStrict},
		{"24_strict_clock_set_back", testStrictClockSetBack},
		{"25_many_replays", testManyReplays},
	}
}

const day = 24 * time.Hour

func withGrace(d time.Duration) func(*core.Config) {
	return func(c *core.Config) { c.ReuseGrace = d }
}

// The default window is 30 seconds, its last moment included.
func testParentWithinGrace(t *testing.T) {
	w := newWorld(t)
	parent := w.login(t, "alice")
	w.clock.advance(time.Hour)
	child := w.reissue(t, parent.RefreshToken)
	before := w.sessions(t, "alice")
	w.events.take()
	w.clock.advance(30 * time.Second)
	again := w.reissue(t, parent.RefreshToken)
	wantSamePair(t, again, child)
	if !again.AccessExpiresAt.Equal(child.AccessExpiresAt) || !again.RefreshExpiresAt.Equal(child.RefreshExpiresAt) {
		t.Errorf("got ends %v %v, want those of the child, %v %v",
			again.AccessExpiresAt, again.RefreshExpiresAt, child.AccessExpiresAt, child.RefreshExpiresAt)
	}
	if got, want := payloadOf(t, again.AccessToken)["iat"], payloadOf(t, child.AccessToken)["iat"]; got != want {
		t.Errorf("got iat %v, want the rotation's, %v", got, want)
	}
	if after := w.sessions(t, "alice"); !slices.Equal(after, before) {
		t.Errorf("the session changed: got %v, want %v", after, before)
	}
	w.wantEvents(t, told{core.SessionReplayed, parent.SessionID, "replayed"})
	w.wantAlive(t, again)
}

func testParentAfterGrace(t *testing.T) {
	w := newWorld(t)
	parent, other, bob := w.login(t, "alice"), w.login(t, "alice"), w.login(t, "bob")
	child := w.reissue(t, parent.RefreshToken)
	w.events.take()
	w.clock.advance(30*time.Second + time.Millisecond)
	w.wantAccess(t, parent.AccessToken, nil)
	w.wantAccess(t, child.AccessToken, nil)

	w.wantRefused(t, parent.RefreshToken)
	list := w.events.take()
	if len(list) != 1 || list[0].Type != core.SessionRevoked || list[0].Reason != "reuse" ||
		list[0].Distance != 1 || list[0].Age != 30*time.Second+time.Millisecond ||
		list[0].Subject != "alice" || list[0].SessionID != parent.SessionID || list[0].Level().String() != "WARN" {
		t.Errorf("got events %+v, want one of the reuse", list)
	}
	w.wantAccess(t, parent.AccessToken, core.ErrTokenRevoked)
	w.wantDead(t, "alice", child)
	w.wantAlive(t, other)
	w.wantAlive(t, bob)
}

func testParentAfterChildUsed(t *testing.T) {
	w := newWorld(t)
	parent, other := w.login(t, "alice"), w.login(t, "alice")
	child := w.reissue(t, parent.RefreshToken)
	grandchild := w.reissue(t, child.RefreshToken)
	w.events.take()
	w.wantRefused(t, parent.RefreshToken)
	w.wantEvents(t, told{core.SessionRevoked, parent.SessionID, "reuse"})
	for _, pair := range []core.Tokens{parent, child, grandchild} {
		w.wantDead(t, "alice", pair)
	}
	w.wantAlive(t, other)
}

func testGrandparent(t *testing.T) {
	for _, generations := range []int{2, 3, 100} {
		w := newWorld(t)
		first := w.login(t, "alice")
		last := first
		for range generations {
			last = w.reissue(t, last.RefreshToken)
		}
		w.events.take()
		w.wantRefused(t, first.RefreshToken)
		w.wantEvents(t, told{core.SessionRevoked, first.SessionID, "reuse"})
		w.wantDead(t, "alice", last)
		w.wantAccess(t, first.AccessToken, core.ErrTokenRevoked)
	}
}

// The session is put 10 000 generations ahead by the rule for lost writes.
func testAncestor(t *testing.T) {
	w := newWorld(t)
	first := w.login(t, "alice")
	last := w.reissue(t, forge(t, first.RefreshToken, refreshSecret(hmacSecret), `"gen":0`, `"gen":9999`))
	last = w.wantAlive(t, last)
	w.events.take()
	w.wantRefused(t, first.RefreshToken)
	if list := w.events.take(); len(list) != 1 || list[0].Reason != "reuse" || list[0].Distance != 10_001 {
		t.Errorf("got events %+v, want one reuse at distance 10001", list)
	}
	w.wantDead(t, "alice", last)
}

// A dead session's tokens are refused without a second alarm.
func testAfterTheEnd(t *testing.T) {
	ends := map[string]func(w *world, parent, child core.Tokens) error{
		"reuse": func(w *world, parent, _ core.Tokens) error {
			w.clock.advance(time.Minute)
			_, err := w.Reissue(t.Context(), parent.RefreshToken)
			if errors.Is(err, core.ErrRefreshInvalid) {
				return nil
			}
			return err
		},
		"logout":     func(w *world, _, child core.Tokens) error { return w.Logout(t.Context(), child.RefreshToken) },
		"revoked":    func(w *world, _, child core.Tokens) error { return w.Revoke(t.Context(), "alice", child.SessionID) },
		"revoke_all": func(w *world, _, child core.Tokens) error { _, err := w.RevokeAll(t.Context(), "alice"); return err },
	}
	for reason, end := range ends {
		t.Run(reason, func(t *testing.T) {
			w := newWorld(t)
			parent, bob := w.login(t, "alice"), w.login(t, "bob")
			child := w.reissue(t, parent.RefreshToken)
			w.events.take()
			if err := end(w, parent, child); err != nil {
				t.Fatal(err)
			}
			w.wantEvents(t, told{core.SessionRevoked, parent.SessionID, reason})
			for _, pair := range []core.Tokens{parent, child, parent} {
				w.wantRefused(t, pair.RefreshToken)
				w.wantEvents(t, told{core.RefreshRefused, parent.SessionID, "revoked"})
				w.wantAccess(t, pair.AccessToken, core.ErrTokenRevoked)
			}
			for _, token := range []string{parent.AccessToken, child.RefreshToken} {
				if err := w.Logout(t.Context(), token); err != nil {
					t.Errorf("Logout of a dead session: %v", err)
				}
			}
			wantError(t, "Revoke", w.Revoke(t.Context(), "alice", parent.SessionID), core.ErrSessionNotFound)
			w.wantEvents(t)
			w.wantAlive(t, bob)
		})
	}
}

func testWindowDoesNotSlide(t *testing.T) {
	w := newWorld(t, withGrace(10*time.Second))
	parent := w.login(t, "alice")
	child := w.reissue(t, parent.RefreshToken)
	w.clock.advance(9 * time.Second)
	wantSamePair(t, w.reissue(t, parent.RefreshToken), child)
	w.clock.advance(9 * time.Second)
	w.wantRefused(t, parent.RefreshToken)
	w.wantDead(t, "alice", child)
}

// A thief who took a copy of one refresh token is found at the first token
// that one of the two presents after the other.
func testLockStep(t *testing.T) {
	for _, first := range []string{"victim", "thief"} {
		t.Run(first+" first", func(t *testing.T) {
			w := newWorld(t)
			stolen := w.login(t, "alice")
			for range 3 {
				stolen = w.reissue(t, stolen.RefreshToken)
				w.clock.advance(5 * time.Minute)
			}
			ahead := w.reissue(t, stolen.RefreshToken)
			w.events.take()
			w.clock.advance(5 * time.Minute)
			w.wantRefused(t, stolen.RefreshToken)
			w.wantEvents(t, told{core.SessionRevoked, stolen.SessionID, "reuse"})
			w.wantDead(t, "alice", ahead)
		})
	}
}

// parallelReissues presents one refresh token by n goroutines to two
// processes.
func parallelReissues(t *testing.T, w *world, token string, n int) (pairs []core.Tokens, refused int) {
	t.Helper()
	processes := []*core.Authority{w.Authority, w.another(t)}
	var mu sync.Mutex
	var group sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-start
			pair, err := processes[i%2].Reissue(t.Context(), token)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				pairs = append(pairs, pair)
			case errors.Is(err, core.ErrRefreshInvalid):
				refused++
			default:
				t.Errorf("Reissue: %v", err)
			}
		})
	}
	close(start)
	group.Wait()
	return pairs, refused
}

func testParallel(t *testing.T) {
	w := newWorld(t)
	pair := w.login(t, "alice")
	for range 3 {
		w.events.take()
		pairs, refused := parallelReissues(t, w, pair.RefreshToken, 64)
		if len(pairs) != 64 || refused != 0 {
			t.Fatalf("got %d pairs and %d refusals, want 64 and none", len(pairs), refused)
		}
		for _, p := range pairs[1:] {
			wantSamePair(t, p, pairs[0])
		}
		rotations := 0
		for _, e := range w.events.take() {
			if e.Type == core.SessionReissued {
				rotations++
			}
		}
		if rotations != 1 {
			t.Errorf("got %d rotations, want 1", rotations)
		}
		pair = pairs[63]
	}
	w.wantAlive(t, pair)
}

func testParallelStrict(t *testing.T) {
	w := newWorld(t, withGrace(core.Strict))
	pair, bob := w.login(t, "alice"), w.login(t, "bob")
	pairs, refused := parallelReissues(t, w, pair.RefreshToken, 64)
	if len(pairs) != 1 || refused != 63 {
		t.Fatalf("got %d pairs and %d refusals, want 1 and 63", len(pairs), refused)
	}
	w.wantDead(t, "alice", pairs[0])
	alarms := 0
	for _, e := range w.events.take() {
		if e.Type == core.SessionRevoked {
			alarms++
		}
	}
	if alarms != 1 {
		t.Errorf("got %d alarms, want 1", alarms)
	}
	w.wantAlive(t, bob)
}

// No window is no window, whatever the store's clock does.
func testStrictClockSetBack(t *testing.T) {
	for _, step := range []time.Duration{0, -time.Millisecond, -time.Second, -time.Hour} {
		t.Run(step.String(), func(t *testing.T) {
			w := newWorld(t, withGrace(core.Strict))
			parent := w.login(t, "alice")
			child := w.reissue(t, parent.RefreshToken)
			w.clock.advance(step)
			w.wantRefused(t, parent.RefreshToken)
			w.wantDead(t, "alice", child)
		})
	}
}

func testManyReplays(t *testing.T) {
	w := newWorld(t)
	parent := w.login(t, "alice")
	child := w.reissue(t, parent.RefreshToken)
	before := w.sessions(t, "alice")
	for range 200 {
		w.clock.advance(149 * time.Millisecond)
		again := w.reissue(t, parent.RefreshToken)
		wantSamePair(t, again, child)
		if !again.AccessExpiresAt.Equal(child.AccessExpiresAt) || !again.RefreshExpiresAt.Equal(child.RefreshExpiresAt) {
			t.Fatalf("an end moved to %v, %v", again.AccessExpiresAt, again.RefreshExpiresAt)
		}
	}
	if after := w.sessions(t, "alice"); !slices.Equal(after, before) {
		t.Errorf("the session changed: got %v, want %v", after, before)
	}
	w.clock.advance(time.Second)
	w.wantRefused(t, parent.RefreshToken)
	w.wantDead(t, "alice", child)
}
