package redistest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// logTailLines is how much of a server's log goes into a failure message.
const logTailLines = 20

// errPortTaken is wrapped by the failure of a server which could not listen.
var errPortTaken = errors.New("port is taken")

// process is one run of redis-server. A goroutine waits for its end; it is
// stopped by killing the process, which the [Server] does at the end of its
// test at the latest.
type process struct {
	cmd     *exec.Cmd
	logFile string

	done chan struct{} // closed after the process has been waited for
	err  error         // why it ended; valid once done is closed
}

// spawn starts redis-server in dir. Its log goes to a file of its own for each
// run, so that the reason for which one run failed is not looked for among the
// messages of another.
func spawn(binary, dir string, args ...string) (*process, error) {
	log, err := os.CreateTemp(dir, "redis-*.log")
	if err != nil {
		return nil, err
	}
	defer log.Close() // the process has its own descriptor

	cmd := exec.Command(binary, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C") // portTaken reads its messages
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = dieWithParent()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, logFile: log.Name(), done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// pid returns the process id.
func (p *process) pid() int { return p.cmd.Process.Pid }

// exited reports whether the process has ended.
func (p *process) exited() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// kill ends the process, frozen or not, and waits until it is gone, so that its
// port and its files are free when kill returns. It is thawed first, though
// Linux kills a stopped process too, as not every system does.
func (p *process) kill() error {
	if p.exited() {
		return nil
	}
	_ = thaw(p.cmd.Process) // fails if the process has just ended
	err := p.cmd.Process.Kill()
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-p.done
	return nil
}

// failure returns an error for a process that ended by itself: its status and
// the end of its log, wrapping errPortTaken if that is the reason.
func (p *process) failure() error {
	err := fmt.Errorf("%s ended: %v\n%s", serverName, p.err, p.logTail())
	if p.portTaken() {
		return fmt.Errorf("%w: %w", errPortTaken, err)
	}
	return err
}

// portTaken reports whether the log says that the process could not listen.
func (p *process) portTaken() bool {
	log, err := os.ReadFile(p.logFile)
	return err == nil &&
		(bytes.Contains(log, []byte("Address already in use")) ||
			bytes.Contains(log, []byte("Failed listening on port")))
}

// logTail returns the last lines of the log for a failure message.
func (p *process) logTail() string {
	log, err := os.ReadFile(p.logFile)
	if err != nil {
		return fmt.Sprintf("(no log: %v)", err)
	}
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	if len(lines) > logTailLines {
		lines = lines[len(lines)-logTailLines:]
	}
	return strings.Join(lines, "\n")
}
