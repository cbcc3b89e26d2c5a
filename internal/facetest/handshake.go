package facetest

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
)

// CheckHandshake checks that the handshake of a WebSocket with an expired
// access cookie uses up no refresh token: what takes the connection over
// answers without the new cookies, and the browser would present the old token
// again. mount is as for [CheckNoStore].
func CheckHandshake(t *testing.T, mount func(*core.Authority, httpauth.Transport, http.HandlerFunc) http.Handler) {
	takeOver := func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		fmt.Fprint(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
		rw.Flush()
	}
	transport := httpauth.Cookie(httpauth.CookieOptions{SilentReissue: true})
	s := NewServer(t, func(_ testing.TB, a *core.Authority, l Layout) http.Handler { return mount(a, l.Transport, takeOver) },
		Layout{Transport: transport})
	tokens, err := s.Authority.Issue(t.Context(), core.Login{Subject: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	shake := func() int {
		t.Helper()
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nOrigin: http://x\r\n"+
			"Cookie: __Host-access=%s; __Host-refresh=%s\r\n\r\n", tokens.AccessToken, tokens.RefreshToken)
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode
	}
	if got := shake(); got != http.StatusSwitchingProtocols {
		t.Errorf("with a good access cookie: got %d, want 101", got)
	}
	s.Clock.Advance(time.Hour)
	if got := shake(); got != http.StatusUnauthorized {
		t.Errorf("with an expired access cookie: got %d, want 401", got)
	}
	s.Clock.Advance(time.Minute)
	if _, err := s.Authority.Reissue(t.Context(), tokens.RefreshToken); err != nil {
		t.Errorf("the refresh token, a minute later: got %v, want it unused", err)
	}
}
