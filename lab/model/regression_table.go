package model

import (
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// windowRegressions are about the token before the newest, and those before it.
func windowRegressions() []regression {
	return []regression{
		{
			name: "a window forks nothing",
			history: history{common(), []op{
				{Do: login},
				{Do: reissue},
				{Do: reissue, Back: 1}, // the thief, who gets the same child
				{Do: reissue},          // one of them uses it
				{Do: reissue, Back: 1}, // and the other
				{Do: wait, For: 31 * time.Second},
				{Do: reissue, Back: 1},
				{Do: reissue},
			}},
			want: []string{"rotated", "replayed", "rotated", "replayed", "reuse", "revoked"},
		},
		{
			name: "a window does not slide",
			history: history{common(), []op{
				{Do: login},
				{Do: reissue},
				{Do: wait, For: 20 * time.Second},
				{Do: reissue, Back: 1},
				{Do: wait, Until: windowEnd},
				{Do: reissue, Back: 1},
				{Do: wait, Until: windowEnd, For: time.Millisecond},
				{Do: reissue, Back: 1},
			}},
			want: []string{"rotated", "replayed", "replayed", "reuse"},
		},
		{
			name: "a late retry with its key opens no window",
			history: history{common(), []op{
				{Do: login},
				{Do: reissue, Key: 1},
				{Do: wait, For: time.Hour},
				{Do: reissue, Back: 1, Key: 1},
				{Do: reissue, Back: 1},
			}},
			want: []string{"rotated", "same_attempt", "reuse"},
		},
		{
			name: "no grandparent passes inside the window",
			history: history{common(), []op{
				{Do: login},
				{Do: reissue, Key: 1},
				{Do: reissue, Key: 1},
				{Do: reissue, Back: 2, Key: 1},
				{Do: reissue},
			}},
			want: []string{"rotated", "rotated", "reuse", "revoked"},
		},
		{
			name: "an ancestor of any age kills",
			history: history{common(), []op{
				{Do: login}, {Do: login, User: 1},
				{Do: reissue, Session: 1}, {Do: reissue, Session: 1}, {Do: reissue, Session: 1}, {Do: reissue, Session: 1},
				{Do: wait, For: 23 * time.Hour},
				{Do: reissue, Session: 1, Back: 4},
				{Do: reissue, Session: 1},
				{Do: reissue}, // of the other user
			}},
			want: []string{"rotated", "rotated", "rotated", "rotated", "reuse", "revoked", "rotated"},
		},
		{
			name: "a thief in lock-step is out with his first late step",
			history: history{common(), []op{
				{Do: login},
				{Do: reissue}, {Do: wait, For: 10 * time.Second}, {Do: reissue, Back: 1}, {Do: wait, For: 10 * time.Minute},
				{Do: reissue}, {Do: wait, For: 10 * time.Second}, {Do: reissue, Back: 1}, {Do: wait, For: 10 * time.Minute},
				{Do: reissue}, {Do: wait, For: 31 * time.Second}, {Do: reissue, Back: 1},
				{Do: reissue},
			}},
			want: []string{"rotated", "replayed", "rotated", "replayed", "rotated", "reuse", "revoked"},
		},
		{
			name: "many tabs get one child",
			history: history{common(), []op{
				{Do: login},
				{Do: reissue}, {Do: reissue, Back: 1}, {Do: reissue, Back: 1, Key: 1}, {Do: reissue, Back: 1, Fault: twice},
				{Do: reissue},
			}},
			want: []string{"rotated", "replayed", "replayed", "replayed", "rotated"},
		},
		{
			name: "of many tabs in strict mode the second ends the session",
			history: history{common(strict), []op{
				{Do: login},
				{Do: reissue}, {Do: reissue, Back: 1}, {Do: reissue, Back: 1}, {Do: reissue},
			}},
			want: []string{"rotated", "reuse", "revoked", "revoked"},
		},
		{
			name: "an access token dated anew inside the window is denied as long as it lives",
			history: history{common(func(s *settings) { s.AccessTTL, s.ReuseGrace = 1500*time.Millisecond, 2*time.Minute }), []op{
				{Do: login},
				{Do: reissue},
				{Do: wait, Until: windowEnd},
				{Do: reissue, Back: 1},
				{Do: logout},
				{Do: wait, For: time.Second},
			}},
			want: []string{"rotated", "replayed"},
		},
	}
}

// retryRegressions are about answers that do not arrive.
func retryRegressions() []regression {
	return []regression{
		{
			name: "a time-out burns no token",
			history: history{common(), []op{
				{Do: login},
				{Do: reissue, Fault: unreached}, // no outcome
				{Do: reissue, Fault: crash},
				{Do: reissue, Fault: unheard},
				{Do: reissue},
				{Do: reissue},
			}},
			want: []string{"rotated", "replayed", "replayed", "rotated"},
		},
		{
			name: "a retry with its key is never late",
			history: history{common(strict), []op{
				{Do: login},
				{Do: reissue, Key: 1, Fault: crash},
				{Do: wait, Until: idleEnd, For: -time.Millisecond},
				{Do: reissue, Key: 1},
				{Do: reissue, Key: 1},
			}},
			want: []string{"rotated", "same_attempt", "rotated"},
		},
		{
			name: "a late retry without a key cannot be told from theft",
			history: history{common(), []op{
				{Do: login},
				{Do: reissue, Key: 1, Fault: crash},
				{Do: wait, Until: windowEnd, For: time.Millisecond},
				{Do: reissue, Key: 2},
			}},
			want: []string{"rotated", "reuse"},
		},
		{
			name: "what the driver runs twice is no theft in strict mode",
			history: history{common(strict), []op{
				{Do: login, Fault: twice},
				{Do: reissue, Fault: twice},
				{Do: reissue, Fault: twice},
				{Do: reissue, Back: 2, Fault: twice},
			}},
			want: []string{"same_attempt", "same_attempt", "reuse"},
		},
		{
			name: "a call that arrives late rotates once",
			history: history{common(strict), []op{
				{Do: login},
				{Do: reissue, Key: 1, Fault: unreached},
				{Do: repeat},
				{Do: repeat},
				{Do: reissue, Key: 1},
				{Do: reissue},
			}},
			want: []string{"same_attempt", "rotated"},
		},
		{
			name: "a login that is run twice is not refused for itself",
			history: history{common(func(s *settings) { s.MaxSessions, s.OnLimit = 1, core.RejectNew }), []op{
				{Do: login, Fault: twice},
				{Do: login},
				{Do: reissue},
			}},
			want: []string{"rotated"},
		},
		{
			name: "a login that is run twice evicts once",
			history: history{common(func(s *settings) { s.MaxSessions = 2 }), []op{
				{Do: login}, {Do: login}, {Do: wait, For: time.Millisecond}, {Do: reissue, Session: 1},
				{Do: login, Fault: twice},
				{Do: reissue, Session: 2}, {Do: reissue, Session: 1}, {Do: reissue},
			}},
			want: []string{"rotated", "rotated", "revoked", "rotated"},
		},
		{
			name: "a revoke-all that is run twice counts what it ended",
			history: history{common(), []op{
				{Do: login}, {Do: login}, {Do: login, User: 1},
				{Do: revokeAll, Keep: true, Session: 1, Fault: twice},
				{Do: reissue, Session: 1}, {Do: reissue, Session: 2}, {Do: reissue},
			}},
			want: []string{"rotated", "revoked", "rotated"},
		},
		{
			name: "a revoke-all that arrives again spares the login after it",
			history: history{common(), []op{
				{Do: login}, {Do: revokeAll}, {Do: login}, {Do: repeat, Back: 1}, {Do: reissue},
			}},
			want: []string{"rotated"},
		},
		{
			name: "an unblock that arrives again does not undo the block after it",
			history: history{common(), []op{
				{Do: block}, {Do: unblock}, {Do: block}, {Do: repeat, Back: 1}, {Do: login}, {Do: reissue}, // of nobody
			}},
		},
		{
			name: "a reissue that arrives again after its child was used is the use of an ancestor",
			history: history{common(), []op{
				{Do: login}, {Do: reissue, Fault: crash}, {Do: reissue}, {Do: reissue}, {Do: repeat, Back: 2}, {Do: reissue},
			}},
			want: []string{"rotated", "replayed", "rotated", "revoked"},
		},
	}
}
