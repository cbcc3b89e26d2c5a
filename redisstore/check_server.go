package redisstore

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// maxClockSkew is how far the server's clock and the process's may differ.
const maxClockSkew = time.Second

// checkRole finds a server that is none for this client: a replica, a sentinel
// or one of several nodes of a cluster.
func (n *node) checkRole(ctx context.Context) {
	if role := n.info["role"]; role == "slave" || role == "replica" {
		found := "the server is a replica"
		if host := n.info["master_host"]; host != "" {
			found += " of " + host + ":" + n.info["master_port"]
		}
		n.warn("role", found,
			"it refuses every change and has not heard of the last revocations, so requests are answered with 503",
			"connect to the master, or through Sentinel or a cluster's client, which follow it")
	} else if role == "" && n.info["redis_mode"] != "sentinel" {
		n.unknown = append(n.unknown, "the role")
	}
	switch {
	case n.info["redis_mode"] == "sentinel":
		n.warn("mode", "the server is a sentinel", "it keeps no data, so requests are answered with 503",
			"use a failover client with the sentinels' addresses and the master's name")
	case n.info["redis_mode"] == "cluster" && !n.ofCluster:
		if ranges, err := n.slotRanges(ctx); err == nil && len(owners(ranges)) > 1 {
			n.warn("mode", "the server is one of several nodes of a cluster, and the client knows only this one",
				"requests of the users whose sessions are on other nodes are answered with 503", "use a cluster's client")
		}
	}
}

// checkVersion finds a Redis older than 6.2. Every Valkey is newer, whatever
// version of Redis it says it is compatible with.
func (n *node) checkVersion() {
	version := n.info["redis_version"]
	var major, minor int
	switch parts, _ := fmt.Sscanf(version, "%d.%d", &major, &minor); {
	case n.info["valkey_version"] != "":
	case parts != 2:
		n.unknown = append(n.unknown, "the version")
	case major < 6 || major == 6 && minor < 2:
		n.warn("version", "the server is Redis "+version, "commands that the store needs are missing, so that revoking fails",
			"run Redis 6.2 or newer, or Valkey")
	}
}

// checkEviction finds a policy by which Redis would drop what it was told to
// keep. Without a limit of memory no policy does anything, until somebody sets
// one.
func (n *node) checkEviction(ctx context.Context) {
	policy, ok := n.value(ctx, "maxmemory_policy", "maxmemory-policy")
	if !ok {
		n.unknown = append(n.unknown, "the eviction policy")
		return
	}
	if policy == "noeviction" {
		return
	}
	f := Finding{
		Code: "eviction", Level: slog.LevelWarn,
		Found:  "maxmemory-policy is " + policy,
		Danger: "when memory runs short, entries of the blacklist are dropped and revoked tokens accepted again, and users are logged out",
		Remedy: "set maxmemory-policy to noeviction",
	}
	limit, ok := n.value(ctx, "maxmemory", "maxmemory")
	switch {
	case !ok:
		f.Found += ", with a maxmemory that may not be looked at"
	case limit == "0":
		f.Level = slog.LevelInfo
		f.Found += ", without a maxmemory"
		f.Danger = "once a maxmemory is set, entries of the blacklist are dropped and revoked tokens accepted again"
	default:
		f.Found += " with a maxmemory of " + limit + " bytes"
	}
	if evicted := n.info["evicted_keys"]; evicted != "" && evicted != "0" {
		f.Found += "; " + evicted + " keys have been evicted since the server started"
	}
	n.find(f)
}

// checkPersistence finds a server that forgets everything when it restarts, and
// one that cannot write what it should.
func (n *node) checkPersistence(ctx context.Context) {
	aof, aofKnown := n.value(ctx, "aof_enabled", "appendonly")
	log := aof == "1" || aof == "yes"
	failed := n.info["rdb_last_bgsave_status"] == "err"
	var save string
	var saveKnown bool
	if !log || failed {
		save, saveKnown = n.setting(ctx, "save")
	}
	switch {
	case log || save != "":
	case aofKnown && saveKnown:
		n.warn("persistence", "neither an append-only file nor snapshots are on",
			"a restart logs everybody out and forgets the blacklist, so that revoked access tokens are accepted again until they expire",
			"set appendonly to yes")
	case aofKnown:
		n.unknown = append(n.unknown, "whether it makes snapshots (it keeps no append-only file)")
	default:
		n.unknown = append(n.unknown, "the persistence")
	}
	if log && n.info["aof_last_write_status"] == "err" {
		n.warn("persistence", "the append-only file cannot be written",
			"every change is refused (MISCONF), so logins, reissues and logouts are answered with 503",
			"make room on the server's disk, see its log")
	}
	if failed && (save != "" || !saveKnown) {
		n.checkSnapshot(ctx, log)
	}
}

// checkSnapshot says what follows from a failed snapshot.
func (n *node) checkSnapshot(ctx context.Context, log bool) {
	f := Finding{
		Code: "snapshot", Level: slog.LevelWarn,
		Danger: "every change is refused (MISCONF), so logins, reissues and logouts are answered with 503",
		Remedy: "make room in the server's folder for snapshots or make it writable, see its log, then run BGSAVE",
	}
	switch stop, known := n.setting(ctx, "stop-writes-on-bgsave-error"); {
	case !known:
		f.Found = "the last snapshot failed"
		f.Danger = "unless stop-writes-on-bgsave-error is no, " + f.Danger
	case stop == "yes":
		f.Found = "the last snapshot failed, and stop-writes-on-bgsave-error is yes"
	case log:
		f.Level = slog.LevelInfo
		f.Found = "the last snapshot failed"
		f.Danger = "if the append-only file is lost as well, there is no copy of the last changes"
	default:
		f.Found = "the last snapshot failed, and no append-only file is kept"
		f.Danger = "a restart brings back an older state, without the logins and revocations since"
	}
	n.find(f)
}

// checkClock compares the clocks. The server took its time at some moment
// between the two readings of the process's, so only what lies outside of them
// is a difference, however slow the round trip.
func (n *node) checkClock(ctx context.Context) {
	if n.closed[callTime] {
		return // found by checkRights
	}
	type reading struct{ before, server, after time.Time }
	r, err := ask(ctx, n, func(ctx context.Context) (r reading, err error) {
		r.before = n.store.time()
		r.server, err = n.client.Time(ctx).Result()
		r.after = n.store.time()
		return r, err
	})
	if err != nil {
		return
	}
	switch ahead, behind := r.before.Sub(r.server), r.server.Sub(r.after); {
	case ahead > maxClockSkew:
		n.warn("clock", fmt.Sprintf("this process's clock is %v ahead of the server's", ahead.Round(time.Millisecond)),
			"access tokens expire that much too early here, if it is as much as their lifetime at once",
			"synchronise the clocks of both machines, for example by NTP")
	case behind > maxClockSkew:
		n.warn("clock", fmt.Sprintf("this process's clock is %v behind the server's", behind.Round(time.Millisecond)),
			fmt.Sprintf("access tokens are accepted that much too long here, and revoked ones as well once it is more than %v",
				driver.DenialMargin),
			"synchronise the clocks of both machines, for example by NTP")
	}
}
