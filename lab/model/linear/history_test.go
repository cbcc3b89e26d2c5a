package linear_test

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"math"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"
)

const (
	clients    = 4
	users      = 2
	eachClient = 16 // calls
)

// token is a pair that somebody holds.
type token struct {
	login           int
	session         string
	generation      int64
	access, refresh string
}

// call is one that was made.
type call struct {
	input
	reply
	began, ended int64 // nanoseconds
}

// history is some calls by a few clients at once.
type history struct {
	workers []*worker
	strict  bool
	start   time.Time
	numbers atomic.Int64 // of calls
	names   []string     // of the users

	mu    sync.Mutex
	pool  map[string][]token
	calls []call
	err   error
}

// run makes the calls that a seed leads to. Which come at once is chance.
func run(seed int, workers []*worker) (*history, error) {
	r := mathrand.New(mathrand.NewPCG(uint64(seed), 0))
	h := &history{workers: workers, strict: r.IntN(2) == 0, start: time.Now(), pool: make(map[string][]token)}
	for range users {
		h.names = append(h.names, rand.Text())
	}
	var done sync.WaitGroup
	for range clients {
		own := mathrand.New(mathrand.NewPCG(r.Uint64(), 0))
		done.Go(func() {
			for range eachClient {
				h.act(own)
			}
		})
	}
	done.Wait()
	return h, h.err
}

// act makes a call and notes it.
func (h *history) act(r *mathrand.Rand) {
	number := int(h.numbers.Add(1))
	in, ask := h.choose(r, number)
	c := call{input: in, began: time.Since(h.start).Nanoseconds()}
	var err error
	c.reply, err = h.workers[r.IntN(len(h.workers))].call(ask)
	c.ended = time.Since(h.start).Nanoseconds()

	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		h.err = err
	}
	h.calls = append(h.calls, c)
	if c.Access != "" {
		h.pool[in.user] = append(h.pool[in.user], token{in.login, c.Session, c.Generation, c.Access, c.Refresh})
	}
}

// choose chooses a call, as the model sees it and as a process is asked.
func (h *history) choose(r *mathrand.Rand, number int) (input, request) {
	user := h.names[r.IntN(len(h.names))]
	in := input{user: user, login: none, strict: h.strict}
	ask := request{User: user, Strict: h.strict}
	held, some := h.pick(r, user)
	n := r.IntN(100)
	switch {
	case n < 15 || !some:
		in.op, in.login = "login", number
	case n < 55:
		in.op, in.login, in.generation = "reissue", held.login, held.generation
		in.attempt, ask.Token = fmt.Sprint("of call ", number), held.refresh
		if r.IntN(2) == 0 {
			ask.Key = string("ab"[r.IntN(2)])
			in.attempt = fmt.Sprintf("%s of generation %d", ask.Key, held.generation)
		}
	case n < 72:
		in.op, in.login, ask.Token = "verify", held.login, held.access
	case n < 78:
		in.op, in.login, ask.Token = "logout", held.login, held.access
		if r.IntN(2) == 0 {
			ask.Token = held.refresh
		}
	case n < 82:
		in.op, in.login, ask.Session = "revoke", held.login, held.session
	case n < 84:
		in.op = "revokeAll"
	case n < 87:
		in.op, in.login, ask.Session = "revokeAll", held.login, held.session
	case n < 89:
		in.op = "block"
	case n < 93:
		in.op = "unblock"
	default:
		in.op = "sessions"
	}
	ask.Op = in.op
	return in, ask
}

// pick picks a pair that the user holds, mostly one of the latest.
func (h *history) pick(r *mathrand.Rand, user string) (token, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	held := h.pool[user]
	if len(held) == 0 {
		return token{}, false
	}
	if r.IntN(4) > 0 {
		held = held[max(0, len(held)-3):]
	}
	return held[r.IntN(len(held))], true
}

// operations returns the history as porcupine takes it. With lost replies the
// driver may have run a call more than once. That shows in a reissue alone: its
// first run moves the session on, and its second is refused if somebody else
// has used or ended it meanwhile. All others are recognised by their operation.
//
// A list is not one moment: it says of each session, by itself, that it was
// there at some time during the call, or was not. A session of which no login was
// answered is left out, because nobody knows which it is.
func (h *history) operations(lost bool) []porcupine.Operation {
	type owned struct {
		user  string
		login int
	}
	logins := make(map[string]owned)
	for _, c := range h.calls {
		if c.op == "login" && c.Session != "" {
			logins[c.Session] = owned{c.user, c.login}
		}
	}
	var list []porcupine.Operation
	for i, c := range h.calls {
		in, out := c.input, output{status: c.Status, generation: c.Generation, ended: c.Ended}
		if in.op == "sessions" && c.Status != unknown {
			for id, of := range logins {
				if of.user != in.user {
					continue
				}
				in.login, out = of.login, output{status: "gone"}
				if generation, there := c.Sessions[id]; there {
					out = output{status: "ok", generation: generation}
				}
				list = append(list, porcupine.Operation{ClientId: i, Input: in, Call: c.began, Output: out, Return: c.ended})
			}
			continue
		}
		ended := c.ended
		if c.Status == unknown {
			if in.op == "verify" || in.op == "sessions" {
				continue // it changes nothing
			}
			ended = math.MaxInt64
		}
		list = append(list, porcupine.Operation{ClientId: i, Input: in, Call: c.began, Output: out, Return: ended})
		if in.op == "reissue" && (lost || c.Status == unknown) {
			in.earlier = true
			list = append(list, porcupine.Operation{ClientId: i, Input: in, Call: c.began, Output: output{status: unknown}, Return: ended})
		}
	}
	return list
}

// String lists the calls in the order in which they began.
func (h *history) String() string {
	var text strings.Builder
	for _, user := range h.names {
		fmt.Fprintf(&text, "\nuser %s, strict: %t", user, h.strict)
		calls := slices.Clone(h.calls)
		slices.SortFunc(calls, func(a, b call) int { return cmp.Compare(a.began, b.began) })
		for _, c := range calls {
			if c.user == user {
				fmt.Fprintf(&text, "\n%9.3f to %9.3f ms  %s: %s generation %d ended %d sessions %v",
					float64(c.began)/1e6, float64(c.ended)/1e6, c.input, c.Status, c.Generation, c.Ended, c.Sessions)
			}
		}
	}
	return text.String()
}
