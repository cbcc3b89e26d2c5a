package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait for a process. It is generous because the machine
// may be busy: nothing is concluded from how long something takes.
const patience = 60 * time.Second

// programs are the examples and where they listen if nothing is set.
var programs = []struct{ name, addr string }{
	{"gin-app", "127.0.0.1:8080"},
	{"echo-app", "127.0.0.1:8081"},
	{"http-app", "127.0.0.1:8082"},
	{"echo5-app", "127.0.0.1:8083"},
}

var buildDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	buildDir = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

var build = sync.OnceValue(func() error {
	cmd := exec.Command("go", "build", "-o", buildDir+string(filepath.Separator), "./examples/...", "./cmd/...")
	cmd.Dir = filepath.Join("..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
})

// binary returns the path of a program, built once for all tests.
func binary(t testing.TB, name string) string {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(buildDir, name)
}

// env is what a program finds in its environment besides ADDR. It finds
// nothing of the environment of the test.
type env map[string]string

// list returns the environment as package exec wants it. With no ADDR of its
// own a program gets a free port.
func (e env) list() []string {
	list := []string{"ADDR=127.0.0.1:0"}
	for name, value := range e {
		list = append(list, name+"="+value)
	}
	return list
}

// process is a running program.
type process struct {
	t    testing.TB
	name string
	url  string
	cmd  *exec.Cmd
	log  *logBuffer
	done chan struct{} // closed when it has ended
}

// start runs a program and returns when it listens. It is killed when t ends.
func start(t testing.TB, name string, e env) *process {
	t.Helper()
	return startCommand(t, name, exec.Command(binary(t, name)), e.list())
}

func startCommand(t testing.TB, name string, cmd *exec.Cmd, environ []string) *process {
	t.Helper()
	p := &process{t: t, name: name, cmd: cmd, log: newLogBuffer(), done: make(chan struct{})}
	cmd.Env, cmd.Stderr, cmd.Stdout = environ, p.log, p.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		cmd.Wait() // its result is in cmd.ProcessState
	}()
	t.Cleanup(func() {
		cmd.Process.Kill() // fails if it has ended
		<-p.done
		if t.Failed() {
			t.Logf("log of %s:\n%s", name, p.log)
		}
	})
	addr, err := p.awaitLog(`msg=listening addr=(\S+)`)
	if err != nil {
		t.Fatalf("%s does not listen: %v\n%s", name, err, p.log)
	}
	p.url = "http://" + addr
	return p
}

// awaitLog waits until the log matches and returns the first submatch.
func (p *process) awaitLog(pattern string) (string, error) {
	expr := regexp.MustCompile(pattern)
	timeout := time.After(patience)
	for {
		grown := p.log.grown()
		if m := expr.FindStringSubmatch(p.log.String()); m != nil {
			return m[len(m)-1], nil
		}
		select {
		case <-grown:
		case <-p.done:
			return "", fmt.Errorf("it ended: %s", p.cmd.ProcessState)
		case <-timeout:
			return "", fmt.Errorf("its log does not match %q", pattern)
		}
	}
}

// signal sends a signal.
func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("signalling %s: %v", p.name, err)
	}
}

// exitCode waits for the end and returns the exit code.
func (p *process) exitCode() int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Fatalf("%s does not end", p.name)
	}
	return p.cmd.ProcessState.ExitCode()
}

// fail runs a program that must end by itself, and returns its exit code and
// what it wrote to standard error.
func fail(t testing.TB, name string, environ []string) (code int, stderr string) {
	t.Helper()
	program := binary(t, name) // built first, however long that takes
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, program)
	cmd.Env, cmd.Stderr = environ, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

// logBuffer collects what a process writes and tells when there is more.
type logBuffer struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{}
}

func newLogBuffer() *logBuffer { return &logBuffer{more: make(chan struct{})} }

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text.Write(p)
	close(b.more)
	b.more = make(chan struct{})
	return len(p), nil
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// grown returns a channel that is closed at the next write.
func (b *logBuffer) grown() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.more
}
