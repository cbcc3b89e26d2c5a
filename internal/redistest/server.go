package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// startAttempts is how many ports Start tries before it gives up.
const startAttempts = 5

// Server is a redis-server which belongs to one test.
//
// Its methods may be called from any goroutine. One that fails marks the test
// which started the server as failed but does not end it.
type Server struct {
	t       testing.TB
	binary  string
	dir     string
	cfg     config
	port    int
	busPort int

	mu     sync.Mutex
	proc   *process // the latest run, nil before the first
	frozen bool
}

// Start starts a single server and returns once it answers. By default it keeps
// everything in memory only. It is killed when the test and its subtests end.
func Start(t testing.TB, opts ...Option) *Server {
	t.Helper()
	return start(t, newConfig(singleMode, opts...))
}

// start starts a server in any mode on a free port, trying others if that one
// turns out to be taken.
func start(t testing.TB, cfg config) *Server {
	t.Helper()
	s := &Server{t: t, binary: serverBinary(t), dir: t.TempDir(), cfg: cfg}
	// Cleanups run last to first, so this one ends the server before the
	// removal of the folder above.
	t.Cleanup(s.Kill)
	for attempt := 1; ; attempt++ {
		err := s.configure()
		if err == nil {
			err = s.launch()
		}
		if err == nil {
			return s
		}
		if attempt == startAttempts || !errors.Is(err, errPortTaken) {
			t.Fatalf("redistest: starting a server, attempt %d: %v", attempt, err)
		}
	}
}

// configure picks the ports and writes the configuration file. Later runs find
// that file as the server left it, with what CONFIG REWRITE or a sentinel wrote
// there.
func (s *Server) configure() error {
	var err error
	if s.port, err = s.cfg.pickPort(); err != nil {
		return err
	}
	if s.cfg.mode == clusterMode {
		if s.busPort, err = s.cfg.pickPort(); err != nil {
			return err
		}
	}
	text := s.cfg.render(s.dir, s.port, s.busPort)
	return os.WriteFile(s.configFile(), []byte(text), 0o600)
}

// configFile returns the path of the configuration file.
func (s *Server) configFile() string { return filepath.Join(s.dir, "redis.conf") }

// launch runs redis-server and waits until it serves. If it does not, no
// process is left behind.
func (s *Server) launch() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	args := []string{s.configFile()}
	if s.cfg.mode == sentinelMode {
		args = append(args, "--sentinel")
	}
	proc, err := spawn(s.binary, s.dir, args...)
	if err != nil {
		return err
	}
	s.proc, s.frozen = proc, false
	client := s.inspect()
	defer client.Close()
	if err := await(waitLimit, func(ctx context.Context) error {
		return s.ready(ctx, client)
	}); err != nil {
		if !proc.exited() {
			err = fmt.Errorf("%w\n%s", err, proc.logTail())
		}
		return errors.Join(err, proc.kill())
	}
	return nil
}

// ready returns nil if the running process serves commands. It compares process
// ids since the one who answers may be somebody else's server that took the
// port, while this one is still about to find out.
func (s *Server) ready(ctx context.Context, client *redis.Client) error {
	if s.proc.exited() {
		return permanent(s.proc.failure())
	}
	// A go-redis client which was refused dials again no sooner than a second
	// later, and logs each time. So it is not used before somebody listens.
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.Addr())
	if err != nil {
		return err
	}
	_ = conn.Close()
	if err := client.Ping(ctx).Err(); err != nil {
		return err
	}
	info, err := client.InfoMap(ctx, "server").Result()
	if err != nil {
		return err
	}
	if pid := info["Server"]["process_id"]; pid != strconv.Itoa(s.proc.pid()) {
		return fmt.Errorf("process %s answers on port %d instead of %d", pid, s.port, s.proc.pid())
	}
	return nil
}

// inspect returns a client for this package's own questions.
func (s *Server) inspect() *redis.Client { return redis.NewClient(s.inspectOptions()) }

// inspectOptions returns options for such a client: it fails fast, so that a
// condition is looked at often, and says little, so that a Monitor or
// CommandStats shows the test's commands.
func (s *Server) inspectOptions() *redis.Options {
	return &redis.Options{
		Addr:                  s.Addr(),
		Password:              s.cfg.password(),
		PoolSize:              1,
		MaxRetries:            -1,
		DialerRetries:         1,
		DialTimeout:           2 * time.Second,
		ReadTimeout:           2 * time.Second,
		ContextTimeoutEnabled: true,
		DisableIdentity:       true,
		MaintNotificationsConfig: &maintnotifications.Config{
			Mode: maintnotifications.ModeDisabled,
		},
	}
}

// Addr returns the host:port on which the server listens. It stays the same
// over restarts.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// Client returns a client of the server with the defaults of go-redis, changed
// by mutate. It is closed when t ends.
func (s *Server) Client(t testing.TB, mutate ...func(*redis.Options)) *redis.Client {
	opts := &redis.Options{Addr: s.Addr(), Password: s.cfg.password()}
	for _, m := range mutate {
		m(opts)
	}
	client := redis.NewClient(opts)
	t.Cleanup(func() { _ = client.Close() }) // fails if the test closed it
	return client
}

// serves reports whether the server runs and is not frozen.
func (s *Server) serves() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proc != nil && !s.proc.exited() && !s.frozen
}

// Freeze stops the server in its tracks: the system still accepts connections
// and data for it, but it does nothing until [Server.Thaw].
func (s *Server) Freeze() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frozen {
		return
	}
	if s.proc == nil || s.proc.exited() {
		s.t.Errorf("redistest: freezing %s: it does not run", s.Addr())
		return
	}
	s.frozen = true
	if err := freeze(s.proc.cmd.Process); err != nil {
		s.t.Errorf("redistest: freezing %s: %v", s.Addr(), err)
	}
}

// Thaw lets a frozen server go on. It first does what it was asked meanwhile,
// even by clients which have given up.
func (s *Server) Thaw() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.thaw(); err != nil {
		s.t.Errorf("redistest: thawing %s: %v", s.Addr(), err)
	}
}

// thaw is Thaw under the lock.
func (s *Server) thaw() error {
	if !s.frozen {
		return nil
	}
	s.frozen = false
	return thaw(s.proc.cmd.Process)
}

// Kill ends the server at once, as a crash does, and returns when it is gone.
// It does nothing to a server which does not run.
func (s *Server) Kill() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen = false
	if s.proc == nil {
		return
	}
	if err := s.proc.kill(); err != nil {
		s.t.Errorf("redistest: killing %s: %v", s.Addr(), err)
	}
}

// Stop shuts the server down in good order and returns when it is gone. It does
// nothing to a server which does not run.
func (s *Server) Stop() {
	s.t.Helper()
	if err := s.shutdown(); err != nil {
		s.t.Errorf("redistest: stopping %s: %v", s.Addr(), err)
	}
}

// shutdown is Stop without its report.
func (s *Server) shutdown() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil || s.proc.exited() {
		return nil
	}
	if err := s.thaw(); err != nil {
		return err
	}
	if err := terminate(s.proc.cmd.Process); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	timer := time.NewTimer(waitLimit)
	defer timer.Stop()
	select {
	case <-s.proc.done:
		return nil
	case <-timer.C:
		err := fmt.Errorf("it ignored SIGTERM for %v\n%s", waitLimit, s.proc.logTail())
		return errors.Join(err, s.proc.kill())
	}
}

// Restart starts the server again, with the same port and the same folder, and
// returns once it answers. A server which still runs is stopped first, as by
// [Server.Stop].
func (s *Server) Restart() {
	s.t.Helper()
	err := s.shutdown()
	if err == nil {
		err = await(waitLimit, func(context.Context) error {
			err := s.launch()
			if err != nil && !errors.Is(err, errPortTaken) {
				return permanent(err)
			}
			return err // whoever has the port now may let go of it
		})
	}
	if err != nil {
		s.t.Errorf("redistest: restarting %s: %v", s.Addr(), err)
	}
}

// addrs returns the addresses of servers.
func addrs(servers []*Server) []string {
	var list []string
	for _, s := range servers {
		list = append(list, s.Addr())
	}
	return list
}

// find returns the server with an address, or nil.
func find(servers []*Server, addr string) *Server {
	for _, s := range servers {
		if s.Addr() == addr {
			return s
		}
	}
	return nil
}
