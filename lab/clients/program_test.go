package clients_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds every wait. It is generous because the machine may be busy:
// nothing is concluded from how long something takes.
const patience = 60 * time.Second

// programs are the examples.
var programs = []string{"gin-app", "echo-app", "http-app", "echo5-app"}

var buildDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "clients")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	buildDir = dir
	code := m.Run()
	if shared.stop != nil {
		shared.stop()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

var build = sync.OnceValue(func() error {
	cmd := exec.Command("go", "build", "-o", buildDir+string(filepath.Separator), "./examples/...")
	cmd.Dir = filepath.Join("..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
})

// program is a running example.
type program struct {
	url string
	log *logBuffer
}

// start runs an example on a free port, with nothing in its environment but
// the variables given, and returns when it listens. It is killed when t ends.
func start(t *testing.T, name string, environ ...string) *program {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	p := &program{log: &logBuffer{}}
	cmd := exec.Command(filepath.Join(buildDir, name))
	cmd.Env = append([]string{"ADDR=127.0.0.1:0"}, environ...)
	cmd.Stdout, cmd.Stderr = p.log, p.log
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
		if t.Failed() {
			t.Logf("log of %s:\n%s", name, p.log)
		}
	})
	listening := regexp.MustCompile(`msg=listening addr=(\S+)`)
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if m := listening.FindStringSubmatch(p.log.String()); m != nil {
			p.url = "http://" + m[1]
			return p
		}
		select {
		case <-done:
			t.Fatalf("%s ended: %s\n%s", name, cmd.ProcessState, p.log)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not listen\n%s", name, p.log)
		}
	}
}

// logBuffer collects what a process writes.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// tokens are those of a login.
type tokens struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

// login logs alice in.
func (p *program) login(t *testing.T) tokens {
	t.Helper()
	body := strings.NewReader(`{"username":"alice","password":"wonderland"}`)
	response, err := http.Post(p.url+"/auth/login", "application/json", body)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var v tokens
	if err := json.NewDecoder(response.Body).Decode(&v); err != nil || v.RefreshToken == "" {
		t.Fatalf("login: %s, %v", response.Status, err)
	}
	return v
}

// me returns the status and the body of /api/me, as an access token or a
// client that knows one gets them.
func (p *program) me(t *testing.T, client *http.Client, accessToken string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/api/me", nil)
	if err != nil {
		t.Fatal(err)
	}
	if accessToken != "" {
		r.Header.Set("Authorization", "Bearer "+accessToken)
	}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}
