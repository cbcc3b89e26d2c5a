package facetest

import (
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/ratchetauth/ratchet/core"
)

// maxAllocs is what a request with a good access token may allocate besides
// its verification: the context that carries the claims, and the copy of the
// request that carries the context.
const maxAllocs = 2

// CheckAllocs checks what the middleware allocates for a request to /, of
// which mount returns two handlers that do nothing: one bare, one behind
// Require.
func CheckAllocs(t *testing.T, mount func(*core.Authority) (bare, required http.Handler)) {
	t.Helper()
	s := NewServer(t, func(testing.TB, *core.Authority, Layout) http.Handler { return http.NotFoundHandler() }, Layout{})
	tokens, err := s.Authority.Issue(t.Context(), core.Login{Subject: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+tokens.AccessToken)
	serve := func(h http.Handler) float64 {
		w := discard{http.Header{}, new(int)}
		n := allocs(func() { h.ServeHTTP(w, r) })
		if *w.status != http.StatusNoContent {
			t.Fatalf("status: got %d, want %d", *w.status, http.StatusNoContent)
		}
		return n
	}
	bare, required := mount(s.Authority)
	verify := allocs(func() {
		if _, err := s.Authority.Verify(t.Context(), tokens.AccessToken); err != nil {
			t.Fatal(err)
		}
	})
	if got := serve(required) - serve(bare) - verify; got > maxAllocs+0.5 {
		t.Errorf("allocations of Require besides Verify: got %.2f, want %d at most", got, maxAllocs)
	}
}

// allocs returns how many allocations f makes, on average. Unlike
// [testing.AllocsPerRun] it does not round: the race detector makes pools,
// such as those of contexts, forget at random, and three rounded numbers are
// off by one together. It is the least of some averages, because what else the
// process does meanwhile allocates too, the more the busier the machine.
func allocs(f func()) float64 {
	const averages, runs = 10, 200
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	f()
	least := math.Inf(1)
	for range averages {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range runs {
			f()
		}
		runtime.ReadMemStats(&after)
		least = min(least, float64(after.Mallocs-before.Mallocs)/runs)
	}
	return least
}

// discard is a response writer that keeps the status only.
type discard struct {
	header http.Header
	status *int
}

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(status int)      { *d.status = status }
