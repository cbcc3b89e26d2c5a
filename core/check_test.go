package core_test

import (
	"errors"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// TestCheck checks that claims that were good are judged anew.
func TestCheck(t *testing.T) {
	w := newWorld(t)
	pair, err := w.Issue(t.Context(), core.Login{Subject: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	claims, err := w.Verify(t.Context(), pair.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Check(t.Context(), claims); err != nil {
		t.Errorf("good claims: got %v", err)
	}
	if err := w.Check(t.Context(), nil); !errors.Is(err, core.ErrTokenMissing) {
		t.Errorf("nil: got %v, want ErrTokenMissing", err)
	}
	if err := w.Blacklist(t.Context(), pair.AccessToken); err != nil {
		t.Fatal(err)
	}
	if err := w.Check(t.Context(), claims); !errors.Is(err, core.ErrTokenRevoked) {
		t.Errorf("denied claims: got %v, want ErrTokenRevoked", err)
	}
	w.clock.advance(time.Hour)
	if err := w.Check(t.Context(), claims); !errors.Is(err, core.ErrTokenExpired) {
		t.Errorf("expired claims: got %v, want ErrTokenExpired", err)
	}
}
