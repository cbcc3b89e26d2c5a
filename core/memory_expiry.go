package core

import (
	"container/heap"

	"github.com/ratchetauth/ratchet/core/driver"
)

// expiryKey names one thing that expires; all fields but one are zero.
type expiryKey struct {
	session   string
	subject   string // of a block
	fresh     string // the subject of a RefreshClaims
	denial    denial
	operation driver.OperationID
}

// expiries holds when each thing is to be looked at, the soonest first. A thing
// has one entry, which moves with its expiry and goes with it, so that users
// who log in and out all day leave nothing behind.
type expiries struct {
	queue    []expiry
	position map[expiryKey]int // in queue
}

type expiry struct {
	key expiryKey
	at  int64
}

// set enters a thing or moves its entry.
func (x *expiries) set(key expiryKey, at int64) {
	if i, ok := x.position[key]; ok {
		x.queue[i].at = at
		heap.Fix(x, i)
		return
	}
	heap.Push(x, expiry{key, at})
}

// drop removes a thing's entry, if it has one.
func (x *expiries) drop(key expiryKey) {
	if i, ok := x.position[key]; ok {
		heap.Remove(x, i)
	}
}

// sweep removes what has expired by now, so that an idle store shrinks with
// the next change and a busy one never grows beyond what is live.
func (m *MemoryStore) sweep(now int64) {
	for len(m.expiries.queue) > 0 && m.expiries.queue[0].at <= now {
		key := heap.Pop(&m.expiries).(expiry).key
		switch {
		case key.session != "":
			s := m.sessions[key.session]
			if at := s.retention(); at > now { // prolonged by reissues
				m.expiries.set(key, at)
				continue
			}
			m.unindex(s)
			delete(m.sessions, key.session)
		case key.subject != "":
			delete(m.blocked, key.subject)
		case key.fresh != "":
			delete(m.fresh, key.fresh)
		case key.denial != denial{}:
			delete(m.denied, key.denial)
		default:
			delete(m.done, key.operation)
		}
	}
}

// Len implements [heap.Interface].
func (x *expiries) Len() int { return len(x.queue) }

// Less implements [heap.Interface].
func (x *expiries) Less(i, j int) bool { return x.queue[i].at < x.queue[j].at }

// Swap implements [heap.Interface].
func (x *expiries) Swap(i, j int) {
	x.queue[i], x.queue[j] = x.queue[j], x.queue[i]
	x.position[x.queue[i].key], x.position[x.queue[j].key] = i, j
}

// Push implements [heap.Interface].
func (x *expiries) Push(entry any) {
	e := entry.(expiry)
	x.position[e.key] = len(x.queue)
	x.queue = append(x.queue, e)
}

// Pop implements [heap.Interface].
func (x *expiries) Pop() any {
	last := len(x.queue) - 1
	e := x.queue[last]
	x.queue[last] = expiry{}
	x.queue = x.queue[:last]
	delete(x.position, e.key)
	return e
}
