package clients_test

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// startRedis starts a server on a socket that nobody else knows, and returns
// its URL when it listens. It keeps nothing, and is killed when t ends.
func startRedis(t *testing.T) string {
	t.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		missing(t, "redis-server is not installed", err)
	}
	dir, err := os.MkdirTemp(buildDir, "redis") // t.TempDir is too long a path for a socket
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "socket")
	cmd := exec.Command(binary, "--port", "0", "--unixsocket", socket, "--dir", dir, "--save", "", "--appendonly", "no")
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		cmd.Wait() // its result is in cmd.ProcessState
	}()
	t.Cleanup(func() {
		cmd.Process.Kill() // fails if it has ended
		<-done
	})
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if c, err := net.Dial("unix", socket); err == nil {
			c.Close()
			return "unix://" + socket
		}
		select {
		case <-done:
			t.Fatalf("redis-server ended: %s\n%s", cmd.ProcessState, log.Bytes())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal("redis-server does not listen")
		}
	}
}
