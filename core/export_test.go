package core

import "time"

// BlockAlone marks a subject as blocked until a time, for ever if it is zero,
// and kills none of its sessions: the state of a store that has lost writes,
// which no sequence of calls brings about.
func (m *MemoryStore) BlockAlone(subject string, until time.Time) {
	now := m.lock()
	defer m.mu.Unlock()
	m.block(subject, until, now)
}
