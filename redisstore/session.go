package redisstore

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/redis/go-redis/v9"
)

// createRuns is how often Create runs its script while other calls for the
// subject are in its way.
const createRuns = 1000

// Create implements [driver.Store]. At the limit it may take several runs of
// the script, each short: those that are answered more clear away what has ended,
// and one that is answered full needs to be told which sessions have gone longest
// without a reissue, and checks it.
func (s *Store) Create(ctx context.Context, r driver.CreateRequest) (driver.CreateResult, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	k := s.layout.of(r.Subject)
	onLimit := "evict"
	if r.OnLimit == driver.RejectNew {
		onLimit = "reject"
	}
	var idlest []any
	for range createRuns {
		args := []any{
			s.clock(), subjectTag(r.Subject), r.SessionID, encode(r.SeedHash[:]), lifetime(r.IdleTTL), lifetime(r.SessionTTL), r.AccessTTL.Milliseconds(),
			r.MaxSessions, onLimit, r.Device.Name, r.Device.UserAgent, r.Device.IP, string(k),
		}
		a, err := s.run(ctx, s.scripts.create,
			[]string{k.session(r.SessionID), k.user(r.Subject), k.blocked(r.Subject), k.feed(), k.done(r.SessionID), k.fresh(r.Subject)},
			append(args, idlest...)...)
		if err != nil {
			return driver.CreateResult{}, err
		}
		switch outcome := a.text(); outcome {
		case "more":
		case "full":
			if idlest, err = s.idlest(ctx, r.Subject, r.MaxSessions); err != nil {
				return driver.CreateResult{}, err
			}
		case "blocked":
			return driver.CreateResult{Outcome: driver.CreateIsBlocked}, nil
		case "limit":
			return driver.CreateResult{Outcome: driver.CreateAtLimit}, nil
		case "created":
			result := driver.CreateResult{
				Outcome: driver.Created, CreatedAt: a.time(), IdleEnd: a.time(), SessionEnd: a.time(), SinceRefresh: a.since(),
			}
			for len(a.list) > 0 && a.err == nil {
				id, until := a.text(), a.textNumber()
				s.denied(r.Subject, id, everyGeneration, until, true)
				result.Evicted = append(result.Evicted, id)
			}
			return result, a.err
		default:
			return driver.CreateResult{}, unexpected(outcome)
		}
	}
	return driver.CreateResult{}, errors.New("redisstore: other calls for the subject were in the way of a login")
}

// Rotate implements [driver.Store].
func (s *Store) Rotate(ctx context.Context, r driver.RotateRequest) (driver.RotateResult, error) {
	k := s.layout.of(r.Subject)
	grace := r.ReuseGrace.Milliseconds()
	if r.ReuseGrace == driver.Strict {
		grace = -1
	}
	a, err := s.run(ctx, s.scripts.rotate,
		[]string{k.session(r.SessionID), k.user(r.Subject), k.blocked(r.Subject), k.deny(r.SessionID), k.feed()},
		s.clock(), subjectTag(r.Subject)+encode(r.SeedHash[:]), r.SessionID, encode(r.Operation[:]), encode(r.Attempt[:]),
		r.Generation, r.AccessTTL.Milliseconds(), grace, r.IP)
	if err != nil {
		return driver.RotateResult{}, err
	}
	name := a.text()
	outcome := outcomeNamed(name)
	if outcome == 0 {
		return driver.RotateResult{}, unexpected(name)
	}
	result := driver.RotateResult{Outcome: outcome}
	if outcome == driver.Missing || outcome == driver.Forged {
		return result, a.err
	}
	result.Generation, result.IssuedAt, result.IdleEnd, result.SessionEnd = a.number(), a.time(), a.time(), a.time()
	result.Distance, result.Age = a.number(), time.Duration(a.number())*time.Millisecond
	if until := a.number(); until > 0 {
		s.denied(r.Subject, r.SessionID, everyGeneration, until, outcome == driver.Reuse)
	}
	if outcome.Issues() {
		result.SinceRefresh = a.since()
	}
	return result, a.err
}

// outcomeNamed returns the outcome that rotate.lua answers by name, or 0.
func outcomeNamed(name string) driver.Outcome {
	for o := driver.Missing; o <= driver.Reuse; o++ {
		if o.String() == name {
			return o
		}
	}
	return 0
}

// End implements [driver.Store].
func (s *Store) End(ctx context.Context, r driver.EndRequest) (driver.EndResult, error) {
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
		return driver.EndResult{}, err
	}
	var outcome driver.EndOutcome
	switch name := a.text(); name {
	case "ended":
		outcome = driver.Ended
	case "earlier":
		outcome = driver.EndedEarlier
	case "missing":
		outcome = driver.EndMissing
	case "forged":
		outcome = driver.EndForged
	default:
		return driver.EndResult{}, unexpected(name)
	}
	if until, news := a.number(), a.number() == 1; until > 0 {
		s.denied(r.Subject, r.SessionID, everyGeneration, until, news)
	}
	return driver.EndResult{Outcome: outcome}, a.err
}

// EndAll implements [driver.Store].
func (s *Store) EndAll(ctx context.Context, r driver.EndAllRequest) (driver.EndAllResult, error) {
	return s.endAll(ctx, r.Subject, r.Operation, "", r.Keep)
}

// Block implements [driver.Store].
func (s *Store) Block(ctx context.Context, r driver.BlockRequest) (driver.EndAllResult, error) {
	until := "0" // also for a time beyond what a script can count to
	if !r.Until.IsZero() && r.Until.Before(time.UnixMilli(1<<53)) {
		until = strconv.FormatInt(max(1, r.Until.UnixMilli()), 10)
	}
	return s.endAll(ctx, r.Subject, r.Operation, until, nil)
}

// endAll kills the subject's sessions but those in keep, and blocks the
// subject unless blockUntil is empty. Sessions that have ended earlier are no
// longer in the user's index: the mirror learns of them from the feed.
func (s *Store) endAll(ctx context.Context, subject string, op driver.OperationID, blockUntil string, keep []string) (driver.EndAllResult, error) {
	k := s.layout.of(subject)
	operation := encode(op[:])
	args := append([]any{s.clock(), subjectTag(subject), operation, blockUntil, string(k)}, s.reading(subject)...)
	for _, id := range keep {
		args = append(args, id)
	}
	a, err := s.run(ctx, s.scripts.endAll,
		[]string{k.user(subject), k.feed(), k.blocked(subject), k.done(operation)}, args...)
	if err != nil {
		return driver.EndAllResult{}, err
	}
	read, err := a.page()
	if err != nil {
		return driver.EndAllResult{}, err
	}
	a = a.nested()
	if outcome := a.text(); outcome != "done" {
		return driver.EndAllResult{}, unexpected(outcome)
	}
	var result driver.EndAllResult
	for len(a.list) > 0 && a.err == nil {
		id, until, live := a.text(), a.textNumber(), a.text() == "1"
		s.denied(subject, id, everyGeneration, until, true)
		if live {
			result.Ended = append(result.Ended, id)
		}
	}
	s.caughtUp(subject, read)
	return result, a.err
}

// RefreshClaims implements [driver.Store].
func (s *Store) RefreshClaims(ctx context.Context, r driver.RefreshClaimsRequest) (driver.RefreshClaimsResult, error) {
	k, operation := s.layout.of(r.Subject), encode(r.Operation[:])
	args := append([]any{s.clock(), subjectTag(r.Subject), operation, string(k)}, s.reading(r.Subject)...)
	a, err := s.run(ctx, s.scripts.refresh,
		[]string{k.user(r.Subject), k.feed(), k.fresh(r.Subject), k.done(operation)}, args...)
	if err != nil {
		return driver.RefreshClaimsResult{}, err
	}
	read, err := a.page()
	if err != nil {
		return driver.RefreshClaimsResult{}, err
	}
	a = a.nested()
	if outcome := a.text(); outcome != "done" {
		return driver.RefreshClaimsResult{}, unexpected(outcome)
	}
	var result driver.RefreshClaimsResult
	for len(a.list) > 0 && a.err == nil {
		id, generation, until, news := a.text(), a.textNumber(), a.textNumber(), a.text() == "1"
		s.denied(r.Subject, id, upTo(generation), until, news)
		result.Sessions = append(result.Sessions, id)
	}
	s.caughtUp(r.Subject, read)
	return result, a.err
}

// reading returns what tells a script which entries of the feed the mirror is to
// catch up with.
func (s *Store) reading(subject string) []any {
	if s.mirror == nil {
		return []any{0, "", ""}
	}
	from := s.mirror.position(s.layout.shard(subject))
	return []any{behindEntries, from.cursor, from.fields}
}

// caughtUp hands the mirror what a script has read for it.
func (s *Store) caughtUp(subject string, read page) {
	if s.mirror != nil {
		s.mirror.catchUp(s.layout.shard(subject), read)
	}
}

// Unblock implements [driver.Store].
func (s *Store) Unblock(ctx context.Context, r driver.UnblockRequest) error {
	k := s.layout.of(r.Subject)
	_, err := s.run(ctx, s.scripts.unblock, []string{k.blocked(r.Subject), k.done(encode(r.Operation[:]))}, s.clock())
	return err
}

// Blocked implements [driver.Store]. It is one GET: the key ends with the block.
func (s *Store) Blocked(ctx context.Context, subject string) (driver.BlockedResult, error) {
	if err := s.checkLayout(ctx); err != nil {
		return driver.BlockedResult{}, err
	}
	key := s.layout.of(subject).blocked(subject)
	text, err := bounded(ctx, s, func(ctx context.Context) (string, error) { return s.client.Get(ctx, key).Result() })
	if errors.Is(err, redis.Nil) {
		return driver.BlockedResult{}, nil
	}
	a := answer{list: []any{text}, err: err}
	ms := a.textNumber()
	switch {
	case a.err != nil:
		return driver.BlockedResult{}, a.err
	case ms == 0:
		return driver.BlockedResult{Blocked: true}, nil
	case s.now != nil && ms <= s.now().UnixMilli(): // a test's time: the server ends the key by its own
		return driver.BlockedResult{}, nil
	}
	return driver.BlockedResult{Blocked: true, Until: time.UnixMilli(ms).UTC()}, nil
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
	if d == driver.NoLimit {
		return 0
	}
	return d.Milliseconds()
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func unexpected(outcome string) error {
	return fmt.Errorf("redisstore: a script answered %q", outcome)
}
