package core_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
)

// canonical reports whether the token is spelled in the only way that its
// bytes allow.
func canonical(token string) bool {
	segments := strings.Split(token, ".")
	for _, s := range segments {
		decoded, err := base64.RawURLEncoding.Strict().DecodeString(s)
		if err != nil || len(decoded) == 0 || base64.RawURLEncoding.EncodeToString(decoded) != s {
			return false
		}
	}
	return len(segments) == 3 && len(token) <= 4096
}

// presentAnywhere presents a text wherever a token can be presented. Nothing
// panics, what is refused costs no call of the store, and what is accepted is
// in canonical spelling.
func presentAnywhere(t *testing.T, w *world, token string) {
	t.Helper()
	before := w.store.total()
	claims, err := w.Verify(t.Context(), token)
	switch core.AsError(err) {
	case nil:
		if !canonical(token) {
			t.Errorf("Verify accepted the spelling %q", token)
		}
		if claims.Subject() == "" || claims.SessionID() == "" || !strings.HasPrefix(claims.TokenID(), claims.SessionID()+".") || claims.Generation() < 0 {
			t.Errorf("Verify accepted %v of %q", claims, claims.Subject())
		}
		if _, err := core.ClaimsAs[map[string]any](claims); err != nil {
			t.Errorf("the claims of an accepted token: %v", err)
		}
	case core.ErrTokenRevoked:
		if !canonical(token) {
			t.Errorf("Verify looked up the spelling %q", token)
		}
	case core.ErrTokenMissing, core.ErrTokenInvalid, core.ErrTokenExpired:
		if w.store.total() != before {
			t.Errorf("Verify asked the store about %q", token)
		}
	default:
		t.Errorf("Verify: %v", err)
	}

	before = w.store.total()
	pair, err := w.Reissue(t.Context(), token)
	switch core.AsError(err) {
	case nil:
		if !canonical(token) {
			t.Errorf("Reissue accepted the spelling %q", token)
		}
		if !canonical(pair.AccessToken) || !canonical(pair.RefreshToken) {
			t.Errorf("Reissue returned %q and %q", pair.AccessToken, pair.RefreshToken)
		}
		if c, err := w.Verify(t.Context(), pair.AccessToken); err == nil && c.Subject() != "alice" {
			t.Errorf("Reissue made alice %q", c.Subject())
		}
	case core.ErrRefreshInvalid, core.ErrRefreshMissing:
		if w.store.total() != before && !canonical(token) {
			t.Errorf("Reissue asked the store about %q", token)
		}
	default:
		t.Errorf("Reissue: %v", err)
	}

	before = w.store.total()
	if err := w.Logout(t.Context(), token); err != nil {
		t.Errorf("Logout: %v", err)
	}
	if w.store.total() != before && !canonical(token) {
		t.Errorf("Logout asked the store about %q", token)
	}
}

// seedTokens returns good tokens and texts close to them. The tokens are fresh
// in each run, so the corpus in testdata holds what is not signed.
func seedTokens(t testing.TB, pair core.Tokens) []string {
	t.Helper()
	seeds := []string{"", ".", "..", "a.b.c", "\n", strings.Repeat(".", 5000), pair.AccessToken, pair.RefreshToken}
	for _, token := range []string{pair.AccessToken, pair.RefreshToken} {
		seeds = append(seeds, token+"\n", token[:len(token)-1], " "+token, token+"=", strings.Replace(token, ".", "..", 1), strings.ToUpper(token))
	}
	return seeds
}

// FuzzToken presents any text as a token.
func FuzzToken(f *testing.F) {
	for _, token := range seedTokens(f, newWorld(f).login(f, "alice")) {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		w := newWorld(t)
		pair := w.login(t, "alice")
		presentAnywhere(t, w, token)
		w.wantAlive(t, pair)
	})
}

// FuzzSpelling changes a few bytes of good tokens: no other spelling and no
// other content is ever accepted.
func FuzzSpelling(f *testing.F) {
	f.Add(uint16(0), uint8(0), "\n")
	f.Add(uint16(37), uint8(0), "=")
	f.Add(uint16(60), uint8(1), "A")
	f.Add(uint16(200), uint8(3), "..")
	f.Add(uint16(65535), uint8(1), "B")
	f.Fuzz(func(t *testing.T, position uint16, drop uint8, insert string) {
		w := newWorld(t)
		pair := w.login(t, "alice")
		for _, token := range []string{pair.AccessToken, pair.RefreshToken} {
			at := int(position) % (len(token) + 1)
			changed := token[:at] + insert + token[min(len(token), at+int(drop)):]
			if changed == token {
				continue
			}
			before := w.store.total()
			if c, err := w.Verify(t.Context(), changed); err == nil {
				t.Errorf("Verify accepted %q of %v", changed, c)
			}
			if _, err := w.Reissue(t.Context(), changed); err == nil {
				t.Errorf("Reissue accepted %q", changed)
			}
			if err := w.Logout(t.Context(), changed); err != nil {
				t.Errorf("Logout: %v", err)
			}
			if w.store.total() != before {
				t.Errorf("the store was asked about %q", changed)
			}
		}
		w.wantAlive(t, pair)
	})
}

// FuzzSignedToken signs any header and payload with the right keys, as who has
// stolen them can; $SID, $SEED and $EXP stand for those of a living session.
// Even then what is accepted is whole, nobody becomes somebody else, and
// nothing panics or fails half-way.
func FuzzSignedToken(f *testing.F) {
	w := newWorld(f)
	pair := w.login(f, "alice")
	for _, token := range []string{pair.AccessToken, pair.RefreshToken} {
		header, payload := parts(f, token)
		payload = strings.NewReplacer(
			pair.SessionID, "$SID", payloadOf(f, pair.RefreshToken)["seed"].(string), "$SEED", field(f, token, "exp"), `"exp":$EXP`,
		).Replace(payload)
		f.Add(header, payload)
		f.Add(strings.Replace(header, "HS256", "none", 1), payload)
		f.Add(strings.Replace(header, "{", `{"crit":["x"],`, 1), payload)
		f.Add(header, strings.Replace(payload, `"gen":0`, `"gen":9007199254740989`, 1))
		f.Add(header, strings.Replace(payload, `"gen":0`, `"gen":-1`, 1))
		f.Add(header, strings.Replace(payload, "{", `{"SUB":"bob",`, 1))
		f.Add(header, strings.Replace(payload, `"alice"`, `["alice"]`, 1))
		f.Add(header, strings.Replace(payload, "{", `{"claims":{"role":"user"},`, 1))
		f.Add(header, strings.Replace(payload, "{", `{"claims":null,`, 1))
		f.Add(header, strings.Replace(payload, "{", `{"claims":{"sub":"bob"},`, 1))
	}
	f.Add(`{"alg":"HS256","kid":"k1","typ":"at+jwt"}`, `null`)
	f.Add(`null`, `{}`)
	f.Fuzz(func(t *testing.T, header, payload string) {
		w := newWorld(t)
		pair := w.login(t, "alice")
		payload = strings.NewReplacer(
			"$SID", pair.SessionID, "$SEED", payloadOf(t, pair.RefreshToken)["seed"].(string), "$EXP", fmt.Sprint(pair.AccessExpiresAt.Unix()),
		).Replace(payload)
		presentAnywhere(t, w, signHS256(refreshSecret(hmacSecret), header, payload))
		presentAnywhere(t, w, signHS256(hmacSecret, header, payload))
	})
}

// FuzzClaims logs in with any JSON: it is refused, or it comes out as the same
// JSON value.
func FuzzClaims(f *testing.F) {
	for _, claims := range []string{
		`{}`, `null`, `{"a":1}`, `{"sub":1}`, `{"\u0073ub":1}`, `{"a":{"b":[1,2,{"c":null}]}}`, `{"a":1,"a":2}`, `{"<":">&\u2028"}`, "{\"\xff\":\"\xff\"}",
		`{"n":12345678901234567890.1e400}`, `[1]`, `"x"`, `{"":{}}`, `{"ſid":1}`, `{"K":1}`, " {\n}\t",
	} {
		f.Add(claims)
	}
	f.Fuzz(func(t *testing.T, claims string) {
		w := newWorld(t)
		pair, err := w.Issue(t.Context(), core.Login{Subject: "alice", Claims: json.RawMessage(claims)})
		if err != nil {
			if w.store.total() != 0 {
				t.Errorf("the store was called for %q", claims)
			}
			return
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal([]byte(claims), &want); err != nil {
			t.Fatalf("%q was accepted", claims)
		}
		if want == nil {
			want = map[string]json.RawMessage{}
		}
		text := string(must(json.Marshal(want)))
		for range 2 {
			c := w.claims(t, pair.AccessToken)
			if got := string(must(core.ClaimsAs[json.RawMessage](c))); got != text {
				t.Errorf("got %s, want %s", got, text)
			}
			if c.Subject() != "alice" || c.SessionID() != pair.SessionID || !c.ExpiresAt().Equal(pair.AccessExpiresAt) {
				t.Errorf("the claims %q changed %v", claims, c)
			}
			pair = w.reissue(t, pair.RefreshToken)
		}
	})
}

// FuzzDevice logs in with any device label: what is kept is a label of 64
// bytes at most and valid UTF-8.
func FuzzDevice(f *testing.F) {
	for _, label := range []string{"", "phone", strings.Repeat("é", 40), strings.Repeat("😀", 17), "\xff", strings.Repeat("x", 63) + "\xe2\x82\xac"} {
		f.Add(label)
	}
	f.Fuzz(func(t *testing.T, label string) {
		w := newWorld(t)
		w.issue(t, core.Login{Subject: "alice", Device: core.Device{Name: label}})
		got, valid := w.sessions(t, "alice")[0].Device.Name, strings.ToValidUTF8(label, "")
		if len(got) > 64 || strings.ToValidUTF8(got, "") != got {
			t.Errorf("%q became %q", label, got)
		}
		if len(label) <= 64 && got != valid {
			t.Errorf("%q became %q, want %q", label, got, valid)
		}
		if label == valid && len(label) > 64 && (!strings.HasPrefix(label, got) || len(got) < 61) {
			t.Errorf("%q became %q, cut too short", label, got)
		}
	})
}
