package redisstore_test

import (
	"crypto/rand"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
	"github.com/ratchetauth/ratchet/internal/redistest"
	"github.com/ratchetauth/ratchet/redisstore"
)

// A block until a time that no clock will show lasts until Unblock, whoever
// asks for it: neither Go's milliseconds overflow nor a script's numbers, nor
// does Redis refuse the TTL once half of the change is made.
func TestBlockBeyondAllClocks(t *testing.T) {
	client := redistest.Start(t).Client(t)
	for name, until := range map[string]time.Time{
		"the largest of Go":         time.Unix(1<<63-62135596801, 999999999),
		"the largest of the 64 bit": time.UnixMilli(math.MaxInt64),
		"where now overflows":       time.UnixMilli(math.MaxInt64 - 2000),
		"the 64 bit seconds":        time.Unix(1<<62, 0),
		"after 2^53 ms":             time.UnixMilli(1<<53 + 1),
		"2^53 ms":                   time.UnixMilli(1 << 53),
		"before 2^53 ms":            time.UnixMilli(1<<53 - 1),
		"the year 9999":             time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		"the longest duration":      time.Now().Add(math.MaxInt64),
	} {
		callers := map[string]func(*testing.T, *redisstore.Store, *core.Authority) error{
			"authority": func(t *testing.T, _ *redisstore.Store, a *core.Authority) error {
				return a.Block(t.Context(), "alice", until)
			},
			"store": func(t *testing.T, s *redisstore.Store, _ *core.Authority) error {
				r := driver.BlockRequest{Subject: "alice", Until: until}
				rand.Read(r.Operation[:])
				_, err := s.Block(t.Context(), r)
				return err
			},
		}
		for caller, block := range callers {
			t.Run(name+" "+caller, func(t *testing.T) {
				clock := newClock()
				s := newStore(t, client, redisstore.Options{Prefix: randomPrefix(), Now: clock.Now})
				a := newAuthority(t, s, func(c *core.Config) { c.Now = clock.Now })
				tokens := login(t, a, "alice")
				mustSucceed(t, block(t, s, a))
				if _, err := a.Verify(t.Context(), tokens.AccessToken); !errors.Is(err, core.ErrTokenRevoked) {
					t.Errorf("an access token from before: got %v, want %v", err, core.ErrTokenRevoked)
				}
				for _, later := range []time.Duration{0, 100 * 365 * 24 * time.Hour} {
					clock.Advance(later)
					if _, err := a.Issue(t.Context(), core.Login{Subject: "alice"}); !errors.Is(err, core.ErrUserBlocked) {
						t.Errorf("a login %v later: got %v, want %v", later, err, core.ErrUserBlocked)
					}
				}
				mustSucceed(t, a.Unblock(t.Context(), "alice"))
				login(t, a, "alice")
			})
		}
	}
}
