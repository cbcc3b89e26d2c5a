// Package peer holds what the benchmarks compare with: what a Go service
// without this module would use or write by hand. The middlewares and the
// parser are the libraries themselves, set up as their documentation says. The
// look-up and the two rotations on Redis are the usual hand-written ones, with
// their known holes left in: they are here to be measured, not copied.
//
// All of them read the tokens that core issues, or tokens of the same claims,
// so that both sides of a comparison do the same work.
package peer
