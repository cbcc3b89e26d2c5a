package httpauth_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// slow holds each call of a store up as long as it says, a look-up no longer
// than redisstore does.
func slow(delay time.Duration) facetest.Hook {
	return func(ctx context.Context, method string) error {
		if method == "Revoked" {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, 2*time.Second)
			defer cancel()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(delay):
			return nil
		}
	}
}

// newSlow returns what a test needs of a server, without a listener, which a
// bubble could not wait for, and the number of events. Claims take their time.
func newSlow(t *testing.T, loading time.Duration) (*facetest.Server, *atomic.Int64) {
	t.Helper()
	key, err := core.NewHMACKey("first", bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	var told atomic.Int64
	clock := facetest.NewClock()
	store := facetest.NewStore(core.NewMemoryStore(core.MemoryOptions{Now: clock.Now}))
	a, err := core.New(core.Config{
		Issuer: "auth.example", Audience: []string{"api"}, Keys: []core.Key{key}, Store: store, Now: clock.Now,
		Logger:  slog.New(slog.DiscardHandler),
		OnEvent: func(context.Context, core.Event) { told.Add(1) },
		LoadClaims: func(ctx context.Context, _ core.ClaimsRequest) (any, error) {
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(loading):
				return nil, nil
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &facetest.Server{Authority: a, Store: store, Clock: clock}, &told
}

// patience is how long a request waits for the store in all.
const patience = 3900 * time.Millisecond

// TestLongestWait checks that no request waits longer than that, whether its
// calls of the store fail one by one or succeed at the last moment, and that a
// failure is a 503 and told to the operator.
func TestLongestWait(t *testing.T) {
	login := func(a *httpauth.Auth, w http.ResponseWriter, r *http.Request) {
		a.Login(w, r, core.Login{Subject: "alice"})
	}
	revoke := func(a *httpauth.Auth, w http.ResponseWriter, r *http.Request) {
		a.RevokeSession(w, r, "AAAAAAAAAAAAAAAAAAAAAA")
	}
	user := func(handle func(*httpauth.Auth, http.ResponseWriter, *http.Request, string)) func(*httpauth.Auth, http.ResponseWriter, *http.Request) {
		return func(a *httpauth.Auth, w http.ResponseWriter, r *http.Request) { handle(a, w, r, "bob") }
	}
	for _, tt := range []struct {
		name, method, body string
		handle             func(*httpauth.Auth, http.ResponseWriter, *http.Request)
		cookies            bool // of a session whose access token has expired
	}{
		{"login", "POST", "", login, false},
		{"login over a session", "POST", "", login, true},
		{"reissue", "POST", `{"refresh_token":"REFRESH"}`, (*httpauth.Auth).Reissue, false},
		{"logout", "POST", `{"token":"OTHER","refresh_token":"REFRESH","access_token":"THIRD"}`, (*httpauth.Auth).Logout, false},
		{"logout everywhere", "POST", "", (*httpauth.Auth).LogoutAll, false},
		{"logout everywhere, silent", "POST", "", (*httpauth.Auth).LogoutAll, true},
		{"sessions", "GET", "", (*httpauth.Auth).Sessions, false},
		{"sessions, silent", "GET", "", (*httpauth.Auth).Sessions, true},
		{"revoke", "DELETE", "", revoke, false},
		{"block a user", "PUT", "{}", user((*httpauth.Auth).BlockUser), false},
		{"block a user, silent", "PUT", "{}", user((*httpauth.Auth).BlockUser), true},
		{"unblock a user", "DELETE", "", user((*httpauth.Auth).UnblockUser), false},
		{"unblock a user, silent", "DELETE", "", user((*httpauth.Auth).UnblockUser), true},
		{"log a user out", "DELETE", "", user((*httpauth.Auth).RevokeUser), false},
		{"log a user out, silent", "DELETE", "", user((*httpauth.Auth).RevokeUser), true},
		{"list a user's sessions", "GET", "", user((*httpauth.Auth).UserSessions), false},
		{"list a user's sessions, silent", "GET", "", user((*httpauth.Auth).UserSessions), true},
		{"end a user's session", "DELETE", "", user(revokeUserSession), false},
		{"end a user's session, silent", "DELETE", "", user(revokeUserSession), true},
	} {
		for _, delay := range []time.Duration{time.Hour, 2800 * time.Millisecond, 1850 * time.Millisecond, 1100 * time.Millisecond} {
			for _, behind := range []bool{false, true} {
				if !behind && strings.Contains(tt.name, " a user") {
					continue // it does not authenticate by itself
				}
				name := tt.name + ", a call takes " + delay.String()
				if behind {
					name += ", behind Optional"
				}
				t.Run(name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						s, told := newSlow(t, min(delay, 2900*time.Millisecond))
						auth := facetest.Must(httpauth.New(s.Authority, httpauth.Options{}))
						tokens := make([]core.Tokens, 3)
						for i := range tokens {
							var err error
							if tokens[i], err = s.Authority.Issue(t.Context(), core.Login{Subject: "alice", Claims: map[string]any{}}); err != nil {
								t.Fatal(err)
							}
						}
						body := strings.NewReplacer("OTHER", tokens[1].RefreshToken, "REFRESH", tokens[0].RefreshToken, "THIRD", tokens[2].AccessToken)
						r := httptest.NewRequest(tt.method, "/", strings.NewReader(body.Replace(tt.body)))
						r.Header.Set("Content-Type", "application/json")
						if tt.cookies {
							auth, tokens[0] = newCookieAuth(t, s, httpauth.CookieOptions{SilentReissue: true})
							s.Clock.Advance(time.Hour)
							r.Header.Set("Cookie", "__Host-access="+tokens[0].AccessToken+"; __Host-refresh="+tokens[0].RefreshToken)
							r.Header.Set("Sec-Fetch-Site", "same-origin")
						} else {
							r.Header.Set("Authorization", "Bearer "+tokens[0].AccessToken)
						}
						told.Store(0)
						s.Store.Before(slow(delay))

						w := httptest.NewRecorder()
						start := time.Now()
						pass := true
						if behind {
							var admission passage
							if admission, pass = through(auth.Optional, w, r); pass {
								r = admission.Request
							}
						}
						if pass {
							tt.handle(auth, w, r)
						}
						if took := time.Since(start); took > patience {
							t.Errorf("the answer %d took %v", w.Code, took)
						}
						if delay == time.Hour && w.Code != http.StatusServiceUnavailable {
							t.Errorf("got %d %s, want 503", w.Code, w.Body)
						}
						if w.Code == http.StatusServiceUnavailable && told.Load() == 0 {
							t.Error("nothing was told of the failure")
						}
					})
				})
			}
		}
	}
}
