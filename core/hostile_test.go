package core_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ratchetauth/ratchet/core"
)

func hostileRows() []abuseCase {
	return []abuseCase{
		{"13_subject", testHostileSubject},
		{"13_subject_refused", testSubjectRefused},
		{"13_device", testHostileDevice},
		{"13_claims", testHostileClaims},
		{"14_reserved_claims", testReservedClaims},
		{"14_reserved_claims_loaded", testReservedClaimsLoaded},
		{"15_keys", testKeysRefused},
	}
}

// hostileText holds what breaks a key, a log line or a header that is put
// together carelessly.
func hostileText() []string {
	return []string{
		"a:b", "{a}", "}{", "a\r\nSet-Cookie: x=1", "\x00", "a\x00b", `"`, `\`, `\"`, "'", "`", "*", "?", "[a-z]", " ", "  a  ", "\t", "\x7f", "\x1b[31mred",
		"a.b", "..", "../../etc/passwd", "%00", "%s%n%v", "${jndi:ldap://x}", "<script>", "&amp;", "\u2028\u2029", "\u202egnp.exe",
		"null", "-1", "Jos\u00e9", "Jose\u0301", "\u00e9\ufeff", "\U0001f600", "\ufffd", strings.Repeat("x", 256), strings.Repeat("\x01", 256), strings.Repeat("\U0001f600", 64),
	}
}

// Subjects differ if their bytes do, whatever is in them.
func testHostileSubject(t *testing.T) {
	w := newWorld(t)
	pairs := make(map[string]core.Tokens)
	for _, subject := range hostileText() {
		pair := w.login(t, subject)
		c := w.claims(t, pair.AccessToken)
		if c.Subject() != subject {
			t.Errorf("got subject %q, want %q", c.Subject(), subject)
		}
		pairs[subject] = pair
	}
	for _, subject := range hostileText() {
		if got, want := w.sessionIDs(t, subject), []string{pairs[subject].SessionID}; !slices.Equal(got, want) {
			t.Errorf("%q: got sessions %v, want %v", subject, got, want)
		}
		ended, err := w.RevokeAll(t.Context(), subject)
		if err != nil || ended != 1 {
			t.Errorf("RevokeAll(%q): got %d, %v, want 1", subject, ended, err)
		}
		w.wantAccess(t, pairs[subject].AccessToken, core.ErrTokenRevoked)
		delete(pairs, subject)
		for other, pair := range pairs {
			if _, err := w.Verify(t.Context(), pair.AccessToken); err != nil {
				t.Errorf("the end of %q ended %q", subject, other)
			}
		}
	}
	wantLogIntact(t, w)
}

// wantLogIntact fails the test unless each line of the log is one JSON object
// and without control characters.
func wantLogIntact(t *testing.T, w *world) {
	t.Helper()
	text := strings.TrimSuffix(w.log.String(), "\n")
	for line := range strings.SplitSeq(text, "\n") {
		var record struct{ Event struct{ Type string } }
		if err := json.Unmarshal([]byte(line), &record); err != nil || record.Event.Type == "" {
			t.Fatalf("log line %q: %v", line, err)
		}
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' }) {
			t.Errorf("log line %q has a control character", line)
		}
	}
}

func testSubjectRefused(t *testing.T) {
	w := newWorld(t)
	for name, subject := range map[string]string{
		"empty": "", "257 bytes": strings.Repeat("x", 257), "1 MB": strings.Repeat("x", 1<<20),
		"not UTF-8": "a\xff", "surrogate": "\xed\xa0\x80", "overlong": "\xc0\xaf",
	} {
		t.Run(name, func(t *testing.T) {
			before := w.store.total()
			tokens, err := w.Issue(t.Context(), core.Login{Subject: subject})
			if err == nil || !strings.Contains(err.Error(), "Login.Subject") || len(err.Error()) > 200 {
				t.Errorf("Issue: got error %.300v, want one that names Login.Subject", err)
			}
			if tokens != (core.Tokens{}) {
				t.Error("Issue: got tokens with an error")
			}
			_, err = w.RevokeAll(t.Context(), subject)
			wantError(t, "RevokeAll", err, core.ErrRequestInvalid)
			_, err = w.Sessions(t.Context(), subject)
			wantError(t, "Sessions", err, core.ErrRequestInvalid)
			wantError(t, "Block", w.Block(t.Context(), subject, w.clock.Now().Add(1e9)), core.ErrRequestInvalid)
			wantError(t, "Unblock", w.Unblock(t.Context(), subject), core.ErrRequestInvalid)
			_, _, err = w.BlockedUntil(t.Context(), subject)
			wantError(t, "BlockedUntil", err, core.ErrRequestInvalid)
			wantError(t, "Revoke", w.Revoke(t.Context(), subject, "AAAAAAAAAAAAAAAAAAAAAA"), core.ErrRequestInvalid)
			if calls := w.store.total() - before; calls != 0 {
				t.Errorf("the store was called %d times", calls)
			}
		})
	}
}

func testHostileDevice(t *testing.T) {
	w := newWorld(t)
	for _, text := range append(hostileText(), "\xff\xfe", "a\xffb", strings.Repeat("\x80", 100), strings.Repeat("x", 1<<20)) {
		pair := w.issue(t, core.Login{Subject: "alice", Device: core.Device{Name: text, UserAgent: text, IP: text}})
		list := w.sessions(t, "alice")
		for _, got := range []string{list[0].Device.Name, list[0].Device.UserAgent, list[0].Device.IP} {
			if len(got) > 64 || !utf8.ValidString(got) {
				t.Errorf("%.80q became %q", text, got)
			}
			if utf8.ValidString(text) && !strings.HasPrefix(text, got) {
				t.Errorf("%.80q became %q, no prefix of it", text, got)
			}
		}
		if err := w.Logout(t.Context(), pair.RefreshToken); err != nil {
			t.Fatal(err)
		}
	}
	wantLogIntact(t, w)
}

// A field is cut between characters, and no sooner than it must be.
func TestDeviceIsCut(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct{ name, text, want string }{
		{"64 bytes", strings.Repeat("x", 64), strings.Repeat("x", 64)},
		{"65 bytes", strings.Repeat("x", 65), strings.Repeat("x", 64)},
		{"two-byte character across", strings.Repeat("x", 63) + "éé", strings.Repeat("x", 63)},
		{"two-byte character up to the edge", strings.Repeat("x", 62) + "éx", strings.Repeat("x", 62) + "é"},
		{"three-byte character across by one", strings.Repeat("x", 62) + "€", strings.Repeat("x", 62)},
		{"three-byte character across by two", strings.Repeat("x", 63) + "€", strings.Repeat("x", 63)},
		{"three-byte character up to the edge", strings.Repeat("x", 61) + "€x", strings.Repeat("x", 61) + "€"},
		{"four-byte characters", strings.Repeat("😀", 17), strings.Repeat("😀", 16)},
		{"four-byte character across by one", strings.Repeat("x", 61) + "😀", strings.Repeat("x", 61)},
		{"four-byte character across by three", strings.Repeat("x", 63) + "😀", strings.Repeat("x", 63)},
		{"not UTF-8", "a\xffb\xc3", "ab"},
		{"continuation bytes only", strings.Repeat("\x80", 100), ""},
		{"U+FFFD itself", strings.Repeat("x", 61) + "\ufffd", strings.Repeat("x", 61) + "\ufffd"},
		{"U+FFFD across", strings.Repeat("x", 62) + "\ufffd", strings.Repeat("x", 62)},
	} {
		t.Run(test.name, func(t *testing.T) {
			pair := w.issue(t, core.Login{Subject: "alice", Device: core.Device{Name: test.text}})
			for _, s := range w.sessions(t, "alice") {
				if s.ID == pair.SessionID && s.Device.Name != test.want {
					t.Errorf("got %q, want %q", s.Device.Name, test.want)
				}
			}
		})
	}
}

// Claims of any content come through as they were and break nothing around
// them; what does not fit is refused, and nothing is changed then.
func testHostileClaims(t *testing.T) {
	w := newWorld(t)
	for _, text := range hostileText() {
		type claims map[string]string
		want := claims{text: text}
		if utf8.RuneCountInString(text) == 256 {
			want = claims{"long": text[:100]}
		}
		pair := w.issue(t, core.Login{Subject: "alice", Claims: want})
		for range 3 {
			got, err := core.ClaimsAs[claims](w.claims(t, pair.AccessToken))
			if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
			pair = w.reissue(t, pair.RefreshToken)
		}
	}
	for name, claims := range map[string]any{
		"1 MB": map[string]string{"x": strings.Repeat("x", 1<<20)}, "over 1 KiB": map[string]string{"x": strings.Repeat("x", 1024)},
		"over 1 KiB once escaped": map[string]string{"x": strings.Repeat("<", 300)},
		"text":                    "roles", "number": 1, "list": []string{"admin"}, "bool": true, "raw list": json.RawMessage(`[]`),
		"broken": json.RawMessage(`{"a":`), "two values": json.RawMessage(`{}{}`), "empty raw": json.RawMessage(``),
		"channel": make(chan int), "function": func() {}, "cyclic": cyclic(), "not a number": map[string]any{"x": func() {}},
	} {
		t.Run(name, func(t *testing.T) {
			before := w.store.total()
			_, err := w.Issue(t.Context(), core.Login{Subject: "alice", Claims: claims})
			if err == nil || !strings.Contains(err.Error(), "Login.Claims") {
				t.Errorf("got error %.200v, want one that names Login.Claims", err)
			}
			if calls := w.store.total() - before; calls != 0 {
				t.Errorf("the store was called %d times", calls)
			}
		})
	}
}

func cyclic() any {
	m := make(map[string]any)
	m["m"] = m
	return m
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

func testReservedClaimsLoaded(t *testing.T) {
	var claims claimsLoader
	w := newWorld(t, withClaims(&claims))
	pair := w.login(t, "alice")
	w.events.take()
	for _, name := range reservedNames() {
		for _, spelled := range spelledAlike(name) {
			claims.set(map[string]any{spelled: "x"})
			before := w.store.count("Rotate")
			_, err := w.Reissue(t.Context(), pair.RefreshToken)
			wantError(t, "Reissue", err, core.ErrUnavailable)
			_, err = w.Issue(t.Context(), core.Login{Subject: "alice"})
			wantError(t, "Issue", err, core.ErrUnavailable)
			if w.store.count("Rotate") != before {
				t.Errorf("%q: the refresh token was used up", spelled)
			}
			w.wantEvents(t, told{core.StoreFailed, "", "load claims"}, told{core.StoreFailed, "", "load claims"})
		}
	}
	claims.set(nil)
	w.wantAlive(t, pair)
}
