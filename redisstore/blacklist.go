package redisstore

import (
	"context"
	"strconv"

	"github.com/ratchetauth/ratchet/core"
)

// Deny implements [core.Store].
func (s *Store) Deny(ctx context.Context, r core.DenyRequest) error {
	k := s.layout.of(r.Subject)
	_, err := s.run(ctx, s.scripts.deny,
		[]string{k.session(r.SessionID), k.deny(r.SessionID), k.feed()},
		s.clock(), r.SessionID, encode(r.Operation[:]), r.Generation, r.ExpiresAt.UnixMilli())
	return err
}

// Check implements [core.Store]. Without the session's record it is one HMGET
// on one key, which works in the middle of a slot migration too.
func (s *Store) Check(ctx context.Context, r core.CheckRequest) (core.CheckResult, error) {
	k := s.layout.of(r.Subject)
	generation := strconv.FormatInt(r.Generation, 10)
	if r.Session {
		a, err := s.run(ctx, s.scripts.check, []string{k.session(r.SessionID), k.deny(r.SessionID)}, s.clock(), generation)
		if err != nil {
			return core.CheckResult{}, err
		}
		return core.CheckResult{Revoked: a.number() != 0}, a.err
	}
	if err := s.checkLayout(ctx); err != nil {
		return core.CheckResult{}, err
	}
	found, err := bounded(ctx, func(ctx context.Context) ([]any, error) {
		return s.client.HMGet(ctx, k.deny(r.SessionID), "*", generation).Result()
	})
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
