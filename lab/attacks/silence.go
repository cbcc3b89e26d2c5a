package attacks

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

func silenceRows() []row {
	return []row{{"61_no_secret_is_told", noSecretIsTold}}
}

// secretForms returns what must not be told of a pair, in each form in which a
// formatter writes bytes.
func (s *scene) secretForms(pair facetest.Pair) map[string]string {
	s.t.Helper()
	forms := make(map[string]string)
	add := func(name, text string) {
		decimal := strings.Trim(fmt.Sprint([]byte(text)), "[]")
		for form, written := range map[string]string{
			"as it is": text, "quoted": strings.Trim(fmt.Sprintf("%q", text), `"`), "hex": hex.EncodeToString([]byte(text)),
			"base64url": toBase64(text), "base64": base64.RawStdEncoding.EncodeToString([]byte(text)),
			"decimal": decimal, "JSON list": strings.ReplaceAll(decimal, " ", ","),
		} {
			forms[name+", "+form] = written
		}
	}
	for kind, token := range map[string]string{"access token": pair.AccessToken, "refresh token": pair.RefreshToken} {
		segments := strings.Split(token, ".")
		add(kind, token)
		add(kind+"'s signature", segments[2])
		add(kind+"'s signature's bytes", s.decode(segments[2]))
		add(kind+"'s header and payload", segments[0]+"."+segments[1])
	}
	seed := s.claims(pair.RefreshToken)["seed"].(string)
	add("seed", seed)
	add("seed's bytes", s.decode(seed))
	return forms
}

// lockedBuffer is a buffer that several goroutines may write to.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements [io.Writer].
func (b *lockedBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(text)
}

// String returns what has been written.
func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// Through whatever happens, no token, seed or key is in the log, whichever
// handler writes it, in an event, or in the answer to a refused request.
func noSecretIsTold(t *testing.T, d deployment) {
	for name, newHandler := range map[string]func(*lockedBuffer) slog.Handler{
		"text": func(b *lockedBuffer) slog.Handler {
			return slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true})
		},
		"JSON": func(b *lockedBuffer) slog.Handler {
			return slog.NewJSONHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			secret := "an access secret of 38 bytes, no less!"
			var loader claimsLoader
			var log lockedBuffer
			s := d.start(t, loader.configure, func(c *core.Config) {
				c.Keys = []core.Key{hmacKey(t, "first", secret)}
				c.Logger = slog.New(newHandler(&log))
				c.OnStoreFailure, c.MaxSessions = core.FailOpen, 3
			})
			pairs := s.liveThroughAll(&loader, secret)

			var said strings.Builder
			said.WriteString(s.spy.refusals())
			types := make(map[core.EventType]bool)
			for _, e := range s.takeEvents() {
				types[e.Type] = true
				text, err := json.Marshal(e)
				s.must(err)
				fmt.Fprintf(&said, "%v %+v %#v %s\n", e, e, e, text)
				for err := e.Err; err != nil; err = errors.Unwrap(err) {
					fmt.Fprintf(&said, "%v %+v %#v %q\n", err, err, err, err)
				}
			}
			for _, e := range eventTypes() {
				if !types[e] {
					t.Errorf("no event %s has come", e)
				}
			}
			said.WriteString(log.String())
			if n := strings.Count(log.String(), "\n"); n < 30 {
				t.Errorf("the log has %d lines, want those of all events", n)
			}
			told := said.String()
			for _, pair := range pairs {
				for name, form := range s.secretForms(pair) {
					if strings.Contains(told, form) {
						t.Errorf("the %s is told", name)
					}
				}
			}
			for _, key := range []string{secret, toBase64(secret), hex.EncodeToString([]byte(secret)), refreshSecret(secret), hex.EncodeToString([]byte(refreshSecret(secret)))} {
				if strings.Contains(told, key) {
					t.Error("a key is told")
				}
			}
			if strings.Contains(told, tokenStart) {
				t.Error("the beginning of a token is told")
			}
		})
	}
}

// eventTypes are all events but that of the unblocking.
func eventTypes() []core.EventType {
	return []core.EventType{
		core.SessionEstablished, core.SessionReissued, core.SessionReplayed, core.SessionRecovered, core.SessionRevoked,
		core.RefreshRefused, core.RefreshForged, core.TokenBlacklisted, core.LoginRefused, core.UserBlocked, core.StoreFailed, core.AccessUnchecked,
	}
}

// liveThroughAll makes everything happen that can, and returns all tokens that
// were issued. The access key has the secret.
func (s *scene) liveThroughAll(loader *claimsLoader, secret string) (pairs []facetest.Pair) {
	s.t.Helper()
	note := func(a facetest.Answer) facetest.Pair {
		if p := a.Pair(); p.AccessToken != "" {
			pairs = append(pairs, p)
		}
		return a.Pair()
	}
	both := func(token string, header ...string) facetest.Pair {
		note(s.Reissue(token, header...))
		return note(s.ReissueForm(token, header...))
	}
	first := note(s.TryLogin("alice"))
	second := both(first.RefreshToken, "Idempotency-Key: one") // and a replay
	ahead := s.forge(refreshSecret(secret), second.RefreshToken, s.field(second.RefreshToken, "gen"), `"gen":9`)
	third := both(ahead)
	forged := s.forge(refreshSecret(secret), third.RefreshToken, s.field(third.RefreshToken, "seed"), `"seed":"AAAAAAAAAAAAAAAAAAAAAA"`)
	for _, token := range []string{
		forged, first.RefreshToken + "A", first.AccessToken[1:], "x." + third.RefreshToken, third.AccessToken + "=", third.AccessToken,
		s.forge(secret, third.AccessToken, `"alg":"HS256"`, `"alg":"none"`), s.forge(secret, third.AccessToken, `"kid":"first"`, `"kid":"second"`),
	} {
		both(token)
		s.Logout(token + "A")
		s.logoutByBody(token + "A")
		s.Me(token + "A")
		s.RevokeSession(third.AccessToken, token)
		s.Do(facetest.Request{Method: "POST", Path: "/auth/reissue", Header: []string{facetest.JSON}, Body: `{"refresh_token":` + token})
		s.Do(facetest.Request{Method: "POST", Path: "/auth/reissue", Header: []string{facetest.Form}, Body: "refresh_token=" + token})
		s.Do(facetest.Request{Method: "GET", Path: "/api/me?access_token=" + token, Header: []string{"Authorization: Bearer " + token + " x"}})
	}
	both(forged)
	s.Me(third.RefreshToken)
	for _, failure := range []any{errors.New("database down"), func(context.Context) (any, error) { panic("loader") }, "no object"} {
		loader.set(failure)
		both(third.RefreshToken)
		note(s.TryLogin("alice"))
	}
	loader.set(nil)
	s.Store.Before(failing())
	s.Me(third.AccessToken)
	both(third.RefreshToken)
	note(s.TryLogin("alice"))
	s.Logout(third.AccessToken)
	s.LogoutAll(third.AccessToken, false)
	s.Sessions(third.AccessToken)
	s.Store.Heal()
	for range 4 { // one too many
		note(s.TryLogin("bob"))
	}
	s.Clock.Advance(time.Hour)
	both(first.RefreshToken) // reuse, and a refusal
	last := note(s.TryLogin("alice"))
	s.must(s.Authority.Blacklist(s.t.Context(), last.AccessToken))
	s.Me(last.AccessToken)
	loader.set(core.ErrUserGone)
	both(last.RefreshToken)
	loader.set(nil)
	s.must(s.Authority.Block(s.t.Context(), "alice", time.Time{}))
	note(s.TryLogin("alice"))
	if len(pairs) < 10 || slices.ContainsFunc(pairs, func(p facetest.Pair) bool { return p.RefreshToken == "" }) {
		s.t.Fatalf("got %d pairs, want those of the whole story", len(pairs))
	}
	return pairs
}
