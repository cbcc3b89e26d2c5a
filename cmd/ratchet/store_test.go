package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/internal/redistest"
)

// program is what runs beside the command: an Authority on the same Redis.
type program struct {
	*core.Authority
	t *testing.T
}

func startProgram(t *testing.T, e env) program {
	t.Helper()
	s, err := config.FromEnv(e.get, config.Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	store, closeStore, err := s.Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = closeStore() })
	s.Core.Store = store
	a, err := core.New(s.Core)
	if err != nil {
		t.Fatal(err)
	}
	return program{a, t}
}

func (p program) login(user string, n int) (list []core.Tokens) {
	p.t.Helper()
	for range n {
		tokens, err := p.Issue(p.t.Context(), core.Login{Subject: user, Device: core.Device{Name: "phone\x1b[2J"}})
		if err != nil {
			p.t.Fatal(err)
		}
		list = append(list, tokens)
	}
	return list
}

func (p program) live(user string, want int) {
	p.t.Helper()
	if list, err := p.Sessions(p.t.Context(), user); err != nil || len(list) != want {
		p.t.Errorf("%s has %d sessions, %v, want %d", user, len(list), err, want)
	}
}

// started returns a Redis with persistence, a program on it, and its environment.
func started(t *testing.T) (env, program) {
	server := redistest.Start(t, redistest.WithAOF(), redistest.WithConfig("requirepass "+secretText))
	e := env{"REDIS_URL": "redis://:" + secretText + "@" + server.Addr(), "SIGNING_SECRET": strings.Repeat(secretText, 2)}
	return e, startProgram(t, e)
}

func TestSessions(t *testing.T) {
	e, p := started(t)
	delete(e, "SIGNING_SECRET")
	e["SIGNING_SECRET_FILE"] = "/none" // an operator need not have it
	wants(t, try(t, e, "sessions alice"), exitDone, "alice has no sessions")
	tokens := p.login("alice", 2)
	wants(t, try(t, e, "sessions alice"), exitDone, tokens[0].SessionID, tokens[1].SessionID, "phone?[2J")
	var list struct{ Sessions []session }
	if err := json.Unmarshal([]byte(try(t, e, "sessions --json alice").out), &list); err != nil || len(list.Sessions) != 2 {
		t.Errorf("got %+v, %v, want two sessions", list, err)
	}

	wants(t, try(t, e, "end alice "+tokens[0].SessionID), exitDone, "ended 1 session of alice")
	if _, err := p.Verify(t.Context(), tokens[0].AccessToken); err != core.ErrTokenRevoked {
		t.Errorf("the access token of an ended session: got %v", err)
	}
	wants(t, try(t, e, "end alice "+tokens[0].SessionID), exitFailed, "nothing was done")
	wants(t, try(t, e, "end bob "+tokens[1].SessionID), exitFailed, "nothing was done")
	wants(t, try(t, e, "end-all alice --keep nothing"), exitFailed, "--keep")
	p.live("alice", 1)
	p.login("alice", 3)
	wants(t, try(t, e, "end-all alice --json --keep "+tokens[1].SessionID), exitDone, `{"user":"alice","did":"end-all","ended":3}`)
	p.live("alice", 1)
}

func TestBlock(t *testing.T) {
	e, p := started(t)
	p.login("alice", 2)
	wants(t, try(t, e, "blocked alice"), exitDone, "alice is not blocked")
	wants(t, try(t, e, "block alice"), exitDone, "blocked alice forever and ended 2 sessions")
	if _, err := p.Issue(t.Context(), core.Login{Subject: "alice"}); err != core.ErrUserBlocked {
		t.Errorf("a login of a blocked user: got %v", err)
	}
	wants(t, try(t, e, "blocked alice --json"), exitDone, `{"user":"alice","blocked":true}`)
	wants(t, try(t, e, "block alice --until 2999-01-31T12:00:00Z"), exitDone, "until 2999-01-31T12:00:00Z and ended 0 sessions")
	wants(t, try(t, e, "blocked alice"), exitDone, "until 2999-01-31T12:00:00Z")
	wants(t, try(t, e, "unblock alice"), exitDone, "unblocked alice")
	wants(t, try(t, e, "unblock alice"), exitDone, "was not blocked")
	p.login("alice", 1)
}

func TestRefreshClaims(t *testing.T) {
	e, p := started(t)
	pair := p.login("alice", 2)[0]
	wants(t, try(t, e, "refresh-claims alice"), exitDone, "refused the access tokens of 2 sessions of alice; ended 0")
	if _, err := p.Verify(t.Context(), pair.AccessToken); err != core.ErrTokenRevoked {
		t.Errorf("an access token from before: got %v", err)
	}
	p.live("alice", 2)
	wants(t, try(t, e, "refresh-claims nobody --json"), exitDone, `{"user":"nobody","did":"refresh-claims","ended":0}`)
}

// TestConfirmation checks that more than ten sessions do not end unasked.
func TestConfirmation(t *testing.T) {
	e, p := started(t)
	p.login("ten", 10)
	wants(t, try(t, e, "end-all ten"), exitDone, "ended 10 sessions")
	p.login("alice", 11)
	for _, line := range []string{"end-all alice", "block alice"} {
		wants(t, try(t, e, line), exitUsage, "--yes", "11 sessions")
		for _, answer := range []string{"n\n", "", "yes please\n"} {
			wants(t, answered(t, e, line, answer), exitFailed, "end 11 sessions of alice?", "nothing was done")
		}
	}
	p.live("alice", 11)
	wants(t, answered(t, e, "end-all alice", "y\n"), exitDone, "ended 11 sessions")
	p.login("alice", 11)
	wants(t, try(t, e, "block alice --yes"), exitDone, "ended 11 sessions")
}

func answered(t *testing.T, e env, line, answer string) outcome {
	t.Helper()
	var out, err bytes.Buffer
	code := run(t.Context(), strings.Fields(line), e.get, terminal{strings.NewReader(answer)}, &out, &err)
	return outcome{code, out.String(), err.String()}
}

// TestWrongSettings checks that each is one line, and leaves the Redis alone.
func TestWrongSettings(t *testing.T) {
	e, _ := started(t)
	address := strings.TrimPrefix(e["REDIS_URL"], "redis://:"+secretText+"@")
	for name, test := range map[string]struct {
		change env
		code   int
		want   string
	}{
		"prefix":      {env{"REDIS_PREFIX": "other:"}, exitUsage, `REDIS_PREFIX="other:"`},
		"database":    {env{"REDIS_URL": e["REDIS_URL"] + "/3"}, exitUsage, "is the prefix, the database or the server another one?"},
		"shards":      {env{"REDIS_SHARDS": "8"}, exitUsage, "REDIS_SHARDS=8"},
		"password":    {env{"REDIS_URL": "redis://:wrong@" + address}, exitUsage, "refuses the user or the password"},
		"no password": {env{"REDIS_URL": "redis://" + address}, exitUsage, "refuses the user or the password"},
		"no server":   {env{"REDIS_URL": "redis://:" + secretText + "@127.0.0.1:1"}, exitFailed, "cannot be asked"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := env{}
			for _, from := range []env{e, test.change} {
				for k, v := range from {
					changed[k] = v
				}
			}
			wants(t, try(t, changed, "end-all alice"), test.code, test.want)
			if test.code == exitUsage {
				wants(t, try(t, changed, "check"), test.code, test.want)
			}
			wants(t, try(t, changed, "sessions alice --verbose"), test.code, test.want)
		})
	}
	wants(t, try(t, e, "sessions alice"), exitDone)
}

func TestCheck(t *testing.T) {
	e, _ := started(t)
	e["ACCESS_TTL"] = "5m"
	got := try(t, e, "check")
	wants(t, got, exitDone, "ACCESS_TTL      \"5m\"", "SIGNING_SECRET  68 bytes", "no danger found")
	wants(t, try(t, env{"REDIS_URL": e["REDIS_URL"], "SIGNING_KEY_FILE": "/none", "SIGNING_ALG": "EdDSA"}, "check"), exitUsage, "SIGNING_KEY_FILE")
	wants(t, try(t, env{"REDIS_URL": e["REDIS_URL"], "SIGNING_KEY_FILE": "/none", "SIGNING_ALG": "EdDSA"}, "check --store"), exitDone)

	frail := redistest.Start(t)
	e["REDIS_URL"] = "redis://" + frail.Addr()
	wants(t, try(t, e, "check"), exitUsage, "--new")
	wants(t, try(t, e, "check --new"), exitFailed, "WARN persistence", "danger: ", "remedy: ")
	wants(t, try(t, e, "check --json"), exitFailed, `"code":"persistence","level":"WARN"`)
	frail.Kill()
	wants(t, try(t, e, "check"), exitFailed, "DANGER")
}

func TestWatch(t *testing.T) {
	e, p := started(t)
	e["MIRROR_STALENESS"] = "100ms"
	tokens := p.login("alice", 3)
	wants(t, try(t, e, "end alice "+tokens[0].SessionID), exitDone)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	in, out := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"watch", "--json"}, e.get, strings.NewReader(""), out, io.Discard)
	}()
	lines := json.NewDecoder(in)
	next := func(want string) {
		t.Helper()
		var r revocation
		if err := lines.Decode(&r); err != nil || fmt.Sprint(r.Session, r.Generation != nil) != want {
			t.Errorf("got %+v, %v, want %s", r, err, want)
		}
	}
	next(tokens[0].SessionID + "false")
	wants(t, try(t, e, "end alice "+tokens[1].SessionID), exitDone)
	next(tokens[1].SessionID + "false")
	if err := p.Blacklist(t.Context(), tokens[2].AccessToken); err != nil {
		t.Fatal(err)
	}
	next(tokens[2].SessionID + "true")
	cancel()
	if code := <-done; code != exitDone {
		t.Errorf("an interrupted watch: got the exit code %d", code)
	}
}

// TestTopologies checks that the command goes where config goes.
func TestTopologies(t *testing.T) {
	for name, start := range map[string]func(*testing.T) env{
		"cluster": func(t *testing.T) env {
			return env{"REDIS_MODE": "cluster", "REDIS_URL": "redis://" + redistest.StartCluster(t, 3, 0).Addrs()[0]}
		},
		"sentinel": func(t *testing.T) env {
			s := redistest.StartSentinel(t, 1, 1)
			return env{"REDIS_MODE": "sentinel", "REDIS_URL": "redis://" + s.Addrs()[0] + "?master_name=" + s.MasterName()}
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := start(t)
			p := startProgram(t, e)
			p.login("alice", 2)
			wants(t, try(t, e, "end-all alice"), exitDone, "ended 2 sessions of alice")
			wants(t, try(t, e, "check --store --json"), exitFailed, `"store":"redis `+name)
		})
	}
}
