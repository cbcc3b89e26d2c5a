// Package attacks is the list of abuse and fault cases over HTTP: what
// thieves, broken clients, races and failing stores do to a server, and what
// becomes of it. An adapter's test calls [Run] once for each store; each
// subtest is named after the number of its case, so that
//
//	go -C lab test -run TestAttacks/17_ ./attacks
//
// finds it. README.md says which suite has each number.
//
// A row looks at everything that a request leaves behind: the whole answer, the
// calls of the store, the events, the other sessions. What no row may ever do
// is checked behind the back of all of them: no token and no seed is in a
// refusal, in the log or in an event.
package attacks
