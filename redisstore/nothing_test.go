package redisstore_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
)

// What changes nothing costs others nothing, however often it is asked for: no
// nudge, no key, no entry on the feed and no further call of LoadClaims. A
// session of which a genuine refresh token has been refused costs the server
// nothing either.
func testNothingChanged(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	clock := newClock()
	var loads int
	gone := ""
	configure := func(c *core.Config) {
		c.Now = clock.Now
		c.LoadClaims = func(_ context.Context, r core.ClaimsRequest) (any, error) {
			if loads++; r.Subject == gone {
				return nil, core.ErrUserGone
			}
			return nil, nil
		}
	}
	s := newStore(t, server.Client(t), redisstore.Options{Now: clock.Now, Mirror: redisstore.MirrorOptions{Staleness: time.Minute}})
	awaitLeases(t, s)
	a := newAuthority(t, s, configure)
	other := newAuthority(t, newStore(t, client, redisstore.Options{Now: clock.Now}), configure) // which sends no nudges

	ended, over, lost := login(t, other, "ended"), login(t, other, "over"), login(t, other, "lost")
	for _, key := range allKeys(t, client) {
		if strings.HasSuffix(key, "}session:"+lost.SessionID) {
			mustSucceed(t, client.Del(t.Context(), key).Err())
		}
	}
	mustSucceed(t, other.Logout(t.Context(), ended.AccessToken))
	clock.Advance(7 * 24 * time.Hour) // the end of over
	live, denied, absent := login(t, other, "live"), login(t, other, "denied"), login(t, other, "absent")
	kept := login(t, other, "kept")
	for _, x := range []core.Tokens{over, lost} {
		mustSucceed(t, other.Logout(t.Context(), x.RefreshToken))
	}
	again := login(t, other, "ended again")
	mustSucceed(t, other.Logout(t.Context(), again.RefreshToken))
	mustSucceed(t, other.Blacklist(t.Context(), denied.AccessToken))
	mustSucceed(t, other.Block(t.Context(), "blocked", time.Time{}))
	until := clock.Now().Add(time.Hour)
	mustSucceed(t, other.Block(t.Context(), "blocked for an hour", until))
	gone = "absent"
	if _, err := a.Reissue(t.Context(), absent.RefreshToken); !errors.Is(err, core.ErrUserGone) {
		t.Fatalf("got %v, want %v", err, core.ErrUserGone)
	}
	if _, err := a.Reissue(t.Context(), again.RefreshToken); !errors.Is(err, core.ErrRefreshInvalid) {
		t.Fatalf("got %v, want %v", err, core.ErrRefreshInvalid)
	}
	await(t, "the nudge about who is gone", func() bool { return redistest.CommandStats(t, client)["publish"] == 1 })

	refused := func(x core.Tokens) func() error {
		return func() error {
			if _, err := a.Reissue(t.Context(), x.RefreshToken); !errors.Is(err, core.ErrRefreshInvalid) {
				return errors.Join(errors.New("it was not refused"), err)
			}
			return nil
		}
	}
	logout := func(token string) func() error { // each time of another process
		return func() error { return newAuthority(t, s, configure).Logout(t.Context(), token) }
	}
	all := func(user string, keep ...string) func() error {
		return func() error {
			n, err := a.RevokeAll(t.Context(), user, keep...)
			if n != 0 {
				return errors.New("it ended something")
			}
			return err
		}
	}
	for _, x := range []struct {
		name    string
		call    func() error
		scripts int64 // a call
	}{
		{"logout by access token", logout(again.AccessToken), 1},
		{"logout by refresh token", logout(again.RefreshToken), 1},
		{"logout of a session that was over", logout(over.AccessToken), 1},
		{"logout of a session ended a week ago", logout(ended.RefreshToken), 1},
		{"logout without a record", logout(lost.RefreshToken), 1},
		{"logout without a record, by access token", logout(lost.AccessToken), 1},
		{"revocation of a session that has ended", func() error {
			if err := a.Revoke(t.Context(), "ended again", again.SessionID); !errors.Is(err, core.ErrSessionNotFound) {
				return errors.New("it was found")
			}
			return nil
		}, 1},
		{"revocation of all of nobody", all("nobody"), 1},
		{"revocation of all that have ended", all("ended again"), 1},
		{"revocation of all but the only one", all("kept", kept.SessionID), 1},
		{"block of who is blocked", func() error { return a.Block(t.Context(), "blocked", time.Time{}) }, 1},
		{"block of who is blocked until then", func() error { return a.Block(t.Context(), "blocked for an hour", until) }, 1},
		{"unblocking of nobody", func() error { return a.Unblock(t.Context(), "nobody") }, 1},
		{"denial of what is denied", func() error { return a.Blacklist(t.Context(), denied.AccessToken) }, 1},
		{"the same logout of the same process", func() error { return a.Logout(t.Context(), again.AccessToken) }, 0},
		{"refresh token of an ended session", refused(again), 0},
		{"refresh token of a user who is gone", refused(absent), 0},
	} {
		mustSucceed(t, x.call()) // the first of a session without a record denies it
		keys, before, loaded := allKeys(t, client), redistest.CommandStats(t, client), loads
		for range 100 {
			if err := x.call(); err != nil {
				t.Fatalf("%s: %v", x.name, err)
			}
		}
		after, left := redistest.CommandStats(t, client), allKeys(t, client)
		slices.Sort(keys)
		if slices.Sort(left); !slices.Equal(left, keys) {
			t.Errorf("%s: got the keys %v, want %v", x.name, left, keys)
		}
		for _, command := range []string{"xadd", "hset", "set", "rpush", "zadd", "del", "pexpire"} {
			if n := after[command] - before[command]; n != 0 && !(command == "set" && n < 16*3) { // which a poll sends
				t.Errorf("%s: 100 times sent %d %s, want none", x.name, n, command)
			}
		}
		if n := after["evalsha"] - before["evalsha"]; n < 100*x.scripts || n > 100*x.scripts+3 { // and polls
			t.Errorf("%s: 100 times ran %d scripts, want %d", x.name, n, 100*x.scripts)
		}
		if loads != loaded {
			t.Errorf("%s: 100 times called LoadClaims %d times, want never", x.name, loads-loaded)
		}
	}

	before := redistest.CommandStats(t, client)["publish"] // the first logouts without a record, and no more
	mustSucceed(t, a.Logout(t.Context(), live.AccessToken))
	await(t, "the nudge about a change", func() bool { return redistest.CommandStats(t, client)["publish"] > before })
	if n := redistest.CommandStats(t, client)["publish"]; n > 3 {
		t.Errorf("got %d nudges, want those of three changes at most", n)
	}
}
