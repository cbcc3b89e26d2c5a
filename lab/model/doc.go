// Package model drives an Authority and its store through random histories
// and compares each answer with a model of sessions that knows no lock, no
// script and no token: the rules of [driver.Outcome], written down a second time.
//
// A history is a list of operations, each a plain value: logins, reissues with
// any token that was ever answered, logouts, revocations, blocks, moves of the
// clock, answers that are lost on the way, calls that the driver runs again,
// stores that fail before or after they have committed, and writes that are
// lost. Whoever presents a token is a client: the history does not know who is
// the user and who the thief, because the library does not either.
//
// After each operation the test checks the answer, the events, the lists of all
// users' sessions and every access token that was ever answered against the
// model; and, since a model can err, some laws against the answers alone.
//
// A history that fails is cut down to what it needs and printed as Go code, to
// be put into the table of regressions. Its seed is printed as well:
//
//	RATCHET_SEED=1234 RATCHET_HISTORIES=1 go -C lab test -run TestHistories ./model
//	RATCHET_HISTORIES=100000 go -C lab test -timeout 0 -run TestHistories ./model
//
// A test of a store calls [Run]:
//
//	model.Run(t, 300, func(now func() time.Time) (model.Backend, error) { … })
//
// The operations of a history come one after the other. [RunConcurrent] makes a
// few calls of the store at once and looks for an order in which the model
// answers the same.
package model
