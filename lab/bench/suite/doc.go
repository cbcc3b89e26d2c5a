// Package suite is the benchmarks behind docs/performance.md. It has no code
// of its own besides them. Each comparison is one benchmark with a
// sub-benchmark for each side, so that both run in one process, one right
// after the other, on the same data.
//
// The names of the sub-benchmarks and the units that they report are what the
// runner in the parent folder builds its rows from. With -short the data is
// small, and the figures mean nothing: it is for checking that everything
// runs.
package suite
