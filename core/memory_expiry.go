package core

import "container/heap"

// expiry says that something may have expired at a time; one of the other
// fields names it. What has been prolonged since is looked at again later.
type expiry struct {
	at        int64
	session   string
	subject   string // of a block
	denial    denial
	operation OperationID
}

// sweep removes what has expired by now, so that an idle store shrinks with
// the next change and a busy one never grows beyond what is live.
func (m *MemoryStore) sweep(now int64) {
	for len(m.expiries) > 0 && m.expiries[0].at <= now {
		e := heap.Pop(&m.expiries).(expiry)
		switch {
		case e.session != "":
			s := m.sessions[e.session]
			if s == nil {
				break
			}
			if at := s.retention(); at > now {
				m.expiries.add(expiry{at: at, session: e.session})
				break
			}
			if !s.killed {
				m.unindex(s)
			}
			delete(m.sessions, e.session)
		case e.subject != "":
			if until := m.blocked[e.subject]; until != 0 && until <= now {
				delete(m.blocked, e.subject)
			}
		case e.denial != denial{}:
			if m.denied[e.denial] <= now {
				delete(m.denied, e.denial)
			}
		default:
			delete(m.done, e.operation)
		}
	}
}

// expiries is a heap, the soonest first.
type expiries []expiry

func (h *expiries) add(e expiry) { heap.Push(h, e) }

// Len implements [heap.Interface].
func (h expiries) Len() int { return len(h) }

// Less implements [heap.Interface].
func (h expiries) Less(i, j int) bool { return h[i].at < h[j].at }

// Swap implements [heap.Interface].
func (h expiries) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push implements [heap.Interface].
func (h *expiries) Push(x any) { *h = append(*h, x.(expiry)) }

// Pop implements [heap.Interface].
func (h *expiries) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = expiry{}
	*h = (*h)[:last]
	return e
}
