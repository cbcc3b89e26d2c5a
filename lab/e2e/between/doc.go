// Package between tests what stands between a browser and a service and loses
// the cookies of a silent reissue: nginx with auth_request, a renderer on the
// server, and middleware with a time limit. For each there is the trap, which
// ends the session, and the recipe of docs/guides/between.md. The tests take
// configuration and JavaScript out of that page; its Go is in this package.
//
// Tests are skipped where nginx or node is missing, unless
// RATCHET_REQUIRE_SERVERS is set, which makes that a failure.
package between
