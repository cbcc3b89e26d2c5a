package redistest

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// markerPrefix starts the words which a [Monitor] has the server echo.
const markerPrefix = "redistest-marker-"

// Monitor collects the commands which a server executes, as its MONITOR command
// shows them. Its methods may be called from any goroutine.
type Monitor struct {
	t    testing.TB
	addr string

	mu      sync.Mutex
	conn    net.Conn
	r       *bufio.Reader
	lines   []string
	markers int  // how many were sent
	stopped bool // no more lines are read, by request or after a failure
}

// StartMonitor starts to collect the commands of the server at addr, a
// host:port. It stops when the test and its subtests end.
func StartMonitor(t testing.TB, addr string) *Monitor {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, waitLimit)
	if err != nil {
		t.Fatalf("redistest: starting a monitor: %v", err)
	}
	m := &Monitor{t: t, addr: addr, conn: conn, r: bufio.NewReader(conn)}
	t.Cleanup(m.end)
	if err := m.begin(); err != nil {
		t.Fatalf("redistest: starting a monitor of %s: %v", addr, err)
	}
	return m
}

// begin sends MONITOR and waits until the server has agreed, so that whatever
// is executed afterwards is seen.
func (m *Monitor) begin() error {
	if err := m.send("MONITOR"); err != nil {
		return err
	}
	reply, err := readReply(m.r)
	if err == nil && isError(reply) {
		err = fmt.Errorf("%s", bytes.TrimSpace(reply))
	}
	return err
}

// send sends an inline command, and sets the limit for what comes back.
func (m *Monitor) send(command string) error {
	if err := m.conn.SetDeadline(time.Now().Add(waitLimit)); err != nil {
		return err
	}
	_, err := fmt.Fprintf(m.conn, "%s\r\n", command)
	return err
}

// Lines returns the commands seen so far, in the form of
//
//	1339518083.107412 [0 127.0.0.1:60866] "keys" "*"
//
// Those which were executed before the call are all among them.
func (m *Monitor) Lines() []string {
	m.t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.collect()
	return slices.Clone(m.lines)
}

// Stop ends the collection. [Monitor.Lines] still returns what was executed
// before.
func (m *Monitor) Stop() {
	m.t.Helper()
	m.mu.Lock()
	m.collect()
	m.mu.Unlock()
	m.end()
}

// end closes the connection without collecting what is left.
func (m *Monitor) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stopped = true
	_ = m.conn.Close()
}

// collect reads the lines up to now. It marks that moment with a PING on the
// same connection: the server answers in order, so what comes before the answer
// is what was executed before the PING. Until then the lines wait at the
// server, which needs no goroutine here to read them.
func (m *Monitor) collect() {
	m.t.Helper()
	if m.stopped {
		return
	}
	m.markers++
	marker := fmt.Sprintf("%s%s-%d", markerPrefix, m.conn.LocalAddr(), m.markers)
	err := m.send("PING " + marker)
	for err == nil {
		var reply []byte
		if reply, err = readReply(m.r); err != nil {
			break
		}
		if reply[0] == '$' && bytes.Contains(reply, []byte(marker)) {
			return
		}
		line := strings.TrimSpace(string(reply[1:]))
		if reply[0] == '+' && !strings.Contains(line, markerPrefix) {
			m.lines = append(m.lines, line)
		}
	}
	// A test which goes by what is not among the lines must not pass because
	// they are missing.
	m.stopped = true
	m.t.Errorf("redistest: monitor of %s lost its connection: %v", m.addr, err)
}
