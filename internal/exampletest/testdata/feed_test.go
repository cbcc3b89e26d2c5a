package main

import (
	"testing"

	"github.com/ratchetauth/ratchet/core"
)

// TestFeedDropsSlowPage fills what a page may be behind: the hook never waits,
// and the page is dropped with what it had been given still to be read.
func TestFeedDropsSlowPage(t *testing.T) {
	f := newFeed(nil)
	slow, other := f.add("alice", false), f.add("bob", false)
	for range feedBuffer {
		f.publish(t.Context(), core.Event{Subject: "alice"})
	}
	f.publish(t.Context(), core.Event{Subject: "bob"})
	f.publish(t.Context(), core.Event{}) // of nobody: for administrators
	if len(f.pages) != 2 {
		t.Fatalf("there are %d pages before one is too far behind, want 2", len(f.pages))
	}
	f.publish(t.Context(), core.Event{Subject: "alice"})
	if len(f.pages) != 1 || f.pages[0] != other {
		t.Errorf("there are %d pages, want bob's alone", len(f.pages))
	}
	n := 0
	for range slow.events {
		n++
	}
	if n != feedBuffer {
		t.Errorf("the dropped page has %d events, want %d", n, feedBuffer)
	}
	f.remove(slow)
	f.publish(t.Context(), core.Event{Subject: "alice"})
	if len(other.events) != 1 {
		t.Errorf("bob has seen %d events, want 1", len(other.events))
	}
}
