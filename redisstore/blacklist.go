package redisstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/redis/go-redis/v9"
)

// Deny implements [driver.Store].
func (s *Store) Deny(ctx context.Context, r driver.DenyRequest) error {
	k := s.layout.of(r.Subject)
	a, err := s.run(ctx, s.scripts.deny,
		[]string{k.session(r.SessionID), k.deny(r.SessionID), k.feed()},
		s.clock(), subjectTag(r.Subject), r.SessionID, encode(r.Operation[:]), r.Generation, r.ExpiresAt.UnixMilli())
	if err != nil {
		return err
	}
	until, news := a.number(), a.number() == 1
	s.denied(r.Subject, r.SessionID, r.Generation, until, news)
	return a.err
}

// denied tells the mirror what the server has acknowledged, before the caller
// is told, and the other processes' mirrors if it is news to them.
func (s *Store) denied(subject, sessionID string, generation, until int64, news bool) {
	switch shard := s.layout.shard(subject); {
	case s.mirror == nil:
	case news:
		s.mirror.deny(shard, sessionID, generation, until)
	default:
		s.mirror.learn(shard, sessionID, generation, until)
	}
}

// Revoked implements [driver.Store]. With a mirror it is a look into memory.
// Without one, or while it cannot vouch for its age, it is one HMGET on one
// key, which works in the middle of a slot migration too. A check of the
// session's record always asks the server.
func (s *Store) Revoked(ctx context.Context, r driver.RevokedRequest) (driver.RevokedResult, error) {
	if s.mirror != nil && !r.Session {
		switch s.mirror.check(s.layout.shard(r.Subject), r.SessionID, r.Generation) {
		case mirrorDenies:
			return driver.RevokedResult{Revoked: true}, nil
		case mirrorAllows:
			return driver.RevokedResult{}, nil
		}
	}
	return s.checkServer(ctx, r)
}

func (s *Store) checkServer(ctx context.Context, r driver.RevokedRequest) (driver.RevokedResult, error) {
	ctx, cancel := context.WithTimeout(ctx, lookUpTimeout)
	defer cancel()
	k := s.layout.of(r.Subject)
	generation := strconv.FormatInt(r.Generation, 10)
	if r.Session {
		a, err := s.run(ctx, s.scripts.check, []string{k.session(r.SessionID), k.deny(r.SessionID)},
			s.clock(), subjectTag(r.Subject), generation)
		if err != nil {
			return driver.RevokedResult{}, err
		}
		return driver.RevokedResult{Revoked: a.number() != 0}, a.err
	}
	if err := s.checkLayout(ctx); err != nil {
		return driver.RevokedResult{}, err
	}
	key := k.deny(r.SessionID)
	found, err := bounded(ctx, s, func(ctx context.Context) ([]any, error) {
		look := redis.NewSliceCmd(ctx, "hmget", key, "*", generation, "upto") // HMGet would allocate half as much again
		err := s.client.Process(ctx, look)
		return look.Val(), err
	})
	if err != nil {
		return driver.RevokedResult{}, err
	}
	if len(found) != 3 {
		return driver.RevokedResult{}, fmt.Errorf("redisstore: HMGET of 3 fields answered with %d", len(found))
	}
	upTo, err := deniedUpTo(found[2])
	return driver.RevokedResult{Revoked: found[0] != nil || found[1] != nil || r.Generation <= upTo}, err
}

// deniedUpTo reads the field upto of a deny key: the highest generation that a
// refresh of claims has denied, -1 for none.
func deniedUpTo(field any) (int64, error) {
	if field == nil {
		return -1, nil
	}
	text, _ := field.(string)
	generation, _, _ := strings.Cut(text, " ")
	n, err := strconv.ParseInt(generation, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("redisstore: a refresh of claims is on the blacklist as %q", text)
	}
	return n, nil
}
