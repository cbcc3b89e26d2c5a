package httpauth_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// blockBob sends a body to BlockUser and reports whether it has blocked bob.
func blockBob(t *testing.T, r *http.Request) (blocked bool, code string) {
	t.Helper()
	s := newServer(t)
	auth := facetest.Must(httpauth.New(s.Authority, httpauth.Options{}))
	w := httptest.NewRecorder()
	auth.BlockUser(w, r.WithContext(core.NewContext(r.Context(), new(core.Claims))), "bob")
	_, blocked, err := s.Authority.BlockedUntil(t.Context(), "bob")
	if err != nil {
		t.Fatal(err)
	}
	return blocked, answerOf(w).Code()
}

// TestBlockBody checks bodies that the table does not have.
func TestBlockBody(t *testing.T) {
	const good = `{"until":"2999-01-01T00:00:00Z"}`
	for _, tt := range []struct{ name, media, body, code string }{
		{"with a charset", "application/json; charset=utf-8", good, ""},
		{"16 KiB", "application/json", good + strings.Repeat(" ", 16<<10-len(good)), ""},
		{"no body and no type", "", "", ""},
		{"empty text", "application/json", `{"until":""}`, "request_invalid"},
		{"object", "application/json", `{"until":{}}`, "request_invalid"},
		{"twice, in two cases", "application/json", `{"until":null,"UNTIL":null}`, "request_invalid"},
		{"white space", "application/json", "  ", "request_invalid"},
		{"broken", "application/json", good[:9], "request_invalid"},
		{"two values", "application/json", good + good, "request_invalid"},
		{"null", "application/json", "null", "request_invalid"},
		{"deep", "application/json", strings.Repeat("[", 16<<10), "request_invalid"},
		{"two types", "application/json, application/json", good, "unsupported_media_type"},
		{"no type", "", good, "unsupported_media_type"},
		{"malformed type", "application/json; =", good, "unsupported_media_type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("PUT", "/", strings.NewReader(tt.body))
			r.Header.Set("Content-Type", tt.media)
			if blocked, code := blockBob(t, r); code != tt.code || blocked != (tt.code == "") {
				t.Errorf("got the code %q, blocked %v, want %q", code, blocked, tt.code)
			}
		})
	}
}

// TestBlockBodyConsumed checks that a body which middleware has read is not taken
// for none: a block until a time would be one forever.
func TestBlockBodyConsumed(t *testing.T) {
	for _, media := range []string{"application/json", "application/merge-patch+json", "application/x-www-form-urlencoded"} {
		for _, length := range []int64{5, -1} { // -1: chunked
			r := httptest.NewRequest("PUT", "/", strings.NewReader("a=b&c"))
			r.Header.Set("Content-Type", media)
			r.ContentLength = length
			io.Copy(io.Discard, r.Body)
			if blocked, code := blockBob(t, r); blocked || code == "" {
				t.Errorf("%s, length %d: got the code %q, blocked %v, want a refusal", media, length, code, blocked)
			}
		}
	}
}
