package main

import (
	"cmp"
	"fmt"
	"time"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/redisstore"
)

const watchDetail = "It shows first what is revoked and still in force, then each revocation, within MIRROR_STALENESS, or a second\n" +
	"without that, of its acknowledgement; until it is interrupted. It reads the Redis as a mirror does. A list of\n" +
	"denials has no users in it."

// revocation is what watch shows, as --json writes it.
type revocation struct {
	Seen       time.Time `json:"seen"`
	Session    string    `json:"session"`
	Generation *int64    `json:"generation,omitempty"` // absent for a whole session
	AndBefore  bool      `json:"and_before,omitempty"` // and of all generations before it
	Until      time.Time `json:"until"`
}

// watchRoom is how many denials may wait to be written.
const watchRoom = 1 << 16

func watch(c *call) error {
	denials := make(chan redisstore.Denial, watchRoom)
	missed := make(chan struct{}, 1)
	_, closeStore, err := c.open(func(s *config.Settings) {
		s.Redis.Mirror.Staleness = cmp.Or(s.Redis.Mirror.Staleness, time.Second)
		s.Redis.Mirror.OnDenial = func(d redisstore.Denial) {
			select {
			case denials <- d:
			default: // the mirror must not wait for a terminal
				select {
				case missed <- struct{}{}:
				default:
				}
			}
		}
	})
	if err != nil {
		return err
	}
	defer func() { _ = closeStore() }()
	for {
		select {
		case <-c.Done():
			return nil
		case <-missed:
			return fmt.Errorf("more than %d revocations waited to be written: some were not shown", watchRoom)
		case d := <-denials:
			if err := c.showDenial(d); err != nil {
				return err
			}
		}
	}
}

func (c *call) showDenial(d redisstore.Denial) error {
	r := revocation{Seen: c.now().UTC(), Session: d.SessionID, Until: d.Until.UTC()}
	what := "session"
	if d.Generation >= 0 {
		r.Generation, what = &d.Generation, fmt.Sprintf("access tokens of generation %d of session", d.Generation)
	}
	if d.AndBefore {
		r.AndBefore, what = true, fmt.Sprintf("access tokens up to generation %d of session", d.Generation)
	}
	return c.say(r, "%s revoked %s %s, in force until %s", stamp(r.Seen), what, d.SessionID, stamp(d.Until))
}
