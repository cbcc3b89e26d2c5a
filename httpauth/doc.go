// Package httpauth is what the ginauth and echoauth packages share: everything
// about HTTP that no framework needs to know. It reads credentials and bodies,
// calls the [core.Authority] and writes whole answers, so that both adapters
// answer alike, byte for byte.
//
// [Auth.Require] and [Auth.Optional] are the middleware's decision. Every
// other exported method of [Auth] is an endpoint or the answer to an error, and
// leaves nothing to be written. An endpoint that belongs to one method checks
// it before anything else. One that acts on the caller authenticates by itself
// where no middleware has; one that acts on any user, in users.go, then refuses.
//
// Tokens travel as the [Transport] says. In the bearer transport they come in
// the Authorization header and in bodies, and go out in JSON; in the hybrid
// one the refresh token is in a cookie, in the cookie one both are.
// The file credentials.go finds the access token of a request and cookie.go its
// cookies, reissue.go and logout.go find the tokens in bodies, and tokens.go
// hands tokens out. A transport with cookies checks the origin of whatever
// changes something by them, and silent.go reissues on the way.
package httpauth
