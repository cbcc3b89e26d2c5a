package redisstore

import (
	"context"
	"strconv"

	"github.com/ratchetauth/ratchet/core"
)

// Deny implements [core.Store].
func (s *Store) Deny(ctx context.Context, r core.DenyRequest) error {
	k := s.layout.of(r.Subject)
	a, err := s.run(ctx, s.scripts.deny,
		[]string{k.session(r.SessionID), k.deny(r.SessionID), k.feed()},
		s.clock(), subjectTag(r.Subject), r.SessionID, encode(r.Operation[:]), r.Generation, r.ExpiresAt.UnixMilli())
	if err != nil {
		return err
	}
	s.denied(r.Subject, r.SessionID, r.Generation, a.number())
	return a.err
}

// denied tells the mirror what the server has acknowledged, before the caller
// is told.
func (s *Store) denied(subject, sessionID string, generation, until int64) {
	if s.mirror != nil {
		s.mirror.deny(s.layout.shard(subject), sessionID, generation, until)
	}
}

// Check implements [core.Store]. With a mirror it is a look into memory.
// Without one, or while it cannot vouch for its age, it is one HMGET on one
// key, which works in the middle of a slot migration too. A check of the
// session's record always asks the server.
func (s *Store) Check(ctx context.Context, r core.CheckRequest) (core.CheckResult, error) {
	if s.mirror != nil && !r.Session {
		switch s.mirror.check(s.layout.shard(r.Subject), r.SessionID, r.Generation) {
		case mirrorDenies:
			return core.CheckResult{Revoked: true}, nil
		case mirrorAllows:
			return core.CheckResult{}, nil
		}
	}
	return s.checkServer(ctx, r)
}

func (s *Store) checkServer(ctx context.Context, r core.CheckRequest) (core.CheckResult, error) {
	k := s.layout.of(r.Subject)
	generation := strconv.FormatInt(r.Generation, 10)
	if r.Session {
		a, err := s.run(ctx, s.scripts.check, []string{k.session(r.SessionID), k.deny(r.SessionID)},
			s.clock(), subjectTag(r.Subject), generation)
		if err != nil {
			return core.CheckResult{}, err
		}
		return core.CheckResult{Revoked: a.number() != 0}, a.err
	}
	if err := s.checkLayout(ctx); err != nil {
		return core.CheckResult{}, err
	}
	found, err := s.readDenials(ctx, k.deny(r.SessionID), generation)
	if err != nil {
		return core.CheckResult{}, err
	}
	for _, until := range found {
		if until != nil {
			return core.CheckResult{Revoked: true}, nil
		}
	}
	return core.CheckResult{}, nil
}

// readDenials asks for the session and the generation. It is on the path of
// each request, so a client that heeds the context is called directly.
func (s *Store) readDenials(ctx context.Context, key, generation string) ([]any, error) {
	if s.heedsContext {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		return s.client.HMGet(ctx, key, "*", generation).Result()
	}
	return bounded(ctx, func(ctx context.Context) ([]any, error) {
		return s.client.HMGet(ctx, key, "*", generation).Result()
	})
}
