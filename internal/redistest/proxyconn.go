package redistest

import (
	"bufio"
	"net"
	"sync"
)

// proxyConn is one connection through a [Proxy]. Two goroutines work for it,
// one a direction, and end when either side of the connection does.
type proxyConn struct {
	proxy  *Proxy
	client net.Conn

	// mute is set once something on its way was lost without the connection
	// being closed. It is guarded by the mutex of the proxy, so that lifting a
	// black hole sees each connection either before or after its loss.
	mute bool

	mu      sync.Mutex
	server  net.Conn // nil until dialled
	closed  bool
	pending [][]byte // commands which the server has still to answer, in order
}

// serve passes the connection on until it ends. The server is not dialled for a
// connection made into a black hole, none of which ever gets there.
func (c *proxyConn) serve() {
	defer c.proxy.forget(c)
	var replies sync.WaitGroup
	defer replies.Wait()
	defer c.close() // runs first, and ends the goroutine which is waited for

	if c.proxy.passes(c, nil) {
		server, err := net.DialTimeout("tcp", c.proxy.target, waitLimit)
		if err != nil || !c.attach(server) {
			return // the client sees its connection closed
		}
		replies.Go(func() { c.passReplies(server) })
	}
	c.passCommands()
}

// attach takes over the connection to the server. It closes it and returns
// false if this connection was closed meanwhile.
func (c *proxyConn) attach(server net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		_ = server.Close()
		return false
	}
	c.server = server
	return true
}

// close closes both sides. It may be called more than once.
func (c *proxyConn) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.closed = true
	_ = c.client.Close()
	if c.server != nil {
		_ = c.server.Close()
	}
}

// passCommands passes commands on until one side fails. It goes on reading when
// the connection is mute, because that is how it learns that the client left.
func (c *proxyConn) passCommands() {
	r := bufio.NewReader(c.client)
	for {
		cmd, err := readCommand(r)
		if err != nil {
			return
		}
		if !c.proxy.passes(c, cmd) {
			continue
		}
		if _, err := c.expect(cmd).Write(cmd); err != nil {
			return
		}
	}
}

// expect notes that the server will answer cmd and returns the connection to
// it. A SUBSCRIBE or the like is answered by push messages instead.
func (c *proxyConn) expect(cmd []byte) net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	if name := commandName(cmd); name != "" && !isSubscription(name) {
		c.pending = append(c.pending, cmd)
	}
	return c.server
}

// answered returns the command to which the next reply belongs, or nil if none
// is waiting for one.
func (c *proxyConn) answered() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.pending) == 0 {
		return nil
	}
	cmd := c.pending[0]
	c.pending = c.pending[1:]
	return cmd
}

// passReplies passes replies back until one side fails or a reply is dropped,
// and then closes the connection. A mute one is left to its client: that the
// server hung up is one more thing which does not pass.
func (c *proxyConn) passReplies(server net.Conn) {
	r := bufio.NewReader(server)
	for {
		reply, err := readReply(r)
		if err != nil {
			if c.proxy.passes(c, nil) {
				c.close()
			}
			return
		}
		if !isPush(reply) {
			cmd := c.answered()
			if l := c.proxy.loss.Load(); cmd != nil && !isError(reply) && l.takes(cmd) {
				// Counted first: who sees the connection close sees the count.
				c.proxy.dropped.Add(1)
				if !l.silent {
					c.close()
					return
				}
				c.proxy.silence(c)
			}
		}
		if !c.proxy.passes(c, nil) {
			continue
		}
		if _, err := c.client.Write(reply); err != nil {
			c.close()
			return
		}
	}
}
