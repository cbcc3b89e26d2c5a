package between

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// page is what a browser says when it shows an answer to its user.
var page = []string{"Accept", "text/html", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}

// startAPI starts the API that renderers call.
func (w *world) startAPI(t *testing.T) (url string) {
	t.Helper()
	api := httptest.NewServer(w.auth.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]string{"user": httpauth.Claims(r).Subject()})
	})))
	t.Cleanup(api.Close)
	return api.URL
}

// forwarding is a renderer that calls the API with the cookies of the browser,
// and passes those of the answer on or drops them.
func forwarding(t *testing.T, api string, passOn bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call, err := http.NewRequestWithContext(r.Context(), http.MethodGet, api+"/api/me", nil)
		if err != nil {
			t.Error(err)
			return
		}
		call.Header["Cookie"] = r.Header["Cookie"]
		answer, err := http.DefaultClient.Do(call)
		if err != nil {
			t.Error(err)
			return
		}
		defer answer.Body.Close()
		if passOn {
			w.Header()["Set-Cookie"] = answer.Header["Set-Cookie"]
		}
		w.WriteHeader(answer.StatusCode)
		io.Copy(w, answer.Body)
	})
}

// TestRendererTrap forwards the cookies of a browser to an API that reissues
// silently.
func TestRendererTrap(t *testing.T) {
	clock := facetest.NewClock()
	w := newWorld(t, clock.Now)
	b := w.login(t, "http://shop.example").inProcess(forwarding(t, w.startAPI(t), false))
	clock.Advance(expired)
	if got := b.send(t, b.request("GET", "/page", "")); got.status != 200 {
		t.Errorf("with an expired token: got %d %s, want 200", got.status, got.body)
	}
	clock.Advance(late)
	if got := b.send(t, b.request("GET", "/page", "")); got.status != 401 {
		t.Errorf("later: got %d %s, want 401", got.status, got.body)
	}
	w.checkTheft(t, true)
}

// TestRendererPassesOn shows what passing the cookies on mends, and that the API
// then reissues for a link on another site, for whose author it is to cancel.
func TestRendererPassesOn(t *testing.T) {
	clock := facetest.NewClock()
	w := newWorld(t, clock.Now)
	b := w.login(t, "http://shop.example").inProcess(forwarding(t, w.startAPI(t), true))
	for i := range 3 {
		clock.Advance(expired)
		if got := b.send(t, b.request("GET", "/page", "")); got.status != 200 {
			t.Errorf("visit %d: got %d %s, want 200", i, got.status, got.body)
		}
	}
	w.checkTheft(t, false)
	clock.Advance(expired)
	b.send(t, b.request("GET", "/page", "", append(page, "Sec-Fetch-Site", "cross-site")...))
	if n := w.count(core.SessionReissued); n != 4 {
		t.Errorf("after a link on another site the session was reissued %d times, want 4", n)
	}
}

// TestRenderer has Node run the guide's renderer.
func TestRenderer(t *testing.T) {
	clock := facetest.NewClock()
	w := newWorld(t, clock.Now)
	renderer, err := url.Parse(startRenderer(t, w.startAPI(t)))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mountRenew(mux, w.auth)
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "login, then "+httpauth.Next(r)) })
	mux.Handle("/", httputil.NewSingleHostReverseProxy(renderer))
	b := w.login(t, "http://shop.example").inProcess(mux)

	own := append(page, "Sec-Fetch-Site", "same-origin")
	for i := range 4 {
		if got := b.visit(t, "GET", "/page?a=b&c=d", "", own...); got.status != 200 || got.body != "Good day, alice." {
			t.Errorf("visit %d: got %d %s", i, got.status, got.body)
		}
		if n := w.count(core.SessionReissued); n != i {
			t.Errorf("the session was reissued %d times, want %d", n, i)
		}
		clock.Advance(expired)
	}
	if got := b.visit(t, "GET", "/page", "", append(page, "Sec-Fetch-Site", "cross-site")...); got.body != "Good day, alice." {
		t.Errorf("a link on another site: got %d %s, want the page once it has loaded itself again", got.status, got.body)
	}
	if n := w.count(core.SessionReissued); n != 4 {
		t.Errorf("after a link on another site the session was reissued %d times, want 4", n)
	}
	w.checkTheft(t, false)
	if _, err := w.authority.RevokeAll(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	if got := b.visit(t, "GET", "/page", "", own...); got.body != "login, then /auth/renew?next=%2Fpage" {
		t.Errorf("when the session has ended: got %d %s", got.status, got.body)
	}
}

// startRenderer has Node serve the guide's renderer, and returns its URL. It is
// killed when t ends.
func startRenderer(t *testing.T, api string) (url string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "node is not installed", err)
	}
	found := blocks(t, "js")
	if len(found) != 1 {
		t.Fatalf("the guide has %d blocks of JavaScript, want 1", len(found))
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"render.mjs": found[0], "serve.mjs": `
import { createServer } from "node:http";
import { render } from "./render.mjs";
const server = createServer((request, response) => {
  render(request, response, process.argv[2]).catch((error) => response.writeHead(500).end(String(error)));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(node, filepath.Join(dir, "serve.mjs"), api)
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill() // fails if it has ended
		cmd.Wait()         // its result is in cmd.ProcessState
	})
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the renderer does not listen: %v\n%s", err, log.Bytes())
	}
	return "http://127.0.0.1:" + strings.TrimSpace(port)
}
