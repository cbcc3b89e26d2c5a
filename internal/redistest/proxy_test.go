package redistest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/redis/go-redis/v9"
)

// proxied is a server with a proxy in front of it.
type proxied struct {
	*redistest.Proxy
	direct *redis.Client // past the proxy
}

func startProxied(t testing.TB) proxied {
	t.Helper()
	s := redistest.Start(t)
	return proxied{redistest.StartProxy(t, s.Addr()), s.Client(t)}
}

// client returns a client whose connections go through the proxy, with one of
// them established.
func (p proxied) client(t testing.TB, mutate ...func(*redis.Options)) *redis.Client {
	t.Helper()
	opts := &redis.Options{Addr: p.Addr()}
	for _, m := range mutate {
		m(opts)
	}
	client := redis.NewClient(opts)
	t.Cleanup(func() { _ = client.Close() })
	check(t, client.Ping(t.Context()).Err())
	return client
}

func isTimeout(err error) bool {
	var nerr net.Error
	return errors.As(err, &nerr) && nerr.Timeout()
}

func TestProxyPasses(t *testing.T) {
	t.Parallel()
	p := startProxied(t)
	for _, protocol := range []int{2, 3} {
		client := p.client(t, func(o *redis.Options) { o.Protocol = protocol })
		large := strings.Repeat("x", 1<<20)
		check(t, client.Set(t.Context(), "large", large, 0).Err())
		wantValue(t, client, "large", large)
		wantValue(t, client, "none", "")
		check(t, client.HSet(t.Context(), "h", "a", "1", "b", "2").Err())
		h, err := client.HGetAll(t.Context(), "h").Result()
		check(t, err)
		if len(h) != 2 || h["b"] != "2" {
			t.Errorf("HGETALL = %v", h)
		}
		nested, err := client.Eval(t.Context(), `return {1, {2, 'three', false}, {}}`, nil).Slice()
		check(t, err)
		if len(nested) != 3 || len(nested[1].([]any)) != 3 {
			t.Errorf("EVAL = %v", nested)
		}

		sub := client.Subscribe(t.Context(), "c")
		_, err = sub.Receive(t.Context())
		check(t, err)
		check(t, client.Publish(t.Context(), "c", "hello").Err())
		msg, err := sub.ReceiveMessage(t.Context())
		check(t, err)
		if msg.Payload != "hello" {
			t.Errorf("received %q", msg.Payload)
		}
		check(t, sub.Close())
	}
	if n := p.Dropped(); n != 0 {
		t.Errorf("dropped %d replies", n)
	}
	if n := p.Requests(redistest.Command("SET", "publish")); n != 4 {
		t.Errorf("counted %d SET and PUBLISH commands, want 4", n)
	}
}

// TestDropReply shows what the proxy is for: the default options of go-redis
// execute a command again whose answer was lost.
func TestDropReply(t *testing.T) {
	t.Parallel()
	p := startProxied(t)
	client := p.client(t)
	p.DropReplies(1, redistest.Command("incr"))
	n, err := client.Incr(t.Context(), "n").Result()
	check(t, err)
	if n != 2 {
		t.Errorf("INCR = %d, want 2, as it was executed twice", n)
	}
	if got := p.Requests(redistest.Command("incr")); got != 2 {
		t.Errorf("counted %d INCR commands, want 2", got)
	}
	if got := p.Dropped(); got != 1 {
		t.Errorf("dropped %d replies, want 1", got)
	}
}

func TestDropReplyWithoutRetries(t *testing.T) {
	t.Parallel()
	p := startProxied(t)
	client := p.client(t, noRetries)
	p.DropReplies(1, redistest.Command("incr"))
	wantValue(t, client, "n", "") // does not match
	if err := client.Incr(t.Context(), "n").Err(); err == nil || isTimeout(err) {
		t.Errorf("INCR without an answer: %v, want the connection closed", err)
	}
	if got := p.Dropped(); got != 1 {
		t.Errorf("dropped %d replies, want 1", got)
	}
	wantValue(t, p.direct, "n", "1")
	check(t, client.Incr(t.Context(), "n").Err()) // the order is used up
	wantValue(t, p.direct, "n", "2")

	p.DropReplies(1, nil)
	p.DropReplies(0, nil) // withdraws it
	check(t, client.Incr(t.Context(), "n").Err())
}

func TestDropReplyPassesErrors(t *testing.T) {
	t.Parallel()
	p := startProxied(t)
	client := p.client(t, noRetries)
	script := redis.NewScript(`return redis.call("incr", KEYS[1])`)
	p.DropReplies(1, redistest.Command("evalsha"))
	check(t, script.Run(t.Context(), client, []string{"n"}).Err()) // NOSCRIPT, then EVAL
	if n := p.Dropped(); n != 0 {
		t.Fatalf("dropped %d error replies", n)
	}
	if err := script.Run(t.Context(), client, []string{"n"}).Err(); err == nil {
		t.Error("EVALSHA got its answer")
	}
	wantValue(t, p.direct, "n", "2")
}

func TestDropReplyInPipelines(t *testing.T) {
	t.Parallel()
	p := startProxied(t)
	client := p.client(t, noRetries)

	// The outcome of a transaction is lost with the reply to EXEC.
	p.DropReplies(1, redistest.Command("exec"))
	_, err := client.TxPipelined(t.Context(), func(tx redis.Pipeliner) error {
		tx.Incr(t.Context(), "n")
		tx.Incr(t.Context(), "n")
		return nil
	})
	if err == nil {
		t.Error("EXEC got its answer")
	}
	wantValue(t, p.direct, "n", "2")

	// Of a pipeline only the reply to the command which matches is lost, and
	// what follows it. That the command is too large for one read makes no
	// difference. It takes a plain connection to see that, since go-redis fails
	// all commands of such a pipeline.
	p.DropReplies(1, func(cmd []byte) bool { return bytes.HasSuffix(cmd, []byte("end\r\n")) })
	conn, err := net.Dial("tcp", p.Addr())
	check(t, err)
	defer conn.Close()
	large := strings.Repeat("x", 1<<18) + "end"
	_, err = fmt.Fprintf(conn, "SET a 1\r\n*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$%d\r\n%s\r\n", len(large), large)
	check(t, err)
	replies, err := io.ReadAll(conn)
	check(t, err)
	if string(replies) != "+OK\r\n" {
		t.Errorf("replies of the pipeline: %q, want that to the first command", replies)
	}
	wantValue(t, p.direct, "a", "1")
	if n, err := p.direct.StrLen(t.Context(), "b").Result(); err != nil || n != int64(len(large)) {
		t.Errorf("STRLEN b = %d, %v", n, err)
	}
}

// TestDropRepliesExactly has many connections compete for the replies to lose.
func TestDropRepliesExactly(t *testing.T) {
	t.Parallel()
	const workers, each, drops = 8, 50, 20
	p := startProxied(t)
	client := p.client(t, noRetries)
	p.DropReplies(drops, redistest.Command("incr"))
	var failed atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range each {
				if client.Incr(t.Context(), "n").Err() != nil {
					failed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if n := failed.Load(); n != drops {
		t.Errorf("%d commands failed, want %d", n, drops)
	}
	if n := p.Dropped(); n != drops {
		t.Errorf("dropped %d replies, want %d", n, drops)
	}
	wantValue(t, p.direct, "n", "400")
}

func TestBlackholeReply(t *testing.T) {
	t.Parallel()
	p := startProxied(t)
	client := p.client(t, impatient)
	p.BlackholeReplies(1, redistest.Command("incr"))
	if err := client.Incr(t.Context(), "n").Err(); !isTimeout(err) {
		t.Errorf("INCR without an answer: %v, want a timeout", err)
	}
	if got := p.Dropped(); got != 1 {
		t.Errorf("dropped %d replies, want 1", got)
	}
	wantValue(t, p.direct, "n", "1")
	client = p.client(t)
	check(t, client.Incr(t.Context(), "n").Err())
	wantValue(t, p.direct, "n", "2")
}

func TestBlackhole(t *testing.T) {
	t.Parallel()
	p := startProxied(t)
	client := p.client(t, impatient)
	idle := p.client(t, noRetries, func(o *redis.Options) {
		o.Dialer = dialOnce()
	})

	p.Blackhole(true)
	if err := client.Incr(t.Context(), "n").Err(); !isTimeout(err) {
		t.Errorf("INCR into a black hole: %v, want a timeout", err)
	}
	if err := client.Incr(t.Context(), "n").Err(); !isTimeout(err) { // on a new connection
		t.Errorf("INCR into a black hole: %v, want a timeout", err)
	}
	if got := p.Requests(redistest.Command("incr")); got != 0 {
		t.Errorf("counted %d INCR commands as passed on", got)
	}
	p.Blackhole(false)
	client = p.client(t)
	check(t, client.Ping(t.Context()).Err())
	wantValue(t, p.direct, "n", "") // nothing is executed late

	// A connection which lost nothing goes on.
	check(t, idle.Ping(t.Context()).Err())

	// One which lost something is closed when the hole is lifted.
	waiting := make(chan error, 1)
	seen := p.Requests(redistest.Command("blpop"))
	go func() { waiting <- idle.BLPop(t.Context(), 0, "list").Err() }()
	eventually(t, "BLPOP reaches the server", func() bool {
		return p.Requests(redistest.Command("blpop")) > seen
	})
	p.Blackhole(true)
	check(t, p.direct.RPush(t.Context(), "list", "x").Err())
	eventually(t, "BLPOP is answered", func() bool {
		return p.direct.LLen(t.Context(), "list").Val() == 0
	})
	select {
	case err := <-waiting:
		t.Errorf("BLPOP ended in the black hole: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	p.Blackhole(false)
	if err := <-waiting; err == nil {
		t.Error("BLPOP got the answer which was lost")
	}
}

func TestBlackholeHidesDeath(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	p := proxied{redistest.StartProxy(t, s.Addr()), s.Client(t)}
	client := p.client(t, impatient)
	p.Blackhole(true)
	waiting := make(chan error, 1)
	go func() { waiting <- client.Incr(t.Context(), "n").Err() }()
	s.Kill()
	if err := <-waiting; !isTimeout(err) {
		t.Errorf("INCR into a black hole before a dead server: %v, want a timeout", err)
	}
	if err := client.Incr(t.Context(), "n").Err(); !isTimeout(err) {
		t.Errorf("INCR into a black hole before a dead server: %v, want a timeout", err)
	}
}

func TestRefuseAndReset(t *testing.T) {
	t.Parallel()
	p := startProxied(t)
	client := p.client(t, noRetries)
	p.Refuse(true)
	check(t, client.Incr(t.Context(), "n").Err()) // on its open connection

	// A connection in use is closed too.
	waiting := make(chan error, 1)
	go func() { waiting <- client.BLPop(t.Context(), 0, "list").Err() }()
	eventually(t, "BLPOP reaches the server", func() bool {
		return p.Requests(redistest.Command("blpop")) == 1
	})
	p.Reset()
	if err := <-waiting; err == nil || isTimeout(err) {
		t.Errorf("BLPOP on a connection that was reset: %v", err)
	}
	if err := client.Incr(t.Context(), "n").Err(); err == nil || isTimeout(err) {
		t.Errorf("INCR on a refused connection: %v", err)
	}
	p.Refuse(false)
	check(t, client.Incr(t.Context(), "n").Err())
	wantValue(t, p.direct, "n", "2")
}

func TestCommandPredicate(t *testing.T) {
	t.Parallel()
	match := redistest.Command("EvalSha", "get")
	for cmd, want := range map[string]bool{
		"*2\r\n$7\r\nevalsha\r\n$1\r\nx\r\n": true,
		"*2\r\n$3\r\nGET\r\n$1\r\nx\r\n":     true,
		"*2\r\n$4\r\neval\r\n$3\r\nget\r\n":  false,
		"get x\r\n":                          true,
		"set get x\r\n":                      false,
		"\r\n":                               false,
		"*0\r\n":                             false,
		"":                                   false,
	} {
		if got := match([]byte(cmd)); got != want {
			t.Errorf("%q matches: %t, want %t", cmd, got, want)
		}
	}
}
