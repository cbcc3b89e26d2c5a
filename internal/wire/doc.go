// Package wire is what the ginauth and echoauth packages share: everything
// about HTTP that no framework needs to know. It reads credentials and bodies,
// calls the [core.Authority] and writes whole answers, so that both adapters
// answer alike, byte for byte.
//
// [Auth.Require] and [Auth.Optional] are the middleware's decision. Every
// other exported method of [Auth] but [Auth.Authenticate] is an endpoint or
// the answer to an error, and leaves nothing to be written. An endpoint that
// belongs to one method checks it before anything else.
//
// The bearer transport is the only one here: tokens come in the Authorization
// header and in bodies, and go out in JSON. Where tokens are read from is
// known to credentials.go alone, how they are handed out to tokens.go.
package wire
