package between

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// patience bounds every wait for a server to listen.
const patience = 60 * time.Second

// site is a host that nginx serves: the application, and behind auth_request a
// server of files that has no login of its own.
type site struct {
	*world
	clock *facetest.Clock
	url   string
	dial  func(ctx context.Context, network, address string) (net.Conn, error)
}

// newSite starts a site with a server block of nginx, in which the application is
// on port 8080 and the files are on port 9000.
func newSite(t *testing.T, config string, mount func(*http.ServeMux, *world) error) *site {
	t.Helper()
	s := &site{clock: facetest.NewClock(), url: "http://shop.example"}
	s.world = newWorld(t, s.clock.Now)
	mux := http.NewServeMux()
	if err := mount(mux, s.world); err != nil {
		t.Fatal(err)
	}
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "login, then "+httpauth.Next(r)) })
	app := httptest.NewServer(mux)
	t.Cleanup(app.Close)
	files := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "" {
			t.Errorf("%s: the files' server sees the cookies", r.URL)
		}
		body, _ := io.ReadAll(r.Body)
		io.WriteString(w, r.Method+" "+r.URL.RequestURI()+" for "+r.Header.Get("X-User")+": "+string(body))
	}))
	t.Cleanup(files.Close)
	socket := startNginx(t, strings.NewReplacer(
		"127.0.0.1:8080", strings.TrimPrefix(app.URL, "http://"),
		"127.0.0.1:9000", strings.TrimPrefix(files.URL, "http://"),
	).Replace(config))
	s.dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	return s
}

func (s *site) browser(t *testing.T) *browser {
	t.Helper()
	b := s.login(t, s.url)
	transport := &http.Transport{DialContext: s.dial}
	t.Cleanup(transport.CloseIdleConnections)
	b.client.Transport = transport
	return b
}

// startNginx starts nginx with a server block, and returns the socket on which it
// listens in place of port 80. It is one process that is killed when t ends.
func startNginx(t *testing.T, server string) (socket string) {
	t.Helper()
	binary, err := exec.LookPath("nginx")
	if err != nil {
		binary, err = exec.LookPath("/usr/sbin/nginx") // which is not on everybody's path
	}
	if err != nil {
		missing(t, "nginx is not installed", err)
	}
	dir, err := os.MkdirTemp("", "nginx") // t.TempDir is too long a path for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket = filepath.Join(dir, "socket")
	if strings.Count(server, "listen 80;") != 1 {
		t.Fatalf("the server does not listen on port 80:\n%s", server)
	}
	config := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(config, []byte(`
daemon off;
master_process off;
pid nginx.pid;
error_log stderr warn;
events {}
http {
	access_log off;
	client_body_temp_path body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
`+strings.Replace(server, "listen 80;", "listen unix:"+socket+";", 1)+`
}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "-p", dir, "-e", "stderr", "-c", config)
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
		if t.Failed() {
			t.Logf("nginx says:\n%s", log.Bytes())
		}
	})
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if c, err := net.Dial("unix", socket); err == nil {
			c.Close()
			return socket
		}
		select {
		case <-done:
			t.Fatalf("nginx has ended: %s\n%s", cmd.ProcessState, log.Bytes())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal("nginx does not listen")
		}
	}
}

// serverBlocks returns the guide's server block for nginx, and the lines that many
// use in place of its auth_request.
func serverBlocks(t *testing.T) (server, usual string) {
	t.Helper()
	found := blocks(t, "nginx")
	if len(found) != 2 || !strings.HasPrefix(found[1], "server {") || strings.Count(found[1], asks) != 1 {
		t.Fatalf("the guide has %d blocks for nginx, want the usual lines and a server that asks", len(found))
	}
	return found[1], found[0]
}

const asks = "auth_request /internal/check;"

// TestAuthRequestTrap has nginx ask an Auth that reissues silently. nginx drops
// what that sets, or passes one cookie of two.
func TestAuthRequestTrap(t *testing.T) {
	server, usual := serverBlocks(t)
	for name, config := range map[string]string{
		"no cookie is passed on":  strings.Replace(server, "error_page 401 = @renew;", "", 1),
		"one cookie is passed on": strings.Replace(strings.Replace(server, "error_page 401 = @renew;", "", 1), asks, usual, 1),
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, config, func(mux *http.ServeMux, w *world) error {
				mux.Handle("/internal/check", w.auth.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {})))
				return nil
			})
			b := s.browser(t)
			before := b.jar[refreshName]
			s.clock.Advance(expired)
			if got := b.send(t, b.request("GET", "/reports/1", "")); got.status != 200 {
				t.Fatalf("with an expired token: got %d %s, want 200", got.status, got.body)
			}
			if n := s.count(core.SessionReissued); n != 1 || b.jar[refreshName] != before {
				t.Fatalf("reissued %d times, and the browser has the new refresh token: %t", n, b.jar[refreshName] != before)
			}
			s.clock.Advance(expired)
			if got := b.send(t, b.request("GET", "/reports/1", "")); got.status != 401 {
				t.Errorf("later: got %d %s, want 401", got.status, got.body)
			}
			s.checkTheft(t, true)
		})
	}
}

// TestAuthRequest is the guide's way.
func TestAuthRequest(t *testing.T) {
	server, _ := serverBlocks(t)
	s := newSite(t, server, func(mux *http.ServeMux, w *world) error { return mountReports(mux, w.authority, w.auth) })
	b := s.browser(t)
	for i := range 4 {
		if got := b.visit(t, "GET", "/reports/1?a=b&c=%2F", ""); got.status != 200 || got.body != "GET /reports/1?a=b&c=%2F for alice: " {
			t.Errorf("visit %d: got %d %s", i, got.status, got.body)
		}
		if got := b.visit(t, "POST", "/reports/new", "text"); got.status != 200 || got.body != "POST /reports/new for alice: text" {
			t.Errorf("POST %d: got %d %s", i, got.status, got.body)
		}
		if n := s.count(core.SessionReissued); n != i {
			t.Errorf("the session was reissued %d times, want %d", n, i)
		}
		s.clock.Advance(expired)
	}
	if got := b.visit(t, "POST", "/reports/new", "text"); got.status != 200 || got.body != "POST /reports/new for alice: text" {
		t.Errorf("POST with an expired token: got %d %s", got.status, got.body)
	}

	for name, tt := range map[string]struct {
		request *http.Request
		status  int
	}{
		"a form of another site":               {b.request("POST", "/reports/new", "text", "Sec-Fetch-Site", "cross-site"), 403},
		"an older browser's, of another site":  {b.request("POST", "/reports/new", "text", "Sec-Fetch-Site", "", "Origin", "https://evil.example"), 403},
		"an older browser's, of the same host": {b.request("POST", "/reports/new", "text", "Sec-Fetch-Site", "", "Origin", s.url), 200},
		"a handshake of another site":          {b.request("GET", "/reports/1", "", "Sec-Fetch-Site", "cross-site", "Upgrade", "websocket"), 403},
		"a link on another site":               {b.request("GET", "/reports/1", "", append(page, "Sec-Fetch-Site", "cross-site")...), 200},
		"the check from outside":               {b.request("GET", "/internal/check", ""), 404},
		"a user of one's own choice":           {b.request("GET", "/reports/1", "", "X-User", "root"), 200},
	} {
		if got := b.send(t, tt.request); got.status != tt.status || strings.Contains(got.body, "root") {
			t.Errorf("%s: got %d %s, want %d", name, got.status, got.body, tt.status)
		}
	}

	s.clock.Advance(expired)
	n := s.count(core.SessionReissued)
	if got := b.send(t, b.request("GET", "/reports/1", "", append(page, "Sec-Fetch-Site", "cross-site")...)); got.status != 200 || !strings.Contains(got.body, "location.reload()") {
		t.Errorf("a link on another site, with an expired token: got %d %s, want the page that loads itself again", got.status, got.body)
	}
	if s.count(core.SessionReissued) != n {
		t.Error("a link on another site has moved the session")
	}
	s.checkTheft(t, false)

	if err := s.authority.Block(t.Context(), "alice", time.Time{}); err != nil {
		t.Fatal(err)
	}
	if got := b.visit(t, "GET", "/reports/1?a=b", "", page...); got.status != 200 || got.body != "login, then /reports/1?a=b" {
		t.Errorf("a page when the session has ended: got %d %s", got.status, got.body)
	}
	if got := b.visit(t, "GET", "/reports/1", ""); got.status != 401 || !strings.Contains(got.body, `"code":"token_`) {
		t.Errorf("a script when the session has ended: got %d %s", got.status, got.body)
	}
}
