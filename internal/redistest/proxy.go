package redistest

import (
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// Proxy passes connections on to a Redis server, and can be told at any time to
// lose what goes through it. It understands the protocol as far as it has to in
// order to lose the answer to a certain command. Its methods may be called from
// any goroutine.
//
// The predicates which its methods take get a command in the encoding of the
// protocol, arguments included; [Command] returns one that looks at the name,
// and nil matches every command, those included by which a client opens a
// connection. A predicate may be called from several goroutines at once.
//
// On a connection where the server speaks unasked, as after SUBSCRIBE with
// RESP2 or after MONITOR, replies are passed on but not told apart reliably.
type Proxy struct {
	t        testing.TB
	target   string
	listener net.Listener
	workers  sync.WaitGroup // every goroutine of the proxy; stop waits for it

	loss    atomic.Pointer[loss]
	dropped atomic.Int64

	mu        sync.Mutex
	stopped   bool
	refuse    bool
	blackhole bool
	conns     map[*proxyConn]struct{}
	commands  [][]byte // passed on to the server
}

// loss is an order to lose the replies to some commands.
type loss struct {
	match  func(cmd []byte) bool
	silent bool         // leave the connection open
	left   atomic.Int64 // negative once more were asked for than ordered
}

// StartProxy starts a proxy for the server at target, a host:port. At first it
// passes everything on. It is stopped when the test and its subtests end.
func StartProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("redistest: starting a proxy: %v", err)
	}
	p := &Proxy{t: t, target: target, listener: listener, conns: make(map[*proxyConn]struct{})}
	p.workers.Go(p.accept)
	t.Cleanup(p.stop)
	return p
}

// Addr returns the host:port on which the proxy listens.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// DropReplies loses the next n replies to matching commands and closes the
// connections they were to go to. A reply is lost after the server gave it:
// the server has executed the command, and the client cannot know.
//
// Error replies, such as NOSCRIPT, are passed on and not counted, since a
// command refused is no command committed. Of commands pipelined behind the
// matching one the server may have executed any number; to lose the outcome of
// a transaction, match its EXEC.
//
// The order replaces an earlier one by DropReplies or [Proxy.BlackholeReplies];
// an n of zero only withdraws that.
func (p *Proxy) DropReplies(n int, match func(cmd []byte) bool) { p.lose(n, match, false) }

// BlackholeReplies is like [Proxy.DropReplies], but leaves the connections open.
// Nothing passes through them any more, so that their clients run into their
// timeouts.
func (p *Proxy) BlackholeReplies(n int, match func(cmd []byte) bool) { p.lose(n, match, true) }

// lose puts a new order to lose replies in place.
func (p *Proxy) lose(n int, match func(cmd []byte) bool, silent bool) {
	l := &loss{match: match, silent: silent}
	l.left.Store(int64(n))
	p.loss.Store(l)
}

// takes reports whether the answer to cmd is to be lost, and counts it if so.
func (l *loss) takes(cmd []byte) bool {
	return l != nil && l.left.Load() > 0 && matches(l.match, cmd) && l.left.Add(-1) >= 0
}

// matches applies a predicate which may be nil.
func matches(match func(cmd []byte) bool, cmd []byte) bool { return match == nil || match(cmd) }

// Blackhole turns the proxy into a black hole, or back. Connections are
// accepted and stay open, but nothing passes either way.
//
// What was sent into the hole is gone for good, so nothing is executed late
// once the hole is lifted. The connections which lost something are closed
// then, as are those opened meanwhile; the others go on.
func (p *Proxy) Blackhole(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blackhole = on
	if on {
		return
	}
	for c := range p.conns {
		if c.mute {
			c.close()
		}
	}
}

// Refuse makes the proxy close new connections as soon as it has accepted them,
// or stops that. Connections which are already open go on; [Proxy.Reset] ends
// those.
func (p *Proxy) Refuse(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = on
}

// Reset closes all current connections.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.close()
	}
}

// Dropped returns how many replies were lost by the orders of
// [Proxy.DropReplies] and [Proxy.BlackholeReplies].
func (p *Proxy) Dropped() int { return int(p.dropped.Load()) }

// Requests returns how many matching commands the proxy has passed on to the
// server. Each is counted before the server can answer it. The proxy remembers
// them all, which makes it a poor one for benchmarks.
func (p *Proxy) Requests(match func(cmd []byte) bool) int {
	p.mu.Lock()
	commands := slices.Clone(p.commands)
	p.mu.Unlock()
	n := 0
	for _, cmd := range commands {
		if matches(match, cmd) {
			n++
		}
	}
	return n
}

// accept serves connections until the listener is closed.
func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			p.mu.Lock()
			defer p.mu.Unlock()
			if !p.stopped {
				p.t.Errorf("redistest: proxy for %s: %v", p.target, err)
			}
			return
		}
		if c := p.admit(client); c != nil {
			p.workers.Go(c.serve)
		}
	}
}

// admit registers a new connection, or closes it and returns nil.
func (p *Proxy) admit(client net.Conn) *proxyConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped || p.refuse {
		_ = client.Close()
		return nil
	}
	c := &proxyConn{proxy: p, client: client, mute: p.blackhole}
	p.conns[c] = struct{}{}
	return c
}

// forget drops a connection that has ended.
func (p *Proxy) forget(c *proxyConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
}

// passes reports whether a message may go through c. If it may not, c is mute
// from then on, since a stream that lacks a part is of no use. A command, unlike
// a reply, for which cmd is nil, is counted as passed on.
func (p *Proxy) passes(c *proxyConn, cmd []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.mute = c.mute || p.blackhole
	if !c.mute && cmd != nil {
		p.commands = append(p.commands, cmd)
	}
	return !c.mute
}

// silence makes c mute.
func (p *Proxy) silence(c *proxyConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.mute = true
}

// stop ends the proxy and all its goroutines.
func (p *Proxy) stop() {
	p.mu.Lock()
	p.stopped = true
	for c := range p.conns {
		c.close()
	}
	p.mu.Unlock()
	_ = p.listener.Close()
	p.workers.Wait()
}
