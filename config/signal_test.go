//go:build unix

package config_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/config"
)

// A program whose start hangs, whatever its context says, is ended by the
// second signal.
func TestSecondSignalWhileStarting(t *testing.T) {
	const child = "RATCHET_TEST_HANGING_START"
	if os.Getenv(child) != "" {
		t.Setenv("ADDR", "127.0.0.1:0")
		os.Exit(config.Main("program", config.Defaults{}, func(context.Context, *config.Settings) (http.Handler, error) {
			fmt.Println("starting")
			<-make(chan struct{})
			return nil, nil
		}))
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestSecondSignalWhileStarting$")
	cmd.Env = append(os.Environ(), child+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "starting\n" {
		t.Errorf("got %q, %v, want it to start", line, err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // ProcessState has it
		close(ended)
	}()
	tick := time.NewTicker(20 * time.Millisecond) // the first signal takes a moment to be taken in
	defer tick.Stop()
	for {
		select {
		case <-ended:
			if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGTERM {
				t.Errorf("it ended with %v, want by SIGTERM", cmd.ProcessState)
			}
			return
		case <-tick.C:
			_ = cmd.Process.Signal(syscall.SIGTERM) // fails once it has ended
		}
	}
}
