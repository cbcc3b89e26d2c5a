package linear_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// limit bounds each wait for a process.
const limit = time.Minute

// worker is a process under test.
type worker struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	ended chan struct{} // closed when it has answered for the last time

	mu      sync.Mutex
	encoder *json.Encoder
	next    int
	waiting map[int]chan reply
}

// startWorker starts a process on the Redis at addr. It ends with the test, and
// when its standard input is closed, as it is when the test dies.
func startWorker(t *testing.T, addr string, retries int, flaw string) *worker {
	t.Helper()
	binary, err := os.Executable()
	mustSucceed(t, err)
	w := &worker{cmd: exec.Command(binary), ended: make(chan struct{}), waiting: make(map[int]chan reply)}
	w.cmd.Env = append(os.Environ(), childAddr+"="+addr, fmt.Sprintf("%s=%d", childTries, retries), childFlaw+"="+flaw)
	w.cmd.Stderr = os.Stderr
	w.stdin, err = w.cmd.StdinPipe()
	mustSucceed(t, err)
	stdout, err := w.cmd.StdoutPipe()
	mustSucceed(t, err)
	w.encoder = json.NewEncoder(w.stdin)
	mustSucceed(t, w.cmd.Start())
	go w.read(stdout)
	t.Cleanup(func() {
		_ = w.stdin.Close()
		select {
		case <-w.ended:
		case <-time.After(limit):
			t.Errorf("a process goes on %v after the end of its input", limit)
			_ = w.cmd.Process.Kill()
			<-w.ended
		}
		if err := w.cmd.Wait(); err != nil {
			t.Errorf("a process: %v", err)
		}
	})
	return w
}

// read hands the answers out until there are no more.
func (w *worker) read(stdout io.Reader) {
	defer close(w.ended)
	for decoder := json.NewDecoder(stdout); ; {
		var answer reply
		if decoder.Decode(&answer) != nil {
			return
		}
		w.mu.Lock()
		waiting := w.waiting[answer.ID]
		delete(w.waiting, answer.ID)
		w.mu.Unlock()
		if waiting != nil {
			waiting <- answer
		}
	}
}

// call makes a request and waits for the answer.
func (w *worker) call(r request) (reply, error) {
	waiting := make(chan reply, 1)
	w.mu.Lock()
	w.next++
	r.ID = w.next
	w.waiting[r.ID] = waiting
	err := w.encoder.Encode(r)
	w.mu.Unlock()
	if err != nil {
		return reply{}, fmt.Errorf("%s: %w", r.Op, err)
	}
	select {
	case answer := <-waiting:
		return answer, nil
	case <-w.ended:
		return reply{}, fmt.Errorf("%s: the process has ended", r.Op)
	case <-time.After(limit):
		return reply{}, fmt.Errorf("%s: no answer in %v", r.Op, limit)
	}
}
