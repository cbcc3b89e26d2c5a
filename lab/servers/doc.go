// Package servers runs the suite of core/driver/drivertest on redisstore with
// servers other than Redis. Valkey takes its valkey-server from PATH, and is
// skipped without one; miniredis is a Go package.
package servers
