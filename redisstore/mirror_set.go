package redisstore

import (
	"encoding/base64"
	"math"
	"sync"
	"time"
)

// everyGeneration is the generation of a denial that ends a session.
const everyGeneration = -1

// upTo returns the generation of a denial of every one up to another. It is its
// own inverse.
func upTo(generation int64) int64 { return -2 - generation }

// sessionKey is a session id's 16 bytes.
type sessionKey [16]byte

// tokenKey is one generation of a session.
type tokenKey struct {
	session    sessionKey
	generation int64
}

// setParts is into how many parts a set is divided, each with its own lock.
const setParts = 64

// denialSet holds the blacklist of one shard, exactly: a look-up never mistakes
// one session for another. There are no pointers in its maps, so the garbage
// collector passes them by, and Go's maps grow in small steps. Session ids are
// random, so one byte of them spreads the entries.
type denialSet struct {
	parts [setParts]denialPart
	told  func(Denial) // of what add has not had, nil if nobody asks
}

type denialPart struct {
	mu       sync.RWMutex
	sessions map[sessionKey]uint32 // until when, in seconds
	tokens   map[tokenKey]uint32
	stale    map[sessionKey]staleTokens
}

// staleTokens denies every generation of a session up to one.
type staleTokens struct {
	generation int64
	until      uint32
}

func (d *denialSet) part(session sessionKey) *denialPart {
	return &d.parts[session[0]%setParts]
}

// add denies a generation, or every one, until a time in milliseconds. A
// denial is never shortened. Times are kept in whole seconds, rounded up, the
// last of which is in 2106: a later time is forever.
func (d *denialSet) add(session sessionKey, generation, until int64) {
	seconds := uint32(math.MaxUint32)
	if until <= (math.MaxUint32-1)*1000 {
		seconds = uint32((max(0, until) + 999) / 1000)
	}
	if d.part(session).add(session, generation, seconds) && d.told != nil {
		denial := Denial{SessionID: session.String(), Generation: generation, Until: time.Unix(int64(seconds), 0)}
		if generation < everyGeneration {
			denial.Generation, denial.AndBefore = upTo(generation), true
		}
		d.told(denial)
	}
}

// add denies a generation until a time in seconds, and reports whether it was
// not denied before.
func (p *denialPart) add(session sessionKey, generation int64, seconds uint32) (fresh bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if generation == everyGeneration {
		if p.sessions == nil {
			p.sessions = make(map[sessionKey]uint32)
		}
		_, known := p.sessions[session]
		p.sessions[session] = max(p.sessions[session], seconds)
		return !known
	}
	if generation < everyGeneration {
		if p.stale == nil {
			p.stale = make(map[sessionKey]staleTokens)
		}
		known, ok := p.stale[session]
		if !ok {
			known.generation = -1
		}
		p.stale[session] = staleTokens{max(known.generation, upTo(generation)), max(known.until, seconds)}
		return upTo(generation) > known.generation
	}
	if p.tokens == nil {
		p.tokens = make(map[tokenKey]uint32)
	}
	key := tokenKey{session, generation}
	_, known := p.tokens[key]
	p.tokens[key] = max(p.tokens[key], seconds)
	return !known
}

// has reports whether a generation is denied.
func (d *denialSet) has(session sessionKey, generation int64) bool {
	p := d.part(session)
	p.mu.RLock()
	defer p.mu.RUnlock()
	if _, ok := p.sessions[session]; ok {
		return true
	}
	if len(p.stale) > 0 {
		if known, ok := p.stale[session]; ok && generation <= known.generation {
			return true
		}
	}
	if len(p.tokens) == 0 {
		return false
	}
	_, ok := p.tokens[tokenKey{session, generation}]
	return ok
}

// len returns the number of denials.
func (d *denialSet) len() (n int) {
	for i := range d.parts {
		p := &d.parts[i]
		p.mu.RLock()
		n += len(p.sessions) + len(p.tokens) + len(p.stale)
		p.mu.RUnlock()
	}
	return n
}

// sweepSlack is how long an entry stays beyond its time, because after a
// failover the server's clock may lie a little behind.
const sweepSlack = time.Minute

// sweep removes from one part what has expired.
func (d *denialSet) sweep(part int, now time.Time) {
	limit := uint32(max(0, now.Add(-sweepSlack).Unix()))
	p := &d.parts[part%setParts]
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, until := range p.sessions {
		if until < limit {
			delete(p.sessions, key)
		}
	}
	for key, until := range p.tokens {
		if until < limit {
			delete(p.tokens, key)
		}
	}
	for key, known := range p.stale {
		if known.until < limit {
			delete(p.stale, key)
		}
	}
}

// denial is an entry of the set.
type denial struct {
	session    sessionKey
	generation int64
	until      int64 // milliseconds
}

// all returns the denials, one part at a time.
func (d *denialSet) all() (list []denial) {
	for i := range d.parts {
		p := &d.parts[i]
		p.mu.RLock()
		for key, until := range p.sessions {
			list = append(list, denial{key, everyGeneration, int64(until) * 1000})
		}
		for key, until := range p.tokens {
			list = append(list, denial{key.session, key.generation, int64(until) * 1000})
		}
		for key, known := range p.stale {
			list = append(list, denial{key, upTo(known.generation), int64(known.until) * 1000})
		}
		p.mu.RUnlock()
	}
	return list
}

// parseSession decodes a session id.
func parseSession(id string) (key sessionKey, ok bool) {
	if base64.RawURLEncoding.DecodedLen(len(id)) != len(key) {
		return key, false
	}
	n, err := base64.RawURLEncoding.Decode(key[:], []byte(id))
	return key, err == nil && n == len(key)
}

// String returns the session id.
func (k sessionKey) String() string { return base64.RawURLEncoding.EncodeToString(k[:]) }
