package model

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// Backend is a store and what a history does to it beside the calls of
// [core.Store].
type Backend struct {
	Store core.Store
	// Save returns what brings the store's present state back, however often.
	Save func() (restore func() error, err error)
	// MarkBlocked blocks a subject and leaves its sessions alone, as if of a
	// block only the mark had survived.
	MarkBlocked func(subject string, until time.Time) error
	// Size returns how many entries, or keys, the store holds.
	Size func() (int, error)
}

// Open returns an empty store whose clock is now.
type Open func(now func() time.Time) (Backend, error)

// began is when each history begins: between two whole seconds, so that
// rounding shows.
var began = time.Date(2026, 1, 1, 0, 0, 0, 678e6, time.UTC)

// world is a store, two Authorities on it, the model of both, and all tokens that
// were ever answered.
type world struct {
	backend Backend
	auths   [2]*core.Authority // two processes, which take turns
	tap     *tap
	model   *model
	now     time.Time
	events  []string

	logins   []*family
	step     int    // the number of the operation that runs, from 1
	calls    []made // of the store
	saved    func() error
	past     *model // as it was saved
	savedAt  int    // the step
	dead     map[string]bool
	seen     map[string]int
	outcomes []string // of the reissues

	refused map[refusalKey]refusal
	ended   map[refusalKey]time.Time // logouts that were answered, by their tokens
}

// refusal is an end of a session that a process has been told of, and answers
// by itself for a while.
type refusal struct {
	at         time.Time
	reply      reply
	generation int64 // of the session
}

type refusalKey struct {
	process int
	of      string // a session's id, or a token
}

// refusalMemory is core's.
const refusalMemory = 5 * time.Second

// family is a login that was answered, and what it and its reissues gave out.
type family struct {
	user, id string
	end      time.Time // absolute
	refresh  map[int64]string
	access   []access
}

type access struct {
	text       string
	generation int64
	expires    time.Time
	step       int  // at which it was answered
	lost       bool // the store has lost that it gave it out
}

// made is a call of the store, which may arrive there again.
type made struct {
	at       time.Time
	answered bool // the process has learned what came of it
	again    func() (outcome string, err error)
	want     func() (outcome string) // of the model
}

// newWorld returns a world with a store of its own.
func newWorld(s settings, open Open) (*world, error) {
	w := &world{model: newModel(s), now: began, dead: map[string]bool{}, seen: map[string]int{}, refused: map[refusalKey]refusal{}, ended: map[refusalKey]time.Time{}}
	var err error
	if w.backend, err = open(w.clock); err != nil {
		return nil, err
	}
	w.tap = &tap{Store: w.backend.Store}
	key, err := core.NewHMACKey("model", []byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		return nil, err
	}
	for i := range w.auths {
		w.auths[i], err = core.New(core.Config{
			Issuer: "model", Audience: []string{"api"}, Keys: []core.Key{key}, Store: w.tap,
			AccessTTL: s.AccessTTL, IdleTTL: s.IdleTTL, SessionTTL: s.SessionTTL, ReuseGrace: s.ReuseGrace,
			MaxSessions: s.MaxSessions, OnLimit: s.OnLimit, Leeway: s.Leeway, Revocation: s.Revocation,
			Now: w.clock, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
			OnEvent: func(_ context.Context, e core.Event) { w.events = append(w.events, w.tell(e)) },
		})
		if err != nil {
			return nil, err
		}
	}
	return w, nil
}

// auth returns the process that takes the next request.
func (w *world) auth() *core.Authority { return w.auths[w.step%len(w.auths)] }

func (w *world) clock() time.Time { return w.now }

// tell renders what an event says. The order of a user's sessions that end
// together is open, so events are compared as a sorted list.
func (w *world) tell(e core.Event) string {
	return fmt.Sprintf("%s of %s %s by generation %d: %s, distance %d, age %v", e.Type, e.Subject, e.SessionID, e.Generation, e.Reason, e.Distance, e.Age)
}

func user(n int) string { return fmt.Sprintf("user-%d", n%users) }

// login returns the login that an operation is about, nil before the first.
func (w *world) login(o op) *family {
	if len(w.logins) == 0 {
		return nil
	}
	return w.logins[len(w.logins)-1-o.Session%len(w.logins)]
}

// generation returns the generation of the token that an operation is about.
func (l *family) generation(back int) int64 {
	var held []int64
	for g := range l.refresh {
		held = append(held, g)
	}
	slices.Sort(held)
	return held[len(held)-1-back%len(held)]
}

// newest returns the access token of a generation that was answered last.
func (l *family) newest(generation int64) (found access) {
	for _, a := range l.access {
		if a.generation == generation {
			found = a
		}
	}
	return found
}

// minted is what tokens say, as their holder can read.
type minted struct {
	Session                     string
	Generation                  int64
	Issued                      time.Time
	AccessExpires, RefreshUntil time.Time
	End                         time.Time // exp of the refresh token, zero for none
}

func (m minted) String() string {
	return fmt.Sprintf("generation %d of %s, issued %v, access until %v, refresh until %v, end %v", m.Generation, m.Session, m.Issued, m.AccessExpires, m.RefreshUntil, m.End)
}

// read reads a pair and checks that its parts agree.
func read(t core.Tokens) (minted, error) {
	type claims struct {
		Sid, Jti string
		Gen, Iat int64
		Exp      int64
	}
	var a, r claims
	for token, into := range map[string]*claims{t.AccessToken: &a, t.RefreshToken: &r} {
		parts := strings.Split(token, ".")
		if len(parts) != 3 {
			return minted{}, fmt.Errorf("no token: %q", token)
		}
		payload, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err != nil {
			return minted{}, err
		}
		if err := json.Unmarshal(payload, into); err != nil {
			return minted{}, err
		}
	}
	if a.Sid != t.SessionID || r.Sid != t.SessionID || a.Gen != r.Gen || a.Jti != fmt.Sprintf("%s.%d", a.Sid, a.Gen) || a.Exp != t.AccessExpiresAt.Unix() {
		return minted{}, fmt.Errorf("the tokens %+v and %+v of session %s, until %v, disagree", a, r, t.SessionID, t.AccessExpiresAt)
	}
	m := minted{
		Session: a.Sid, Generation: a.Gen, Issued: time.Unix(a.Iat, 0).UTC(),
		AccessExpires: t.AccessExpiresAt, RefreshUntil: t.RefreshExpiresAt,
	}
	if r.Exp != 0 {
		m.End = time.Unix(r.Exp, 0).UTC()
	}
	return m, nil
}

// keep adds a pair to what clients hold.
func (l *family) keep(t core.Tokens, m minted, step int) {
	l.refresh[m.Generation] = t.RefreshToken
	if l.newest(m.Generation).expires != m.AccessExpires {
		l.access = append(l.access, access{text: t.AccessToken, generation: m.Generation, expires: m.AccessExpires, step: step})
	}
}
