package faults_test

import (
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// relay is a slow network before a server. What a client has sent arrives, if
// late, even if the client has hung up by then.
type relay struct {
	target   string
	listener net.Listener
	delay    atomic.Int64                  // nanoseconds, the most that a piece is held up
	held     atomic.Pointer[chan struct{}] // closed when pieces go on, nil if none is held

	stopped chan struct{}
	work    sync.WaitGroup
}

// startRelay starts a relay that holds up nothing yet.
func startRelay(t testing.TB, target string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	mustSucceed(t, err)
	r := &relay{target: target, listener: listener, stopped: make(chan struct{})}
	r.work.Go(r.accept)
	t.Cleanup(func() {
		close(r.stopped)
		_ = listener.Close()
		r.work.Wait()
	})
	return r
}

func (r *relay) addr() string { return r.listener.Addr().String() }

func (r *relay) accept() {
	for {
		client, err := r.listener.Accept()
		if err != nil {
			return // it was closed
		}
		r.work.Go(func() { r.serve(client) })
	}
}

// serve passes a connection on until both sides have ended, or the relay.
func (r *relay) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", r.target)
	if err != nil {
		return
	}
	defer server.Close()
	var directions sync.WaitGroup
	directions.Go(func() {
		r.pass(server, client)
		_ = server.(*net.TCPConn).CloseWrite()
	})
	directions.Go(func() {
		r.pass(client, server)
		_ = client.Close()
	})
	ended := make(chan struct{})
	go func() {
		directions.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-r.stopped:
		_ = client.Close()
		_ = server.Close()
		<-ended
	}
}

// hold holds everything up until the function that it returns is called.
func (r *relay) hold() (release func()) {
	held := make(chan struct{})
	r.held.Store(&held)
	return func() {
		r.held.Store(nil)
		close(held)
	}
}

// pass passes one direction on. It goes on reading when the receiver has left,
// until the sender has.
func (r *relay) pass(to, from net.Conn) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if most := r.delay.Load(); n > 0 && most > 0 {
			select {
			case <-time.After(time.Duration(rand.Int64N(most))):
			case <-r.stopped:
				return
			}
		}
		if held := r.held.Load(); n > 0 && held != nil {
			select {
			case <-*held:
			case <-r.stopped:
				return
			}
		}
		_, _ = to.Write(buffer[:n])
		if err != nil {
			return
		}
	}
}
