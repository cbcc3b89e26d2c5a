package httpauth_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestWriter checks what a handler behind a silent reissue can do to the header: the
// new cookies go out with every kind of answer, in what is sent first.
func TestWriter(t *testing.T) {
	spoil := func(w http.ResponseWriter) { clear(w.Header()); w.Header().Set("Cache-Control", "public") }
	for _, tt := range []struct {
		name   string
		serve  http.HandlerFunc
		status int
		body   string
	}{
		{"nothing written", func(w http.ResponseWriter, _ *http.Request) { spoil(w) }, 200, ""},
		{"a status", func(w http.ResponseWriter, _ *http.Request) { spoil(w); w.WriteHeader(204) }, 204, ""},
		{"a body", func(w http.ResponseWriter, _ *http.Request) { spoil(w); io.WriteString(w, "x") }, 200, "x"},
		{"early hints, then a status", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); spoil(w); w.WriteHeader(201) }, 201, ""},
		{"early hints alone", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); spoil(w) }, 200, ""},
		{"Flush", func(w http.ResponseWriter, _ *http.Request) {
			spoil(w)
			w.(http.Flusher).Flush()
			spoil(w)
			io.WriteString(w, "x")
		}, 200, "x"},
		{"FlushError", func(w http.ResponseWriter, _ *http.Request) {
			spoil(w)
			if err := http.NewResponseController(w).Flush(); err != nil {
				panic(err)
			}
		}, 200, ""},
		{"Unwrap", func(w http.ResponseWriter, _ *http.Request) {
			spoil(w)
			w.(interface{ Unwrap() http.ResponseWriter }).Unwrap().WriteHeader(202)
		}, 202, ""},
		{"a panic that is recovered from", func(w http.ResponseWriter, _ *http.Request) { spoil(w); panic("it broke") }, 500, ""},
		{"a status twice", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201); spoil(w); w.WriteHeader(500) }, 201, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, auth, r, _ := newSilent(t)
			require := auth.Require(tt.serve)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer func() {
					if recover() != nil {
						w.WriteHeader(http.StatusInternalServerError)
					}
				}()
				require.ServeHTTP(w, r)
			}))
			defer server.Close()
			ask, err := http.NewRequestWithContext(t.Context(), "GET", server.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			ask.Header = r.Header
			answer, err := http.DefaultClient.Do(ask)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			if err != nil || answer.StatusCode != tt.status || string(body) != tt.body {
				t.Errorf("answer: got %d %q, %v, want %d %q", answer.StatusCode, body, err, tt.status, tt.body)
			}
			got := make(map[string]string)
			for _, c := range answer.Cookies() {
				got[c.Name] = c.Value
			}
			if _, err := s.Authority.Verify(t.Context(), got["__Host-access"]); err != nil || len(answer.Cookies()) != 2 || answer.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("header: got %v, %v, want the new cookies and no-store", answer.Header, err)
			}
		})
	}
}

// TestWriterUnwraps checks that a handler reaches what the server's writer can do.
func TestWriterUnwraps(t *testing.T) {
	_, auth, r, _ := newSilent(t)
	server := httptest.NewServer(auth.Require(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, ok := w.(interface{ Unwrap() http.ResponseWriter }); !ok {
			t.Errorf("writer: got %T, which is the server's own", w)
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Errorf("Hijack: %v", err)
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 299 Mine\r\nConnection: close\r\n\r\n")
	})))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nCookie: "+r.Header.Get("Cookie")+"\r\n\r\n")
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 299 {
		t.Errorf("answer: got %d, want the handler's own", answer.StatusCode)
	}
}
