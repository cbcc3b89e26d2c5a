package httpauth_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// logsOut posts a body to the logout endpoint and tells its status and whether
// a session was ended by it.
func logsOut(t *testing.T, s *facetest.Server, auth *httpauth.Auth, media, body string, pair core.Tokens) (status int, ended bool) {
	t.Helper()
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.Header.Set("Content-Type", media)
	w := httptest.NewRecorder()
	auth.Logout(w, r)
	_, err := s.Authority.Verify(t.Context(), pair.AccessToken)
	if err != nil && core.AsError(err) != core.ErrTokenRevoked {
		t.Fatal(err)
	}
	return w.Code, err != nil
}

func start(t *testing.T, s *facetest.Server) core.Tokens {
	t.Helper()
	pair, err := s.Authority.Issue(t.Context(), core.Login{Subject: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// names reports whether a body names a token in one of the parameters of a
// logout, as encoding/json and net/url read it.
func names(media, body, token string) bool {
	known := []string{"token", "refresh_token", "access_token"}
	if strings.HasPrefix(media, "application/json") {
		var object map[string]json.RawMessage
		if json.Unmarshal([]byte(body), &object) != nil {
			return false
		}
		return slices.ContainsFunc(known, func(name string) bool {
			var text string
			return json.Unmarshal(object[name], &text) == nil && text == token
		})
	}
	form, err := url.ParseQuery(body)
	return err == nil && slices.ContainsFunc(known, func(name string) bool { return slices.Contains(form[name], token) })
}

// FuzzLogout posts any body, in which $TOKEN stands for a living session's
// refresh token. A body that is accepted ends the session if it names the
// token, whatever else it holds; nothing else ends one.
func FuzzLogout(f *testing.F) {
	const form, object = "application/x-www-form-urlencoded", "application/json"
	for _, body := range []string{
		``, `{}`, `null`, `[]`, `{"token":"$TOKEN"}`, `{"refresh_token":"$TOKEN"}`, `{"access_token":"$TOKEN"}`, `{"token":"x","refresh_token":"$TOKEN"}`,
		`{"token":"$TOKEN","token":"x"}`, `{"TOKEN":"$TOKEN"}`, `{"\u0074oken":"$TOKEN"}`, `{"token":null,"access_token":"$TOKEN"}`, `{"a":{"token":"$TOKEN"}}`,
		`{"token":["$TOKEN"]}`, `{"token":"$TOKEN"}x`, ` {"token" : "$TOKEN" } `, `{"token":"$TOKEN\n"}`, `{"token":"\ud800$TOKEN"}`, "\xef\xbb\xbf{}",
	} {
		f.Add(object, body)
	}
	for _, body := range []string{
		`token=$TOKEN`, `token=$TOKEN&token_type_hint=refresh_token`, `token=x&refresh_token=$TOKEN`, `token=$TOKEN&token=x`, `%74oken=$TOKEN`, `token=$TOKEN;a=b`,
		`token=$TOKEN%0a`, `token=+$TOKEN`, `Token=$TOKEN`, `=$TOKEN`, `token=%zz&token=$TOKEN`,
	} {
		f.Add(form, body)
	}
	f.Add("", "token=$TOKEN")
	f.Add("text/plain", `{"token":"$TOKEN"}`)
	f.Add("application/json; charset=utf-8", `{"token":"$TOKEN"}`)

	s := newServer(f)
	auth := facetest.Must(httpauth.New(s.Authority, httpauth.Options{}))
	f.Fuzz(func(t *testing.T, media, body string) {
		pair := start(t, s)
		body = strings.ReplaceAll(body, "$TOKEN", pair.RefreshToken)
		status, ended := logsOut(t, s, auth, media, body, pair)
		if !slices.Contains([]int{200, 400, 413, 415}, status) {
			t.Errorf("status: got %d", status)
		}
		if status != 200 && ended {
			t.Errorf("status %d, and yet the session has ended", status)
		}
		if known := media == form || media == object; status == 200 && known && ended != names(media, body, pair.RefreshToken) {
			t.Errorf("the session has ended: %v, want %v", ended, !ended)
		}
	})
}

// FuzzLogoutForms sends the same parameters as JSON and as a form, which have
// the same effect.
func FuzzLogoutForms(f *testing.F) {
	f.Add("token", "$TOKEN", "token_type_hint", "refresh_token")
	f.Add("token", "$TOKEN", "refresh_token", "$TOKEN")
	f.Add("token", "", "access_token", "$TOKEN ")
	f.Add("toKen", "$TOKEN", "token\x00", "$TOKEN")
	f.Add("", "$TOKEN", "\u212aen", "&token=$TOKEN")
	s := newServer(f)
	auth := facetest.Must(httpauth.New(s.Authority, httpauth.Options{}))
	f.Fuzz(func(t *testing.T, name, value, other, otherValue string) {
		if name == other || !utf8.ValidString(name+value+other+otherValue) {
			return // JSON can say neither
		}
		var got [2]struct {
			status int
			ended  bool
		}
		for i := range got {
			pair := start(t, s)
			value, otherValue := strings.ReplaceAll(value, "$TOKEN", pair.RefreshToken), strings.ReplaceAll(otherValue, "$TOKEN", pair.RefreshToken)
			media, body := "application/x-www-form-urlencoded", url.Values{name: {value}, other: {otherValue}}.Encode()
			if i == 1 {
				text, err := json.Marshal(map[string]string{name: value, other: otherValue})
				if err != nil {
					t.Fatal(err)
				}
				media, body = "application/json", string(text)
			}
			if len(body) > 16<<10 {
				return // one may be over the limit and the other not
			}
			got[i].status, got[i].ended = logsOut(t, s, auth, media, body, pair)
		}
		if got[0] != got[1] || got[0].status != 200 {
			t.Errorf("by form %+v, by JSON %+v", got[0], got[1])
		}
	})
}

// FuzzIdempotencyKey tries a reissue again an hour later. With the key of the
// first, in quotes or not, it is answered as the first; with any other, or with
// none, it is theft. A key that is too long costs nothing.
func FuzzIdempotencyKey(f *testing.F) {
	for _, keys := range [][2]string{
		{"a", "a"}, {"a", `"a"`}, {`"a"`, `""a""`}, {"", ""}, {`""`, ""}, {`"`, `"`}, {`""`, `"`}, {"a", "A"}, {"a ", "a"}, {"\xff", "\xff"}, {"\u00e9", "e\u0301"},
		{strings.Repeat("x", 255), strings.Repeat("x", 255)}, {strings.Repeat("x", 256), "a"}, {"a", `"` + strings.Repeat("x", 255) + `"`}, {"a\x00b", "a"},
	} {
		f.Add(keys[0], keys[1])
	}
	s := newServer(f)
	auth := facetest.Must(httpauth.New(s.Authority, httpauth.Options{}))
	post := func(t *testing.T, token, key string) facetest.Answer {
		r := httptest.NewRequest("POST", "/", strings.NewReader(`{"refresh_token":"`+token+`"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header["Idempotency-Key"] = []string{key}
		w := httptest.NewRecorder()
		auth.Reissue(w, r)
		return answerOf(w)
	}
	bare := func(key string) string {
		if len(key) >= 2 && key[0] == '"' && key[len(key)-1] == '"' {
			return key[1 : len(key)-1]
		}
		return key
	}
	f.Fuzz(func(t *testing.T, key, again string) {
		pair := start(t, s)
		first := post(t, pair.RefreshToken, key)
		if tooLong := len(bare(key)) > 255; tooLong != (first.Status == 400) || !tooLong && first.Status != 200 {
			t.Fatalf("the first: got %d %s, too long: %v", first.Status, first.Body, tooLong)
		}
		if first.Status == 400 {
			if got := post(t, pair.RefreshToken, again).Status; got != 200 && len(bare(again)) <= 255 {
				t.Errorf("after a key that is too long: got %d, want 200", got)
			}
			return
		}
		s.Clock.Advance(time.Hour)
		second, want := post(t, pair.RefreshToken, again), 401
		switch {
		case len(bare(again)) > 255:
			want = 400
		case bare(key) == bare(again) && bare(key) != "":
			want = 200
		}
		if second.Status != want {
			t.Fatalf("again: got %d %s, want %d", second.Status, second.Body, want)
		}
		if want == 200 && second.Pair().SessionID != pair.SessionID {
			t.Errorf("again: got session %s, want %s", second.Pair().SessionID, pair.SessionID)
		}
		if got, want := post(t, first.Pair().RefreshToken, "").Status == 200, want != 401; got != want {
			t.Errorf("the session lives: %v, want %v", got, want)
		}
	})
}
