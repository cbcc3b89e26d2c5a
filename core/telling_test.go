package core_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

func tellingRows() []abuseCase {
	return []abuseCase{
		{"61_no_secret_in_logs_errors_and_events", testNothingTold},
		{"63_log_is_quoted", testLogQuoted},
		{"65_panic_in_the_hook", testHookPanics},
	}
}

// testNothingTold lives through what can happen and looks for tokens, seeds
// and secrets in all that was said.
func testNothingTold(t *testing.T) {
	var text, structured bytes.Buffer
	for name, handler := range map[string]slog.Handler{
		"text": slog.NewTextHandler(&lockedWriter{w: &text}, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}),
		"JSON": slog.NewJSONHandler(&lockedWriter{w: &structured}, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}),
	} {
		t.Run(name, func(t *testing.T) {
			var claims claimsLoader
			w := newWorld(t, withClaims(&claims), func(c *core.Config) {
				c.Logger = slog.New(handler)
				c.OnStoreFailure = core.FailOpen
			})
			said := new(bytes.Buffer)
			secrets := newSecrets()
			secrets.add(t, "HMAC secret", hmacSecret)
			secrets.add(t, "refresh secret", refreshSecret(hmacSecret))
			tell := func(err error) {
				for e := err; e != nil; e = errors.Unwrap(e) {
					fmt.Fprintf(said, "%v\n%+v\n%#v\n%s\n%q\n", e, e, e, e, e)
				}
			}
			login := func(l core.Login) core.Tokens {
				pair, err := w.Issue(t.Context(), l)
				tell(err)
				if err == nil {
					secrets.addPair(t, pair)
				}
				return pair
			}
			reissue := func(token string, opts ...core.ReissueOption) core.Tokens {
				pair, err := w.Reissue(t.Context(), token, opts...)
				tell(err)
				if err == nil {
					secrets.addPair(t, pair)
				}
				return pair
			}
			first := login(core.Login{Subject: "alice", Device: core.Device{Name: "phone"}})
			second := reissue(first.RefreshToken, core.WithIdempotencyKey("key"))
			reissue(first.RefreshToken)
			reissue(second.AccessToken)
			reissue(forge(t, second.RefreshToken, refreshSecret(hmacSecret), `"gen":1`, `"gen":9`))
			forged := forge(t, first.RefreshToken, refreshSecret(hmacSecret), field(t, first.RefreshToken, "seed"), `"seed":"AAAAAAAAAAAAAAAAAAAAAA"`)
			reissue(forged)
			for _, token := range []string{first.RefreshToken + "A", first.AccessToken[1:], "x." + first.RefreshToken, first.AccessToken + "\n", forged} {
				_, err := w.Verify(t.Context(), token)
				tell(err)
				reissue(token)
				tell(w.Logout(t.Context(), token))
				tell(w.Blacklist(t.Context(), token))
			}
			claims.set(errors.New("database down"))
			reissue(second.RefreshToken)
			claims.set(func(context.Context) (any, error) { panic("loader") })
			reissue(second.RefreshToken)
			claims.set(nil)
			w.store.fail(errStore)
			_, err := w.Verify(t.Context(), second.AccessToken)
			tell(err)
			reissue(second.RefreshToken)
			login(core.Login{Subject: "alice"})
			tell(w.Logout(t.Context(), second.AccessToken))
			w.store.heal()
			w.clock.advance(time.Hour)
			reissue(first.RefreshToken)
			third := login(core.Login{Subject: "alice", Claims: map[string]string{"iss": "x"}})
			third = login(core.Login{Subject: "alice"})
			tell(w.Blacklist(t.Context(), third.AccessToken))
			tell(w.Revoke(t.Context(), "alice", third.RefreshToken))
			tell(w.Block(t.Context(), "alice", time.Time{}))
			login(core.Login{Subject: "alice"})

			list := w.events.take()
			seen := make(map[core.EventType]bool)
			for _, e := range list {
				seen[e.Type] = true
				fmt.Fprintf(said, "%v %+v %#v\n", e, e, e)
				said.Write(must(json.Marshal(e)))
			}
			for _, e := range []core.EventType{core.SessionEstablished, core.SessionReissued, core.SessionReplayed, core.SessionRecovered,
				core.SessionRevoked, core.RefreshForged, core.TokenBlacklisted, core.LoginRefused, core.UserBlocked, core.StoreFailed, core.AccessUnchecked} {
				if !seen[e] {
					t.Errorf("the life had no event %s", e)
				}
			}
			secrets.search(t, "errors and events", said.String())
			log := text.String() + structured.String()
			if !strings.Contains(log, string(core.SessionRecovered)) {
				t.Error("nothing was logged")
			}
			secrets.search(t, "log", log)
		})
	}
}

// What a client says of itself goes into the log in quotes, on one line and
// cut.
func testLogQuoted(t *testing.T) {
	hostile := "\x1b[31mred\r\nlevel=ERROR msg=\"forged\" \x00\u2028 " + strings.Repeat("x", 10_000)
	var text, structured bytes.Buffer
	for name, log := range map[string]*bytes.Buffer{"text": &text, "JSON": &structured} {
		t.Run(name, func(t *testing.T) {
			var handler slog.Handler = slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})
			if name == "JSON" {
				handler = slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})
			}
			w := newWorld(t, func(c *core.Config) { c.Logger = slog.New(handler) })
			pair := w.issue(t, core.Login{Subject: "alice\r\nlevel=ERROR", Device: core.Device{Name: hostile, UserAgent: hostile, IP: hostile}})
			w.store.fail(errors.New(hostile[:100]))
			_, err := w.Verify(t.Context(), pair.AccessToken)
			wantError(t, "Verify", err, core.ErrUnavailable)
			if lines := strings.Count(log.String(), "\n"); lines != 2 {
				t.Errorf("got %d lines, want 2:\n%s", lines, log)
			}
			for line := range strings.Lines(log.String()) {
				if len(line) > 1000 {
					t.Errorf("a line has %d bytes", len(line))
				}
				if strings.ContainsFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool { return r < ' ' }) {
					t.Errorf("the line %q has a control character", line)
				}
			}
		})
	}
	// A kid, or an algorithm, that a token brings along is not repeated at
	// all.
	w := newWorld(t)
	pair := w.login(t, "alice")
	for _, change := range [][2]string{{`"kid":"k1"`, `"kid":`}, {`"alg":"HS256"`, `"alg":`}, {`"typ":"at+jwt"`, `"typ":`}} {
		quoted := must(json.Marshal("\x1b[31mred\r\nforged"))
		_, err := w.Verify(t.Context(), forge(t, pair.AccessToken, hmacSecret, change[0], change[1]+string(quoted)))
		wantError(t, "Verify", err, core.ErrTokenInvalid)
		if strings.Contains(err.Error(), "red") || strings.ContainsAny(err.Error(), "\r\n\x1b") {
			t.Errorf("the error %q repeats the token", err)
		}
	}
}

// A hook that panics fails the request, and only that: what was done stands,
// every other event is delivered, and the process lives.
func testHookPanics(t *testing.T) {
	var panicsAt core.EventType
	w := newWorld(t)
	hooked := w.another(t, func(c *core.Config) {
		c.OnEvent = func(ctx context.Context, e core.Event) {
			w.events.add(ctx, e)
			if e.Type == panicsAt {
				panic("hook")
			}
		}
	})
	ctx := t.Context()

	panicsAt = core.SessionReissued
	pair := w.login(t, "alice")
	_, err := hooked.Reissue(ctx, pair.RefreshToken)
	wantFault(t, "Reissue", err)
	child := w.reissue(t, pair.RefreshToken) // the retry
	w.wantAlive(t, child)

	panicsAt = core.SessionRevoked
	w.clock.advance(time.Minute)
	_, err = hooked.Reissue(ctx, pair.RefreshToken)
	wantFault(t, "Reissue", err)
	w.wantDead(t, "alice", child)

	for range 3 {
		w.login(t, "alice")
	}
	w.events.take()
	ended, err := hooked.RevokeAll(ctx, "alice")
	wantFault(t, "RevokeAll", err)
	if ended != 3 || len(w.events.take()) != 3 || len(w.sessions(t, "alice")) != 0 {
		t.Errorf("RevokeAll: got %d, want 3 sessions ended and told", ended)
	}

	// A panic at the first of several is not forgotten over the others.
	first := true
	once := w.another(t, func(c *core.Config) {
		c.OnEvent = func(context.Context, core.Event) {
			if first {
				first = false
				panic("hook")
			}
		}
	})
	w.login(t, "alice")
	w.login(t, "alice")
	_, err = once.RevokeAll(ctx, "alice")
	wantFault(t, "RevokeAll", err)

	pair = w.login(t, "alice")
	wantFault(t, "Logout", hooked.Logout(ctx, pair.AccessToken))
	w.wantDead(t, "alice", pair)
	wantError(t, "Logout again", hooked.Logout(ctx, pair.AccessToken), nil)

	panicsAt = core.UserBlocked
	pair = w.login(t, "alice")
	w.events.take()
	wantFault(t, "Block", hooked.Block(ctx, "alice", time.Time{}))
	w.wantEvents(t, told{core.UserBlocked, "", ""}, told{core.SessionRevoked, pair.SessionID, "blocked"})
	w.wantDead(t, "alice", pair)
	panicsAt = core.LoginRefused
	_, err = hooked.Issue(ctx, core.Login{Subject: "alice"})
	wantFault(t, "Issue of a blocked user", err)

	panicsAt = core.SessionEstablished
	_, err = hooked.Issue(ctx, core.Login{Subject: "bob"})
	wantFault(t, "Issue", err)

	panicsAt = core.StoreFailed
	pair = w.login(t, "carol")
	w.store.fail(errStore)
	_, err = hooked.Verify(ctx, pair.AccessToken)
	wantFault(t, "Verify", err)
	w.store.heal()
	w.wantAlive(t, pair)
	if !strings.Contains(w.log.String(), "panicked") {
		t.Error("the panic was not logged")
	}
}
