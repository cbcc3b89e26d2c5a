package core_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/core/driver"
)

// profile has one field of each kind that JSON knows.
type profile struct {
	Name    string         `json:"name"`
	Roles   []string       `json:"roles"`
	Level   int64          `json:"level"`
	Ratio   float64        `json:"ratio"`
	Admin   bool           `json:"admin"`
	Nothing *int           `json:"nothing"`
	Since   time.Time      `json:"since"`
	Raw     []byte         `json:"raw"`
	Nested  map[string]any `json:"nested"`
}

func testProfile() profile {
	return profile{
		Name: "Al\u00efce <&> \u2028 \"\\\" \x00 \U0001f600", Roles: []string{"user", "admin"}, Level: 1<<63 - 1, Ratio: 0.1, Admin: true,
		Since: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), Raw: []byte{0, 255},
		Nested: map[string]any{"": "empty", "sub": "not the subject", "deep": []any{map[string]any{"exp": 1.5}}},
	}
}

// What a login held comes out as it went in, and goes on doing so over
// reissues.
func TestClaimsRoundTrip(t *testing.T) {
	w := newWorld(t)
	in := testProfile()
	pair := w.issue(t, core.Login{Subject: "alice", Claims: in})
	for range 3 {
		c := w.claims(t, pair.AccessToken)
		out, err := core.ClaimsAs[profile](c)
		if err != nil || !reflect.DeepEqual(out, in) {
			t.Fatalf("ClaimsAs: got %+v, %v, want %+v", out, err, in)
		}
		var decoded profile
		if err := c.Decode(&decoded); err != nil || !reflect.DeepEqual(decoded, in) {
			t.Errorf("Decode: got %+v, %v, want %+v", decoded, err, in)
		}
		pair = w.reissue(t, pair.RefreshToken)
	}
}

func TestClaimsForms(t *testing.T) {
	in := testProfile()
	for _, test := range []struct {
		name   string
		claims any
		want   string // as JSON with its names in order
	}{
		{"nil", nil, `{}`},
		{"nil pointer", (*profile)(nil), `{}`},
		{"nil map", map[string]any(nil), `{}`},
		{"empty map", map[string]any{}, `{}`},
		{"empty struct", struct{}{}, `{}`},
		{"raw null", json.RawMessage(`null`), `{}`},
		{"raw empty", json.RawMessage(" {\t}\r\n"), `{}`},
		{"pointer to a struct", &in, string(must(json.Marshal(sortedJSON(t, in))))},
		{"map", map[string]any{"b": 1, "a": []int{1, 2}}, `{"a":[1,2],"b":1}`},
		{"typed map", map[string]bool{"x": true}, `{"x":true}`},
		{"raw", json.RawMessage(`{"b":{"z":1,"a":2},"a":12345678901234567890.000}`), `{"a":12345678901234567890.000,"b":{"z":1,"a":2}}`},
		{"raw with spaces", json.RawMessage("{ \"a\" : [ 1 , 2 ] }\n"), `{"a":[1,2]}`},
		{"raw with a name twice", json.RawMessage(`{"role":"user","role":"admin"}`), `{"role":"admin"}`},
		{"raw with an escaped name", json.RawMessage(`{"\u0061":1}`), `{"a":1}`},
		{"names that differ in case", map[string]int{"role": 1, "Role": 2}, `{"Role":2,"role":1}`},
		{"empty name", map[string]int{"": 1}, `{"":1}`},
		{"nulls", map[string]any{"a": nil}, `{"a":null}`},
		{"named claims", map[string]any{"claims": map[string]int{"sub": 1}}, `{"claims":{"sub":1}}`},
		{"great numbers", map[string]json.Number{"n": "1e400"}, `{"n":1e400}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			pair := w.issue(t, core.Login{Subject: "alice", Claims: test.claims})
			for range 2 {
				// Parsers differ in what they make of a name that comes twice.
				if _, payload := parts(t, pair.AccessToken); strings.Count(payload, `"role":`) > 1 {
					t.Errorf("the payload %s has a name twice", payload)
				}
				got, err := core.ClaimsAs[json.RawMessage](w.claims(t, pair.AccessToken))
				if err != nil || string(got) != test.want {
					t.Errorf("got %s, %v, want %s", got, err, test.want)
				}
				pair = w.reissue(t, pair.RefreshToken)
			}
		})
	}
}

// sortedJSON returns v as a map, whose names json.Marshal sorts.
func sortedJSON(t *testing.T, v any) map[string]json.RawMessage {
	t.Helper()
	var object map[string]json.RawMessage
	if err := json.Unmarshal(must(json.Marshal(v)), &object); err != nil {
		t.Fatal(err)
	}
	return object
}

// The library's claims are those of section 4 of its design: nothing more.
func TestClaimsAccessors(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.Audience = []string{"api", "web"} })
	auth := time.Date(2026, 2, 28, 23, 59, 59, 999, time.FixedZone("", 3600))
	pair := w.issue(t, core.Login{Subject: "alice", AuthTime: auth, Claims: map[string]string{"role": "user"}})
	w.clock.advance(time.Hour)
	pair = w.reissue(t, pair.RefreshToken)
	c := w.claims(t, pair.AccessToken)
	for what, values := range map[string][2]any{
		"Subject":    {c.Subject(), "alice"},
		"SessionID":  {c.SessionID(), pair.SessionID},
		"TokenID":    {c.TokenID(), pair.SessionID + ".1"},
		"Generation": {c.Generation(), int64(1)},
		"Issuer":     {c.Issuer(), testIssuer},
		"Audience":   {fmt.Sprint(c.Audience()), "[api web]"},
		"ExpiresAt":  {c.ExpiresAt(), pair.AccessExpiresAt},
		"IssuedAt":   {c.IssuedAt(), w.clock.Now().Truncate(time.Second)},
		"AuthTime":   {c.AuthTime(), auth.Truncate(time.Second).UTC()},
	} {
		if values[0] != values[1] {
			t.Errorf("%s: got %v, want %v", what, values[0], values[1])
		}
	}
	access, refresh := payloadOf(t, pair.AccessToken), payloadOf(t, pair.RefreshToken)
	for kind, names := range map[string][2][]string{
		"access":  {sortedKeys(access), {"aud", "auth_time", "exp", "gen", "iat", "iss", "jti", "role", "sid", "sub"}},
		"refresh": {sortedKeys(refresh), {"aud", "auth_time", "claims", "exp", "gen", "iss", "seed", "sid", "sub"}},
	} {
		if !slices.Equal(names[0], names[1]) {
			t.Errorf("%s token: got claims %v, want %v", kind, names[0], names[1])
		}
	}
}

func sortedKeys(m map[string]any) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// RFC 7519, section 2: a NumericDate may be any number of seconds, before 1970
// too.
func TestAuthTime(t *testing.T) {
	w := newWorld(t)
	for _, auth := range []time.Time{
		time.Unix(0, 0), time.Unix(-1, 0), time.Date(1815, 12, 10, 0, 0, 0, 0, time.UTC), time.Unix(1<<53-1, 0), time.Unix(-1<<62, 0),
		w.clock.Now().Add(time.Hour),
	} {
		pair := w.issue(t, core.Login{Subject: "alice", AuthTime: auth})
		for range 2 {
			if got := w.claims(t, pair.AccessToken).AuthTime(); got.Unix() != auth.Unix() {
				t.Errorf("got %v, want %v", got, auth)
			}
			pair = w.reissue(t, pair.RefreshToken)
		}
	}
	start := w.clock.Now()
	pair := w.login(t, "alice")
	w.clock.advance(time.Hour)
	pair = w.reissue(t, pair.RefreshToken)
	wantTime(t, "auth_time of a login without one", w.claims(t, pair.AccessToken).AuthTime(), start.Truncate(time.Second))
}

// Claims are shared between requests: nothing that is handed out reaches into
// them.
func TestClaimsAreImmutable(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.Audience = []string{"api", "web"} })
	pair := w.issue(t, core.Login{Subject: "alice", Claims: testProfile()})
	c := w.claims(t, pair.AccessToken)
	clear(c.Audience())
	raw := must(core.ClaimsAs[json.RawMessage](c))
	clear(raw)
	values := must(core.ClaimsAs[map[string]any](c))
	clear(values["nested"].(map[string]any))
	clear(values)
	must(core.ClaimsAs[map[string]json.RawMessage](c))["roles"][2] = 'X'
	if got := must(core.ClaimsAs[profile](c)); !reflect.DeepEqual(got, testProfile()) {
		t.Errorf("got %+v, want %+v", got, testProfile())
	}
	if got := c.Audience(); !slices.Equal(got, []string{"api", "web"}) {
		t.Errorf("got audience %q", got)
	}
}

func TestClaimsInParallel(t *testing.T) {
	w := newWorld(t)
	pair := w.issue(t, core.Login{Subject: "alice", Claims: testProfile()})
	c := w.claims(t, pair.AccessToken)
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			if got, err := core.ClaimsAs[profile](c); err != nil || got.Name != testProfile().Name {
				t.Errorf("got %+v, %v", got, err)
			}
			_ = fmt.Sprint(c, c.Audience(), c.ExpiresAt())
		})
	}
	group.Wait()
}

func TestClaimsOfAnotherShape(t *testing.T) {
	w := newWorld(t)
	c := w.claims(t, w.issue(t, core.Login{Subject: "alice", Claims: map[string]any{"roles": "admin"}}).AccessToken)
	if got, err := core.ClaimsAs[struct{ Roles []string }](c); err == nil {
		t.Errorf("text as a list: got %+v, want an error", got)
	}
	for name, v := range map[string]any{"nil": nil, "no pointer": profile{}, "nil pointer": (*profile)(nil)} {
		if err := c.Decode(v); err == nil {
			t.Errorf("Decode into %s: got no error", name)
		} else if core.AsError(err) != core.ErrInternal {
			t.Errorf("Decode into %s: got %v", name, err)
		}
	}
	if got, err := core.ClaimsAs[struct{ Roles string }](c); err != nil || got.Roles != "admin" {
		t.Errorf("after errors: got %+v, %v", got, err)
	}
}

func TestClaimsContext(t *testing.T) {
	w := newWorld(t)
	c := w.claims(t, w.login(t, "alice").AccessToken)
	if got, ok := core.FromContext(t.Context()); ok || got != nil {
		t.Errorf("without claims: got %v, %t", got, ok)
	}
	ctx := core.NewContext(t.Context(), c)
	if got, ok := core.FromContext(ctx); !ok || got != c {
		t.Errorf("got %v, %t, want the claims", got, ok)
	}
	if got, ok := core.FromContext(core.NewContext(ctx, nil)); ok || got != nil {
		t.Errorf("with nil claims: got %v, %t", got, ok)
	}
	other := w.claims(t, w.login(t, "bob").AccessToken)
	if got, _ := core.FromContext(core.NewContext(ctx, other)); got != other {
		t.Errorf("the inner claims do not hide the outer ones: got %v", got)
	}
}

// LoadClaims speaks for the user as they are now, at each login, reissue and
// replay, and is told of the session. What it last said is not remembered.
func TestLoadClaims(t *testing.T) {
	var asked []core.ClaimsRequest
	w := newWorld(t)
	loading := w.another(t, func(c *core.Config) {
		c.LoadClaims = func(_ context.Context, r core.ClaimsRequest) (any, error) {
			asked = append(asked, r)
			return map[string]int{"n": len(asked)}, nil
		}
	})
	wantN := func(pair core.Tokens, err error) core.Tokens {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if got := must(core.ClaimsAs[map[string]int](w.claims(t, pair.AccessToken)))["n"]; got != len(asked) {
			t.Errorf("got claims %d, want %d", got, len(asked))
		}
		if _, has := payloadOf(t, pair.RefreshToken)["claims"]; has {
			t.Error("the refresh token carries what was loaded")
		}
		return pair
	}
	parent := wantN(loading.Issue(t.Context(), core.Login{Subject: "alice"}))
	wantN(loading.Reissue(t.Context(), parent.RefreshToken))
	child := wantN(loading.Reissue(t.Context(), parent.RefreshToken))
	wantN(loading.Reissue(t.Context(), child.RefreshToken, core.WithIdempotencyKey("k")))
	wantN(loading.Reissue(t.Context(), child.RefreshToken, core.WithIdempotencyKey("k")))
	authTime := w.claims(t, parent.AccessToken).AuthTime()
	for i, generation := range []int64{0, 0, 0, 1, 1} {
		got := asked[i]
		if got.Subject != "alice" || got.SessionID != parent.SessionID || !got.AuthTime.Equal(authTime) || got.Generation != generation {
			t.Errorf("call %d: got %+v", i, got)
		}
		var none map[string]any
		if err := got.Session(&none); err != nil || len(none) != 0 {
			t.Errorf("call %d: got claims of the session %v, %v, want none", i, none, err)
		}
	}
}

// The claims of a login are in every access token of its session, whatever
// LoadClaims returns beside them: through a thousand reissues, a replay, writes
// that the store has lost, new keys, and in a process that does not load any.
func TestSessionClaims(t *testing.T) {
	type claims struct {
		Tenant string   `json:"tenant,omitempty"`
		Roles  []string `json:"roles,omitempty"`
	}
	role, tenant := "user", ""
	w := newWorld(t)
	load := func(_ context.Context, r core.ClaimsRequest) (any, error) {
		var own claims
		err := r.Session(&own)
		tenant = own.Tenant
		return claims{Roles: []string{role}}, err
	}
	loading := w.another(t, func(c *core.Config) { c.LoadClaims = load })
	want := func(what string, pair core.Tokens, err error, roles ...string) core.Tokens {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if got := must(core.ClaimsAs[claims](w.claims(t, pair.AccessToken))); got.Tenant != "acme" || !slices.Equal(got.Roles, roles) {
			t.Errorf("%s: got claims %+v, want acme and the roles %v", what, got, roles)
		}
		return pair
	}
	pair, err := loading.Issue(t.Context(), core.Login{
		Subject: "alice", Claims: map[string]any{"tenant": "acme", "Roles": []string{"of the login"}}, // another case
	})
	want("login", pair, err, "user")
	for range 1000 {
		pair, err = loading.Reissue(t.Context(), pair.RefreshToken)
		want("reissue", pair, err, "user")
	}
	role = "admin"
	next, err := loading.Reissue(t.Context(), pair.RefreshToken)
	want("another role", next, err, "admin")
	next, err = loading.Reissue(t.Context(), pair.RefreshToken)
	want("replay", next, err, "admin")
	if tenant != "acme" {
		t.Errorf("LoadClaims was told of the tenant %q, want acme", tenant)
	}
	lossy := w.another(t, func(c *core.Config) { c.Store, c.LoadClaims = lostWrites{c.Store, w.clock}, load })
	lost, err := lossy.Reissue(t.Context(), next.RefreshToken)
	want("a reissue that the store will have lost", lost, err, "admin")
	next, err = loading.Reissue(t.Context(), lost.RefreshToken)
	want("recovery", next, err, "admin")
	if events := w.events.take(); events[len(events)-1].Type != core.SessionRecovered {
		t.Errorf("got the event %s, want the recovery", events[len(events)-1].Type)
	}
	if err := loading.SetKeys([]core.Key{hmacKey(t, "k2", strings.Repeat("2", 32)), hmacKey(t, "k1", hmacSecret)}, nil); err != nil {
		t.Fatal(err)
	}
	next, err = loading.Reissue(t.Context(), next.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := loading.Verify(t.Context(), next.AccessToken); err != nil || must(core.ClaimsAs[claims](got)).Tenant != "acme" {
		t.Errorf("new keys: %v, %v", got, err)
	}
	next, err = loading.Reissue(t.Context(), next.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	if err := loading.SetKeys([]core.Key{hmacKey(t, "k1", hmacSecret), hmacKey(t, "k2", strings.Repeat("2", 32))}, nil); err != nil {
		t.Fatal(err)
	}
	next, err = loading.Reissue(t.Context(), next.RefreshToken)
	want("the old keys again", next, err, "admin")
	want("a process that loads none", w.reissue(t, next.RefreshToken), nil, "of the login")

	before := w.store.total()
	tooMany := map[string]string{"x": strings.Repeat("x", 1100)}
	if _, err := loading.Issue(t.Context(), core.Login{Subject: "alice", Claims: tooMany}); err == nil || !strings.Contains(err.Error(), "Login.Claims") {
		t.Errorf("claims of over 1 KiB: got error %v, want one that names Login.Claims", err)
	}
	if calls := w.store.total() - before; calls != 0 {
		t.Errorf("claims of over 1 KiB: the store was called %d times", calls)
	}
}

// lostWrites answers a rotation as done and does nothing: the store of before a
// failover that lost it.
type lostWrites struct {
	core.Store
	clock *fakeClock
}

func (s lostWrites) Rotate(_ context.Context, r driver.RotateRequest) (driver.RotateResult, error) {
	now := s.clock.Now()
	return driver.RotateResult{Outcome: driver.Rotated, Generation: r.Generation + 1, IssuedAt: now, IdleEnd: now.Add(day), SinceRefresh: driver.NoLimit}, nil
}

// Claims that change while a login or a reissue loads the older ones are not
// signed: the store tells of the refresh, and they are loaded again. What was
// signed before it is refused, and the session goes on.
func TestRefreshClaims(t *testing.T) {
	var refresh func() // in the middle of the next load, once
	role := "user"
	w := newWorld(t, func(c *core.Config) {
		c.LoadClaims = func(context.Context, core.ClaimsRequest) (any, error) {
			loaded := map[string]string{"role": role}
			if f := refresh; f != nil {
				refresh = nil
				f()
			}
			return loaded, nil
		}
	})
	change := func() {
		role = "changed " + role
		if err := w.RefreshClaims(t.Context(), "alice"); err != nil {
			t.Error(err)
		}
	}
	wantRole := func(what string, pair core.Tokens) {
		t.Helper()
		if got := must(core.ClaimsAs[map[string]string](w.claims(t, pair.AccessToken)))["role"]; got != role {
			t.Errorf("%s: got the role %q, want %q", what, got, role)
		}
	}
	refresh = change
	pair := w.login(t, "alice")
	wantRole("a login under way", pair)
	for range 3 {
		before := pair
		refresh = change
		pair = w.reissue(t, before.RefreshToken)
		wantRole("a reissue under way", pair)
		_, err := w.Verify(t.Context(), before.AccessToken)
		wantError(t, "Verify before", err, core.ErrTokenRevoked)
	}
	w.clock.advance(time.Hour)
	before := w.store.total()
	pair = w.reissue(t, pair.RefreshToken)
	if calls := w.store.total() - before; calls != 1 {
		t.Errorf("an hour later: the store was called %d times, want once", calls)
	}
	// The process stands still, for longer than the store tells a login.
	refresh = func() { change(); w.clock.advance(2 * driver.RefreshMemory) }
	wantRole("a login of a process that stood still", w.login(t, "alice"))

	wantError(t, "RefreshClaims of nobody", w.RefreshClaims(t.Context(), ""), core.ErrRequestInvalid)
}

// reservedNames are the names that custom claims must not have, as RFC 7519,
// section 4.1, and the library have them.
func reservedNames() []string {
	return []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "sid", "gen", "auth_time", "seed", "typ"}
}

// spelledAlike returns names that encoding/json takes for the name.
func spelledAlike(name string) []string {
	alike := []string{name, strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:], name[:1] + strings.ToUpper(name[1:])}
	if strings.Contains(name, "s") {
		alike = append(alike, strings.Replace(name, "s", "\u017f", 1)) // the long s folds to s
	}
	return alike
}

func testReservedClaims(t *testing.T) {
	w := newWorld(t)
	for _, name := range reservedNames() {
		for _, spelled := range spelledAlike(name) {
			for form, claims := range map[string]any{
				"map":     map[string]any{spelled: 1, "role": "user"},
				"raw":     json.RawMessage(fmt.Sprintf(`{"role":"user",%q:null}`, spelled)),
				"escaped": json.RawMessage(fmt.Sprintf(`{"\u%04x%s":"x"}`, []rune(spelled)[0], string([]rune(spelled)[1:]))),
			} {
				_, err := w.Issue(t.Context(), core.Login{Subject: "alice", Claims: claims})
				if err == nil || !strings.Contains(err.Error(), "Login.Claims") || !strings.Contains(err.Error(), fmt.Sprintf("%q", spelled)) {
					t.Errorf("%s %q: got error %v, want one that names it", form, spelled, err)
				}
			}
		}
	}
	if w.store.total() != 0 {
		t.Errorf("the store was called %d times", w.store.total())
	}
	// What only looks like one is free.
	for _, name := range []string{"issuer", "su", "ex", "roles", "scope", "claims", "cnf", "sid2", "", "auth-time"} {
		if _, err := w.Issue(t.Context(), core.Login{Subject: "alice", Claims: map[string]any{name: 1}}); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}
