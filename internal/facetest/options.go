package facetest

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

// CheckOptions checks that the New of a framework's face reports what
// [httpauth.New] reports, and refuses an ErrorHandler, which the framework has a
// way of its own for. All faults are reported at once.
func CheckOptions[Auth any](t *testing.T, construct func(*core.Authority, httpauth.Options) (*Auth, error)) {
	handler := func(http.ResponseWriter, *http.Request, error) {}
	bad := httpauth.Cookie(httpauth.CookieOptions{SameSite: 7, RefreshName: "a b"})
	for _, tt := range []struct {
		name string
		nil  bool // the Authority
		o    httpauth.Options
		want []string // in the error
	}{
		{name: "bearer"},
		{name: "cookies", o: httpauth.Options{Transport: httpauth.Cookie(httpauth.CookieOptions{SilentReissue: true})}},
		{name: "no Authority", nil: true, want: []string{"Authority"}},
		{name: "transport", o: httpauth.Options{Transport: bad}, want: []string{"CookieOptions.SameSite", "CookieOptions.RefreshName"}},
		{name: "error handler", o: httpauth.Options{ErrorHandler: handler}, want: []string{"Options.ErrorHandler"}},
		{name: "both", o: httpauth.Options{Transport: bad, ErrorHandler: handler}, want: []string{"CookieOptions.SameSite", "Options.ErrorHandler"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var a *core.Authority
			if !tt.nil {
				a = NewServer(t, nothing, Layout{}).Authority
			}
			got, err := construct(a, tt.o)
			if (err == nil) != (len(tt.want) == 0) || (got == nil) != (err != nil) {
				t.Fatalf("got %v and the error %v, want one that names %q", got, err, tt.want)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got the error %q, want it to name %s", err, want)
				}
			}
		})
	}
}

// CheckUnguarded checks that what acts on any user serves nobody whom no
// middleware has admitted, whatever token comes along. mount returns a handler with
// the routes of /admin/users of [NewHandler] without Require.
func CheckUnguarded(t *testing.T, mount func(*core.Authority) http.Handler) {
	s := NewServer(t, func(_ testing.TB, a *core.Authority, _ Layout) http.Handler { return mount(a) }, Layout{})
	tokens, err := s.Authority.Issue(t.Context(), core.Login{Subject: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	for _, request := range [][2]string{
		{"PUT", "block"}, {"DELETE", "block"}, {"GET", "sessions"}, {"DELETE", "sessions"}, {"DELETE", "sessions/" + tokens.SessionID},
	} {
		for _, header := range [][]string{nil, {bearer(tokens.AccessToken)}} {
			calls, told := s.Store.Calls(), len(s.Log())
			got := s.Do(Request{Method: request[0], Path: usersPath + "alice/" + request[1], Header: header})
			if got.Status != http.StatusInternalServerError || got.Code() != "internal" || s.Store.Calls() != calls {
				t.Errorf("%s: got %d %s, want 500 and no call of the store", request, got.Status, got.Body)
			}
			if !strings.Contains(s.Log()[told:], "Require") {
				t.Errorf("%s: got the log %q, want what is missing", request, s.Log()[told:])
			}
		}
	}
	if _, err := s.Authority.Verify(t.Context(), tokens.AccessToken); err != nil {
		t.Errorf("alice's token: got %v, want it good", err)
	}
	if _, err := s.Authority.Issue(t.Context(), core.Login{Subject: "alice"}); errors.Is(err, core.ErrUserBlocked) {
		t.Error("alice is blocked")
	}
}

// CheckEverywhere checks middleware of a whole application, which frameworks run
// for paths and methods without a route too. A method that a path does not have is
// 405 before anybody is asked who they are, and before anything is reissued. mount
// returns a handler that has GET /me, which answers 204, and before everything
// Require, or Optional.
func CheckEverywhere(t *testing.T, mount func(a *core.Authority, transport httpauth.Transport, optional bool) http.Handler) {
	transport := httpauth.Cookie(httpauth.CookieOptions{SilentReissue: true})
	for _, tt := range []struct {
		name, method, path string
		good               bool // a refresh cookie, otherwise a bad header
		status             int
		cookies            int
	}{
		{"refused", "GET", "/me", false, 401, 0},
		{"refused/wrong method", "POST", "/me", false, 405, 0},
		{"refused/no route", "GET", "/other", false, 401, 0},
		{"reissued", "GET", "/me", true, 204, 2},
		{"reissued/wrong method", "POST", "/me", true, 405, 0},
		{"reissued/no route", "GET", "/other", true, 404, 2},
	} {
		for name, optional := range map[string]bool{"/Require": false, "/Optional": true} {
			t.Run(tt.name+name, func(t *testing.T) {
				s := NewServer(t, func(_ testing.TB, a *core.Authority, l Layout) http.Handler {
					return mount(a, l.Transport, optional)
				}, Layout{Transport: transport})
				tokens, err := s.Authority.Issue(t.Context(), core.Login{Subject: "alice"})
				if err != nil {
					t.Fatal(err)
				}
				header := "Authorization: Bearer rubbish"
				if tt.good {
					header = "Cookie: __Host-refresh=" + tokens.RefreshToken
				}
				got := s.Do(Request{Method: tt.method, Path: tt.path, Header: []string{header}})
				if got.Status != tt.status || len(got.Header["Set-Cookie"]) != tt.cookies || got.Header.Get("Cache-Control") != "no-store" {
					t.Errorf("got %d %v, want %d with %d cookies and no-store", got.Status, got.Header, tt.status, tt.cookies)
				}
				if allow := got.Header.Get("Allow"); strings.Contains(allow, "GET") != (tt.status == 405) {
					t.Errorf("got Allow %q", allow)
				}
				if n := strings.Count(got.Body, `"code"`); n > 1 || n == 0 && tt.status < 404 && tt.status > 400 {
					t.Errorf("got %d bodies, want 1: %s", n, got.Body)
				}
			})
		}
	}
}

// nothing is a [NewHandler] for a server of which only the Authority is needed.
func nothing(testing.TB, *core.Authority, Layout) http.Handler { return http.NotFoundHandler() }
