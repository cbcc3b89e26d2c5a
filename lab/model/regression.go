package model

import (
	"slices"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
)

// regression is a history that was worth a thought.
type regression struct {
	name    string
	history history
	// want is what its reissues come to, written down by hand: by it the model
	// is judged as well. It must not depend on which of two sessions that were
	// used at one moment is the older. Nil: whatever the model says.
	want []string
}

func (r regression) check(t *testing.T, w *world) {
	t.Helper()
	if r.want != nil && !slices.Equal(w.outcomes, r.want) {
		t.Errorf("the reissues came to %q, want %q", w.outcomes, r.want)
	}
}

// regressions are the holes that sessions with rotating refresh tokens are known
// for, and histories that random ones were cut down to.
func regressions() []regression {
	return slices.Concat(windowRegressions(), retryRegressions(), endRegressions(), lossRegressions())
}

// common are settings in which nothing happens by surprise.
func common(change ...func(*settings)) settings {
	s := settings{
		AccessTTL: 10 * time.Minute, IdleTTL: 24 * time.Hour, SessionTTL: 30 * 24 * time.Hour,
		ReuseGrace: 30 * time.Second, MaxSessions: 100,
	}
	for _, f := range change {
		f(&s)
	}
	return s
}

func strict(s *settings) { s.ReuseGrace = core.Strict }

// outcomes names every outcome of a reissue.
func outcomes() (names []string) {
	for o := driver.Missing; o <= driver.Reuse; o++ {
		names = append(names, o.String())
	}
	return names
}
