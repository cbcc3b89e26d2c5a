package core_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// Every fault of a Config is found by New, whose error names the field.
func TestConfigFaults(t *testing.T) {
	long := strings.Repeat("x", 257)
	for _, test := range []struct {
		name  string
		tweak func(*core.Config)
		field string
	}{
		{"no issuer", func(c *core.Config) { c.Issuer = "" }, "Issuer"},
		{"long issuer", func(c *core.Config) { c.Issuer = long }, "Issuer"},
		{"issuer not UTF-8", func(c *core.Config) { c.Issuer = "\xff" }, "Issuer"},
		{"no audience", func(c *core.Config) { c.Audience = nil }, "Audience"},
		{"audience not nil but empty", func(c *core.Config) { c.Audience = []string{} }, "Audience"},
		{"empty audience", func(c *core.Config) { c.Audience = []string{"a", ""} }, "Audience[1]"},
		{"long audience", func(c *core.Config) { c.Audience = []string{long} }, "Audience[0]"},
		{"audience not UTF-8", func(c *core.Config) { c.Audience = []string{"a", "b", "\xc3"} }, "Audience[2]"},
		{"no keys", func(c *core.Config) { c.Keys = nil }, "Keys"},
		{"zero key", func(c *core.Config) { c.Keys = append(c.Keys, core.Key{}) }, "Keys[1]"},
		{"zero refresh key", func(c *core.Config) { c.RefreshKeys = []core.Key{{}} }, "RefreshKeys[0]"},
		{"no store", func(c *core.Config) { c.Store = nil }, "Store"},
		{"AccessTTL under a second", func(c *core.Config) { c.AccessTTL = time.Second - 1 }, "AccessTTL"},
		{"AccessTTL NoLimit", func(c *core.Config) { c.AccessTTL = core.NoLimit }, "AccessTTL"},
		{"AccessTTL negative", func(c *core.Config) { c.AccessTTL = -time.Hour }, "AccessTTL"},
		{"AccessTTL in seconds by mistake", func(c *core.Config) { c.AccessTTL = 600 }, "AccessTTL"},
		{"IdleTTL under a second", func(c *core.Config) { c.IdleTTL = time.Second - 1 }, "IdleTTL"},
		{"IdleTTL negative", func(c *core.Config) { c.IdleTTL = -2 }, "IdleTTL"},
		{"SessionTTL under a second", func(c *core.Config) { c.SessionTTL = 1 }, "SessionTTL"},
		{"SessionTTL negative", func(c *core.Config) { c.SessionTTL = -time.Second }, "SessionTTL"},
		{"both NoLimit", func(c *core.Config) { c.IdleTTL, c.SessionTTL = core.NoLimit, core.NoLimit }, "IdleTTL"},
		{"ReuseGrace over 2 minutes", func(c *core.Config) { c.ReuseGrace = 2*time.Minute + 1 }, "ReuseGrace"},
		{"ReuseGrace negative", func(c *core.Config) { c.ReuseGrace = -2 }, "ReuseGrace"},
		{"ReuseGrace in seconds by mistake", func(c *core.Config) { c.ReuseGrace = 30 }, "ReuseGrace"},
		{"MaxSessions negative", func(c *core.Config) { c.MaxSessions = -1 }, "MaxSessions"},
		{"MaxSessions over 1000", func(c *core.Config) { c.MaxSessions = 1001 }, "MaxSessions"},
		{"OnLimit unknown", func(c *core.Config) { c.OnLimit = 2 }, "OnLimit"},
		{"OnLimit negative", func(c *core.Config) { c.OnLimit = -1 }, "OnLimit"},
		{"Leeway negative", func(c *core.Config) { c.Leeway = -1 }, "Leeway"},
		{"Leeway over a minute", func(c *core.Config) { c.Leeway = time.Minute + 1 }, "Leeway"},
		{"Revocation unknown", func(c *core.Config) { c.Revocation = 3 }, "Revocation"},
		{"Revocation negative", func(c *core.Config) { c.Revocation = -1 }, "Revocation"},
		{"OnStoreFailure unknown", func(c *core.Config) { c.OnStoreFailure = 2 }, "OnStoreFailure"},
		{"OnStoreFailure negative", func(c *core.Config) { c.OnStoreFailure = -1 }, "OnStoreFailure"},
		{"CacheSize too small for a token", func(c *core.Config) { c.CacheSize = 16 }, "CacheSize"},
		{"CacheSize beyond all memory", func(c *core.Config) { c.CacheSize = math.MaxInt }, "CacheSize"},
		// No login could ever be issued.
		{"audiences that fill a token", func(c *core.Config) { c.Audience = manyAudiences(20) }, "Audience"},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := newWorld(t).config
			test.tweak(&config)
			defer func() {
				if p := recover(); p != nil {
					t.Errorf("New panicked: %v", p)
				}
			}()
			a, err := core.New(config)
			if err == nil || !strings.Contains(err.Error(), "Config."+test.field) {
				t.Errorf("got error %v, want one that names Config.%s", err, test.field)
			}
			if a != nil {
				t.Error("got an Authority with an error")
			}
		})
	}
}

func manyAudiences(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%0256d", i)
	}
	return list
}

// Who got several things wrong is told of all at once.
func TestConfigFaultsTogether(t *testing.T) {
	_, err := core.New(core.Config{
		AccessTTL: -1, IdleTTL: -2, ReuseGrace: time.Hour, MaxSessions: -1, Leeway: -1, OnLimit: 9, Revocation: 9, OnStoreFailure: 9,
		Audience: []string{"", "ok", "\xff"}, RefreshKeys: []core.Key{{}},
	})
	if err == nil {
		t.Fatal("got no error")
	}
	for _, field := range []string{"Issuer", "Audience[0]", "Audience[2]", "Keys is empty", "RefreshKeys[0]", "Store", "AccessTTL", "IdleTTL",
		"ReuseGrace", "MaxSessions", "OnLimit", "Leeway", "Revocation", "OnStoreFailure"} {
		if !strings.Contains(err.Error(), "Config."+field) {
			t.Errorf("the error does not name Config.%s:\n%v", field, err)
		}
	}
	_, err = core.New(core.Config{})
	for _, field := range []string{"Issuer", "Audience", "Keys", "Store"} {
		if err == nil || !strings.Contains(err.Error(), "Config."+field) {
			t.Errorf("the zero Config: the error does not name Config.%s:\n%v", field, err)
		}
	}
	for _, field := range []string{"TTL", "Grace", "MaxSessions", "Logger", "Now"} {
		if strings.Contains(err.Error(), field) {
			t.Errorf("the zero Config: a field with a default is a fault:\n%v", err)
		}
	}
}

// The limits themselves are allowed.
func TestConfigLimits(t *testing.T) {
	for name, tweak := range map[string]func(*core.Config){
		"shortest":    func(c *core.Config) { c.AccessTTL, c.IdleTTL, c.SessionTTL = time.Second, time.Second, time.Second },
		"longest":     func(c *core.Config) { c.AccessTTL, c.IdleTTL, c.SessionTTL = 1<<63-2, 1<<63-2, 1<<63-2 },
		"no idle end": func(c *core.Config) { c.IdleTTL = core.NoLimit },
		"no end":      func(c *core.Config) { c.SessionTTL = core.NoLimit },
		"grace 1ms":   func(c *core.Config) { c.ReuseGrace = time.Millisecond },
		"grace 2m":    func(c *core.Config) { c.ReuseGrace = 2 * time.Minute },
		"strict":      func(c *core.Config) { c.ReuseGrace = core.Strict },
		"1 session":   func(c *core.Config) { c.MaxSessions = 1 },
		"1000":        func(c *core.Config) { c.MaxSessions = 1000 },
		"leeway":      func(c *core.Config) { c.Leeway = time.Minute },
		"long names":  func(c *core.Config) { c.Issuer, c.Audience = strings.Repeat("i", 256), manyAudiences(2) },
		"real clocks": func(c *core.Config) {
			c.OnEvent, c.Logger, c.Now, c.Store = nil, nil, nil, core.NewMemoryStore(core.MemoryOptions{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tweak)
			pair, err := w.Issue(t.Context(), core.Login{Subject: "alice"})
			if err != nil {
				t.Fatal(err)
			}
			if got := w.sessions(t, "alice"); len(got) != 1 {
				t.Fatalf("got sessions %v", got)
			}
			if name != "shortest" { // which the rounding may have ended already
				w.wantAccess(t, pair.AccessToken, nil)
			}
			w.reissue(t, pair.RefreshToken)
		})
	}
}

// A Config's slices are the caller's again once New has returned.
func TestConfigIsCopied(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.Audience = []string{"api", "web"} })
	clear(w.config.Audience)
	clear(w.config.Keys)
	pair := w.login(t, "alice")
	if got := w.claims(t, pair.AccessToken).Audience(); fmt.Sprint(got) != "[api web]" {
		t.Errorf("got audience %q", got)
	}
	w.wantAlive(t, pair)
}

// The defaults: access 10 minutes, idle 7 days, session 30 days, grace 30
// seconds, 100 sessions of which the eldest goes.
func TestConfigDefaults(t *testing.T) {
	w := newWorld(t)
	start := w.clock.Now()
	pair := w.login(t, "alice")
	wantTime(t, "access expiry", pair.AccessExpiresAt, start.Add(10*time.Minute).Truncate(time.Second))
	wantTime(t, "refresh expiry", pair.RefreshExpiresAt, start.Add(7*day))
	if got, want := fmt.Sprint(payloadOf(t, pair.RefreshToken)["exp"]), fmt.Sprint(start.Add(30*day).Unix()); got != want {
		t.Errorf("session end: got %s, want %s", got, want)
	}

	w.clock.advance(pair.AccessExpiresAt.Sub(start) - time.Millisecond)
	w.wantAccess(t, pair.AccessToken, nil)
	w.clock.advance(time.Millisecond) // RFC 7519, section 4.1.4: on or after
	w.wantAccess(t, pair.AccessToken, core.ErrTokenExpired)

	child := w.reissue(t, pair.RefreshToken)
	w.clock.advance(30 * time.Second)
	wantSamePair(t, w.reissue(t, pair.RefreshToken), child)
	w.clock.advance(time.Millisecond)
	w.wantRefused(t, pair.RefreshToken)

	for range 101 {
		w.clock.advance(time.Second)
		pair = w.login(t, "bob")
	}
	if got := len(w.sessions(t, "bob")); got != 100 {
		t.Errorf("got %d sessions, want 100", got)
	}

	w.clock.advance(7*day - time.Millisecond)
	pair = w.reissue(t, pair.RefreshToken)
	w.clock.advance(7 * day)
	w.wantRefused(t, pair.RefreshToken)

	pair = w.login(t, "carol")
	for range 4 {
		w.clock.advance(7*day - time.Second)
		pair = w.reissue(t, pair.RefreshToken)
	}
	wantTime(t, "refresh expiry near the end", pair.RefreshExpiresAt, w.clock.Now().Add(2*day+4*time.Second))
	w.clock.advance(2*day + 4*time.Second)
	w.wantRefused(t, pair.RefreshToken)
}

func wantTime(t testing.TB, what string, got, want time.Time) {
	t.Helper()
	if !got.Equal(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
	if got.Location() != time.UTC {
		t.Errorf("%s: got a time in %v, want UTC", what, got.Location())
	}
}

// The shorter of the two ends counts, in the Config and in the login.
func TestLifetimes(t *testing.T) {
	for _, test := range []struct {
		name       string
		config     [2]time.Duration // idle, session
		login      [2]time.Duration
		idle, last time.Duration // the login's RefreshExpiresAt, the session's absolute end
	}{
		{"idle capped", [2]time.Duration{30 * day, day}, [2]time.Duration{}, day, day},
		{"default idle capped", [2]time.Duration{0, day}, [2]time.Duration{}, day, day},
		{"no idle end", [2]time.Duration{core.NoLimit, day}, [2]time.Duration{}, day, day},
		{"no absolute end", [2]time.Duration{day, core.NoLimit}, [2]time.Duration{}, day, 0},
		{"login idle", [2]time.Duration{}, [2]time.Duration{time.Hour, 0}, time.Hour, 30 * day},
		{"login idle capped", [2]time.Duration{0, day}, [2]time.Duration{2 * day, 0}, day, day},
		{"login session", [2]time.Duration{}, [2]time.Duration{0, time.Hour}, time.Hour, time.Hour},
		{"login without an end", [2]time.Duration{}, [2]time.Duration{day, core.NoLimit}, day, 0},
		{"login without an idle end", [2]time.Duration{}, [2]time.Duration{core.NoLimit, 0}, 30 * day, 30 * day},
		{"login against both", [2]time.Duration{core.NoLimit, day}, [2]time.Duration{time.Hour, core.NoLimit}, time.Hour, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, func(c *core.Config) { c.IdleTTL, c.SessionTTL = test.config[0], test.config[1] })
			start := w.clock.Now()
			pair := w.issue(t, core.Login{Subject: "alice", IdleTTL: test.login[0], SessionTTL: test.login[1]})
			wantTime(t, "refresh expiry", pair.RefreshExpiresAt, start.Add(test.idle))
			wantTime(t, "list", w.sessions(t, "alice")[0].ExpiresAt, start.Add(test.idle))
			end, has := payloadOf(t, pair.RefreshToken)["exp"]
			if has != (test.last != 0) || has && fmt.Sprint(end) != fmt.Sprint(start.Add(test.last).Unix()) {
				t.Errorf("got session end %v, want %v after %d", end, test.last, start.Unix())
			}
			w.clock.advance(test.idle - time.Second)
			w.reissue(t, pair.RefreshToken)

			w = newWorld(t, func(c *core.Config) { c.IdleTTL, c.SessionTTL = test.config[0], test.config[1] })
			pair = w.issue(t, core.Login{Subject: "alice", IdleTTL: test.login[0], SessionTTL: test.login[1]})
			w.clock.advance(test.idle)
			w.wantRefused(t, pair.RefreshToken)
		})
	}
}

// Leeway lengthens the life of a token, not of a session.
func TestLeeway(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.Leeway = 30 * time.Second })
	pair := w.login(t, "alice")
	w.clock.advance(pair.AccessExpiresAt.Add(30*time.Second - time.Millisecond).Sub(w.clock.Now()))
	w.wantAccess(t, pair.AccessToken, nil)
	w.clock.advance(time.Millisecond)
	w.wantAccess(t, pair.AccessToken, core.ErrTokenExpired)
	w.clock.advance(pair.RefreshExpiresAt.Sub(w.clock.Now()))
	w.wantRefused(t, pair.RefreshToken)
}

// Every fault of a Login is found before anything is changed.
func TestLoginFaults(t *testing.T) {
	for _, test := range []struct {
		name  string
		login core.Login
		field string
	}{
		{"no subject", core.Login{}, "Login.Subject"},
		{"IdleTTL", core.Login{Subject: "a", IdleTTL: time.Millisecond}, "Login.IdleTTL"},
		{"IdleTTL negative", core.Login{Subject: "a", IdleTTL: -time.Hour}, "Login.IdleTTL"},
		{"SessionTTL", core.Login{Subject: "a", SessionTTL: 1}, "Login.SessionTTL"},
		{"both NoLimit", core.Login{Subject: "a", IdleTTL: core.NoLimit, SessionTTL: core.NoLimit}, "Login.IdleTTL"},
		{"claims", core.Login{Subject: "a", Claims: 1}, "Login.Claims"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			tokens, err := w.Issue(t.Context(), test.login)
			wantFault(t, "Issue", err)
			if err != nil && !strings.Contains(err.Error(), test.field) {
				t.Errorf("got error %v, want one that names %s", err, test.field)
			}
			if tokens != (core.Tokens{}) || w.store.total() != 0 {
				t.Errorf("got tokens or %d calls of the store", w.store.total())
			}
			w.wantEvents(t)
		})
	}
}

func TestAsError(t *testing.T) {
	if got := core.AsError(nil); got != nil {
		t.Errorf("nil: got %v", got)
	}
	for _, s := range sentinels() {
		if got := core.AsError(fmt.Errorf("detail: %w", s)); got != s {
			t.Errorf("%v: got %v", s, got)
		}
		e := s.(*core.Error)
		if e.Status() < 400 || e.Code() == "" || e.OAuthCode() == "" || e.Description() == "" || strings.ContainsAny(e.Description(), `"\`) {
			t.Errorf("%v: %d %q %q %q", e, e.Status(), e.Code(), e.OAuthCode(), e.Description())
		}
	}
	for _, err := range []error{errors.New("x"), core.ErrUserGone, errStore} {
		if got := core.AsError(err); got != core.ErrInternal {
			t.Errorf("%v: got %v, want %v", err, got, core.ErrInternal)
		}
	}
}
