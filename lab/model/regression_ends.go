package model

import (
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// endRegressions are about how sessions end.
func endRegressions() []regression {
	return []regression{
		{
			name: "the idle end moves with each reissue and the absolute end does not",
			history: history{common(func(s *settings) { s.SessionTTL = 60 * time.Hour }), []op{
				{Do: login},
				{Do: wait, Until: idleEnd, For: -time.Millisecond}, {Do: reissue},
				{Do: wait, Until: idleEnd, For: -time.Millisecond}, {Do: reissue},
				{Do: wait, Until: sessionEnd, For: -time.Second}, {Do: reissue},
				{Do: wait, Until: sessionEnd}, {Do: reissue}, // by its own exp, no outcome
			}},
			want: []string{"rotated", "rotated", "rotated"},
		},
		{
			name: "a replay does not move the idle end",
			history: history{common(func(s *settings) { s.IdleTTL = time.Minute }), []op{
				{Do: login},
				{Do: reissue},
				{Do: wait, For: 30 * time.Second}, {Do: reissue, Back: 1},
				{Do: wait, For: 30 * time.Second}, {Do: reissue},
			}},
			want: []string{"rotated", "replayed", "expired"},
		},
		{
			name: "an expired session is not killed by an ancestor, and forgotten in the end",
			history: history{common(), []op{
				{Do: login}, {Do: reissue}, {Do: reissue},
				{Do: wait, Until: idleEnd}, {Do: reissue, Back: 2}, {Do: reissue},
				{Do: wait, Until: recordEnd, For: -time.Millisecond}, {Do: reissue},
				{Do: wait, Until: recordEnd}, {Do: wait}, {Do: reissue}, // the other process, which has not heard
			}},
			want: []string{"rotated", "rotated", "expired", "expired", "expired", "missing"},
		},
		{
			name: "a stolen key without the seed ends nobody's session",
			history: history{common(), []op{
				{Do: login}, {Do: reissue},
				{Do: reissue, Fault: wrongSeed}, {Do: reissue, Back: 1, Fault: wrongSeed}, {Do: logout, Fault: wrongSeed},
				{Do: reissue},
			}},
			want: []string{"rotated", "forged", "forged", "rotated"},
		},
		{
			name: "an expired access token logs out",
			history: history{common(), []op{
				{Do: login}, {Do: reissue},
				{Do: wait, Until: accessEnd}, {Do: logout, Back: 1, Access: true}, {Do: reissue},
			}},
			want: []string{"rotated", "revoked"},
		},
		{
			name: "a blacklisted access token leaves its session alone",
			history: history{common(), []op{
				{Do: login}, {Do: reissue}, {Do: blacklist}, {Do: reissue, Back: 1}, {Do: reissue},
			}},
			want: []string{"rotated", "replayed", "rotated"},
		},
		{
			name: "a block ends all and unblocking revives nothing",
			history: history{common(), []op{
				{Do: login}, {Do: login, User: 1}, {Do: block, For: time.Hour}, {Do: login},
				{Do: reissue, Session: 1}, {Do: unblock}, {Do: reissue, Session: 1}, {Do: reissue}, {Do: login}, {Do: reissue},
			}},
			want: []string{"revoked", "revoked", "rotated", "rotated"},
		},
		{
			name: "a second login is the end of the first where one is allowed",
			history: history{common(func(s *settings) { s.MaxSessions = 1 }), []op{
				{Do: login}, {Do: login}, {Do: login, User: 1}, {Do: reissue, Session: 2}, {Do: reissue, Session: 1},
			}},
			want: []string{"revoked", "rotated"},
		},
	}
}

// lossRegressions are about stores that forget what they have acknowledged.
func lossRegressions() []regression {
	return []regression{
		{
			name: "a lost reissue costs the user nothing",
			history: history{common(strict), []op{
				{Do: login}, {Do: save}, {Do: reissue}, {Do: reissue}, {Do: restore},
				{Do: reissue},
				{Do: reissue, Back: 2}, {Do: reissue},
			}},
			want: []string{"rotated", "rotated", "recovered", "reuse", "revoked"},
		},
		{
			name: "a thief who comes first after lost writes is found by the next reuse",
			history: history{common(), []op{
				{Do: login}, {Do: save}, {Do: reissue}, {Do: restore},
				{Do: reissue, Back: 1}, {Do: reissue}, {Do: reissue},
				{Do: reissue, Back: 2},
			}},
			want: []string{"rotated", "rotated", "rotated", "rotated", "reuse"},
		},
		{
			name: "a kill that was lost is found again",
			history: history{common(), []op{
				{Do: login}, {Do: reissue}, {Do: reissue}, {Do: save},
				{Do: reissue, Back: 2}, {Do: restore}, {Do: wait, For: refusalMemory}, {Do: reissue, Back: 2}, {Do: reissue},
			}},
			want: []string{"rotated", "rotated", "reuse", "reuse", "revoked"},
		},
		{
			name: "a logout with a token that is ahead denies what lost writes gave out",
			history: history{common(), []op{
				{Do: login}, {Do: save},
				{Do: wait, For: 9 * time.Minute}, {Do: reissue}, {Do: restore},
				{Do: logout},
				{Do: wait, For: 4 * time.Minute}, {Do: login, User: 1}, // with which the memory is cleaned up
				{Do: wait, For: 5 * time.Minute}, {Do: login, User: 1},
			}},
			want: []string{"rotated"},
		},
		{
			name: "a logout of a session that was lost denies its access token",
			history: history{common(), []op{
				{Do: save}, {Do: login}, {Do: restore}, {Do: reissue}, {Do: logout, Access: true},
			}},
			want: []string{"missing"},
		},
		{
			name: "an access token of a lost login needs its session on record",
			history: history{common(func(s *settings) { s.Revocation = core.SessionRecord }), []op{
				{Do: save}, {Do: login}, {Do: restore},
			}},
		},
		{
			name: "a block of which the mark is left refuses and kills nothing",
			history: history{common(), []op{
				{Do: login}, {Do: reissue}, {Do: reissue}, {Do: markBlocked, For: time.Minute},
				{Do: reissue}, {Do: reissue, Back: 2},
				{Do: wait, Until: blockEnd}, {Do: reissue},
			}},
			want: []string{"rotated", "rotated", "blocked", "blocked", "rotated"},
		},
		{
			name: "a login that arrives late after lost writes has no holder",
			history: history{common(), []op{
				{Do: save}, {Do: login, Fault: crash}, {Do: restore}, {Do: repeat}, {Do: login}, {Do: reissue}, {Do: revokeAll},
			}},
			want: []string{"rotated"},
		},
	}
}
