package facetest

import (
	"bytes"
	"context"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ratchetauth/ratchet/core"
)

// Server is one process of an application, and a client of it. Tests look at
// what it told its operator as well as at its answers.
type Server struct {
	*Client
	Authority *core.Authority
	Store     *Store
	Clock     *Clock

	tb         testing.TB
	newHandler NewHandler
	layout     Layout
	config     core.Config
	records    *records
	https      *httptest.Server // the proxy of NewBrowser, started when it is needed
}

// NewServer starts a server that stops with the test. Its Authority has a
// MemoryStore and the clock of the Server; configure may change that and
// everything else. The store that it configures is behind the Server's Store.
func NewServer(tb testing.TB, newHandler NewHandler, l Layout, configure ...func(*core.Config)) *Server {
	tb.Helper()
	clock := NewClock()
	key, err := core.NewHMACKey("first", bytes.Repeat([]byte{1}, 32))
	if err != nil {
		tb.Fatal(err)
	}
	c := core.Config{
		Issuer:   "auth.example",
		Audience: []string{"api"},
		Keys:     []core.Key{key},
		Store:    core.NewMemoryStore(core.MemoryOptions{Now: clock.Now}),
		Now:      clock.Now,
	}
	for _, change := range configure {
		change(&c)
	}
	store := NewStore(c.Store)
	c.Store = store
	return start(&Server{Store: store, Clock: clock, tb: tb, newHandler: newHandler, layout: l, config: c})
}

// Sibling starts another process of the same application: the same keys,
// store and clock, its own Authority and record of events. configure may
// change what a process may differ in.
func (s *Server) Sibling(configure ...func(*core.Config)) *Server {
	s.tb.Helper()
	sibling := *s
	for _, change := range configure {
		change(&sibling.config)
	}
	return start(&sibling)
}

// start starts the server whose configuration s has.
func start(s *Server) *Server {
	s.tb.Helper()
	s.records, s.https = &records{}, nil
	c := s.config
	onEvent := c.OnEvent
	c.OnEvent = func(ctx context.Context, e core.Event) {
		s.records.addEvent(e)
		if onEvent != nil {
			onEvent(ctx, e)
		}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.NewTextHandler(s.records, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	a, err := core.New(c)
	if err != nil {
		s.tb.Fatal(err)
	}
	s.Authority = a
	server := httptest.NewServer(s.newHandler(s.tb, a, s.layout))
	s.tb.Cleanup(server.Close)
	s.Client = newClient(s.tb, server.URL+s.layout.Prefix)
	return s
}

// host returns where the server listens.
func (s *Server) host() string {
	return strings.TrimSuffix(strings.TrimPrefix(s.url, "http://"), s.layout.Prefix)
}

// Events returns the events so far, in their order.
func (s *Server) Events() []core.Event {
	s.records.mu.Lock()
	defer s.records.mu.Unlock()
	return slices.Clone(s.records.events)
}

// Log returns the text of the log so far, at all levels. It is empty if the
// configuration has a Logger of its own.
func (s *Server) Log() string {
	s.records.mu.Lock()
	defer s.records.mu.Unlock()
	return s.records.log.String()
}

// records are what a server told its operator.
type records struct {
	mu     sync.Mutex
	events []core.Event
	log    bytes.Buffer
}

func (r *records) addEvent(e core.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// Write implements [io.Writer] for the log.
func (r *records) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Write(line)
}
