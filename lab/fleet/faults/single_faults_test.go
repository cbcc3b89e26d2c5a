package faults_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ratchetauth/ratchet/internal/redistest"
)

// rounds is how often a fault that is over at once is repeated.
const rounds = 15

// on returns the start of a row on a single server.
func on(inject func(*single), configure ...func(*redis.Options)) func(*testing.T) (*fleet, func()) {
	return func(t *testing.T) (*fleet, func()) {
		s := startSingle(t, func(o *redis.Options) {
			for _, c := range configure {
				c(o)
			}
		})
		return s.fleet, func() {
			inject(s)
			s.awaitRecovery(time.Now())
		}
	}
}

// repeatedly makes a fault out of something that is over at once.
func repeatedly(once func(*single) error) func(*single) {
	return func(s *single) {
		for range rounds {
			if err := once(s); err != nil {
				s.t.Error(err)
			}
			s.awaitAnswers(5)
		}
	}
}

func singleFaults() []fault {
	return []fault{
		{name: "killed, restarted with its AOF", start: on(func(s *single) {
			s.server.Kill()
			s.awaitUnavailable(3)
			s.server.Restart()
		})},
		{name: "frozen (SIGSTOP)", start: on(func(s *single) {
			s.server.Freeze()
			s.awaitUnavailable(1)
			s.server.Thaw()
		})},
		{name: "connections reset", start: on(repeatedly(func(s *single) error {
			for _, p := range s.proxies {
				p.Reset()
			}
			return nil
		}))},
		{name: "connections refused", start: on(func(s *single) {
			s.network(func(p *redistest.Proxy) { p.Refuse(true); p.Reset() })
			s.awaitUnavailable(3)
			s.network(func(p *redistest.Proxy) { p.Refuse(false) })
		})},
		{name: "black hole", start: on(func(s *single) {
			s.network(func(p *redistest.Proxy) { p.Blackhole(true) })
			s.awaitUnavailable(1)
			s.network(func(p *redistest.Proxy) { p.Blackhole(false) })
		})},
		{name: "delayed by up to 0.8 s each way", start: on(func(s *single) {
			s.delay(800 * time.Millisecond)
			s.awaitAnswers(3)
			s.delay(0)
		})},
		{name: "replies lost after the commit", start: on(lose((*redistest.Proxy).DropReplies))},
		{name: "replies held back after the commit", start: on(lose((*redistest.Proxy).BlackholeReplies))},
		{name: "MISCONF, the snapshot failed", start: on(failSnapshot)},
		{name: "OOM, noeviction", start: on(func(s *single) {
			s.set("maxmemory-policy", "noeviction")
			s.set("maxmemory", "1")
			s.awaitUnavailable(3)
			s.set("maxmemory", "0")
		})},
		{name: "READONLY, demoted and promoted", start: on(func(s *single) {
			nobody := redistest.StartProxy(s.t, s.server.Addr())
			nobody.Refuse(true)
			host, port := split(s.t, nobody.Addr())
			mustSucceed(s.t, s.admin.ReplicaOf(s.t.Context(), host, port).Err())
			s.awaitUnavailable(3)
			mustSucceed(s.t, s.admin.ReplicaOf(s.t.Context(), "no", "one").Err())
		})},
		{name: "SCRIPT FLUSH", start: on(repeatedly(func(s *single) error { return s.admin.ScriptFlush(s.t.Context()).Err() }))},
		{name: "CLIENT KILL TYPE normal", start: on(repeatedly(func(s *single) error {
			return s.admin.ClientKillByFilter(s.t.Context(), "TYPE", "normal").Err()
		}))},
		{name: "BUSY, a script without end", start: on(func(s *single) {
			ended := make(chan error, 1)
			go func() { ended <- s.admin.Eval(s.t.Context(), "while true do end", nil).Err() }()
			s.awaitUnavailable(3)
			mustSucceed(s.t, s.admin.ScriptKill(s.t.Context()).Err())
			if err := <-ended; err == nil {
				s.t.Error("the script without end has ended by itself")
			}
		})},
		{name: "DEBUG SLEEP 1", start: on(func(s *single) {
			mustSucceed(s.t, s.admin.Do(s.t.Context(), "debug", "sleep", 1).Err())
		})},
		{name: "pool of one connection exhausted", start: on(func(s *single) {
			s.delay(100 * time.Millisecond)
			s.awaitUnavailable(3)
			s.delay(0)
		}, func(o *redis.Options) { o.PoolSize, o.PoolTimeout, o.MaxRetries = 1, 20*time.Millisecond, -1 })},
	}
}

// network does something to the network of each process.
func (s *single) network(do func(*redistest.Proxy)) {
	for _, p := range s.proxies {
		do(p)
	}
}

// lose loses the answers to scripts, many in a row, so that the driver's own
// tries do not suffice.
func lose(order func(*redistest.Proxy, int, func([]byte) bool)) func(*single) {
	return func(s *single) {
		scripts := redistest.Command("evalsha", "eval")
		s.network(func(p *redistest.Proxy) { order(p, 1000, scripts) })
		s.awaitUnavailable(1)
		s.network(func(p *redistest.Proxy) { order(p, 0, nil) })
		s.network(func(p *redistest.Proxy) {
			if p.Dropped() == 0 {
				s.t.Error("a process has lost no reply")
			}
		})
	}
}

// failSnapshot puts a folder where the snapshot is to be written, which stops
// even a server that runs as root.
func failSnapshot(s *single) {
	ctx := s.t.Context()
	s.set("save", "3600 1")
	folder := filepath.Join(s.admin.ConfigGet(ctx, "dir").Val()["dir"], "dump.rdb")
	mustSucceed(s.t, os.RemoveAll(folder)) // of an earlier round
	mustSucceed(s.t, os.Mkdir(folder, 0o700))
	snapshot := func(status string) {
		s.t.Helper()
		mustSucceed(s.t, s.admin.BgSave(ctx).Err())
		await(s.t, "a snapshot that is "+status, func() bool {
			return strings.Contains(s.admin.Info(ctx, "persistence").Val(), "rdb_last_bgsave_status:"+status)
		})
	}
	snapshot("err")
	s.awaitUnavailable(3)
	mustSucceed(s.t, os.Remove(folder))
	snapshot("ok")
}
