package clients_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// shared is the one browser of all tests: a process of Node that has started
// Chromium and ends it when its standard input is closed.
var shared struct {
	once     sync.Once
	endpoint string
	err      error
	stop     func()
}

// chromium returns the variable that tells a test file of Node where the browser
// is. What one visitor does in it, no other sees.
func chromium(t *testing.T) string {
	t.Helper()
	path, node := findChromium(t), nodeBinary(t)
	shared.once.Do(func() { shared.endpoint, shared.stop, shared.err = serveChromium(node, path) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return "BROWSER=" + shared.endpoint
}

// serveChromium starts the browser. It outlives the test that comes first, so
// TestMain stops it.
func serveChromium(node, path string) (endpoint string, stop func(), err error) {
	cmd := exec.Command(node, filepath.Join("browser", "serve.mjs"))
	cmd.Env = append(os.Environ(), "CHROMIUM="+path)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		in.Close()
		cmd.Wait() // Node's exit code says nothing about the tests
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("start Chromium: %w", err)
	}
	return strings.TrimSpace(line), stop, nil
}
