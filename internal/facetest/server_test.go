package facetest_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// newHandler mounts the routes that the stories here go along.
func newHandler(_ testing.TB, a *core.Authority, l facetest.Layout) http.Handler {
	auth := facetest.Must(httpauth.New(a, httpauth.Options{}))
	mux := http.NewServeMux()
	mux.HandleFunc(l.Prefix+"/auth/login", func(w http.ResponseWriter, r *http.Request) {
		login, err := facetest.ReadLogin(r)
		if err != nil {
			auth.Error(w, r, err)
			return
		}
		auth.Login(w, r, login)
	})
	mux.HandleFunc(l.Prefix+"/auth/reissue", auth.Reissue)
	mux.HandleFunc(l.Prefix+"/auth/logout", auth.Logout)
	mux.Handle(l.Prefix+"/api/me", auth.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		facetest.WriteClaims(w, httpauth.Claims(r))
	})))
	return mux
}

func TestSibling(t *testing.T) {
	one := facetest.NewServer(t, newHandler, facetest.Layout{Prefix: "/v1"})
	two := one.Sibling(func(c *core.Config) { c.AccessTTL = time.Minute })
	pair := one.Login("alice")
	next := two.Reissue(pair.RefreshToken).Pair()
	if next.SessionID != pair.SessionID || next.ExpiresIn != 60 {
		t.Errorf("reissue at the sibling: got %+v, want the session %s for 60 seconds", next, pair.SessionID)
	}
	if a := two.Logout(pair.AccessToken); a.Status != 200 {
		t.Errorf("logout: got %d %s, want 200", a.Status, a.Body)
	}
	if got := one.Me(next.AccessToken).Code(); got != "token_revoked" {
		t.Errorf("me: got %q, want token_revoked", got)
	}
	if got, want := types(one), "session-established"; got != want {
		t.Errorf("events: got %s, want %s", got, want)
	}
	if got, want := types(two), "session-reissued session-revoked"; got != want {
		t.Errorf("events of the sibling: got %s, want %s", got, want)
	}
	if !strings.Contains(two.Log(), pair.SessionID) {
		t.Errorf("log of the sibling: got %q, want its events", two.Log())
	}
}

func TestStoreMisbehaves(t *testing.T) {
	s := facetest.NewServer(t, newHandler, facetest.Layout{}, func(c *core.Config) { c.ReuseGrace = core.Strict })
	pair := s.Login("alice")

	s.Store.Fail(errors.New("down"))
	if got := s.Reissue(pair.RefreshToken).Code(); got != "store_unavailable" {
		t.Errorf("store fails: got %q, want store_unavailable", got)
	}
	s.Store.Heal()
	s.Store.Twice(true)
	next := s.Reissue(pair.RefreshToken).Pair()
	if next.SessionID == "" {
		t.Error("every call twice: the reissue was refused")
	}
	s.Store.Heal()
	s.Store.After(func(context.Context, string) error { return errors.New("answer lost") })
	if got := s.Reissue(next.RefreshToken).Code(); got != "store_unavailable" {
		t.Errorf("answer lost: got %q, want store_unavailable", got)
	}
	s.Store.Heal()
	if got := s.Reissue(next.RefreshToken).Code(); got != "refresh_invalid" {
		t.Errorf("after a lost answer: got %q, want refresh_invalid, because the call had happened", got)
	}
	if got := s.Store.Calls("Rotate"); got != 4 {
		t.Errorf("calls of Rotate: got %d, want 4", got)
	}
}

// TestStoreHolds checks that a hook can hold calls up until all have come.
func TestStoreHolds(t *testing.T) {
	s := facetest.NewServer(t, newHandler, facetest.Layout{})
	pair := s.Login("alice")
	const n = 8
	var arrived sync.WaitGroup
	arrived.Add(n)
	s.Store.Before(func(context.Context, string) error { arrived.Done(); arrived.Wait(); return nil })
	ids := make([]string, n)
	var clients sync.WaitGroup
	for i := range n {
		clients.Go(func() { ids[i] = s.Reissue(pair.RefreshToken).Pair().SessionID })
	}
	clients.Wait()
	for i, id := range ids {
		if id != pair.SessionID {
			t.Errorf("client %d: got the session %q, want %q", i, id, pair.SessionID)
		}
	}
}

// types returns the types of the events so far.
func types(s *facetest.Server) string {
	var list []string
	for _, e := range s.Events() {
		list = append(list, string(e.Type))
	}
	return strings.Join(list, " ")
}
