// Package redistest starts real Redis servers for tests: single servers,
// clusters and masters watched by sentinels, each on free loopback ports and in
// temporary folders, and all of them gone when the test ends.
//
// What a store does when its server dies, stalls, fails over or commits a write
// and loses the answer cannot be shown against a fake. The package therefore
// also lets a test kill, freeze and restart each server, put a [Proxy] which
// loses replies in front of one, and read back with a [Monitor] or
// [CommandStats] what a server was really asked to do.
//
// A test is skipped if redis-server is not installed, unless the environment
// variable RATCHET_REQUIRE_SERVERS is set, which makes that a failure.
package redistest
