package model

import (
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
)

func (b *batch) create(operation int) storeCall {
	id := rand.Text()
	b.sessions = append(b.sessions, id)
	s := b.model.settings
	return storeCall{
		name: "create " + id,
		run: func(ctx context.Context, _ time.Time) (string, error) {
			a, err := b.store.Create(ctx, driver.CreateRequest{
				Subject: b.user, SessionID: id, AccessTTL: s.AccessTTL, IdleTTL: s.IdleTTL, SessionTTL: s.SessionTTL,
				MaxSessions: s.MaxSessions, OnLimit: s.OnLimit,
			})
			return createOutcome(a), err
		},
		want: func(m *model, now time.Time) string {
			outcome, _ := m.login(operation, b.user, id, now)
			return outcome
		},
	}
}

// rotate presents a token of one of the first generations, in one of two
// attempts, so that calls get in one another's way.
func (b *batch) rotate(operation int, r *mathrand.Rand) storeCall {
	id, generation, attempt := pick(r, b.sessions...), int64(r.IntN(3)), r.IntN(3)
	attemptID := driver.AttemptID{byte(attempt), byte(generation)}
	if attempt == 0 { // without a key
		attempt, attemptID = -operation, driver.AttemptID(b.operationID(operation))
	}
	s := b.model.settings
	tell := func(outcome string, generation, distance int64, age time.Duration, issued time.Time) string {
		return fmt.Sprintf("%s to %d, distance %d, age %v, issued %d", outcome, generation, distance, age, issued.UnixMilli())
	}
	return storeCall{
		name: fmt.Sprintf("rotate %s by generation %d in attempt %d", id, generation, attempt),
		run: func(ctx context.Context, _ time.Time) (string, error) {
			a, err := b.store.Rotate(ctx, driver.RotateRequest{
				Operation: b.operationID(operation), Attempt: attemptID, Subject: b.user, SessionID: id,
				Generation: generation, AccessTTL: s.AccessTTL, ReuseGrace: s.ReuseGrace,
			})
			return tell(a.Outcome.String(), a.Generation, a.Distance, a.Age, a.IssuedAt), err
		},
		want: func(m *model, now time.Time) string {
			a := m.reissue(operation, fmt.Sprint(generation, attempt), id, generation, true, now)
			return tell(a.outcome, a.generation, a.distance, a.age, a.issued)
		},
	}
}

func (b *batch) end(operation int, id string) storeCall {
	return storeCall{
		name: "end " + id,
		run: func(ctx context.Context, _ time.Time) (string, error) {
			a, err := b.store.End(ctx, driver.EndRequest{Operation: b.operationID(operation), Subject: b.user, SessionID: id, OnlyLive: true})
			return endOutcome(a), err
		},
		want: func(m *model, now time.Time) string { return m.revoke(operation, id, now) },
	}
}

func (b *batch) endAll(operation int, keep string) storeCall {
	return storeCall{
		name: "end all but " + keep,
		run: func(ctx context.Context, _ time.Time) (string, error) {
			a, err := b.store.EndAll(ctx, driver.EndAllRequest{Operation: b.operationID(operation), Subject: b.user, Keep: []string{keep}})
			return joined(a), err
		},
		want: func(m *model, now time.Time) string { return joinedIDs(m.revokeAll(operation, b.user, keep, now)) },
	}
}

func (b *batch) block(operation int) storeCall {
	return storeCall{
		name: "block",
		run: func(ctx context.Context, now time.Time) (string, error) {
			a, err := b.store.Block(ctx, driver.BlockRequest{Operation: b.operationID(operation), Subject: b.user, Until: now.Add(time.Minute)})
			return joined(a), err
		},
		want: func(m *model, now time.Time) string {
			return joinedIDs(m.block(operation, b.user, now.Add(time.Minute), now))
		},
	}
}

func (b *batch) revoked(id string) storeCall {
	return storeCall{
		name: "revoked " + id,
		run: func(ctx context.Context, _ time.Time) (string, error) {
			a, err := b.store.Revoked(ctx, driver.RevokedRequest{Subject: b.user, SessionID: id})
			return fmt.Sprint(a.Revoked), err
		},
		want: func(m *model, now time.Time) string {
			_, denied := m.denials[tokenID{id, all}]
			return fmt.Sprint(denied)
		},
	}
}
