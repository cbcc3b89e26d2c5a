package core

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// MemoryOptions configures [NewMemoryStore]. The zero value is ready to use.
type MemoryOptions struct {
	// Now is the store's clock, for tests; nil means time.Now.
	Now func() time.Time
}

// MemoryStore is the embedded [Store]: one process, nothing on disk, the same
// semantics as the Redis store. It starts no goroutine; each change of state
// removes what has expired.
//
// It is for development, tests and services that run as a single process: its
// sessions end with the process.
type MemoryStore struct {
	now func() time.Time

	mu       sync.RWMutex
	sessions map[string]*record              // by session id
	users    map[string]map[string]*record   // by subject, then session id: those not killed
	blocked  map[string]int64                // by subject: until when, 0 forever
	fresh    map[string]int64                // by subject: the last RefreshClaims, for logins under way
	denied   map[denial]int64                // until when
	done     map[driver.OperationID][]string // what EndAll, Block and Unblock answered
	expiries expiries
}

// denial names the tokens of one generation, or all of a session's.
type denial struct {
	session    string
	generation int64
}

// everyGeneration is the generation of a denial that ends a session.
const everyGeneration = -1

// upToStale is the generation of a denial of every one up to record.stale.
const upToStale = -2

// operationMemory is how long the answer to an operation is kept for its
// second run. A driver repeats a call within seconds.
const operationMemory = time.Minute

// NewMemoryStore returns an empty store.
func NewMemoryStore(o MemoryOptions) *MemoryStore {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &MemoryStore{
		now:      o.Now,
		sessions: make(map[string]*record),
		users:    make(map[string]map[string]*record),
		blocked:  make(map[string]int64),
		fresh:    make(map[string]int64),
		denied:   make(map[denial]int64),
		done:     make(map[driver.OperationID][]string),
		expiries: expiries{position: make(map[expiryKey]int)},
	}
}

// lock takes the store's lock and removes what has expired. It returns the
// time at which the operation happens.
func (m *MemoryStore) lock() int64 {
	m.mu.Lock()
	now := m.now().UnixMilli()
	m.sweep(now)
	return now
}

// find returns the subject's record, nil if it is missing.
func (m *MemoryStore) find(subject, id string, now int64) *record {
	s := m.sessions[id]
	if s == nil || s.subject != subject || now >= s.retention() {
		return nil
	}
	return s
}

// Create implements [Store].
func (m *MemoryStore) Create(_ context.Context, r driver.CreateRequest) (driver.CreateResult, error) {
	now := m.lock()
	defer m.mu.Unlock()

	s := m.find(r.Subject, r.SessionID, now)
	if s == nil {
		if m.isBlocked(r.Subject, now) {
			return driver.CreateResult{Outcome: driver.CreateIsBlocked}, nil
		}
		surplus := m.longestIdle(r.Subject, now)
		surplus = surplus[:max(0, len(surplus)-r.MaxSessions+1)]
		if len(surplus) > 0 && r.OnLimit == RejectNew {
			return driver.CreateResult{Outcome: driver.CreateAtLimit}, nil
		}
		s = &record{
			subject: r.Subject, id: r.SessionID, seed: r.SeedHash, device: r.Device,
			created: now, rotated: now, idleTTL: limitMillis(r.IdleTTL),
		}
		if r.SessionTTL != NoLimit {
			s.sessionEnd = now + r.SessionTTL.Milliseconds()
		}
		s.coverAccess(now + r.AccessTTL.Milliseconds())
		for _, old := range surplus {
			m.kill(old, driver.OperationID{}, now)
			s.evicted = append(s.evicted, old.id)
		}
		m.sessions[s.id] = s
		m.index(s)
		m.expiries.set(expiryKey{session: s.id}, s.retention())
	}
	return driver.CreateResult{
		Outcome:    driver.Created,
		CreatedAt:  timeAt(s.created),
		IdleEnd:    timeAt(s.idleEnd()),
		SessionEnd: timeAt(s.sessionEnd),
		Evicted:    slices.Clone(s.evicted),

		SinceRefresh: since(m.fresh[r.Subject], now),
	}, nil
}

// Rotate implements [Store].
func (m *MemoryStore) Rotate(_ context.Context, r driver.RotateRequest) (driver.RotateResult, error) {
	now := m.lock()
	defer m.mu.Unlock()
	s := m.find(r.Subject, r.SessionID, now)
	result := rotate(s, r, now, m.isBlocked(r.Subject, now))
	if result.Outcome == driver.Reuse && !s.killed {
		m.kill(s, r.Operation, now)
	}
	return result, nil
}

// End implements [Store].
func (m *MemoryStore) End(_ context.Context, r driver.EndRequest) (driver.EndResult, error) {
	now := m.lock()
	defer m.mu.Unlock()
	s := m.find(r.Subject, r.SessionID, now)
	switch {
	case s != nil && r.SeedHash != nil && s.seed != *r.SeedHash:
		return driver.EndResult{Outcome: driver.EndForged}, nil
	case s != nil && s.killed && s.killedBy == r.Operation:
		return driver.EndResult{Outcome: driver.Ended}, nil
	case r.OnlyLive && (s == nil || !s.live(now)):
		return driver.EndResult{Outcome: driver.EndMissing}, nil
	case s == nil && m.sessions[r.SessionID] != nil && m.sessions[r.SessionID].subject != r.Subject:
		return driver.EndResult{Outcome: driver.EndMissing}, nil
	case s == nil:
		end := max(now+r.AccessTTL.Milliseconds(), r.AccessExpiry.UnixMilli())
		m.deny(denial{r.SessionID, everyGeneration}, end, now)
		return driver.EndResult{Outcome: driver.EndMissing}, nil
	}
	lost := r.Generation > s.generation
	if lost { // and with it when the last access token expires
		last := now // at the latest it was issued, and not after a kill
		if s.killed {
			last = s.gone - driver.DenialMargin.Milliseconds()
		}
		s.coverAccess(last + r.AccessTTL.Milliseconds())
		s.accessEnd = max(s.accessEnd, r.AccessExpiry.UnixMilli())
	}
	switch {
	case s.killed && lost:
		m.deny(denial{s.id, everyGeneration}, s.accessEnd, now)
		return driver.EndResult{Outcome: driver.EndedEarlier}, nil
	case s.killed:
		return driver.EndResult{Outcome: driver.EndedEarlier}, nil
	}
	m.kill(s, r.Operation, now)
	return driver.EndResult{Outcome: driver.Ended}, nil
}

// EndAll implements [Store].
func (m *MemoryStore) EndAll(_ context.Context, r driver.EndAllRequest) (driver.EndAllResult, error) {
	now := m.lock()
	defer m.mu.Unlock()
	return m.endAll(r.Subject, r.Keep, r.Operation, now), nil
}

// Block implements [Store].
func (m *MemoryStore) Block(_ context.Context, r driver.BlockRequest) (driver.EndAllResult, error) {
	now := m.lock()
	defer m.mu.Unlock()
	_, again := m.done[r.Operation]
	result := m.endAll(r.Subject, nil, r.Operation, now)
	if !again && m.block(r.Subject, r.Until, now) {
		m.remember(r.Operation, result.Ended, now)
	}
	return result, nil
}

// Unblock implements [Store].
func (m *MemoryStore) Unblock(_ context.Context, r driver.UnblockRequest) error {
	now := m.lock()
	defer m.mu.Unlock()
	if _, again := m.done[r.Operation]; again || !m.isBlocked(r.Subject, now) {
		return nil
	}
	m.remember(r.Operation, nil, now)
	delete(m.blocked, r.Subject)
	m.expiries.drop(expiryKey{subject: r.Subject})
	return nil
}

// Blocked implements [Store].
func (m *MemoryStore) Blocked(_ context.Context, subject string) (driver.BlockedResult, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if !m.isBlocked(subject, m.now().UnixMilli()) {
		return driver.BlockedResult{}, nil
	}
	return driver.BlockedResult{Blocked: true, Until: timeAt(m.blocked[subject])}, nil
}

// Deny implements [Store].
func (m *MemoryStore) Deny(_ context.Context, r driver.DenyRequest) error {
	now := m.lock()
	defer m.mu.Unlock()
	end := r.ExpiresAt.UnixMilli()
	if s := m.find(r.Subject, r.SessionID, now); s != nil {
		end = max(end, s.accessEnd)
	}
	m.deny(denial{r.SessionID, r.Generation}, end, now)
	return nil
}

// RefreshClaims implements [Store].
func (m *MemoryStore) RefreshClaims(_ context.Context, r driver.RefreshClaimsRequest) (driver.RefreshClaimsResult, error) {
	now := m.lock()
	defer m.mu.Unlock()
	ids, again := m.done[r.Operation]
	if !again {
		m.fresh[r.Subject] = now
		m.expiries.set(expiryKey{fresh: r.Subject}, now+driver.RefreshMemory.Milliseconds())
		for id, s := range m.users[r.Subject] {
			s.fresh, s.stale = now, s.generation
			m.deny(denial{id, upToStale}, s.accessEnd, now)
			ids = append(ids, id)
		}
		m.remember(r.Operation, ids, now)
	}
	return driver.RefreshClaimsResult{Sessions: slices.Clone(ids)}, nil
}

// Revoked implements [Store].
func (m *MemoryStore) Revoked(_ context.Context, r driver.RevokedRequest) (driver.RevokedResult, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if r.Session {
		now := m.now().UnixMilli()
		if s := m.find(r.Subject, r.SessionID, now); s == nil || !s.live(now) {
			return driver.RevokedResult{Revoked: true}, nil
		}
	}
	_, revoked := m.denied[denial{r.SessionID, everyGeneration}]
	if !revoked {
		_, revoked = m.denied[denial{r.SessionID, r.Generation}]
	}
	if _, refreshed := m.denied[denial{r.SessionID, upToStale}]; refreshed && !revoked {
		s := m.sessions[r.SessionID] // it outlives the denial
		revoked = s != nil && r.Generation <= s.stale
	}
	return driver.RevokedResult{Revoked: revoked}, nil
}

// Sessions implements [Store].
func (m *MemoryStore) Sessions(_ context.Context, subject string) ([]Session, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	records := m.longestIdle(subject, m.now().UnixMilli())
	slices.Reverse(records)
	list := make([]Session, len(records))
	for i, s := range records {
		list[i] = Session{
			ID:         s.id,
			Generation: s.generation,
			CreatedAt:  timeAt(s.created),
			LastUsedAt: timeAt(s.rotated),
			ExpiresAt:  timeAt(s.end()),
			Device:     s.device,
		}
		if s.lastIP != s.device.IP {
			list[i].LastIP = s.lastIP
		}
	}
	return list, nil
}

// Ping implements [Store]; the memory is always there.
func (m *MemoryStore) Ping(context.Context) error { return nil }

// Format implements [fmt.Formatter] and prints nothing that the store holds,
// whatever the verb.
func (m *MemoryStore) Format(s fmt.State, _ rune) { fmt.Fprint(s, "core.MemoryStore") }

// longestIdle returns the subject's live sessions, the one that has gone
// longest without a reissue first.
func (m *MemoryStore) longestIdle(subject string, now int64) []*record {
	var list []*record
	for _, s := range m.users[subject] {
		if s.live(now) {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b *record) int {
		return cmp.Or(cmp.Compare(a.rotated, b.rotated), cmp.Compare(a.id, b.id))
	})
	return list
}

// block refuses logins until a time, forever if it is zero. It reports whether
// that has changed anything: one that has passed by the store's clock does not.
func (m *MemoryStore) block(subject string, until time.Time, now int64) bool {
	key, ms := expiryKey{subject: subject}, until.UnixMilli()
	forEver := until.IsZero() || until.After(time.UnixMilli(maxNumber)) // milliseconds could overflow
	if forEver {
		ms = 0
	}
	if standing, ok := m.blocked[subject]; ok && standing == ms || !forEver && ms <= now {
		return false
	}
	m.blocked[subject] = ms
	if forEver {
		m.expiries.drop(key)
	} else {
		m.expiries.set(key, ms)
	}
	return true
}

func (m *MemoryStore) isBlocked(subject string, now int64) bool {
	until, ok := m.blocked[subject]
	return ok && (until == 0 || now < until)
}

// endAll kills the subject's sessions once for an operation, however often it
// is run. A run that finds none has changed nothing and is not remembered.
func (m *MemoryStore) endAll(subject string, keep []string, op driver.OperationID, now int64) driver.EndAllResult {
	if ended, again := m.done[op]; again {
		return driver.EndAllResult{Ended: slices.Clone(ended)}
	}
	ended, killed := []string{}, false
	for id, s := range m.users[subject] {
		if slices.Contains(keep, id) {
			continue
		}
		if s.live(now) {
			ended = append(ended, id)
		}
		m.kill(s, op, now)
		killed = true
	}
	if killed {
		m.remember(op, ended, now)
	}
	return driver.EndAllResult{Ended: slices.Clone(ended)}
}

// remember keeps what an operation answered for its second run.
func (m *MemoryStore) remember(op driver.OperationID, ended []string, now int64) {
	m.done[op] = ended
	m.expiries.set(expiryKey{operation: op}, now+operationMemory.Milliseconds())
}

// kill ends a session: the refresh token is dead and the access tokens are on
// the blacklist, both before the lock is released.
func (m *MemoryStore) kill(s *record, op driver.OperationID, now int64) {
	s.killed, s.killedBy = true, op
	s.gone = max(s.accessEnd, now) + driver.DenialMargin.Milliseconds()
	m.unindex(s)
	m.deny(denial{s.id, everyGeneration}, s.accessEnd, now)
	m.expiries.set(expiryKey{session: s.id}, s.gone)
}

// deny blacklists until DenialMargin after end, never for a shorter time than
// before. What has expired forevery process already needs no entry.
func (m *MemoryStore) deny(d denial, end, now int64) {
	until := end + driver.DenialMargin.Milliseconds()
	if until <= now || until <= m.denied[d] {
		return
	}
	m.denied[d] = until
	m.expiries.set(expiryKey{denial: d}, until)
}

func (m *MemoryStore) index(s *record) {
	if m.users[s.subject] == nil {
		m.users[s.subject] = make(map[string]*record)
	}
	m.users[s.subject][s.id] = s
}

func (m *MemoryStore) unindex(s *record) {
	delete(m.users[s.subject], s.id)
	if len(m.users[s.subject]) == 0 {
		delete(m.users, s.subject)
	}
}
