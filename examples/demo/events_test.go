package demo

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// TestFeedDropsSlowPage fills what a page may be behind: the hook never waits,
// and the page is dropped with what it had been given still to be read.
func TestFeedDropsSlowPage(t *testing.T) {
	f := newFeed(nil)
	slow, other := f.add("alice", false), f.add("bob", false)
	for range feedBuffer {
		f.publish(t.Context(), core.Event{Subject: "alice"})
	}
	f.publish(t.Context(), core.Event{Subject: "bob"})
	f.publish(t.Context(), core.Event{}) // of nobody: for administrators
	if len(f.pages) != 2 {
		t.Fatalf("there are %d pages before one is too far behind, want 2", len(f.pages))
	}
	f.publish(t.Context(), core.Event{Subject: "alice"})
	if len(f.pages) != 1 || f.pages[0] != other {
		t.Errorf("there are %d pages, want bob's alone", len(f.pages))
	}
	n := 0
	for range slow.events {
		n++
	}
	if n != feedBuffer {
		t.Errorf("the dropped page has %d events, want %d", n, feedBuffer)
	}
	f.remove(slow)
	f.publish(t.Context(), core.Event{Subject: "alice"})
	if len(other.events) != 1 {
		t.Errorf("bob has seen %d events, want 1", len(other.events))
	}
}

// pipes is a listener whose connections are in memory, and so in the bubble's
// time.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	conn, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// TestStreamOutlastsDeadlines lets a minute pass on a server that gives a
// request 10 seconds and its answer 20, as config's does: the stream is neither
// cut off nor held to be gone, and ends in good order when the program does.
func TestStreamOutlastsDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key, err := core.NewHMACKey("k", make([]byte, 32))
		if err != nil {
			t.Fatal(err)
		}
		authority, err := core.New(core.Config{
			Issuer: "i", Audience: []string{"a"}, Keys: []core.Key{key}, Store: core.NewMemoryStore(core.MemoryOptions{}),
		})
		if err != nil {
			t.Fatal(err)
		}
		tokens, err := authority.Issue(t.Context(), core.Login{Subject: "alice"})
		if err != nil {
			t.Fatal(err)
		}
		claims, err := authority.Verify(t.Context(), tokens.AccessToken)
		if err != nil {
			t.Fatal(err)
		}
		stopping := make(chan struct{})
		f := newFeed(stopping)
		listener := make(pipes)
		server := &http.Server{
			ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 20 * time.Second,
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if err := f.serve(w, r, authority, claims, false); err != nil {
					t.Error(err)
				}
			}),
		}
		go server.Serve(listener)
		client, conn := net.Pipe()
		listener <- conn
		fmt.Fprint(client, "GET /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		response, err := http.ReadResponse(bufio.NewReader(client), nil)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("got %v, %v", response, err)
		}
		var text string
		var fault error
		read := make(chan struct{})
		go func() {
			defer close(read)
			var all []byte
			all, fault = io.ReadAll(response.Body)
			text = string(all)
		}()
		time.Sleep(time.Minute) // of the bubble
		f.publish(t.Context(), core.Event{Type: core.SessionEstablished, Subject: "alice"})
		synctest.Wait()
		close(stopping)
		<-read
		if fault != nil || !strings.Contains(text, "session-established") || !strings.HasSuffix(text, "event: end\ndata: stopping\n\n") {
			t.Errorf("got %q, %v", text, fault)
		}
		close(listener)
		server.Close()
		client.Close()
	})
}
