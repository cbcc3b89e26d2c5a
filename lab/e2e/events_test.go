package e2e_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/internal/redistest"
)

// watch opens the stream of events with an access token, and reads it.
func watch(t *testing.T, c *client, token string) (<-chan string, *http.Response) {
	t.Helper()
	response := ask(t, c, token)
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/event-stream" || response.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("the stream is answered with %s %v", response.Status, response.Header)
	}
	return read(t, response), response
}

// read returns the stream's lines that are data over a channel, which is closed
// when it has ended in good order.
func read(t *testing.T, response *http.Response) <-chan string {
	t.Helper()
	lines := make(chan string, 1000)
	go func() { // it ends with the body
		scanner := bufio.NewScanner(response.Body)
		for scanner.Scan() {
			if data, ok := strings.CutPrefix(scanner.Text(), "data: "); ok {
				lines <- data
			}
		}
		if scanner.Err() == nil {
			close(lines)
		}
	}()
	return lines
}

// ask asks for the stream of events with an access token.
func ask(t *testing.T, c *client, token string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultTransport.RoundTrip(r) // without a time limit
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

// next returns the next data of a stream, "closed" if it has ended.
func next(t *testing.T, lines <-chan string) string {
	t.Helper()
	select {
	case data, ok := <-lines:
		if !ok {
			return "closed"
		}
		return data
	case <-time.After(patience):
		t.Fatal("the stream is silent")
		return ""
	}
}

// wantEvent checks the type, the user and the reason of the next event.
func wantEvent(t *testing.T, lines <-chan string, kind, subject, reason string) {
	t.Helper()
	data := next(t, lines)
	var e struct{ Type, Subject, Reason string }
	if err := json.Unmarshal([]byte(data), &e); err != nil || e.Type != kind || e.Subject != subject || e.Reason != reason {
		t.Errorf("the next event is %s, want %s of %s, reason %q", data, kind, subject, reason)
	}
}

func wantEnd(t *testing.T, lines <-chan string, why string) {
	t.Helper()
	if got := next(t, lines); got != why {
		t.Errorf("the stream ends with %q, want %q", got, why)
	}
	if got := next(t, lines); got != "closed" {
		t.Errorf("after its end the stream says %q", got)
	}
}

func TestEvents(t *testing.T) {
	each(t, env{"REUSE_GRACE": "strict"}, func(t *testing.T, c *client) {
		c.refused(c.do("GET", "/events"), 401, "token_missing")
		c.refused(c.do("GET", "/events", bearer("x.y.z")), 401, "token_invalid")
		alice, admin := c.login("alice", "wonderland"), c.login("admin", "correct-horse")
		c.want(c.do("HEAD", "/events", bearer(alice.AccessToken)), 200, "")
		hers, _ := watch(t, c, alice.AccessToken)
		all, _ := watch(t, c, admin.AccessToken)

		bob := c.login("bob", "builder") // of whom alice sees nothing
		wantEvent(t, all, "session-established", "bob", "")
		other := c.login("alice", "wonderland")
		reissued := c.tokens(c.reissue(alice.RefreshToken))
		c.refused(c.reissue(alice.RefreshToken), 401, "refresh_invalid")
		for _, lines := range []<-chan string{hers, all} {
			wantEvent(t, lines, "session-established", "alice", "")
			wantEvent(t, lines, "session-reissued", "alice", "rotated")
			wantEvent(t, lines, "session-revoked", "alice", "reuse")
		}
		wantEnd(t, hers, "revoked")
		c.refused(c.do("GET", "/events", bearer(reissued.AccessToken)), 401, "token_revoked")

		// Another session of hers sees on.
		hers, _ = watch(t, c, other.AccessToken)
		c.want(c.do("PUT", "/admin/users/bob/block", bearer(admin.AccessToken)), 204, "")
		c.refused(c.me(bob.AccessToken), 401, "token_revoked")
		seen := next(t, all) + next(t, all)
		if !strings.Contains(seen, `"user-blocked"`) || !strings.Contains(seen, `"reason":"blocked"`) {
			t.Errorf("of the block is seen %s", seen)
		}
		for _, secret := range []string{alice.RefreshToken, reissued.RefreshToken, reissued.AccessToken} {
			if strings.Contains(seen, secret) {
				t.Error("an event holds a token")
			}
		}
		c.want(c.do("POST", "/auth/logout", bearer(other.AccessToken)), 200, "{}")
		wantEvent(t, hers, "session-revoked", "alice", "logout")
		wantEnd(t, hers, "revoked")
	})
}

// TestEventsExpire shows that a stream is worth no more than its token.
func TestEventsExpire(t *testing.T) {
	each(t, env{"ACCESS_TTL": "2s"}, func(t *testing.T, c *client) {
		// On a busy machine a token may have expired before it is shown.
		var response *http.Response
		c.await("a stream is opened in its token's time", func() bool {
			response = ask(t, c, c.login("alice", "wonderland").AccessToken)
			return response.StatusCode == 200
		})
		wantEnd(t, read(t, response), "expired")
	})
}

// TestEventsElsewhere ends a session in a process that shares the store but
// no events.
func TestEventsElsewhere(t *testing.T) {
	clients := startAll(t, redisEnv(redistest.Start(t)))
	var streams []<-chan string
	for i, one := range clients {
		other := clients[(i+1)%len(clients)]
		pair := one.login("alice", "wonderland")
		lines, _ := watch(t, one, pair.AccessToken)
		streams = append(streams, lines)
		other.want(other.do("POST", "/auth/logout", bearer(pair.AccessToken)), 200, "{}")
	}
	for _, lines := range streams {
		end := next(t, lines)
		for end != "closed" && end != "revoked" { // what happens to the other sessions
			end = next(t, lines)
		}
		if end != "revoked" {
			t.Errorf("a stream ends with %q, want revoked", end)
		}
	}
}

// TestEventsManyPages opens more pages than a user may.
func TestEventsManyPages(t *testing.T) {
	each(t, nil, func(t *testing.T, c *client) {
		token := c.login("alice", "wonderland").AccessToken
		var last *http.Response
		for range 20 {
			_, last = watch(t, c, token)
		}
		c.refused(c.do("GET", "/events", bearer(token)), 503, "store_unavailable")
		c.want(c.me(token), 200, meBody)
		last.Body.Close()
		c.await("the place is free", func() bool {
			return c.do("HEAD", "/events", bearer(token)).status == 200 && tryWatch(t, c, token)
		})
	})
}

// tryWatch reports whether a stream is to be had, and gives it back.
func tryWatch(t *testing.T, c *client, token string) bool {
	response := ask(t, c, token)
	defer response.Body.Close()
	return response.StatusCode == 200
}

// TestEventsBehind has a page that does not read what it is sent: requests are
// served all the same, and the program ends at once.
func TestEventsBehind(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			p := start(t, p.name, nil)
			c := &client{t: t, name: p.name, url: p.url}
			token := c.login("alice", "wonderland")
			ask(t, c, token.AccessToken)
			for range 200 {
				token = c.tokens(c.reissue(token.RefreshToken))
			}
			p.signal(syscall.SIGTERM)
			if code := p.exitCode(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			if strings.Contains(p.log.String(), "cut off") {
				t.Error("the stream held the program up")
			}
		})
	}
}

// A client that announces a body for the stream, and never sends it, is not
// waited for.
func TestEventsTakeNoBody(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel() // a program waits for the body until it gives the connection up
			c := startClient(t, p.name, nil)
			token := c.login("alice", "wonderland").AccessToken
			for _, method := range []string{"GET", "HEAD"} {
				conn, err := net.Dial("tcp", strings.TrimPrefix(c.url, "http://"))
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
					t.Fatal(err)
				}
				if _, err := fmt.Fprintf(conn, "%s /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 10\r\n\r\n", method, token); err != nil {
					t.Fatal(err)
				}
				status, err := bufio.NewReader(conn).ReadString('\n')
				if err != nil || !strings.Contains(status, " 400 ") {
					t.Errorf("%s: got %q, %v, want 400", method, status, err)
				}
			}
		})
	}
}
