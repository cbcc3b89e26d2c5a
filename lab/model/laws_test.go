package model

import (
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// The laws do not rest on the model: each is broken by a pair of lists that a
// store and a model with the same mistake would agree on.
func TestLaws(t *testing.T) {
	settings := common(func(s *settings) { s.OnLimit = core.RejectNew })
	created := began.Add(-time.Minute)
	at := func(generation int64) map[string]listed {
		return map[string]listed{"s": {user: "user-0", Session: core.Session{
			ID: "s", Generation: generation, CreatedAt: created, LastUsedAt: created, ExpiresAt: created.Add(time.Hour),
		}}}
	}
	none := map[string]listed{}
	moved := at(2)
	moved["s"] = listed{core.Session{ID: "s", Generation: 2, CreatedAt: created, ExpiresAt: created.Add(settings.SessionTTL + 1)}, "user-0"}
	for _, test := range []struct {
		name          string
		op            op
		presented     int64
		before, after map[string]listed
		want          string // a part of the error, nothing for none
	}{
		{"the newest token moves the session on", op{Do: reissue}, 2, at(2), at(3), ""},
		{"a parent with its key", op{Do: reissue, Key: 1}, 1, at(2), at(2), ""},
		{"a parent outside the window ends it", op{Do: reissue}, 1, at(2), none, ""},
		{"a token that is ahead moves the session on", op{Do: reissue}, 6, at(2), at(7), ""},
		{"a logout ends it", op{Do: logout}, 0, at(2), none, ""},
		{"a revoke-all of its user ends it", op{Do: revokeAll}, 0, at(2), none, ""},
		{"a revoke-all that keeps it kills", op{Do: revokeAll, Keep: true}, 0, at(2), none, "for no reason"},
		{"a revoke-all of another user kills", op{Do: revokeAll, User: 1}, 0, at(2), none, "for no reason"},
		{"a session skips a generation", op{Do: reissue}, 2, at(2), at(4), "went from generation 2 to 4"},
		{"a session goes back", op{Do: reissue, Key: 1}, 1, at(2), at(1), "went from generation 2 to 1"},
		{"a session moves by itself", op{Do: wait}, 0, at(2), at(3), "went from generation 2 to 3"},
		{"a parent outside the window passes", op{Do: reissue}, 1, at(2), at(2), "lives on"},
		{"a grandparent passes with its key", op{Do: reissue, Key: 1}, 0, at(2), at(2), "lives on"},
		{"the newest token kills", op{Do: reissue}, 2, at(2), none, "for no reason"},
		{"a token that is ahead kills", op{Do: reissue}, 3, at(2), none, "for no reason"},
		{"a forged token kills", op{Do: reissue, Fault: wrongSeed}, 1, at(2), none, "for no reason"},
		{"a logout that never arrived kills", op{Do: logout, Fault: unreached}, 0, at(2), none, "for no reason"},
		{"a login where none is evicted kills", op{Do: login}, 0, at(2), none, "for no reason"},
		{"a blacklisted token kills", op{Do: blacklist}, 0, at(2), none, "for no reason"},
		{"an unblock revives", op{Do: unblock}, 0, none, at(2), "came to life"},
		{"the absolute end moves", op{Do: wait}, 0, at(2), moved, "beyond its absolute end"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := &world{model: newModel(settings), now: began, dead: map[string]bool{}}
			c := call{family: &family{user: "user-0", id: "s"}, presented: test.presented}
			err := w.obey(test.op, c, test.before, test.after)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
