package drivertest

import (
	"context"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

// cancelCases call with a context that has been cancelled. A store may answer
// or fail, and after an error nothing is known about whether the operation
// happened. But it happened as a whole or not at all, and a repetition
// completes it.
func cancelCases() []testCase {
	return []testCase{
		{
			name: "Create",
			rule: "a session stands completely or not at all",
			run: func(e *env) {
				r := e.newRequest(e.newSubject())
				got, err := e.store.Create(e.cancelled(), r)
				s := e.unstarted(r)
				if err == nil {
					if got.Outcome != driver.Created {
						e.Fatalf("%s = %s, want %s or an error", e.describe(r), createOutcome(got.Outcome), createOutcome(driver.Created))
					}
					s.wantLive(0)
				}
				if len(e.list(r.Subject)) > 0 {
					s.wantLive(0)
				}
				s.created = e.create(r, driver.Created)
				e.wantTime("IdleEnd", s.created.IdleEnd, s.created.CreatedAt.Add(r.IdleTTL))
				s.wantLive(0)
				e.wantList(r.Subject, s)
			},
		},
		{
			name: "Rotate",
			rule: "the session has moved on, so that the retry gets the same pair, or it has not",
			run: func(e *env) {
				s := e.login(e.newSubject())
				r := s.rotation(0)
				got, err := e.store.Rotate(e.cancelled(), r)
				if err == nil && got.Outcome != driver.Rotated {
					e.Fatalf("%s = %s, want %s or an error", e.describe(r), got.Outcome, driver.Rotated)
				}
				second, secondErr := e.store.Rotate(e.Context(), r)
				if secondErr != nil || !second.Outcome.Issues() {
					e.Fatalf("%s again = %s, %v, want tokens", e.describe(r), second.Outcome, secondErr)
				}
				if err == nil {
					e.wantPair("the second run", second, got)
				}
				s.wantLive(1)
				s.present(1, driver.Rotated)
			},
		},
		{
			name: "kill",
			rule: "a session is dead completely, refresh token, access tokens and list, or not at all",
			run: func(e *env) {
				for _, x := range e.cancellableKills() {
					s := e.login(e.newSubject())
					s.present(0, driver.Rotated)
					s.present(1, driver.Rotated)
					err := x.kill(e.cancelled(), s)
					e.Logf("killed by %s: %v", x.name, err)
					if _, alive := s.listed(); alive && err != nil {
						s.wantLive(2)
						if err := x.kill(e.Context(), s); err != nil {
							e.Fatalf("%s again: %v", x.name, err)
						}
					}
					s.wantDead()
				}
			},
		},
		{
			name: "Block",
			rule: "the subject is blocked and its sessions dead, or neither",
			run: func(e *env) {
				s := e.login(e.newSubject())
				_, err := e.store.Block(e.cancelled(), blocking(s.subject(), time.Time{}))
				if _, alive := s.listed(); alive && err != nil {
					s.wantLive(0)
					e.create(e.newRequest(s.subject()), driver.Created)
					return
				}
				s.wantDead()
				e.create(e.newRequest(s.subject()), driver.CreateIsBlocked)
			},
		},
		{
			name: "questions",
			rule: "a question is answered in full or with an error, never with an empty answer that looks like one",
			run: func(e *env) {
				s := e.login(e.newSubject())
				e.end(s.ending(), driver.Ended)
				got, err := e.store.Revoked(e.cancelled(), driver.RevokedRequest{Subject: s.subject(), SessionID: s.id()})
				if err == nil && !got.Revoked {
					e.Errorf("Revoked of a killed session: revoked = false, want true or an error")
				}
				next := e.login(s.subject())
				list, err := e.store.Sessions(e.cancelled(), s.subject())
				if err == nil && (len(list) != 1 || list[0].ID != next.id()) {
					e.Errorf("Sessions = %+v, want session %.4s or an error", list, next.id())
				}
			},
		},
	}
}

// cancelled returns a context that has been cancelled.
func (e *env) cancelled() context.Context {
	ctx, cancel := context.WithCancel(e.Context())
	cancel()
	return ctx
}

// cancellableKill is a way to kill a session at generation 2.
type cancellableKill struct {
	name string
	kill func(context.Context, *session) error
}

func (e *env) cancellableKills() []cancellableKill {
	return []cancellableKill{
		{"End", func(ctx context.Context, s *session) error {
			_, err := e.store.End(ctx, s.ending())
			return err
		}},
		{"EndAll", func(ctx context.Context, s *session) error {
			_, err := e.store.EndAll(ctx, endingAll(s.subject()))
			return err
		}},
		{"Block", func(ctx context.Context, s *session) error {
			_, err := e.store.Block(ctx, blocking(s.subject(), time.Time{}))
			return err
		}},
		{"reuse", func(ctx context.Context, s *session) error {
			_, err := e.store.Rotate(ctx, s.rotation(0))
			return err
		}},
	}
}
