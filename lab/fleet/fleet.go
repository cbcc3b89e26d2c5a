package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// patience is how long anything that must come may take: the machine may be
// busy.
const patience = 90 * time.Second

// process is a process of the service, which is restarted on its address.
type process struct {
	set settings

	mu     sync.Mutex
	cmd    *exec.Cmd
	stdin  io.Closer
	stderr *tail
}

// newProcess picks an address for the process.
func newProcess(set settings) (*process, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	set.Addr = l.Addr().String()
	return &process{set: set}, l.Close()
}

func (p *process) url(path string) string { return "http://" + p.set.Addr + path }

// start starts the process and returns when it serves.
func (p *process) start(ctx context.Context, client *http.Client) error {
	text, err := json.Marshal(p.set)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), environment+"="+string(text))
	log := new(tail)
	cmd.Stderr = log
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p.mu.Lock()
	p.cmd, p.stdin, p.stderr = cmd, stdin, log
	p.mu.Unlock()
	return p.await(ctx, client, func(s stats) error {
		if s.Leased < s.Shards {
			return fmt.Errorf("the mirror holds leases of %d shards of %d", s.Leased, s.Shards)
		}
		return nil
	})
}

// stop ends the process in good order and returns when it is gone.
func (p *process) stop() error {
	p.mu.Lock()
	cmd, stdin, log := p.cmd, p.stdin, p.stderr
	p.cmd = nil
	p.mu.Unlock()
	if cmd == nil {
		return nil
	}
	defer stdin.Close()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	killer := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer killer.Stop()
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("the process at %s ended badly: %w\n%s", p.set.Addr, err, log)
	}
	return nil
}

// stats asks the process.
func (p *process) stats(ctx context.Context, client *http.Client) (s stats, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url("/stats"), nil)
	if err != nil {
		return stats{}, err
	}
	response, err := client.Do(request)
	if err != nil {
		return stats{}, err
	}
	defer response.Body.Close()
	return s, json.NewDecoder(response.Body).Decode(&s)
}

// await waits until the store answers the process and its statistics please.
func (p *process) await(ctx context.Context, client *http.Client, pleases func(stats) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := p.healthy(ctx, client)
		if err == nil {
			var s stats
			if s, err = p.stats(ctx, client); err == nil {
				err = pleases(s)
			}
		}
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the process at %s: %w\n%s", p.set.Addr, err, p.log())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (p *process) healthy(ctx context.Context, client *http.Client) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url("/healthz"), nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}

// told returns what the processes have logged about a session lately.
func told(service []*process, session string) (lines []string) {
	for _, p := range service {
		for line := range strings.Lines(p.log()) {
			if strings.Contains(line, session) {
				lines = append(lines, strings.TrimSpace(line))
			}
		}
	}
	return lines
}

func (p *process) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stderr == nil {
		return ""
	}
	return p.stderr.String()
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if over := len(t.text) - 64<<10; over > 0 {
		t.text = bytes.Clone(t.text[over:])
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
