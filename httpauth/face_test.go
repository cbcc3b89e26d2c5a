package httpauth_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// TestNewFaults checks that New and NewFace report every fault at once.
func TestNewFaults(t *testing.T) {
	authority := newServer(t).Authority
	strict := facetest.NewServer(t, func(testing.TB, *core.Authority, facetest.Layout) http.Handler { return http.NotFoundHandler() },
		facetest.Layout{}, func(c *core.Config) { c.ReuseGrace = core.Strict }).Authority
	bad := httpauth.CookieOptions{SameSite: 7, RefreshName: "a b", SilentReissue: true}
	for _, tt := range []struct {
		name      string
		authority *core.Authority
		transport httpauth.Transport
		want      []string // nil for no fault
	}{
		{"none", authority, httpauth.Transport{}, nil},
		{"no Authority", nil, httpauth.Transport{}, []string{"Authority"}},
		{"no Authority and two of the transport", nil, httpauth.Cookie(bad), []string{"Authority", "CookieOptions.SameSite", "CookieOptions.RefreshName"}},
		{"Strict", strict, httpauth.Cookie(httpauth.CookieOptions{}), nil},
		{"Strict with SilentReissue", strict, httpauth.Cookie(httpauth.CookieOptions{SilentReissue: true}), []string{"CookieOptions.SilentReissue", "ReuseGrace"}},
		{"Strict and two of the transport", strict, httpauth.Cookie(bad), []string{"CookieOptions.SilentReissue", "CookieOptions.SameSite", "CookieOptions.RefreshName"}},
		{"SilentReissue", authority, httpauth.Cookie(httpauth.CookieOptions{SilentReissue: true}), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := httpauth.Options{Transport: tt.transport}
			auth, err := httpauth.New(tt.authority, o)
			face, faceErr := httpauth.NewFace(tt.authority, o)
			if (err == nil) != (tt.want == nil) || (auth == nil) != (err != nil) || (face == nil) != (faceErr != nil) {
				t.Fatalf("got %v and %v", err, faceErr)
			}
			for _, text := range tt.want {
				if !strings.Contains(err.Error(), text) || !strings.Contains(faceErr.Error(), text) {
					t.Errorf("got %q and %q, want them to name %s", err, faceErr, text)
				}
			}
		})
	}
}

// TestClaimsWithout checks what a handler finds that no middleware is before.
func TestClaimsWithout(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	if c := httpauth.Claims(r); c != nil {
		t.Errorf("Claims: got %v, want nil", c)
	}
	if v, err := httpauth.ClaimsAs[map[string]any](r); v != nil || !errors.Is(err, core.ErrTokenMissing) {
		t.Errorf("ClaimsAs: got %v, %v, want ErrTokenMissing", v, err)
	}
}

func TestClaimsAs(t *testing.T) {
	s := newServer(t)
	auth := facetest.Must(httpauth.New(s.Authority, httpauth.Options{}))
	tokens, err := s.Authority.Issue(t.Context(), core.Login{Subject: "alice", Claims: map[string]any{"team": "red"}})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+tokens.AccessToken)
	p, ok := through(auth.Require, httptest.NewRecorder(), r)
	if !ok {
		t.Fatal("Require refused it")
	}
	v, err := httpauth.ClaimsAs[struct{ Team string }](p.Request)
	if err != nil || v.Team != "red" || httpauth.Claims(p.Request).Subject() != "alice" {
		t.Errorf("ClaimsAs: got %+v, %v, want the team red", v, err)
	}
	if _, err := httpauth.ClaimsAs[[]string](p.Request); err == nil {
		t.Error("ClaimsAs of another type: got no error")
	}
}

// TestAdmittedOnce checks which middleware behind other middleware asks the store
// again: not the same Auth's, but every other's.
func TestAdmittedOnce(t *testing.T) {
	s := newServer(t)
	bearer := facetest.Must(httpauth.New(s.Authority, httpauth.Options{}))
	another := facetest.Must(httpauth.New(s.Authority, httpauth.Options{}))
	byCookie, tokens := newCookieAuth(t, s, httpauth.CookieOptions{})
	other, err := s.Authority.Issue(t.Context(), core.Login{Subject: "bob"})
	if err != nil {
		t.Fatal(err)
	}
	type middleware = func(http.Handler) http.Handler
	const header, byBrowser = "Authorization: Bearer $alice", "Cookie: __Host-access=$bob"
	for _, tt := range []struct {
		name       string
		chain      []middleware
		credential string
		calls      int
		subject    string // the empty string for a request without claims
		code       string
	}{
		{"Require twice", []middleware{bearer.Require, bearer.Require}, header, 1, "alice", ""},
		{"Optional, then Require", []middleware{bearer.Optional, bearer.Require}, header, 1, "alice", ""},
		{"Require, then Optional", []middleware{bearer.Require, bearer.Optional}, header, 1, "alice", ""},
		{"Optional, then Require, without a token", []middleware{bearer.Optional, bearer.Require}, "", 0, "", "token_missing"},
		{"Optional, then Require, with a bad cookie", []middleware{byCookie.Optional, byCookie.Require}, "Cookie: __Host-access=rubbish", 0, "", "token_invalid"},
		{"two of one transport", []middleware{bearer.Require, another.Require}, header, 2, "alice", ""},
		{"two transports, the second without", []middleware{bearer.Require, byCookie.Require}, header, 2, "alice", ""},
		{"two transports, the first without", []middleware{byCookie.Optional, bearer.Require}, "", 0, "", "token_missing"},
		{"two transports, only the second reads a cookie", []middleware{bearer.Optional, byCookie.Require}, byBrowser, 1, "bob", ""},
		{"two transports, only the first reads a cookie", []middleware{byCookie.Require, bearer.Require}, byBrowser, 1, "", "token_missing"},
		{"two transports, and the first again", []middleware{bearer.Require, byCookie.Require, bearer.Require}, header, 3, "alice", ""},
		{"two transports, the second optional", []middleware{byCookie.Require, bearer.Optional}, byBrowser, 1, "bob", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			if name, value, ok := strings.Cut(strings.NewReplacer("$alice", tokens.AccessToken, "$bob", other.AccessToken).Replace(tt.credential), ": "); ok {
				r.Header.Set(name, value)
			}
			var subject string
			var handler http.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if c := httpauth.Claims(r); c != nil {
					subject = c.Subject()
				}
			})
			for i := len(tt.chain) - 1; i >= 0; i-- {
				handler = tt.chain[i](handler)
			}
			before := s.Store.Calls("Revoked")
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if got := s.Store.Calls("Revoked") - before; got != tt.calls || subject != tt.subject || answerOf(w).Code() != tt.code {
				t.Errorf("got %d calls, the subject %q and %d %s, want %d, %q and the code %q", got, subject, w.Code, w.Body, tt.calls, tt.subject, tt.code)
			}
		})
	}
}

// TestReissueBehindTwo checks that Reissue finds the silent reissue on the way
// behind middleware of another transport as well, and uses up no second token.
func TestReissueBehindTwo(t *testing.T) {
	s, auth, r, _ := newSilent(t)
	bearer := facetest.Must(httpauth.New(s.Authority, httpauth.Options{}))
	token := issue(t, s).AccessToken
	reissue := bearer.Require(http.HandlerFunc(auth.Reissue))
	w := httptest.NewRecorder()
	auth.Optional(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+token)
		reissue.ServeHTTP(w, r)
	})).ServeHTTP(w, r)
	if got := s.Store.Calls("Rotate"); got != 1 || w.Code != http.StatusOK {
		t.Errorf("got %d rotations and %d %s, want one and 200", got, w.Code, w.Body)
	}
}

// TestRefusalKeepsCookies checks that an application's ErrorHandler cannot drop the
// cookies of a silent reissue whose new token could not be verified: the old
// refresh token is used up.
func TestRefusalKeepsCookies(t *testing.T) {
	s := newServer(t)
	auth := facetest.Must(httpauth.New(s.Authority, httpauth.Options{
		Transport:    httpauth.Cookie(httpauth.CookieOptions{SilentReissue: true}),
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { clear(w.Header()) },
	}))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "__Host-refresh="+issue(t, s).RefreshToken)
	s.Store.Before(func(_ context.Context, method string) error {
		if method == "Revoked" {
			return io.ErrUnexpectedEOF
		}
		return nil
	})
	w := httptest.NewRecorder()
	auth.Require(http.NotFoundHandler()).ServeHTTP(w, r)
	if w.Code != http.StatusServiceUnavailable || cookie(w, "__Host-refresh") == "" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("got %d %v, want 503 with the new cookies", w.Code, w.Header())
	}
}

// TestPrepare checks the headers that Prepare sets, and that it writes nothing.
func TestPrepare(t *testing.T) {
	s := newServer(t)
	face := facetest.Must(httpauth.NewFace(s.Authority, httpauth.Options{}))
	for _, tt := range []struct {
		err    error
		want   *core.Error
		header string // that it has beside no-store
	}{
		{core.ErrTokenMissing, core.ErrTokenMissing, "Www-Authenticate"},
		{core.ErrTokenExpired, core.ErrTokenExpired, "Www-Authenticate"},
		{core.ErrUnavailable, core.ErrUnavailable, "Retry-After"},
		{context.DeadlineExceeded, core.ErrUnavailable, "Retry-After"},
		{core.ErrGrantInvalid, core.ErrGrantInvalid, ""},
		{core.ErrForbidden, core.ErrForbidden, ""},
		{io.EOF, core.ErrInternal, ""},
		{nil, core.ErrInternal, ""},
	} {
		w := &silentWriter{header: make(http.Header)}
		got := face.Prepare(w, httptest.NewRequest("GET", "/", nil), tt.err)
		want := 2
		if tt.header != "" {
			want++
		}
		if got != tt.want || w.written || w.header.Get("Cache-Control") != "no-store" || len(w.header) != want || tt.header != "" && w.header.Get(tt.header) == "" {
			t.Errorf("Prepare(%v): got %v with %v, written %v, want %v with %q", tt.err, got, w.header, w.written, tt.want, tt.header)
		}
	}
}

// TestRealm checks that an issuer of any characters makes a challenge that can be
// parsed.
func TestRealm(t *testing.T) {
	s := facetest.NewServer(t, func(testing.TB, *core.Authority, facetest.Layout) http.Handler { return http.NotFoundHandler() },
		facetest.Layout{}, func(c *core.Config) { c.Issuer = `a"b\c` + "\r\né" })
	w := httptest.NewRecorder()
	facetest.Must(httpauth.New(s.Authority, httpauth.Options{})).Error(w, httptest.NewRequest("GET", "/", nil), core.ErrTokenMissing)
	if got := w.Header().Get("WWW-Authenticate"); got != `Bearer realm="a?b?c???"` {
		t.Errorf("challenge: got %q", got)
	}
}

// TestReissueBehindRequire checks that behind middleware that has not
// reissued, Reissue is a reissue as ever, and a second one of a token a theft.
func TestReissueBehindRequire(t *testing.T) {
	s := newServer(t)
	auth, tokens := newCookieAuth(t, s, httpauth.CookieOptions{SilentReissue: true})
	r := httptest.NewRequest("POST", "/", nil)
	r.Header.Set("Cookie", "__Host-access="+tokens.AccessToken+"; __Host-refresh="+tokens.RefreshToken)
	for i := range 2 {
		w := httptest.NewRecorder()
		auth.Require(http.HandlerFunc(auth.Reissue)).ServeHTTP(w, r)
		if i == 0 && w.Code != http.StatusOK || i == 1 && answerOf(w).Code() != "refresh_invalid" {
			t.Errorf("time %d: got %d %s", i+1, w.Code, w.Body)
		}
		s.Clock.Advance(time.Minute)
	}
	if e := s.Events(); e[len(e)-1].Reason != driver.Reuse.String() {
		t.Errorf("events: got %+v, want the second to be a theft", e)
	}
}

// TestSlowOptional checks that Require refuses whom Optional has let pass without
// claims, though Optional has noted the store's time in the request's context.
func TestSlowOptional(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newSlow(t, 0)
		auth := facetest.Must(httpauth.New(s.Authority, httpauth.Options{Transport: httpauth.Cookie(httpauth.CookieOptions{})}))
		tokens, err := s.Authority.Issue(t.Context(), core.Login{Subject: "alice", Claims: map[string]any{}})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Authority.Revoke(t.Context(), "alice", tokens.SessionID); err != nil {
			t.Fatal(err)
		}
		s.Store.Before(slow(time.Second))
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", "__Host-access="+tokens.AccessToken)
		w := httptest.NewRecorder()
		auth.Optional(auth.Require(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			t.Error("the handler ran")
		}))).ServeHTTP(w, r)
		if got := answerOf(w); got.Code() != "token_revoked" {
			t.Errorf("got %d %s, want token_revoked", got.Status, got.Body)
		}
	})
}

// TestSlowOptionalSilent checks that what Optional has waited for counts for the
// handler behind it, also where a reissue is of no use: the request waits for no
// longer than 3.9 seconds in all.
func TestSlowOptionalSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newSlow(t, 0)
		auth, tokens := newCookieAuth(t, s, httpauth.CookieOptions{SilentReissue: true})
		if err := s.Authority.Revoke(t.Context(), "alice", tokens.SessionID); err != nil {
			t.Fatal(err)
		}
		s.Store.Before(func(ctx context.Context, method string) error {
			if method == "Revoked" {
				return slow(1900*time.Millisecond)(ctx, method)
			}
			return slow(time.Hour)(ctx, method)
		})
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Cookie", "__Host-access="+tokens.AccessToken)
		w, start := httptest.NewRecorder(), time.Now()
		auth.Optional(http.HandlerFunc(auth.Logout)).ServeHTTP(w, r)
		if took := time.Since(start); took != patience || w.Code != http.StatusServiceUnavailable {
			t.Errorf("got %d after %v, want 503 after 3.9s", w.Code, took)
		}
	})
}
