package attacks

import (
	"cmp"
	"crypto/rand"
	"crypto/rsa"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/facetest"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
)

// NewStore returns an empty store whose clock is now.
type NewStore func(tb testing.TB, now func() time.Time) core.Store

// Memory is the [NewStore] of the embedded store.
func Memory(_ testing.TB, now func() time.Time) core.Store {
	return core.NewMemoryStore(core.MemoryOptions{Now: now})
}

// Redis starts a server for the test and returns the [NewStore] of stores on
// it, each under a prefix of its own. It skips the test if Redis is not
// installed.
func Redis(tb testing.TB) NewStore {
	tb.Helper()
	client := redistest.Start(tb).Client(tb)
	return func(tb testing.TB, now func() time.Time) core.Store {
		tb.Helper()
		store, err := redisstore.New(client, redisstore.Options{Prefix: "abuse" + rand.Text() + ":", Now: now})
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { store.Close() }) // there is no mirror to fail
		return store
	}
}

// deployment is what the rows run on.
type deployment struct {
	newHandler facetest.NewHandler
	newStore   NewStore
	rsaKey     func() *rsa.PrivateKey // one for all rows, because it takes long to make
}

// row is a case, or a part of one. Its name begins with the case's number.
type row struct {
	name string
	test func(*testing.T, deployment)
}

// Run checks every row with the adapter's handler and the store.
func Run(t *testing.T, newHandler facetest.NewHandler, newStore NewStore) {
	d := deployment{newHandler, newStore, sync.OnceValue(func() *rsa.PrivateKey {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		return key
	})}
	for _, r := range rows() {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel() // each has a store and a clock of its own
			r.test(t, d)
		})
	}
}

// rows returns all rows by their numbers.
func rows() []row {
	all := slices.Concat(
		forgedRows(), headerRows(), spellingRows(), malformedRows(), sizeRows(), hostileRows(),
		replayRows(), raceRows(), lostAnswerRows(), repeatRows(), faultRows(), claimsRows(),
		rotationRows(), lifetimeRows(), revocationRows(), interleavingRows(), othersRows(), blockRows(),
		limitRows(), denialRows(), outageRows(), silenceRows(), logRows(), hookRows(), browserRows(),
	)
	slices.SortStableFunc(all, func(a, b row) int { return cmp.Compare(a.name, b.name) })
	return all
}
