// Package linear checks that two operating system processes with one Redis
// answer as one would that does one thing at a time, and holds only tests.
//
// The test starts itself twice more. Each of these processes has a store of its
// own, and does what it is told over a pipe: a few clients at once log in,
// reissue with any token that anybody ever held, check tokens, log out, revoke,
// block, unblock and list sessions. When each call began and ended and what it
// was answered is the history, for which porcupine looks for an order of the
// calls that a model of sessions would answer alike. A call without an answer
// may have happened at any time after it began, or not at all.
//
// The model is that of the package model without time: no session and no
// token expires during a history, and the window of reuse is either longer than
// that or none.
//
//	RATCHET_HISTORIES=10000 go -C lab test -timeout 0 -run TestLinearizable -v ./model/linear
package linear
