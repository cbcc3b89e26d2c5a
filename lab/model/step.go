package model

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// call is an operation as the model answers it and as the Authority does.
type call struct {
	wantErr    error
	wantEvents []string
	want       *minted // the pair, nil for none
	wantEnded  int
	err        error
	got        core.Tokens
	ended      int
	family     *family // that the operation is about, nil for none
	presented  int64   // the generation of the token of a reissue
	remembered bool    // the process has not asked the store
}

func (w *world) event(t core.EventType, user, session string, generation int64, reason string, r reply) string {
	return fmt.Sprintf("%s of %s %s by generation %d: %s, distance %d, age %v", t, user, session, generation, reason, r.distance, r.age)
}

// expect makes the model's change as often as the fault says, and returns its
// last result. It notes the call, which may arrive once more.
func expect[A any](w *world, f fault, change func() A) (answer A) {
	w.calls = append(w.calls, made{
		at: w.now, answered: f != crash && f != unreached, again: w.tap.again,
		want: func() string { return fmt.Sprint(change()) },
	})
	runs := map[fault]int{unreached: 0, twice: 2}
	n, special := runs[f]
	if !special {
		n = 1
	}
	for range n {
		answer = change()
	}
	return answer
}

// fails reports whether the process learns nothing, and says so.
func (w *world) fails(c *call, f fault, what, user, session string) bool {
	if f != crash && f != unreached {
		return false
	}
	c.wantErr = core.ErrUnavailable
	c.wantEvents = []string{w.event(core.StoreFailed, user, session, 0, what, reply{})}
	return true
}

// perform carries out an operation that calls the Authority.
func (w *world) perform(o op) call {
	f := w.login(o)
	switch o.Do {
	case login:
		return w.doLogin(o)
	case revokeAll, block, unblock, refresh:
		return w.doUser(o, f)
	}
	if f == nil {
		return call{}
	}
	switch o.Do {
	case reissue:
		return w.doReissue(o, f)
	case logout, revoke:
		return w.doEnd(o, f)
	case blacklist:
		return w.doBlacklist(o, f)
	}
	panic("model: no such operation: " + string(o.Do))
}

func (w *world) doLogin(o op) (c call) {
	name := user(o.User)
	c.got, c.err = w.auth().Issue(context.Background(), core.Login{Subject: name})
	id, step := w.tap.opened, w.step
	var evicted []string // by the first run, which the second repeats
	outcome := expect(w, o.Fault, func() string {
		outcome, gone := w.model.login(step, name, id, w.now)
		evicted = append(evicted, gone...)
		return outcome
	})
	if w.fails(&c, o.Fault, "issue", name, id) {
		return c
	}
	switch outcome {
	case "blocked":
		c.wantErr = core.ErrUserBlocked
		c.wantEvents = []string{w.event(core.LoginRefused, name, "", 0, "blocked", reply{})}
		return c
	case "limit":
		c.wantErr = core.ErrSessionLimit
		c.wantEvents = []string{w.event(core.LoginRefused, name, "", 0, "session_limit", reply{})}
		return c
	}
	c.wantEvents = []string{w.event(core.SessionEstablished, name, id, 0, "", reply{})}
	for _, old := range evicted {
		c.wantEvents = append(c.wantEvents, w.event(core.SessionRevoked, name, old, 0, "evicted", reply{}))
	}
	s := w.model.sessions[id]
	c.want = w.pair(s, 0, w.now)
	if c.err == nil && o.Fault != unheard {
		c.family = &family{user: name, id: id, end: s.end, refresh: map[int64]string{}}
		w.logins = append(w.logins, c.family)
	}
	return c
}

// pair returns what the tokens of a generation must say.
func (w *world) pair(s *session, generation int64, issued time.Time) *minted {
	m := &minted{
		Session: s.id, Generation: generation, Issued: issued.Truncate(time.Second),
		AccessExpires: w.model.accessExpiry(s, issued), RefreshUntil: w.model.ends(s),
	}
	if !s.end.IsZero() {
		m.End = s.end.Truncate(time.Second)
	}
	return m
}

func (w *world) doReissue(o op, f *family) (c call) {
	g := f.generation(o.Back)
	c.family, c.presented = f, g
	var options []core.ReissueOption
	attempt := fmt.Sprintf("operation %d", w.step)
	if o.Key != 0 {
		key := fmt.Sprint(o.Key)
		options, attempt = append(options, core.WithIdempotencyKey(key)), fmt.Sprintf("key %s of generation %d", key, g)
	}
	c.got, c.err = w.auth().Reissue(context.Background(), f.refresh[g], options...)

	if !f.end.IsZero() && !w.now.Before(f.end.Truncate(time.Second).Add(w.model.Leeway)) {
		c.wantErr = core.ErrRefreshInvalid // by the token's own exp; the store is not asked
		c.wantEvents = []string{w.event(core.RefreshRefused, f.user, f.id, g, "expired", reply{})}
		return c
	}
	key := refusalKey{w.step % len(w.auths), f.id}
	if known, ok := w.refused[key]; ok && w.now.Sub(known.at) < refusalMemory {
		r := known.reply
		w.outcomes = append(w.outcomes, r.outcome)
		w.seen["remembered"]++
		if r.outcome != "missing" {
			r.distance, r.age = known.generation-g, r.age+w.now.Sub(known.at)
		}
		c.wantErr, c.remembered = core.ErrRefreshInvalid, true
		c.wantEvents = []string{w.event(core.RefreshRefused, f.user, f.id, g, r.outcome, r)}
		return c
	}
	var r reply
	step, genuine := w.step, o.Fault != wrongSeed
	expect(w, o.Fault, func() string {
		r = w.model.reissue(step, attempt, f.id, g, genuine, w.now)
		return r.outcome
	})
	if r.outcome != "" {
		w.outcomes = append(w.outcomes, r.outcome)
		w.seen[r.outcome]++
	}
	if w.fails(&c, o.Fault, "reissue", f.user, f.id) {
		return c
	}
	switch known := (refusal{w.now, r, g + r.distance}); r.outcome {
	case "reuse":
		known.reply.outcome = "revoked"
		w.refused[key] = known
	case "missing", "revoked", "expired":
		w.refused[key] = known
	}
	kind := core.RefreshRefused
	switch r.outcome {
	case "rotated":
		kind = core.SessionReissued
	case "same_attempt", "replayed":
		kind = core.SessionReplayed
	case "recovered":
		kind = core.SessionRecovered
	case "reuse":
		kind = core.SessionRevoked
	case "forged":
		kind = core.RefreshForged
	}
	c.wantEvents = []string{w.event(kind, f.user, f.id, g, r.outcome, r)}
	if r.issued.IsZero() {
		c.wantErr = core.ErrRefreshInvalid
		return c
	}
	c.want = w.pair(w.model.sessions[f.id], r.generation, r.issued)
	return c
}

// doEnd is a logout by a token or a revocation by the session's id.
func (w *world) doEnd(o op, f *family) (c call) {
	c.family = f
	step, reason := w.step, "logout"
	var outcome string
	var key refusalKey
	if o.Do == revoke {
		reason = "revoked"
		c.err = w.auth().Revoke(context.Background(), f.user, f.id)
		outcome = expect(w, o.Fault, func() string { return w.model.revoke(step, f.id, w.now) })
	} else {
		g := f.generation(o.Back)
		p, token := proof{generation: g, genuine: o.Fault != wrongSeed}, f.refresh[g]
		if o.Access {
			a := f.newest(g)
			p.expires, token, p.genuine = a.expires, a.text, true
		}
		c.err = w.auth().Logout(context.Background(), token)
		key = refusalKey{w.step % len(w.auths), token}
		if at, ok := w.ended[key]; ok && w.now.Sub(at) < refusalMemory {
			w.seen["remembered logout"]++
			return c
		}
		outcome = expect(w, o.Fault, func() string { return w.model.logout(step, f.id, p, w.now) })
	}
	failed := w.fails(&c, o.Fault, reason, f.user, f.id)
	if o.Do == logout && !failed && (outcome == "earlier" || outcome == "missing") {
		w.ended[key] = w.now
	}
	switch {
	case failed:
	case outcome == "ended":
		c.wantEvents = []string{w.event(core.SessionRevoked, f.user, f.id, 0, reason, reply{})}
	case outcome == "forged":
		c.wantEvents = []string{w.event(core.RefreshForged, f.user, f.id, 0, "logout", reply{})}
	case outcome == "missing" && o.Do == revoke:
		c.wantErr = core.ErrSessionNotFound
	}
	return c
}

// doUser is what concerns all sessions of a user.
func (w *world) doUser(o op, f *family) (c call) {
	c.family = f
	name, step := user(o.User), w.step
	reason, failure := "revoke_all", "revoke_all"
	ended := []string{}
	switch o.Do {
	case revokeAll:
		var keep []string
		var kept string
		if o.Keep && f != nil {
			keep, kept = []string{f.id}, f.id
		}
		c.ended, c.err = w.auth().RevokeAll(context.Background(), name, keep...)
		expect(w, o.Fault, func() string {
			ended = w.model.revokeAll(step, name, kept, w.now)
			return joinedIDs(ended)
		})
		c.wantEnded = len(ended)
	case block:
		reason, failure = "blocked", "block"
		var until time.Time
		if o.For > 0 {
			until = w.now.Add(o.For)
		}
		c.err = w.auth().Block(context.Background(), name, until)
		expect(w, o.Fault, func() string {
			ended = w.model.block(step, name, until, w.now)
			return joinedIDs(ended)
		})
		c.wantEvents = []string{w.event(core.UserBlocked, name, "", 0, "", reply{})}
	case refresh:
		failure = "refresh claims"
		c.err = w.auth().RefreshClaims(context.Background(), name)
		var sessions []string
		expect(w, o.Fault, func() string {
			sessions = w.model.refresh(step, name, w.now)
			return "sessions " + joinedIDs(sessions)
		})
		for _, id := range sessions {
			c.wantEvents = append(c.wantEvents, w.event(core.ClaimsRefreshed, name, id, 0, "", reply{}))
		}
	case unblock:
		failure = "unblock"
		c.err = w.auth().Unblock(context.Background(), name)
		expect(w, o.Fault, func() string { w.model.unblock(step, name, w.now); return "done" })
		c.wantEvents = []string{w.event(core.UserUnblocked, name, "", 0, "", reply{})}
	}
	if w.fails(&c, o.Fault, failure, name, "") {
		c.wantEnded = 0
		return c
	}
	for _, id := range ended {
		c.wantEvents = append(c.wantEvents, w.event(core.SessionRevoked, name, id, 0, reason, reply{}))
	}
	return c
}

func (w *world) doBlacklist(o op, f *family) (c call) {
	c.family = f
	a := f.newest(f.generation(o.Back))
	c.err = w.auth().Blacklist(context.Background(), a.text)
	if !w.now.Before(a.expires.Add(w.model.Leeway)) {
		return c // nothing is left to deny
	}
	id := tokenID{f.id, a.generation}
	expect(w, o.Fault, func() string { w.model.blacklist(id, a.expires, w.now); return "done" })
	if !w.fails(&c, o.Fault, "blacklist", f.user, f.id) {
		c.wantEvents = []string{w.event(core.TokenBlacklisted, f.user, f.id, a.generation, "", reply{})}
	}
	return c
}

// compare checks an answer against the model's, and lets clients keep it.
func (w *world) compare(c call, heard bool) error {
	if !errors.Is(c.err, c.wantErr) {
		return fmt.Errorf("got error %v, want %v", c.err, c.wantErr)
	}
	got := slices.Sorted(slices.Values(w.events))
	want := slices.Sorted(slices.Values(c.wantEvents))
	if !slices.Equal(got, want) {
		return fmt.Errorf("got events\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	if c.ended != c.wantEnded {
		return fmt.Errorf("%d sessions ended, want %d", c.ended, c.wantEnded)
	}
	if (c.got.AccessToken != "") != (c.want != nil) {
		return fmt.Errorf("got tokens %v, want %v", c.got, c.want)
	}
	if c.want == nil {
		return nil
	}
	m, err := read(c.got)
	if err != nil {
		return err
	}
	if m != *c.want {
		return fmt.Errorf("got  %v\nwant %v", m, *c.want)
	}
	if heard && c.family != nil {
		c.family.keep(c.got, m, w.step)
	}
	return nil
}
