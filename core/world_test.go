package core_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

const (
	testIssuer   = "https://id.example"
	testAudience = "api"
	hmacSecret   = "an access secret of 38 bytes, no less!"
)

// fakeClock stands still until it is moved.
type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

// newFakeClock starts between two whole seconds, so that rounding shows.
func newFakeClock() *fakeClock {
	return &fakeClock{now: time.Date(2026, 3, 1, 12, 0, 0, 678e6, time.UTC)}
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is an Authority on a spied-upon MemoryStore with one clock for both.
type world struct {
	*core.Authority
	clock  *fakeClock
	store  *spyStore
	events *eventLog
	log    *bytes.Buffer // what the Authority logged, as JSON
	config core.Config
}

// newWorld makes an Authority with one HMAC key, changed by the tweaks.
func newWorld(t testing.TB, tweaks ...func(*core.Config)) *world {
	t.Helper()
	clock, log := newFakeClock(), new(bytes.Buffer)
	w := &world{
		clock:  clock,
		store:  &spyStore{inner: core.NewMemoryStore(core.MemoryOptions{Now: clock.Now})},
		events: new(eventLog),
		log:    log,
	}
	w.config = core.Config{
		Issuer:   testIssuer,
		Audience: []string{testAudience},
		Keys:     []core.Key{hmacKey(t, "k1", hmacSecret)},
		Store:    w.store,
		OnEvent:  w.events.add,
		Logger:   slog.New(slog.NewJSONHandler(&lockedWriter{w: log}, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now:      clock.Now,
	}
	for _, tweak := range tweaks {
		tweak(&w.config)
	}
	w.Authority = mustNew(t, w.config)
	return w
}

// another returns a second Authority of the same deployment, as a second
// process is one.
func (w *world) another(t testing.TB, tweaks ...func(*core.Config)) *core.Authority {
	t.Helper()
	config := w.config
	for _, tweak := range tweaks {
		tweak(&config)
	}
	return mustNew(t, config)
}

func mustNew(t testing.TB, c core.Config) *core.Authority {
	t.Helper()
	a, err := core.New(c)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return a
}

// login starts a session of the subject without custom claims.
func (w *world) login(t testing.TB, subject string) core.Tokens {
	t.Helper()
	return w.issue(t, core.Login{Subject: subject})
}

func (w *world) issue(t testing.TB, l core.Login) core.Tokens {
	t.Helper()
	tokens, err := w.Issue(t.Context(), l)
	if err != nil {
		t.Fatalf("Issue: %v", err)
	}
	return tokens
}

// reissue fails the test unless the refresh token is accepted.
func (w *world) reissue(t testing.TB, refreshToken string, opts ...core.ReissueOption) core.Tokens {
	t.Helper()
	tokens, err := w.Reissue(t.Context(), refreshToken, opts...)
	if err != nil {
		t.Fatalf("Reissue: %v", err)
	}
	return tokens
}

// wantRefused fails the test unless the refresh token is refused in the words
// that every refused one gets.
func (w *world) wantRefused(t testing.TB, refreshToken string, opts ...core.ReissueOption) {
	t.Helper()
	tokens, err := w.Reissue(t.Context(), refreshToken, opts...)
	wantError(t, "Reissue", err, core.ErrRefreshInvalid)
	if tokens != (core.Tokens{}) {
		t.Error("Reissue: a refusal came with tokens")
	}
}

// wantAccess fails the test unless Verify answers want for the access token,
// nil for acceptance.
func (w *world) wantAccess(t testing.TB, accessToken string, want error) {
	t.Helper()
	c, err := w.Verify(t.Context(), accessToken)
	wantError(t, "Verify", err, want)
	if (c == nil) != (want != nil) {
		t.Errorf("Verify: got claims %v with error %v", c, err)
	}
}

// wantAlive fails the test unless the pair is the newest of a living session.
// It moves the session on and returns the next pair.
func (w *world) wantAlive(t testing.TB, pair core.Tokens) core.Tokens {
	t.Helper()
	w.wantAccess(t, pair.AccessToken, nil)
	next := w.reissue(t, pair.RefreshToken)
	w.wantAccess(t, next.AccessToken, nil)
	return next
}

// wantDead fails the test unless both tokens are dead and the session is not
// in the subject's list.
func (w *world) wantDead(t testing.TB, subject string, pair core.Tokens) {
	t.Helper()
	w.wantAccess(t, pair.AccessToken, core.ErrTokenRevoked)
	w.wantRefused(t, pair.RefreshToken)
	if slices.Contains(w.sessionIDs(t, subject), pair.SessionID) {
		t.Errorf("session %s is dead and still in the list", pair.SessionID)
	}
}

func (w *world) sessionIDs(t testing.TB, subject string) []string {
	t.Helper()
	var ids []string
	for _, s := range w.sessions(t, subject) {
		ids = append(ids, s.ID)
	}
	return ids
}

func (w *world) sessions(t testing.TB, subject string) []core.Session {
	t.Helper()
	list, err := w.Sessions(t.Context(), subject)
	if err != nil {
		t.Fatalf("Sessions: %v", err)
	}
	return list
}

// claims verifies an access token and returns its claims.
func (w *world) claims(t testing.TB, accessToken string) *core.Claims {
	t.Helper()
	c, err := w.Verify(t.Context(), accessToken)
	if err != nil {
		t.Fatalf("Verify: %v", err)
	}
	return c
}

// wantSamePair fails the test unless both access tokens have one jti and both
// refresh tokens one session and generation.
func wantSamePair(t testing.TB, got, want core.Tokens) {
	t.Helper()
	if g, w := payloadOf(t, got.AccessToken)["jti"], payloadOf(t, want.AccessToken)["jti"]; g != w {
		t.Errorf("access token: got jti %v, want %v", g, w)
	}
	for _, name := range []string{"sid", "gen", "seed"} {
		if g, w := payloadOf(t, got.RefreshToken)[name], payloadOf(t, want.RefreshToken)[name]; g != w {
			t.Errorf("refresh token: got %s %v, want %v", name, g, w)
		}
	}
}

// wantError fails the test unless err is want, nil or a sentinel, and no other
// sentinel.
func wantError(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", what, err, want)
		return
	}
	for _, other := range sentinels() {
		if other != want && errors.Is(err, other) {
			t.Errorf("%s: the error %v is %v and also %v", what, err, want, other)
		}
	}
	if sentinel, ok := want.(*core.Error); ok && core.AsError(err) != sentinel {
		t.Errorf("%s: AsError: got %v, want %v", what, core.AsError(err), want)
	}
}

// sentinels returns every *core.Error there is.
func sentinels() []error {
	return []error{
		core.ErrTokenMissing, core.ErrTokenInvalid, core.ErrTokenExpired, core.ErrTokenRevoked,
		core.ErrRefreshMissing, core.ErrRefreshInvalid,
		core.ErrBadCredentials, core.ErrUserBlocked, core.ErrForbidden, core.ErrCrossOrigin,
		core.ErrSessionNotFound, core.ErrSessionLimit,
		core.ErrRequestInvalid, core.ErrUnsupportedGrantType, core.ErrMethodNotAllowed,
		core.ErrRequestTooLarge, core.ErrUnsupportedMediaType,
		core.ErrUnavailable, core.ErrInternal,
	}
}

// eventLog collects events.
type eventLog struct {
	mu   sync.Mutex
	list []core.Event
}

func (l *eventLog) add(_ context.Context, e core.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, e)
}

// take returns the events since the last call.
func (l *eventLog) take() []core.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.list
	l.list = nil
	return list
}

// told is what wantEvents compares of an event.
type told struct {
	Type    core.EventType
	Session string
	Reason  string
}

// wantEvents fails the test unless exactly these events, in this order, have
// come since the last look.
func (w *world) wantEvents(t testing.TB, want ...told) {
	t.Helper()
	var got []told
	for _, e := range w.events.take() {
		got = append(got, told{e.Type, e.SessionID, e.Reason})
		if e.Time.IsZero() {
			t.Errorf("event %s has no time", e.Type)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("events: got %v, want %v", got, want)
	}
}

// lockedWriter makes a buffer safe for the goroutines of a test.
type lockedWriter struct {
	mu sync.Mutex
	w  *bytes.Buffer
}

// Write implements [io.Writer].
func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

const day = 24 * time.Hour

func withGrace(d time.Duration) func(*core.Config) {
	return func(c *core.Config) { c.ReuseGrace = d }
}

var errStore = errors.New("connection refused")

// claimsLoader answers LoadClaims with what was last set: claims, an error, or
// a function to call.
type claimsLoader struct {
	mu     sync.Mutex
	answer any
}

func (l *claimsLoader) set(answer any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answer = answer
}

func (l *claimsLoader) load(ctx context.Context, _ core.ClaimsRequest) (any, error) {
	l.mu.Lock()
	answer := l.answer
	l.mu.Unlock()
	switch v := answer.(type) {
	case error:
		return nil, v
	case func(context.Context) (any, error):
		return v(ctx)
	}
	return answer, nil
}

func withClaims(l *claimsLoader) func(*core.Config) {
	return func(c *core.Config) { c.LoadClaims = l.load }
}
