package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

const endDetail = "The access tokens of an ended session are refused at once, with a mirror within its staleness. With more than\n" +
	"ten sessions to end, the command asks on a terminal; elsewhere it needs --yes."

// session is a session as --json writes it.
type session struct {
	ID         string    `json:"id"`
	Generation int64     `json:"generation"`
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at"`
	ExpiresAt  time.Time `json:"expires_at"`
	Device     string    `json:"device,omitempty"`
	UserAgent  string    `json:"user_agent,omitempty"`
	IP         string    `json:"ip,omitempty"`
}

func listSessions(c *call) error {
	return c.authority(nil, func(a *core.Authority) error {
		found, err := a.Sessions(c, c.args[0])
		if err != nil {
			return err
		}
		if c.flags.json {
			list := []session{}
			for _, s := range found {
				list = append(list, session{s.ID, s.Generation, s.CreatedAt.UTC(), s.LastUsedAt.UTC(), s.ExpiresAt.UTC(), s.Device.Name, s.Device.UserAgent, s.Device.IP})
			}
			return c.writeJSON(struct {
				User     string    `json:"user"`
				Sessions []session `json:"sessions"`
			}{c.args[0], list})
		}
		if len(found) == 0 {
			return c.say(nil, "%s has no sessions", c.args[0])
		}
		t := newTable(c.stdout)
		t.row("SESSION", "LOGIN", "LAST USED", "ENDS", "DEVICE", "ADDRESS")
		for _, s := range found {
			t.row(s.ID, stamp(s.CreatedAt), stamp(s.LastUsedAt), stamp(s.ExpiresAt), s.Device.Name, s.Device.IP)
		}
		t.flush()
		return nil
	})
}

// result is what a change did, as --json writes it.
type result struct {
	User  string     `json:"user"`
	Did   string     `json:"did"`
	Ended int        `json:"ended"`
	Until *time.Time `json:"until,omitempty"` // of a block, absent if it is forever
}

func endSession(c *call) error {
	user, sid := c.args[0], c.args[1]
	return c.authority(nil, func(a *core.Authority) error {
		if err := a.Revoke(c, user, sid); errors.Is(err, core.ErrSessionNotFound) {
			return fmt.Errorf("%s has no such live session; nothing was done", user)
		} else if err != nil {
			return err
		}
		return c.say(result{User: user, Did: "end", Ended: 1}, "ended 1 session of %s", user)
	})
}

func endAll(c *call) error {
	user := c.args[0]
	return c.authority(nil, func(a *core.Authority) error {
		live, err := a.Sessions(c, user)
		if err != nil {
			return err
		}
		for _, sid := range c.flags.keep {
			if !slices.ContainsFunc(live, func(s core.Session) bool { return s.ID == sid }) {
				return fmt.Errorf("--keep names no live session of %s; nothing was done", user)
			}
		}
		slices.Sort(c.flags.keep)
		if err := c.confirm(user, len(live)-len(slices.Compact(c.flags.keep))); err != nil {
			return err
		}
		ended, err := a.RevokeAll(c, user, c.flags.keep...)
		if err != nil {
			return err
		}
		return c.say(result{User: user, Did: "end-all", Ended: ended}, "ended %s of %s", count(ended), user)
	})
}

func refreshClaims(c *call) error {
	user := c.args[0]
	return c.authority(nil, func(a *core.Authority) error {
		live, err := a.Sessions(c, user)
		if err != nil {
			return err
		}
		if err := a.RefreshClaims(c, user); err != nil {
			return err
		}
		return c.say(result{User: user, Did: "refresh-claims"}, "refused the access tokens of %s of %s; ended 0 sessions", count(len(live)), user)
	})
}

// count says how many sessions.
func count(n int) string {
	if n == 1 {
		return "1 session"
	}
	return fmt.Sprintf("%d sessions", n)
}
