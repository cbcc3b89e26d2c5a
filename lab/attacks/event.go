package attacks

import (
	"slices"

	"github.com/ratchetauth/ratchet/core"
)

// told is what rows compare of an event.
type told struct {
	Type    core.EventType
	Session string
	Reason  string
}

func tell(e core.Event) told { return told{e.Type, e.SessionID, e.Reason} }

// pull collects the events that have come, process by process.
func (s *scene) pull() {
	s.t.Helper()
	for _, p := range s.processes {
		list := p.Events()
		for _, e := range list[s.heard[p]:] {
			if e.Time.IsZero() {
				s.t.Errorf("the event %s has no time", e.Type)
			}
			s.unread = append(s.unread, e)
		}
		s.heard[p] = len(list)
	}
}

// takeEvents returns the events that have come since the last look, those of
// the first process first.
func (s *scene) takeEvents() []core.Event {
	s.t.Helper()
	s.pull()
	list := s.unread
	s.unread = nil
	return list
}

// during returns the events that f causes and leaves the others to be read.
func (s *scene) during(f func()) []core.Event {
	s.t.Helper()
	s.pull()
	n := len(s.unread)
	f()
	s.pull()
	caused := slices.Clone(s.unread[n:])
	s.unread = s.unread[:n]
	return caused
}

// wantEvents checks that exactly these events have come since the last look.
func (s *scene) wantEvents(want ...told) {
	s.t.Helper()
	var got []told
	for _, e := range s.takeEvents() {
		got = append(got, tell(e))
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("events: got %v, want %v", got, want)
	}
}

// wantCounts checks how often each event has come since the last look.
func (s *scene) wantCounts(want map[told]int) {
	s.t.Helper()
	got := make(map[told]int)
	for _, e := range s.takeEvents() {
		got[tell(e)]++
	}
	for what, n := range want {
		if got[what] != n {
			s.t.Errorf("event %v: got it %d times, want %d", what, got[what], n)
		}
	}
	for what, n := range got {
		if want[what] == 0 {
			s.t.Errorf("event %v: got it %d times, want none", what, n)
		}
	}
}
