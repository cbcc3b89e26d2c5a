// Package scale measures what an operation costs Redis, for docs/scale.md, and
// how users spread over the masters of a cluster. It has nothing but tests.
package scale
