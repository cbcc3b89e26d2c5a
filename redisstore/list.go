package redisstore

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/redis/go-redis/v9"
)

const (
	// listPart is how many records are read at once. A server answers a
	// pipeline as a whole before it turns to another client.
	listPart = 50

	// spareCandidates is how many sessions more than must go are offered to a
	// login at the limit, in case some of them move on meanwhile.
	spareCandidates = 32
)

// record is what Redis holds of a session on a user's index.
type record struct {
	driver.Session

	live bool
	lost bool // it is missing, killed or another user's
}

// Sessions implements [driver.Store]. It reads the index, which has no more than
// the sessions that live and a few that have ended, and then their records, a part
// at a time, so that no list holds the server up.
func (s *Store) Sessions(ctx context.Context, subject string) ([]driver.Session, error) {
	records, err := s.records(ctx, subject)
	if err != nil {
		return nil, err
	}
	list := make([]driver.Session, 0, len(records))
	for _, r := range slices.Backward(records) {
		if r.live {
			list = append(list, r.Session)
		}
	}
	return list, nil
}

// idlest returns arguments for create.lua: of the sessions that must go for a
// login, and some more, the id and the time of the last reissue, the longest
// without one first, and before them some of those whose record is lost and that
// still count. If a session has not moved on by the time the script runs, it is
// still next in the order: a reissue or a login only puts a session at its end.
func (s *Store) idlest(ctx context.Context, subject string, maxSessions int) ([]any, error) {
	records, err := s.records(ctx, subject)
	if err != nil {
		return nil, err
	}
	var lost, live []any
	surplus := 1 - maxSessions
	for _, r := range records {
		if r.live {
			surplus++
		}
	}
	for _, r := range records {
		switch {
		case r.lost && len(lost) < 2*spareCandidates:
			lost = append(lost, r.ID, -1)
		case r.live && len(live) < 2*(surplus+spareCandidates):
			live = append(live, r.ID, r.LastUsedAt.UnixMilli())
		}
	}
	return append(lost, live...), nil
}

// records returns the sessions on a user's index, the longest without a
// reissue first. Whether they live is judged by the server's time when it began:
// what lives throughout is live, and what had ended before is not.
func (s *Store) records(ctx context.Context, subject string) ([]record, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	k, tag := s.layout.of(subject), subjectTag(subject)
	a, err := s.run(ctx, s.scripts.time, []string{k.user(subject)}, s.clock())
	if err != nil {
		return nil, err
	}
	now := a.number()
	if a.err != nil {
		return nil, a.err
	}
	ids, err := bounded(ctx, s, func(ctx context.Context) ([]string, error) {
		return s.client.ZRange(ctx, k.user(subject), 0, -1).Result()
	})
	if err != nil {
		return nil, err
	}
	records := make([]record, 0, len(ids))
	for part := range slices.Chunk(ids, listPart) {
		found, err := bounded(ctx, s, func(ctx context.Context) ([]redis.Cmder, error) {
			return s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
				for _, id := range part {
					p.HMGet(ctx, k.session(id), "id", "st", "gone", "name", "ua", "ip", "last")
				}
				return nil
			})
		})
		if err != nil {
			return nil, err
		}
		for i, id := range part {
			r, err := readRecord(found[i].(*redis.SliceCmd).Val(), tag, now)
			if err != nil {
				return nil, err
			}
			r.ID = id
			records = append(records, r)
		}
	}
	slices.SortFunc(records, func(a, b record) int {
		return cmp.Or(a.LastUsedAt.Compare(b.LastUsedAt), cmp.Compare(a.ID, b.ID))
	})
	return records, nil
}

// readRecord reads the fields id, st, gone, name, ua, ip and last as record.lua and
// lib.lua describe them. A record that is missing or another user's does not live.
func readRecord(fields []any, tag string, now int64) (record, error) {
	var text [7]string
	for i := range min(len(text), len(fields)) {
		text[i], _ = fields[i].(string)
	}
	if !strings.HasPrefix(text[0], tag) || text[2] != "" {
		return record{lost: true}, nil
	}
	var n [6]int64
	state := strings.Split(text[1], " ")
	if len(state) != len(n) {
		return record{}, fmt.Errorf("redisstore: a session's state has %d parts", len(state))
	}
	for i := range n {
		var err error
		if n[i], err = strconv.ParseInt(state[i], 10, 64); err != nil {
			return record{}, fmt.Errorf("redisstore: a session's state: %w", err)
		}
	}
	made, generation, rotated, idle, lasts := n[0], n[1], n[0]+n[2], n[4], n[5]
	ends := int64(math.MaxInt64)
	if idle > 0 {
		ends = rotated + idle
	}
	if lasts > 0 {
		ends = min(ends, made+lasts)
	}
	if text[6] == text[5] { // it has gone away and come back
		text[6] = ""
	}
	return record{live: now < ends, Session: driver.Session{
		Generation: generation, CreatedAt: at(made), LastUsedAt: at(rotated), ExpiresAt: at(ends),
		Device: driver.Device{Name: text[3], UserAgent: text[4], IP: text[5]}, LastIP: text[6],
	}}, nil
}

func at(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
