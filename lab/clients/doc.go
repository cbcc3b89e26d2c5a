// Package clients tests the example programs with clients that other people
// wrote, unmodified: golang.org/x/oauth2, oauth4webapi, jose, axios, and a browser on
// the demo page, whose ratchet.js applications copy. They read the RFCs and the
// Fetch standard in their own way, which tests of our own cannot.
//
// It is a module of its own, so that no user of Ratchet downloads any of them.
// Tests are skipped where node, its packages (npm ci), Chromium or redis-server
// are missing, unless RATCHET_REQUIRE_SERVERS is set, which makes that a
// failure.
package clients
