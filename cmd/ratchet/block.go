package main

import (
	"time"

	"github.com/ratchetauth/ratchet/core"
)

func block(c *call) error {
	user := c.args[0]
	until, err := c.until()
	if err != nil {
		return err
	}
	ended := 0
	return c.authority(func(string) { ended++ }, func(a *core.Authority) error {
		live, err := a.Sessions(c, user)
		if err != nil {
			return err
		}
		if err := c.confirm(user, len(live)); err != nil {
			return err
		}
		if err := a.Block(c, user, until); err != nil {
			return err
		}
		return c.say(result{user, "block", ended, given(until)}, "blocked %s %s and ended %s", user, howLong(until), count(ended))
	})
}

func unblock(c *call) error {
	user := c.args[0]
	return c.authority(nil, func(a *core.Authority) error {
		_, was, err := a.BlockedUntil(c, user)
		if err != nil {
			return err
		}
		if err := a.Unblock(c, user); err != nil {
			return err
		}
		if !was {
			return c.say(result{User: user, Did: "nothing"}, "%s was not blocked; ended 0 sessions", user)
		}
		return c.say(result{User: user, Did: "unblock"}, "unblocked %s; ended 0 sessions", user)
	})
}

func blocked(c *call) error {
	user := c.args[0]
	return c.authority(nil, func(a *core.Authority) error {
		until, is, err := a.BlockedUntil(c, user)
		if err != nil {
			return err
		}
		value := struct {
			User    string     `json:"user"`
			Blocked bool       `json:"blocked"`
			Until   *time.Time `json:"until,omitempty"` // absent if it is forever
		}{user, is, given(until)}
		if !is {
			return c.say(value, "%s is not blocked", user)
		}
		return c.say(value, "%s is blocked %s", user, howLong(until))
	})
}

// until reads --until.
func (c *call) until() (time.Time, error) {
	text := c.flags.until
	if text == "" {
		return time.Time{}, nil
	}
	until, err := time.Parse(time.RFC3339, text)
	if d, wrong := time.ParseDuration(text); wrong == nil {
		until, err = c.now().Add(d), nil
	}
	if err != nil || !until.After(c.now()) {
		return time.Time{}, usageError("--until takes a time to come, such as 2027-01-31T12:00:00Z or 24h")
	}
	return until, nil
}

// given returns nil for forever.
func given(until time.Time) *time.Time {
	if until.IsZero() {
		return nil
	}
	until = until.UTC()
	return &until
}

func howLong(until time.Time) string {
	if until.IsZero() {
		return "forever"
	}
	return "until " + stamp(until)
}
