package main

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/redisstore"
)

const checkDetail = "It reads the settings as the example programs do, keys and files too, shows secrets as lengths, and asks the\n" +
	"Redis. With a finding of level WARN, or without an answer, the exit code is 1. A Redis that no program has used\n" +
	"yet needs --new: under a wrong prefix there is nothing either."

// errDanger says that a danger was found, and shown.
var errDanger = errors.New("danger")

// finding is one of redisstore's, as --json writes it.
type finding struct {
	Code   string `json:"code"`
	Level  string `json:"level"`
	Server string `json:"server,omitempty"`
	Found  string `json:"found"`
	Danger string `json:"danger"`
	Remedy string `json:"remedy"`
}

// setting is a variable, as --json writes it.
type setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	File  bool   `json:"from_file,omitempty"`
}

// checked is what check has found.
type checked struct {
	Settings []setting `json:"settings,omitempty"`
	Warnings []string  `json:"warnings,omitempty"`
	Store    string    `json:"store"`
	Findings []finding `json:"findings"`
	Error    string    `json:"error,omitempty"`
	danger   bool
}

func check(c *call) error {
	read := config.StoreFromEnv
	if !c.flags.store {
		read = func(getenv func(string) string) (*config.Settings, error) {
			return config.FromEnv(getenv, config.Defaults{})
		}
	}
	s, err := read(c.getenv)
	if err != nil {
		return err
	}
	found := checked{Warnings: s.Warnings, Store: s.StoreName(), Findings: []finding{}}
	if !c.flags.store {
		for _, v := range config.Describe(c.getenv) {
			if v.Value != "" {
				found.Settings = append(found.Settings, setting{v.Name, v.Value, v.File})
			}
		}
	}
	if s.StoreName() != "memory" {
		if err := c.checkStore(s, &found); err != nil {
			return err
		}
	}
	if err := c.show(found); err != nil {
		return err
	}
	if found.danger {
		return errDanger
	}
	return nil
}

// checkStore asks the Redis. It returns what makes that impossible by the
// settings; a Redis that does not answer is a danger.
func (c *call) checkStore(s *config.Settings, found *checked) error {
	s.Redis.Mirror = redisstore.MirrorOptions{}
	var store *redisstore.Store
	var closeStore func() error
	var err error
	if c.flags.fresh {
		opened, closer, openErr := s.Open(c.logger())
		store, _ = opened.(*redisstore.Store)
		closeStore, err = closer, openErr
	} else {
		store, closeStore, err = s.Connect(c, c.logger())
	}
	if errors.Is(err, config.ErrNoData) {
		return fmt.Errorf("%w (check --new looks at a Redis that is new)", err)
	}
	if errors.Is(err, config.ErrInvalid) {
		return err
	}
	if err == nil {
		defer func() { _ = closeStore() }()
		var report redisstore.Report
		report, err = store.Check(c)
		for _, f := range report {
			found.Findings = append(found.Findings, finding{f.Code, f.Level.String(), f.Server, f.Found, f.Danger, f.Remedy})
			found.danger = found.danger || f.Level >= slog.LevelWarn
		}
	}
	if err != nil {
		found.Error, found.danger = err.Error(), true
	}
	return nil
}

func (c *call) show(found checked) error {
	if c.flags.json {
		return c.writeJSON(found)
	}
	t := newTable(c.stdout)
	for _, s := range found.Settings {
		where := ""
		if s.File {
			where = "(from a file)"
		}
		t.row(s.Name, s.Value, where)
	}
	t.flush()
	for _, w := range found.Warnings {
		fmt.Fprintln(c.stdout, plain("note: "+w))
	}
	for _, f := range found.Findings {
		server := f.Server
		if server != "" {
			server += ": "
		}
		fmt.Fprintln(c.stdout, plain(fmt.Sprintf("%s %s: %s%s", f.Level, f.Code, server, f.Found)))
		fmt.Fprintln(c.stdout, plain("  danger: "+f.Danger))
		fmt.Fprintln(c.stdout, plain("  remedy: "+f.Remedy))
	}
	switch {
	case found.Error != "":
		fmt.Fprintln(c.stdout, plain("DANGER "+found.Error))
	case found.danger:
	default:
		fmt.Fprintln(c.stdout, plain(found.Store+": no danger found"))
	}
	return nil
}
