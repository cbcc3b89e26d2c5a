package config_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/ratchetauth/ratchet/config"
)

// announcement is a log that tells when requests are accepted, and where.
type announcement struct {
	mu   sync.Mutex
	text bytes.Buffer
	addr chan string
}

func (a *announcement) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, rest, ok := strings.Cut(string(p), "msg=listening addr="); ok {
		addr, _, _ := strings.Cut(rest, " ")
		a.addr <- addr
	}
	return a.text.Write(p)
}

func (a *announcement) String() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.text.String()
}

func TestRun(t *testing.T) {
	s := read(t, env{"ADDR": "127.0.0.1:0"})
	log := &announcement{addr: make(chan string, 1)}
	s.Core.Logger = slog.New(slog.NewTextHandler(log, nil))
	ctx, cancel := context.WithCancel(t.Context())
	arrived := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- s.Run(ctx, func(stopping context.Context, s *config.Settings) (http.Handler, error) {
			if s.Core.Store == nil {
				t.Error("the store is not open")
			}
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				close(arrived)
				<-stopping.Done() // before the request's own context
				if err := r.Context().Err(); err != nil {
					t.Errorf("the request in flight is told %v", err)
				}
				io.WriteString(w, "served")
			}), nil
		})
	}()
	addr := <-log.addr
	go func() {
		<-arrived
		cancel()
	}()
	response, err := http.Get("http://" + addr)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if text, err := io.ReadAll(response.Body); err != nil || string(text) != "served" {
		t.Errorf("the request in flight gets %q, error %v", text, err)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	if _, err := net.Dial("tcp", addr); err == nil {
		t.Error("the address is still listened on")
	}
	for _, want := range []string{"store=memory", "REDIS_URL is not set", "shutting down"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, log)
		}
	}
}

func TestRunErrors(t *testing.T) {
	fault := errors.New("a fault")
	failing := func(context.Context, *config.Settings) (http.Handler, error) { return nil, fault }
	if err := read(t, env{"ADDR": "127.0.0.1:0"}).Run(t.Context(), failing); !errors.Is(err, fault) {
		t.Errorf("of a handler that cannot be made: got %v", err)
	}
	if err := read(t, env{"ADDR": "192.0.2.1:80"}).Run(t.Context(), failing); !errors.Is(err, config.ErrInvalid) {
		t.Errorf("of an address of another machine: got %v", err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	err = read(t, env{"ADDR": taken.Addr().String()}).Run(t.Context(), failing)
	if err == nil || errors.Is(err, config.ErrInvalid) || errors.Is(err, fault) {
		t.Errorf("of an address in use: got %v", err)
	}
}

// The exit code tells what starts the program what has happened.
func TestMainCode(t *testing.T) {
	t.Setenv("ADDR", "127.0.0.1:0")
	failing := func(context.Context, *config.Settings) (http.Handler, error) { return nil, errors.New("no handler") }
	if code := config.Main("program", config.Defaults{}, failing); code != 1 {
		t.Errorf("a handler that cannot be made: got %d, want 1", code)
	}
	refusing := func(context.Context, *config.Settings) (http.Handler, error) {
		return nil, config.Invalid(errors.New("New refuses\ntwo fields"))
	}
	if code := config.Main("program", config.Defaults{}, refusing); code != 2 {
		t.Errorf("settings that New refuses: got %d, want 2", code)
	}
	told := func(context.Context, *config.Settings) (http.Handler, error) {
		self, err := os.FindProcess(os.Getpid())
		if err != nil {
			return nil, err
		}
		return http.NotFoundHandler(), self.Signal(os.Interrupt)
	}
	if runtime.GOOS != "windows" { // has no signals to send
		if code := config.Main("program", config.Defaults{}, told); code != 0 {
			t.Errorf("told to end: got %d, want 0", code)
		}
	}
	t.Setenv("MAX_SESSIONS", "0")
	if code := config.Main("program", config.Defaults{}, told); code != 2 {
		t.Errorf("a bad value: got %d, want 2", code)
	}
}
