// Package e2e tests the example programs from outside: it builds them,
// runs them as processes and talks to them over HTTP. It also runs the
// README's transcript, word for word, and its programs, each in a module of its
// own as a reader's is.
//
// All programs must give the same answers. Each scenario therefore runs
// against each, and all that came back is compared, headers included. What
// differs by nature is masked first, see mask: tokens become TOKEN, ids ID,
// times TIME and remaining seconds N. Of Allow, the set of methods is compared
// without OPTIONS, which Echo answers by itself.
//
// In the README an ellipsis stands for one or more characters other than
// quotes and spaces, and an address of the transcript for the one on which the
// program under test listens. Nothing else is masked there.
//
// Tests that need redis-server, curl or bash, or a module that is neither in
// the module cache nor to be downloaded, are skipped without them, unless
// RATCHET_REQUIRE_SERVERS is set, which makes that a failure.
package e2e
