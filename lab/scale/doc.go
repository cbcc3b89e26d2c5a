// Scale computes what a service of some size asks of Redis and of its
// processes, and simulates a day of it second by second. It prints the tables
// of docs/scale.md:
//
//	go -C lab/scale run .
//	go -C lab/scale run . -sessions 250000 -access-ttl 5m -shards 64
//
// It needs no Redis. The constants that it starts from are in costs.go, each
// with the command or the page that measured it; the benchmarks beside it
// measure some of them. No test asserts one: they depend on the machine.
package main
