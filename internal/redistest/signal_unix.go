//go:build unix

package redistest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"syscall"
)

// freeze stops the process and waits until it stands still: a signal is
// delivered some time after kill(2) returns, in which a busy server could still
// answer a command. Where there is no /proc to look at, that gap remains.
func freeze(p *os.Process) error {
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	return await(waitLimit, func(context.Context) error {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Pid))
		if err != nil {
			return nil
		}
		// The state follows the name, which is in parentheses and may itself
		// contain any character.
		_, state, ok := bytes.Cut(stat[max(0, bytes.LastIndexByte(stat, ')')):], []byte(" "))
		if !ok || len(state) == 0 || state[0] == 'T' {
			return nil
		}
		err = fmt.Errorf("process %d is in state %c, not T", p.Pid, state[0])
		if state[0] == 'Z' || state[0] == 'X' { // it has ended
			return permanent(err)
		}
		return err
	})
}

// thaw lets a frozen process go on, and does nothing to any other.
func thaw(p *os.Process) error { return p.Signal(syscall.SIGCONT) }

// terminate asks the process to end by itself.
func terminate(p *os.Process) error { return p.Signal(syscall.SIGTERM) }
