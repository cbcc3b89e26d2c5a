package redistest_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/redis/go-redis/v9"
)

func TestStart(t *testing.T) {
	t.Parallel()
	a, b := redistest.Start(t), redistest.Start(t)
	if a.Addr() == b.Addr() {
		t.Fatalf("two servers at %s", a.Addr())
	}
	check(t, a.Client(t).Set(t.Context(), "k", "v", 0).Err())
	wantValue(t, a.Client(t), "k", "v")
	wantValue(t, b.Client(t), "k", "")

	db1 := a.Client(t, func(o *redis.Options) { o.DB = 1 })
	wantValue(t, db1, "k", "")
}

func TestKillAndRestart(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	addr := s.Addr()
	check(t, s.Client(t).Set(t.Context(), "k", "v", 0).Err())

	s.Kill()
	s.Kill() // does nothing
	if err := s.Client(t, noRetries).Ping(t.Context()).Err(); err == nil {
		t.Error("a killed server answers")
	}
	s.Restart()
	if s.Addr() != addr {
		t.Errorf("restarted at %s, want %s", s.Addr(), addr)
	}
	wantValue(t, s.Client(t), "k", "")

	check(t, s.Client(t).Set(t.Context(), "k", "v", 0).Err())
	s.Restart() // of a running server
	wantValue(t, s.Client(t), "k", "")

	s.Stop()
	s.Stop() // does nothing
	if err := s.Client(t, noRetries).Ping(t.Context()).Err(); err == nil {
		t.Error("a stopped server answers")
	}
}

func TestAOF(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.WithAOF())
	client := s.Client(t)
	for i := range 10 {
		value := strconv.Itoa(i)
		check(t, client.Set(t.Context(), "k", value, 0).Err())
		s.Kill()
		s.Restart()
		wantValue(t, client, "k", value)
	}
}

func TestFreeze(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	client := s.Client(t, impatient)
	check(t, client.Ping(t.Context()).Err())

	s.Freeze()
	s.Freeze() // does nothing
	err := client.Incr(t.Context(), "n").Err()
	if nerr, ok := err.(net.Error); !ok || !nerr.Timeout() {
		t.Errorf("a frozen server causes the error %v, want a timeout", err)
	}
	s.Thaw()
	s.Thaw() // does nothing
	patient := s.Client(t)
	eventually(t, "the command sent to the frozen server is executed late", func() bool {
		return patient.Get(t.Context(), "n").Val() == "1"
	})

	// Each of the ways to end a server works on a frozen one.
	s.Freeze()
	s.Stop()
	s.Restart()
	s.Freeze()
	s.Kill()
	s.Restart()
	s.Freeze()
	s.Restart()
	check(t, patient.Ping(t.Context()).Err())
}

func TestFreezeNotRunning(t *testing.T) {
	t.Parallel()
	redistest.Require(t)
	r := outcome(t, func(t testing.TB) {
		s := redistest.Start(t)
		s.Kill()
		s.Freeze()
	})
	if !strings.Contains(r.failed, "does not run") {
		t.Errorf("freezing a killed server fails with %q", r.failed)
	}
}

func TestWithConfig(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.WithConfig("maxmemory 64mb", `requirepass "secret"`))
	client := s.Client(t)
	got, err := client.ConfigGet(t.Context(), "maxmemory").Result()
	check(t, err)
	if got["maxmemory"] != strconv.Itoa(64<<20) {
		t.Errorf("maxmemory is %q", got["maxmemory"])
	}
	s.Restart()
	check(t, client.Ping(t.Context()).Err())
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	redistest.Require(t)
	r := outcome(t, func(t testing.TB) { redistest.Start(t, redistest.WithConfig("no-such-directive 1")) })
	if !strings.Contains(r.failed, "Bad directive or wrong number of arguments") {
		t.Errorf("failed with %q, want the end of the log in it", r.failed)
	}
}

func TestPortTaken(t *testing.T) {
	t.Parallel()
	taken := redistest.Start(t) // that somebody answers there must not mislead Start
	_, port, err := net.SplitHostPort(taken.Addr())
	check(t, err)
	takenPort, err := strconv.Atoi(port)
	check(t, err)

	for _, cluster := range []bool{false, true} {
		// A cluster node takes two ports at a time, so that the taken one is
		// that of its bus at first and its own then.
		picks := 0
		s := redistest.StartOnPorts(t, cluster, func() (int, error) {
			if picks++; picks == 2 || picks == 3 || picks == 1 && !cluster {
				return takenPort, nil
			}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return 0, err
			}
			return l.Addr().(*net.TCPAddr).Port, l.Close()
		})
		if s.Addr() == taken.Addr() {
			t.Fatal("two servers with the same address")
		}
		check(t, s.Client(t).Ping(t.Context()).Err())
		if picks < 4 {
			t.Errorf("%d ports were picked", picks)
		}
	}

	r := outcome(t, func(t testing.TB) {
		redistest.StartOnPorts(t, false, func() (int, error) { return takenPort, nil })
	})
	if !strings.Contains(r.failed, "port is taken") {
		t.Errorf("failed with %q, want the reason that the port is taken", r.failed)
	}
}

func TestRestartAwaitsPort(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	dir, err := s.Client(t).ConfigGet(t.Context(), "dir").Result()
	check(t, err)
	s.Kill()

	l, err := net.Listen("tcp", s.Addr())
	check(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer l.Close()
		// Each run writes a log and is asked whether it is there. The third run
		// comes after the second, the first of the restart, found no port.
		for {
			c, err := l.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			_ = c.Close()
			logs, err := filepath.Glob(filepath.Join(dir["dir"], "*.log"))
			if err != nil || len(logs) >= 3 {
				return
			}
		}
	}()
	s.Restart()
	<-done
	check(t, s.Client(t).Ping(t.Context()).Err())
}

// TestNothingLeft is not parallel, so that the goroutines it sees are its own.
func TestNothingLeft(t *testing.T) {
	var pids []int
	var dirs []string
	t.Run("use", func(t *testing.T) {
		for i := range 3 {
			s := redistest.Start(t)
			client := s.Client(t)
			info, err := client.InfoMap(t.Context(), "server").Result()
			check(t, err)
			pid, err := strconv.Atoi(info["Server"]["process_id"])
			check(t, err)
			pids = append(pids, pid)
			dir, err := client.ConfigGet(t.Context(), "dir").Result()
			check(t, err)
			dirs = append(dirs, dir["dir"])

			proxy := redistest.StartProxy(t, s.Addr())
			through := s.Client(t, func(o *redis.Options) { o.Addr = proxy.Addr() })
			check(t, through.Ping(t.Context()).Err())
			redistest.StartMonitor(t, s.Addr())
			switch i {
			case 1:
				s.Freeze()
			case 2:
				s.Kill()
			}
		}
	})
	for _, pid := range pids {
		p, err := os.FindProcess(pid)
		if err == nil {
			err = p.Signal(syscall.Signal(0))
		}
		if err == nil {
			t.Errorf("process %d still runs", pid)
		}
	}
	for _, dir := range dirs {
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("folder of a server is left behind: %v", err)
		}
	}
	buf := make([]byte, 1<<20)
	stacks := string(buf[:runtime.Stack(buf, true)])
	for _, stack := range strings.Split(stacks, "\n\n") {
		if strings.Contains(stack, "internal/redistest.") {
			t.Errorf("goroutine is left behind:\n%s", stack)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		client := s.Client(t, noRetries)
		for ctx.Err() == nil {
			_ = client.Incr(ctx, "n").Err() // fails now and then
		}
	}()
	for range 5 {
		s.Freeze()
		s.Thaw()
		s.Kill()
		s.Restart()
	}
	cancel()
	<-done
}
