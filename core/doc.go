// Package core holds login sessions made of a short-lived JWT access token and
// a rotating refresh token: issue at login, verify on every request, reissue,
// log out, revoke at once and everywhere.
//
// Most applications make an [Authority] with [New] and hand it to package
// httpauth, ginauth or echoauth, whose middleware and handlers call the rest.
// Without them, [Authority.Issue] is for the login, [Authority.Verify] for each
// request, [Authority.Reissue] and [Authority.Logout] for the two endpoints.
//
// # Tokens
//
// A session is one login of one user on one device. Each reissue moves it to
// its next generation, and both tokens carry the session's id (sid) and the
// generation (gen). A refresh token is good for one reissue: the same one
// again, outside a short window for racing tabs and lost answers, proves that
// two parties hold the session and ends it. The rules are those of
// driver.Outcome.
//
// Access tokens are JWTs of type at+jwt (RFC 9068), refresh tokens of type
// rt+jwt with a key of their own. The store keeps neither: only a hash of the
// session's random seed and the generation. A leaked store cannot be used to sign
// tokens, and a leaked signing key alone cannot forge a refresh token.
//
// # Revocation
//
// Whatever ends a session before its time also puts its access tokens on the
// blacklist, in the same atomic step, and [Authority.Verify] asks the blacklist. It
// is keyed by session id and generation, never by the token's text.
//
// # Errors
//
// What a client may be told is an [*Error]; compare with [errors.Is]. A store
// that fails is [ErrUnavailable], never a refusal: the token is not burnt, and
// the client tries again.
//
// # Security notes
//
// The store must be as reachable and as durable as the sessions should be. A
// lost blacklist lets a revoked access token live until it expires, at most
// [Config.AccessTTL]. Whoever steals a refresh token and uses it before its
// owner is found out when the owner comes. An attacker who replays a token within
// [Config.ReuseGrace] receives the same pair as its owner, and goes undetected only
// by winning that race after every reissue.
package core
