package httpauth_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

func attackAuthority(t *testing.T, issuer string) *core.Authority {
	t.Helper()
	secret := make([]byte, 32)
	copy(secret, issuer)
	k, err := core.NewHMACKey("k", secret)
	if err != nil {
		t.Fatal(err)
	}
	a, err := core.New(core.Config{Issuer: issuer, Audience: []string{issuer}, Keys: []core.Key{k}, Store: core.NewMemoryStore(core.MemoryOptions{})})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestClaimsOfAnotherAuthority: an operation on the caller must not take the
// claims of another Authority's user, who may have chosen any name there, for
// a user of its own.
func TestClaimsOfAnotherAuthority(t *testing.T) {
	public, staff := attackAuthority(t, "public"), attackAuthority(t, "staff")
	publicAuth, err := httpauth.New(public, httpauth.Options{})
	if err != nil {
		t.Fatal(err)
	}
	staffAuth, err := httpauth.New(staff, httpauth.Options{})
	if err != nil {
		t.Fatal(err)
	}
	mallory, err := public.Issue(t.Context(), core.Login{Subject: "root"}) // a name that is free there
	if err != nil {
		t.Fatal(err)
	}
	root, err := staff.Issue(t.Context(), core.Login{Subject: "root", Device: core.Device{IP: "192.0.2.1"}})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sessions", staffAuth.Sessions)
	mux.HandleFunc("POST /logout-all", staffAuth.LogoutAll)
	h := publicAuth.Optional(mux) // of the whole site
	for _, try := range [][2]string{{"GET", "/sessions"}, {"POST", "/logout-all"}} {
		r := httptest.NewRequest(try[0], try[1], nil)
		r.Header.Set("Authorization", "Bearer "+mallory.AccessToken)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusUnauthorized {
			t.Errorf("%s %s: %d %s", try[0], try[1], w.Code, w.Body)
		}
	}
	if _, err := staff.Verify(t.Context(), root.AccessToken); err != nil {
		t.Errorf("root has been logged out: %v", err)
	}
}

// TestAnotherHeaderInside: a request that is made inside of another, with its
// context and a credential of its own, is its own.
func TestAnotherHeaderInside(t *testing.T) {
	a := attackAuthority(t, "public")
	auth, err := httpauth.New(a, httpauth.Options{})
	if err != nil {
		t.Fatal(err)
	}
	token := func(user string) string {
		tokens, err := a.Issue(t.Context(), core.Login{Subject: user})
		if err != nil {
			t.Fatal(err)
		}
		return tokens.AccessToken
	}
	admin, alice := token("admin"), token("alice")
	inner := auth.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte(httpauth.Claims(r).Subject()))
	}))
	outer := auth.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sub := r.Clone(r.Context())
		sub.Header.Set("Authorization", r.Header.Get("X-As"))
		inner.ServeHTTP(w, sub)
	}))
	for _, as := range []string{"Bearer " + alice, "Bearer rubbish", ""} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer "+admin)
		r.Header.Set("X-As", as)
		w := httptest.NewRecorder()
		outer.ServeHTTP(w, r)
		if w.Body.String() == "admin" {
			t.Errorf("X-As %.14q ran as %s", as, w.Body)
		}
	}
}

// TestBounceThroughAWorker: a service worker that passes a navigation on, by
// fetch(event.request), makes its destination "empty" (Chromium 156).
func TestBounceThroughAWorker(t *testing.T) {
	_, auth, cookies, _ := newSilent(t)
	r := httptest.NewRequest("GET", "/", nil)
	r.Header = cookies.Header.Clone()
	asNavigation(r)
	r.Header.Set("Sec-Fetch-Dest", "empty")
	w := httptest.NewRecorder()
	if _, ok := through(auth.Require, w, r); ok || w.Code != http.StatusOK || len(w.Header()["Set-Cookie"]) != 1 {
		t.Errorf("a link from another site: passed %t, %d %s", ok, w.Code, w.Body)
	}
}
