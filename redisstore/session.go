package redisstore

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// Create implements [core.Store].
func (s *Store) Create(ctx context.Context, r core.CreateRequest) (core.CreateResult, error) {
	k := s.layout.of(r.Subject)
	onLimit := "evict"
	if r.OnLimit == core.RejectNew {
		onLimit = "reject"
	}
	a, err := s.run(ctx, s.scripts.create,
		[]string{k.session(r.SessionID), k.user(r.Subject), k.blocked(r.Subject), k.feed(), k.done(r.SessionID)},
		s.clock(), subjectTag(r.Subject), r.SessionID, encode(r.SeedHash[:]), lifetime(r.IdleTTL), lifetime(r.SessionTTL), r.AccessTTL.Milliseconds(),
		r.MaxSessions, onLimit, r.Device.Name, r.Device.UserAgent, r.Device.IP, string(k))
	if err != nil {
		return core.CreateResult{}, err
	}
	switch outcome := a.text(); outcome {
	case "blocked":
		return core.CreateResult{Outcome: core.CreateIsBlocked}, nil
	case "limit":
		return core.CreateResult{Outcome: core.CreateAtLimit}, nil
	case "created":
		result := core.CreateResult{
			Outcome: core.Created, CreatedAt: a.time(), IdleEnd: a.time(), SessionEnd: a.time(),
		}
		for len(a.list) > 0 && a.err == nil {
			id, until := a.text(), a.textNumber()
			s.denied(r.Subject, id, everyGeneration, until)
			result.Evicted = append(result.Evicted, id)
		}
		return result, a.err
	default:
		return core.CreateResult{}, unexpected(outcome)
	}
}

// Rotate implements [core.Store].
func (s *Store) Rotate(ctx context.Context, r core.RotateRequest) (core.RotateResult, error) {
	k := s.layout.of(r.Subject)
	grace := r.ReuseGrace.Milliseconds()
	if r.ReuseGrace == core.Strict {
		grace = -1
	}
	a, err := s.run(ctx, s.scripts.rotate,
		[]string{k.session(r.SessionID), k.user(r.Subject), k.blocked(r.Subject), k.deny(r.SessionID), k.feed()},
		s.clock(), subjectTag(r.Subject), r.SessionID, encode(r.Operation[:]), encode(r.Attempt[:]), encode(r.SeedHash[:]),
		r.Generation, r.AccessTTL.Milliseconds(), grace)
	if err != nil {
		return core.RotateResult{}, err
	}
	name := a.text()
	outcome := outcomeNamed(name)
	if outcome == 0 {
		return core.RotateResult{}, unexpected(name)
	}
	result := core.RotateResult{Outcome: outcome}
	if outcome == core.Missing || outcome == core.Forged {
		return result, a.err
	}
	result.Generation, result.IssuedAt, result.IdleEnd, result.SessionEnd = a.number(), a.time(), a.time(), a.time()
	result.Distance, result.Age = a.number(), time.Duration(a.number())*time.Millisecond
	if until := a.number(); outcome == core.Reuse {
		s.denied(r.Subject, r.SessionID, everyGeneration, until)
	}
	return result, a.err
}

// outcomeNamed returns the outcome that rotate.lua answers by name, or 0.
func outcomeNamed(name string) core.Outcome {
	for o := core.Missing; o <= core.Reuse; o++ {
		if o.String() == name {
			return o
		}
	}
	return 0
}

// End implements [core.Store].
func (s *Store) End(ctx context.Context, r core.EndRequest) (core.EndResult, error) {
	k := s.layout.of(r.Subject)
	var seed string
	if r.SeedHash != nil {
		seed = encode(r.SeedHash[:])
	}
	onlyLive := 0
	if r.OnlyLive {
		onlyLive = 1
	}
	a, err := s.run(ctx, s.scripts.end,
		[]string{k.session(r.SessionID), k.user(r.Subject), k.deny(r.SessionID), k.feed()},
		s.clock(), subjectTag(r.Subject), r.SessionID, encode(r.Operation[:]), seed, onlyLive,
		r.AccessTTL.Milliseconds(), max(0, r.AccessExpiry.UnixMilli()), r.Generation)
	if err != nil {
		return core.EndResult{}, err
	}
	var outcome core.EndOutcome
	switch name := a.text(); name {
	case "ended":
		outcome = core.Ended
	case "earlier":
		outcome = core.EndedEarlier
	case "missing":
		outcome = core.EndMissing
	case "forged":
		outcome = core.EndForged
	default:
		return core.EndResult{}, unexpected(name)
	}
	if until := a.number(); until > 0 {
		s.denied(r.Subject, r.SessionID, everyGeneration, until)
	}
	return core.EndResult{Outcome: outcome}, a.err
}

// EndAll implements [core.Store].
func (s *Store) EndAll(ctx context.Context, r core.EndAllRequest) (core.EndAllResult, error) {
	return s.endAll(ctx, r.Subject, r.Operation, "", r.Keep)
}

// Block implements [core.Store].
func (s *Store) Block(ctx context.Context, r core.BlockRequest) (core.EndAllResult, error) {
	until := "0" // also for a time beyond what a script can count to
	if !r.Until.IsZero() && r.Until.Before(time.UnixMilli(1<<53)) {
		until = strconv.FormatInt(max(1, r.Until.UnixMilli()), 10)
	}
	return s.endAll(ctx, r.Subject, r.Operation, until, nil)
}

// endAll kills the subject's sessions but those in keep, and blocks the
// subject unless blockUntil is empty.
func (s *Store) endAll(ctx context.Context, subject string, op core.OperationID, blockUntil string, keep []string) (core.EndAllResult, error) {
	k := s.layout.of(subject)
	operation := encode(op[:])
	args := []any{s.clock(), subjectTag(subject), operation, blockUntil, string(k)}
	for _, id := range keep {
		args = append(args, id)
	}
	a, err := s.run(ctx, s.scripts.endAll,
		[]string{k.user(subject), k.feed(), k.blocked(subject), k.done(operation)}, args...)
	if err != nil {
		return core.EndAllResult{}, err
	}
	if outcome := a.text(); outcome != "done" {
		return core.EndAllResult{}, unexpected(outcome)
	}
	var result core.EndAllResult
	for len(a.list) > 0 && a.err == nil {
		id, until, live := a.text(), a.textNumber(), a.text() == "1"
		s.denied(subject, id, everyGeneration, until)
		if live {
			result.Ended = append(result.Ended, id)
		}
	}
	return result, a.err
}

// Unblock implements [core.Store].
func (s *Store) Unblock(ctx context.Context, r core.UnblockRequest) error {
	k := s.layout.of(r.Subject)
	_, err := s.run(ctx, s.scripts.unblock, []string{k.blocked(r.Subject), k.done(encode(r.Operation[:]))}, s.clock())
	return err
}

// Sessions implements [core.Store].
func (s *Store) Sessions(ctx context.Context, subject string) ([]core.Session, error) {
	k := s.layout.of(subject)
	a, err := s.run(ctx, s.scripts.sessions, []string{k.user(subject), k.none()}, s.clock(), subjectTag(subject), string(k))
	if err != nil {
		return nil, err
	}
	if outcome := a.text(); outcome != "sessions" {
		return nil, unexpected(outcome)
	}
	list := make([]core.Session, 0, len(a.list))
	for len(a.list) > 0 {
		entry, ok := a.next().([]any)
		if !ok {
			return nil, unexpected("no list of a session")
		}
		e := answer{list: entry}
		list = append(list, core.Session{
			ID: e.text(), Generation: e.number(), CreatedAt: e.time(), LastUsedAt: e.time(), ExpiresAt: e.time(),
			Device: core.Device{Name: e.text(), UserAgent: e.text(), IP: e.text()},
		})
		if e.err != nil {
			return nil, e.err
		}
	}
	return list, nil
}

// clock returns the test's time, or nothing for the server's.
func (s *Store) clock() string {
	if s.now == nil {
		return ""
	}
	return strconv.FormatInt(s.now().UnixMilli(), 10)
}

// time returns the test's time, or the process's.
func (s *Store) time() time.Time {
	if s.now == nil {
		return time.Now()
	}
	return s.now()
}

// lifetime returns a TTL in milliseconds, 0 for none.
func lifetime(d time.Duration) int64 {
	if d == core.NoLimit {
		return 0
	}
	return d.Milliseconds()
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func unexpected(outcome string) error {
	return fmt.Errorf("redisstore: a script answered %q", outcome)
}
