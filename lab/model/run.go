package model

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// repeatWithin is how long a driver may take to run a call again: no longer
// than stores remember what they answered.
const repeatWithin = time.Minute

// run carries out a history and returns what differs from the model or breaks
// a law, and at which operation.
func (h history) run(open Open) (*world, error) {
	w, err := newWorld(h.Settings, open)
	if err != nil {
		return nil, err
	}
	before, err := w.lists()
	for i, o := range h.Ops {
		if err == nil {
			before, err = w.do(o, before)
		}
		if err != nil {
			return w, fmt.Errorf("operation %d, %v, at %v: %w", i, o, w.now.Sub(began), err)
		}
	}
	return w, err
}

// do carries out one operation and all checks, and returns the live sessions
// after it.
func (w *world) do(o op, before map[string]listed) (after map[string]listed, err error) {
	w.step++
	w.events = nil
	w.tap.reset(o.Fault)
	w.seen[string(o.Do)]++
	size, err := w.backend.Size()
	if err != nil {
		return nil, err
	}

	var c call
	switch o.Do {
	case wait:
		w.move(o)
	case repeat:
		err = w.doRepeat(o.Back)
	case save:
		w.saved, err = w.backend.Save()
		w.past, w.savedAt = w.model.clone(), w.step
	case restore:
		if w.saved != nil {
			err = w.saved()
			w.model, w.dead = w.past.clone(), map[string]bool{}
			w.forget()
			w.calls = slices.DeleteFunc(w.calls, func(c made) bool { return c.answered }) // no driver repeats those
		}
	case markBlocked:
		until := w.now.Add(o.For)
		err = w.backend.MarkBlocked(user(o.User), until)
		w.model.barred[user(o.User)] = until
	default:
		c = w.perform(o)
		err = w.compare(c, o.Fault != unheard)
	}
	if err != nil {
		return nil, err
	}
	if grown, err := w.backend.Size(); err != nil {
		return nil, err
	} else if o.Do == reissue && c.want != nil && grown > size {
		return nil, fmt.Errorf("a reissue left the store with %d entries instead of %d", grown, size)
	}
	if after, err = w.lists(); err != nil {
		return nil, err
	}
	if err := w.obey(o, c, before, after); err != nil {
		return nil, err
	}
	return after, w.verifyAll()
}

// forget marks the access tokens whose issue the store has lost: until the next
// reissue it does not know how long to deny them.
func (w *world) forget() {
	for _, f := range w.logins {
		for i, a := range f.access {
			f.access[i].lost = a.lost || a.step > w.savedAt
		}
	}
}

// move moves the clock, never back.
func (w *world) move(o op) {
	if o.Until == "" {
		w.now = w.now.Add(o.For)
		return
	}
	f := w.login(o)
	if f == nil || w.model.sessions[f.id] == nil {
		return
	}
	s := w.model.sessions[f.id]
	var to time.Time
	switch o.Until {
	case windowEnd:
		to = s.moved.Add(max(0, w.model.ReuseGrace))
	case accessEnd:
		to = f.access[len(f.access)-1].expires
	case idleEnd:
		to = w.model.idleEnd(s)
	case sessionEnd:
		to = s.end
	case recordEnd:
		to = w.model.retained(s)
	case blockEnd:
		to = w.model.barred[s.user]
	}
	if to = to.Add(o.For); to.After(w.now) {
		w.now = to
	}
}

// doRepeat lets a call arrive at the store again, if that can still be.
func (w *world) doRepeat(back int) error {
	w.calls = slices.DeleteFunc(w.calls, func(c made) bool { return w.now.Sub(c.at) >= repeatWithin })
	if len(w.calls) == 0 {
		return nil
	}
	c := w.calls[len(w.calls)-1-back%len(w.calls)]
	got, err := c.again()
	if err != nil {
		return err
	}
	if want := c.want(); got != want {
		return fmt.Errorf("the same call again: got %q, want %q", got, want)
	}
	return nil
}

// listed is a live session in the list of its user.
type listed struct {
	core.Session
	user string
}

// lists returns all live sessions, after it has compared them with the model's.
func (w *world) lists() (map[string]listed, error) {
	found := map[string]listed{}
	for n := range users {
		list, err := w.auth().Sessions(context.Background(), user(n))
		if err != nil {
			return nil, err
		}
		standing := w.model.standing(user(n), w.now)
		slices.Reverse(standing)
		if len(list) != len(standing) {
			return nil, fmt.Errorf("%s has %d sessions, want %d", user(n), len(list), len(standing))
		}
		for i, s := range standing {
			want := core.Session{ID: s.id, Generation: s.generation, CreatedAt: s.created, LastUsedAt: s.moved, ExpiresAt: w.model.ends(s)}
			if list[i] != want {
				return nil, fmt.Errorf("session %d of %s: got %+v, want %+v", i, user(n), list[i], want)
			}
			found[s.id] = listed{list[i], user(n)}
		}
	}
	return found, nil
}

// verifyAll presents every access token that was ever answered.
func (w *world) verifyAll() error {
	for _, f := range w.logins {
		for _, a := range f.access {
			claims, err := w.auth().Verify(context.Background(), a.text)
			want, sure := w.model.verify(tokenID{f.id, a.generation}, a.expires, w.now)
			if sure && !errors.Is(err, want) || !sure && err != nil && !errors.Is(err, core.ErrTokenRevoked) {
				return fmt.Errorf("the access token of generation %d of %s: got %v, want %v", a.generation, f.id, err, want)
			}
			if err == nil && (claims.SessionID() != f.id || claims.Generation() != a.generation || claims.Subject() != f.user) {
				return fmt.Errorf("the access token of generation %d of %s says %s of %s", a.generation, f.id, claims.TokenID(), claims.Subject())
			}
			if err == nil && w.dead[f.id] && !a.lost {
				return fmt.Errorf("an access token of %s is good, which was killed", f.id)
			}
		}
	}
	return nil
}

// obey checks the laws, which hold for what is answered, whatever the model
// says.
func (w *world) obey(o op, c call, before, after map[string]listed) error {
	if o.Do == restore || o.Do == repeat { // anything may come back, or end
		return nil
	}
	about := func(id string) bool { return c.family != nil && c.family.id == id }
	for _, id := range slices.Sorted(maps.Keys(before)) {
		old := before[id]
		now, lives := after[id]
		newest := old.Generation
		if o.Do == reissue && about(id) && o.Fault != wrongSeed && o.Fault != unreached && !c.remembered {
			late := o.Key == 0 && w.now.Sub(old.LastUsedAt) > max(0, w.model.ReuseGrace)
			over := !c.family.end.IsZero() && !w.now.Before(c.family.end.Truncate(time.Second)) // as the token itself says
			if stolen := c.presented < newest-1 || c.presented == newest-1 && late; stolen && lives && !over && !w.model.isBarred(old.user, w.now) {
				return fmt.Errorf("an ancestor of generation %d was presented and the session lives on at %d", c.presented, newest)
			}
			newest = max(newest, c.presented+1)
		}
		switch {
		case lives && now.Generation != old.Generation && now.Generation != newest:
			return fmt.Errorf("session %s went from generation %d to %d", id, old.Generation, now.Generation)
		case lives && !now.CreatedAt.Equal(old.CreatedAt):
			return fmt.Errorf("the login of session %s moved", id)
		case lives && w.model.SessionTTL != core.NoLimit && now.ExpiresAt.After(old.CreatedAt.Add(w.model.SessionTTL)):
			return fmt.Errorf("session %s goes beyond its absolute end", id)
		case lives || !w.now.Before(old.ExpiresAt):
			continue
		}
		w.dead[id] = true
		named := false
		switch o.Do {
		case logout, revoke:
			named = about(id) && o.Fault != unreached
		case revokeAll, block:
			kept := o.Do == revokeAll && o.Keep && about(id)
			named = old.user == user(o.User) && !kept && o.Fault != unreached
		case login:
			named = old.user == user(o.User) && w.model.OnLimit == core.EvictIdlest && o.Fault != unreached
		case reissue:
			named = about(id) && c.presented < old.Generation && o.Fault != wrongSeed && o.Fault != unreached
		}
		if !named {
			return fmt.Errorf("session %s was killed for no reason", id)
		}
	}
	if o.Do != login {
		for id := range after {
			if _, was := before[id]; !was {
				return fmt.Errorf("session %s came to life", id)
			}
		}
	}
	if c.want != nil && o.Do == reissue && c.err == nil {
		if m, err := read(c.got); err != nil || m.Generation != c.presented+1 || m.Session != c.family.id || !m.End.Equal(c.family.end.Truncate(time.Second)) {
			return fmt.Errorf("generation %d was answered with %v, of a session that ends at %v", c.presented, m, c.family.end)
		}
	}
	return nil
}
