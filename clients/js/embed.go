// Package ratchetjs holds ratchet.js, the module that keeps a browser logged in,
// for programs that serve it. docs/client.md describes it.
package ratchetjs

import "embed"

// Files has ratchet.js.
//
//go:embed ratchet.js
var Files embed.FS
