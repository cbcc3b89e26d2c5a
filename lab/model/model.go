package model

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
)

// model is what a store must know, and nothing of how it keeps it. Its
// operations are numbered, in place of random ids.
type model struct {
	settings
	sessions map[string]*session
	barred   map[string]time.Time // by user: until when, the zero time for ever
	denials  map[tokenID]time.Time
	answers  map[int][]string // what was answered to the operations that end many
}

// session is one login. What it holds of its past is one attempt.
type session struct {
	user       string
	id         string
	generation int64
	attempt    string
	created    time.Time
	moved      time.Time // the last reissue that moved it, or the login
	end        time.Time // absolute, zero for none
	accessEnd  time.Time // when its last access token expires
	stale      int64     // up to which generation a refresh of the claims has denied access tokens
	killer     int       // the operation that killed it, 0 while it has not been
	forgotten  time.Time // when the tombstone goes
}

// tokenID names the access tokens of a generation, or with all those of a session.
type tokenID struct {
	session    string
	generation int64
}

const all = -1

// stale stands, as a generation, for those up to session.stale.
const stale = -2

// reply is what presenting a refresh token comes to.
type reply struct {
	outcome    string
	generation int64 // of the new pair
	issued     time.Time
	distance   int64
	age        time.Duration
}

func newModel(s settings) *model {
	return &model{
		settings: s, sessions: map[string]*session{}, barred: map[string]time.Time{},
		denials: map[tokenID]time.Time{}, answers: map[int][]string{},
	}
}

func (m *model) clone() *model {
	c := *m
	c.barred, c.denials, c.answers = maps.Clone(m.barred), maps.Clone(m.denials), maps.Clone(m.answers)
	c.sessions = make(map[string]*session, len(m.sessions))
	for id, s := range m.sessions {
		copied := *s
		c.sessions[id] = &copied
	}
	return &c
}

// sooner is the earlier of two ends, of which the zero time is none.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// idleEnd moves with each reissue that moves the session.
func (m *model) idleEnd(s *session) time.Time {
	if m.IdleTTL == core.NoLimit {
		return time.Time{}
	}
	return s.moved.Add(m.IdleTTL)
}

// ends is when the newest refresh token is too old.
func (m *model) ends(s *session) time.Time { return sooner(m.idleEnd(s), s.end) }

// accessExpiry is the exp of an access token.
func (m *model) accessExpiry(s *session, issued time.Time) time.Time {
	return sooner(issued.Add(m.AccessTTL), s.end).Truncate(time.Second)
}

// retained is until when the record tells what became of the session.
func (m *model) retained(s *session) time.Time {
	if s.killer != 0 {
		return s.forgotten
	}
	return later(m.ends(s), s.accessEnd).Add(driver.DenialMargin)
}

func (m *model) live(s *session, now time.Time) bool {
	return s != nil && s.killer == 0 && now.Before(m.ends(s))
}

func (m *model) find(id string, now time.Time) *session {
	if s := m.sessions[id]; s != nil && now.Before(m.retained(s)) {
		return s
	}
	return nil
}

// of returns the user's sessions that pass, the longest unused first.
func (m *model) of(user string, pass func(*session) bool) []*session {
	var list []*session
	for _, s := range m.sessions {
		if s.user == user && pass(s) {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b *session) int { return cmp.Or(a.moved.Compare(b.moved), cmp.Compare(a.id, b.id)) })
	return list
}

func (m *model) standing(user string, now time.Time) []*session {
	return m.of(user, func(s *session) bool { return m.live(s, now) })
}

func (m *model) isBarred(user string, now time.Time) bool {
	until, barred := m.barred[user]
	return barred && (until.IsZero() || now.Before(until))
}

func (m *model) cover(s *session, issued time.Time) {
	s.accessEnd = later(s.accessEnd, sooner(issued.Add(m.AccessTTL), s.end))
}

func (m *model) deny(id tokenID, last, now time.Time) {
	if until := last.Add(driver.DenialMargin); until.After(now) {
		m.denials[id] = later(m.denials[id], until)
	}
}

func (m *model) kill(s *session, operation int, now time.Time) {
	s.killer, s.forgotten = operation, later(s.accessEnd, now).Add(driver.DenialMargin)
	m.deny(tokenID{s.id, all}, s.accessEnd, now)
}

// login starts a session and returns the outcome and who had to go for it.
func (m *model) login(operation int, user, id string, now time.Time) (outcome string, evicted []string) {
	if m.find(id, now) != nil {
		return "created", nil // a second run
	}
	if m.isBarred(user, now) {
		return "blocked", nil
	}
	standing := m.standing(user, now)
	surplus := standing[:max(0, len(standing)+1-m.MaxSessions)]
	if len(surplus) > 0 && m.OnLimit == core.RejectNew {
		return "limit", nil
	}
	for _, s := range surplus {
		m.kill(s, operation, now)
		evicted = append(evicted, s.id)
	}
	s := &session{user: user, id: id, created: now, moved: now}
	if m.SessionTTL != core.NoLimit {
		s.end = now.Add(m.SessionTTL)
	}
	m.cover(s, now)
	m.sessions[id] = s
	return "created", evicted
}

// reissue is the table of the rotation.
func (m *model) reissue(operation int, attempt, id string, generation int64, genuine bool, now time.Time) reply {
	s := m.find(id, now)
	switch {
	case s == nil:
		return reply{outcome: "missing"}
	case !genuine:
		return reply{outcome: "forged"}
	}
	r := reply{distance: s.generation - generation, age: now.Sub(s.moved)}
	inWindow := m.ReuseGrace != core.Strict && r.age <= m.ReuseGrace
	switch {
	case s.killer == operation:
		r.outcome = "reuse" // a second run
	case s.killer != 0:
		r.outcome = "revoked"
	case !m.live(s, now):
		r.outcome = "expired"
	case m.isBarred(s.user, now):
		r.outcome = "blocked"
	case r.distance < 0:
		r.outcome = "recovered"
	case r.distance == 0:
		r.outcome = "rotated"
	case r.distance == 1 && attempt == s.attempt:
		r.outcome = "same_attempt"
	case r.distance == 1 && inWindow:
		r.outcome = "replayed"
	default:
		r.outcome = "reuse"
		m.kill(s, operation, now)
	}
	switch r.outcome {
	case "rotated", "recovered":
		s.generation, s.attempt, s.moved, r.issued = generation+1, attempt, now, now
	case "same_attempt", "replayed":
		r.issued = s.moved
		if !now.Before(s.moved.Add(m.AccessTTL).Truncate(time.Second)) {
			r.issued = now
		}
	default:
		return r
	}
	m.cover(s, r.issued)
	r.generation = s.generation
	return r
}

// proof is the token that a logout shows.
type proof struct {
	generation int64
	expires    time.Time // of an access token, zero for a refresh token
	genuine    bool
}

// logout ends a session by a token of it.
func (m *model) logout(operation int, id string, p proof, now time.Time) string {
	s := m.find(id, now)
	horizon := later(now.Add(m.AccessTTL), p.expires)
	switch {
	case s == nil:
		m.deny(tokenID{id, all}, horizon, now)
		return "missing"
	case !p.genuine:
		return "forged"
	case s.killer == operation:
		return "ended"
	}
	ahead := p.generation > s.generation
	if ahead { // writes were lost, and with them the last access token's expiry
		issued := now // the last one, at the latest
		if s.killer != 0 {
			issued = m.retained(s).Add(-driver.DenialMargin)
		}
		m.cover(s, issued)
		s.accessEnd = later(s.accessEnd, p.expires)
	}
	if s.killer != 0 {
		if ahead {
			m.deny(tokenID{id, all}, s.accessEnd, now)
		}
		return "earlier"
	}
	m.kill(s, operation, now)
	return "ended"
}

// revoke ends a live session by its id.
func (m *model) revoke(operation int, id string, now time.Time) string {
	s := m.find(id, now)
	if s != nil && s.killer == operation {
		return "ended"
	}
	if !m.live(s, now) {
		return "missing"
	}
	m.kill(s, operation, now)
	return "ended"
}

// revokeAll ends a user's sessions but one and returns the live among them.
func (m *model) revokeAll(operation int, user, keep string, now time.Time) []string {
	if ended, again := m.answers[operation]; again {
		return ended
	}
	ended, killed := []string{}, 0
	for _, s := range m.of(user, func(s *session) bool { return s.killer == 0 && m.find(s.id, now) != nil && s.id != keep }) {
		killed++
		if m.live(s, now) {
			ended = append(ended, s.id)
		}
		m.kill(s, operation, now)
	}
	slices.Sort(ended)
	if killed > 0 { // a run that changed nothing is not remembered
		m.answers[operation] = ended
	}
	return ended
}

func (m *model) block(operation int, user string, until, now time.Time) []string {
	if ended, again := m.answers[operation]; again {
		return ended
	}
	ended := m.revokeAll(operation, user, "", now)
	if standing, ok := m.barred[user]; (until.IsZero() || until.After(now)) && !(ok && standing.Equal(until)) {
		m.barred[user] = until
		m.answers[operation] = ended
	}
	return ended
}

func (m *model) unblock(operation int, user string, now time.Time) {
	if _, again := m.answers[operation]; !again && m.isBarred(user, now) {
		m.answers[operation] = nil
		delete(m.barred, user)
	}
}

// refresh denies the access tokens of a user's sessions, as they are by now.
func (m *model) refresh(operation int, user string, now time.Time) []string {
	if ids, again := m.answers[operation]; again {
		return ids
	}
	ids := []string{}
	for _, s := range m.of(user, func(s *session) bool { return s.killer == 0 && m.find(s.id, now) != nil }) {
		s.stale = s.generation
		m.deny(tokenID{s.id, stale}, s.accessEnd, now)
		ids = append(ids, s.id)
	}
	slices.Sort(ids)
	m.answers[operation] = ids
	return ids
}

// blacklist denies the access tokens of one generation.
func (m *model) blacklist(id tokenID, expires, now time.Time) {
	if s := m.find(id.session, now); s != nil {
		expires = later(expires, s.accessEnd)
	}
	m.deny(id, expires, now)
}

// verify says what an access token must get. It is unsure of one that outlives
// its denial, as can be after lost writes: a store removes what has passed when
// it likes.
func (m *model) verify(id tokenID, expires, now time.Time) (want error, sure bool) {
	if !now.Before(expires.Add(m.Leeway)) {
		return core.ErrTokenExpired, true
	}
	if m.Revocation == core.SessionRecord && !m.live(m.find(id.session, now), now) {
		return core.ErrTokenRevoked, true
	}
	sure = true
	denying := []tokenID{id, {id.session, all}}
	if s := m.sessions[id.session]; s != nil && id.generation <= s.stale {
		denying = append(denying, tokenID{id.session, stale})
	}
	for _, d := range denying {
		until, denied := m.denials[d]
		if denied && now.Before(until) {
			return core.ErrTokenRevoked, true
		}
		sure = sure && !denied
	}
	return nil, sure
}
