package e2e_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestShutdown ends the programs while a request is in flight, which is still
// answered.
func TestShutdown(t *testing.T) {
	for _, p := range programs {
		for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
			t.Run(p.name+" "+s.String(), func(t *testing.T) {
				p := start(t, p.name, nil)
				const login = `{"username":"alice","password":"wonderland"}`
				conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
					t.Fatal(err)
				}
				// The server asks for the body only when the handler reads it.
				fmt.Fprintf(conn, "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", len(login))
				answers := bufio.NewReader(conn)
				if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
					t.Fatalf("the server answers %q, error %v", line, err)
				}
				if _, err := answers.ReadString('\n'); err != nil {
					t.Fatal(err)
				}

				p.signal(s)
				if _, err := p.awaitLog(`msg="shutting down"`); err != nil {
					t.Fatal(err)
				}
				io.WriteString(conn, login)
				response, err := http.ReadResponse(answers, nil)
				if err != nil {
					t.Fatalf("the request in flight is not answered: %v", err)
				}
				defer response.Body.Close()
				if response.StatusCode != 200 {
					t.Errorf("the request in flight gets %s", response.Status)
				}
				if code := p.exitCode(); code != 0 {
					t.Errorf("exit code %d", code)
				}
			})
		}
	}
}

// TestSecondSignal shows that a program which waits for a request in flight
// can be told to wait no longer.
func TestSecondSignal(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			p := start(t, p.name, nil)
			conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprint(conn, "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
			if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
				t.Fatalf("the server answers %q, error %v", line, err)
			}
			p.signal(syscall.SIGTERM)
			if _, err := p.awaitLog(`msg="shutting down"`); err != nil {
				t.Fatal(err)
			}
			p.signal(syscall.SIGTERM)
			p.exitCode()
			if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() {
				t.Errorf("it ended by itself: %s", p.cmd.ProcessState)
			}
		})
	}
}
