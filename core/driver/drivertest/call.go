package drivertest

import (
	"slices"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// create calls Create and wants an outcome.
func (e *env) create(r driver.CreateRequest, want driver.CreateOutcome) driver.CreateResult {
	e.Helper()
	got, err := e.store.Create(e.Context(), r)
	if err != nil {
		e.Fatalf("%s: %v", e.describe(r), err)
	}
	if got.Outcome != want {
		e.Fatalf("%s = %s, want %s", e.describe(r), createOutcome(got.Outcome), createOutcome(want))
	}
	return got
}

// rotate calls Rotate and wants an outcome.
func (e *env) rotate(r driver.RotateRequest, want driver.Outcome) driver.RotateResult {
	e.Helper()
	got, err := e.store.Rotate(e.Context(), r)
	if err != nil {
		e.Fatalf("%s: %v", e.describe(r), err)
	}
	if got.Outcome != want {
		e.Fatalf("%s = %s at distance %d and age %v, want %s", e.describe(r), got.Outcome, got.Distance, got.Age, want)
	}
	return got
}

// wantPair compares what two rotations issue.
func (e *env) wantPair(what string, got, want driver.RotateResult) {
	e.Helper()
	if got.Generation != want.Generation {
		e.Fatalf("%s: generation = %d, want %d", what, got.Generation, want.Generation)
	}
	e.wantTime(what+": IssuedAt", got.IssuedAt, want.IssuedAt)
	e.wantTime(what+": IdleEnd", got.IdleEnd, want.IdleEnd)
	e.wantTime(what+": SessionEnd", got.SessionEnd, want.SessionEnd)
}

// end calls End and wants an outcome.
func (e *env) end(r driver.EndRequest, want driver.EndOutcome) {
	e.Helper()
	got, err := e.store.End(e.Context(), r)
	if err != nil {
		e.Fatalf("%s: %v", e.describe(r), err)
	}
	if got.Outcome != want {
		e.Fatalf("%s = %s, want %s", e.describe(r), endOutcome(got.Outcome), endOutcome(want))
	}
}

// endAll calls EndAll and wants the ids of those it ends.
func (e *env) endAll(r driver.EndAllRequest, want ...string) {
	e.Helper()
	got, err := e.store.EndAll(e.Context(), r)
	if err != nil {
		e.Fatalf("%s: %v", e.describe(r), err)
	}
	e.wantIDs(e.describe(r), got.Ended, want...)
}

// block calls Block and wants the ids of those it ends.
func (e *env) block(r driver.BlockRequest, want ...string) {
	e.Helper()
	got, err := e.store.Block(e.Context(), r)
	if err != nil {
		e.Fatalf("%s: %v", e.describe(r), err)
	}
	e.wantIDs(e.describe(r), got.Ended, want...)
}

func (e *env) unblock(subject string) {
	e.Helper()
	e.unblockBy(driver.UnblockRequest{Operation: newID(), Subject: subject})
}

func (e *env) unblockBy(r driver.UnblockRequest) {
	e.Helper()
	if err := e.store.Unblock(e.Context(), r); err != nil {
		e.Fatalf("Unblock(%q) at %s: %v", r.Subject, e.now(), err)
	}
}

// wantBlocked wants the subject to be blocked until a time, zero forever.
func (e *env) wantBlocked(subject string, until time.Time) {
	e.Helper()
	e.blocked(subject, driver.BlockedResult{Blocked: true, Until: until})
}

// wantFree wants the subject not to be blocked.
func (e *env) wantFree(subject string) { e.Helper(); e.blocked(subject, driver.BlockedResult{}) }

func (e *env) blocked(subject string, want driver.BlockedResult) {
	e.Helper()
	got, err := e.store.Blocked(e.Context(), subject)
	if err != nil {
		e.Fatalf("Blocked(%q) at %s: %v", subject, e.now(), err)
	}
	if got.Blocked != want.Blocked || !got.Until.Equal(want.Until) {
		e.Fatalf("Blocked(%q) at %s = %+v, want %+v", subject, e.now(), got, want)
	}
}

func (e *env) deny(r driver.DenyRequest) {
	e.Helper()
	if err := e.store.Deny(e.Context(), r); err != nil {
		e.Fatalf("%s: %v", e.describe(r), err)
	}
}

// check calls Revoked and wants an answer.
func (e *env) check(r driver.RevokedRequest, want bool) {
	e.Helper()
	got, err := e.store.Revoked(e.Context(), r)
	if err != nil {
		e.Fatalf("%s: %v", e.describe(r), err)
	}
	if got.Revoked != want {
		e.Fatalf("%s: revoked = %v, want %v", e.describe(r), got.Revoked, want)
	}
}

// list returns the subject's sessions.
func (e *env) list(subject string) []driver.Session {
	e.Helper()
	list, err := e.store.Sessions(e.Context(), subject)
	if err != nil {
		e.Fatalf("Sessions(%q) at %s: %v", subject, e.now(), err)
	}
	return list
}

// wantList wants the subject's sessions in their order.
func (e *env) wantList(subject string, want ...*session) {
	e.Helper()
	var gotIDs, wantIDs []string
	for _, s := range e.list(subject) {
		gotIDs = append(gotIDs, s.ID)
	}
	for _, s := range want {
		wantIDs = append(wantIDs, s.id())
	}
	if !slices.Equal(gotIDs, wantIDs) {
		e.Fatalf("Sessions(%q) at %s = %q, want %q", subject, e.now(), gotIDs, wantIDs)
	}
}
