package core_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
)

// abuseCase is a row of the list of abuses; the name begins with its number.
type abuseCase struct {
	name string
	test func(*testing.T)
}

// TestAbuse runs the rows that have a face without HTTP.
func TestAbuse(t *testing.T) {
	for _, rows := range [][]abuseCase{
		forgedRows(), spellingRows(), malformedRows(), hostileRows(),
		replayRows(), faultRows(), rotationRows(),
		logoutRows(), raceRows(), blockRows(), tellingRows(),
	} {
		for _, row := range rows {
			t.Run(row.name, row.test)
		}
	}
}

// wantRubbish fails the test unless the token is refused everywhere it can be
// presented, without a call of the store, an event or an echo of the token.
func (w *world) wantRubbish(t testing.TB, token string) {
	t.Helper()
	before := w.store.total()
	refused := func(method string, err, want error) {
		t.Helper()
		wantError(t, method, err, want)
		if len(token) > 16 && err != nil && strings.Contains(err.Error(), token) {
			t.Errorf("%s: the error repeats the token", method)
		}
	}
	c, err := w.Verify(t.Context(), token)
	refused("Verify", err, core.ErrTokenInvalid)
	if c != nil {
		t.Errorf("Verify: got claims %v with a refusal", c)
	}
	tokens, err := w.Reissue(t.Context(), token)
	refused("Reissue", err, core.ErrRefreshInvalid)
	if tokens != (core.Tokens{}) {
		t.Error("Reissue: got tokens with a refusal")
	}
	refused("Blacklist", w.Blacklist(t.Context(), token), core.ErrTokenInvalid)
	refused("Logout", w.Logout(t.Context(), token), nil)
	if calls := w.store.total() - before; calls != 0 {
		t.Errorf("the store was called %d times for rubbish", calls)
	}
	w.wantEvents(t)
}

// rubbish makes a world with a session, presents what the function forges from
// its tokens, and checks that the session is none the worse. After a failure
// it goes on in a new world, so that one does not look like many.
func rubbish(forgeries func(t *testing.T, w *world, pair core.Tokens) map[string]string, tweaks ...func(*core.Config)) func(*testing.T) {
	return func(t *testing.T) {
		start := func() (*world, core.Tokens, map[string]string) {
			w := newWorld(t, tweaks...)
			pair := w.login(t, "alice")
			w.wantAccess(t, pair.AccessToken, nil) // which is remembered
			w.events.take()
			return w, pair, forgeries(t, w, pair)
		}
		w, pair, tokens := start()
		names := slices.Sorted(maps.Keys(tokens))
		if len(names) == 0 {
			t.Fatal("nothing was forged")
		}
		for _, name := range names {
			if !t.Run(name, func(t *testing.T) { w.wantRubbish(t, tokens[name]) }) {
				w, pair, tokens = start()
			}
		}
		w.wantAlive(t, pair)
	}
}
