package linear_test

import (
	"fmt"
	"slices"

	"github.com/anishathalye/porcupine"
)

// state is one user's.
type state struct {
	blocked  bool
	sessions []session // in the order of their logins
}

// session is one that was ever opened.
type session struct {
	login      int // the call that opened it
	generation int64
	attempt    string // of the last reissue that moved it
	dead       bool
}

// input is a call.
type input struct {
	op         string
	user       string
	login      int // of the session that it is about, or of this login
	generation int64
	attempt    string
	strict     bool
	// earlier is set for a run of a call that the driver made again. It may
	// have happened or not.
	earlier bool
}

// output is what the call was answered. Status is unknown for one that may have
// happened or not.
type output struct {
	status     string
	generation int64
	ended      int
}

// none stands for no session as the login of an input.
const none = -1

// sequential is how one process would answer that does one thing at a time,
// each user by itself.
func sequential() porcupine.Model {
	m := porcupine.NondeterministicModel{
		Partition: byUser,
		Init:      func() []any { return []any{state{}} },
		Step: func(s, in, out any) []any {
			before, call, answer := s.(state), in.(input), out.(output)
			after, want := before.step(call)
			switch {
			case call.earlier:
				return []any{before, after}
			case answer.status == unknown, want.equal(answer):
				return []any{after}
			}
			return nil
		},
		Equal: func(a, b any) bool { return a.(state).equal(b.(state)) },
	}
	return m.ToModel()
}

func byUser(history []porcupine.Operation) [][]porcupine.Operation {
	users := make(map[string][]porcupine.Operation)
	for _, o := range history {
		user := o.Input.(input).user
		users[user] = append(users[user], o)
	}
	var parts [][]porcupine.Operation
	for _, part := range users {
		parts = append(parts, part)
	}
	return parts
}

func (s state) equal(other state) bool {
	return s.blocked == other.blocked && slices.Equal(s.sessions, other.sessions)
}

func (o output) equal(other output) bool { return fmt.Sprint(o) == fmt.Sprint(other) }

// step returns what a call makes of the state, and its answer. It leaves the
// state itself as it is.
func (s state) step(in input) (state, output) {
	s.sessions = slices.Clone(s.sessions)
	var target *session
	for i := range s.sessions {
		if s.sessions[i].login == in.login {
			target = &s.sessions[i]
		}
	}
	live := target != nil && !target.dead
	ok := output{status: "ok"}
	switch in.op {
	case "login":
		switch {
		case s.blocked:
			return s, output{status: "user_blocked"}
		case s.live() >= maxSessions:
			return s, output{status: "session_limit"}
		}
		s.sessions = append(s.sessions, session{login: in.login})
		slices.SortFunc(s.sessions, func(a, b session) int { return a.login - b.login })
	case "reissue":
		if !live || !target.reissue(in) {
			return s, output{status: "refresh_invalid"}
		}
		ok.generation = target.generation
	case "verify":
		if !live {
			ok.status = "token_revoked"
		}
	case "logout":
		if live {
			target.dead = true
		}
	case "revoke":
		if !live {
			return s, output{status: "session_not_found"}
		}
		target.dead = true
	case "revokeAll":
		ok.ended = s.endAll(in.login)
	case "block":
		s.endAll(none)
		s.blocked = true
	case "unblock":
		s.blocked = false
	case "sessions": // what a list says of one session
		if !live {
			return s, output{status: "gone"}
		}
		ok.generation = target.generation
	}
	return s, ok
}

// reissue is the rotation of a live session, without time and loss. It reports
// whether there is a pair.
func (x *session) reissue(in input) bool {
	switch x.generation - in.generation {
	case 0:
		x.generation, x.attempt = in.generation+1, in.attempt
		return true
	case 1:
		if in.attempt == x.attempt || !in.strict {
			return true
		}
	}
	x.dead = true
	return false
}

func (s state) live() (n int) {
	for _, x := range s.sessions {
		if !x.dead {
			n++
		}
	}
	return n
}

func (s state) endAll(keep int) (ended int) {
	for i := range s.sessions {
		if x := &s.sessions[i]; !x.dead && x.login != keep {
			x.dead = true
			ended++
		}
	}
	return ended
}

func (in input) String() string {
	text := in.op
	if in.login != none {
		text += fmt.Sprintf(" of session %d", in.login)
	}
	if in.op == "reissue" {
		text += fmt.Sprintf(" by generation %d in attempt %s", in.generation, in.attempt)
	}
	if in.earlier {
		text += ", an earlier run"
	}
	return text
}

func (o output) String() string {
	return fmt.Sprintf("%s generation %d ended %d", o.status, o.generation, o.ended)
}
