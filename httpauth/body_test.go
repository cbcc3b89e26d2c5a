package httpauth_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// TestBodyReadBefore checks bodies that a middleware has read, limited or
// broken before the handler sees them.
func TestBodyReadBefore(t *testing.T) {
	const form, json = "application/x-www-form-urlencoded", "application/json"
	parse := func(r *http.Request) { r.ParseForm() }
	tests := []struct {
		name   string
		media  string
		body   string // T stands for a refresh token
		before func(*http.Request)
		code   string // the empty string for a success
	}{
		{"form", form, "grant_type=refresh_token&refresh_token=T", parse, ""},
		{"form, token twice", form, "grant_type=refresh_token&refresh_token=T&refresh_token=T", parse, "request_invalid"},
		{"form, no grant_type", form, "refresh_token=T", parse, "request_invalid"},
		{"form, another grant_type", form, "grant_type=password&refresh_token=T", parse, "request_invalid"},
		{"form, token in the query", form, "grant_type=refresh_token", func(r *http.Request) {
			r.URL.RawQuery = "refresh_token=rubbish"
			r.ParseForm()
		}, "refresh_missing"},
		{"form, empty", form, "", parse, "refresh_missing"},
		{"form, over 16 KiB", form, "grant_type=refresh_token&refresh_token=T&x=" + strings.Repeat("a", 16<<10), parse, "request_too_large"},
		{"JSON, parsed as a form", json, `{"refresh_token":"T"}`, parse, ""},
		{"multipart", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"refresh_token\"\r\n\r\nT\r\n--b--\r\n",
			func(r *http.Request) { r.ParseMultipartForm(1 << 20) }, "unsupported_media_type"},
		{"JSON, read by middleware", json, `{"refresh_token":"T"}`, func(r *http.Request) { io.Copy(io.Discard, r.Body) }, "internal"},
		{"form, without fields", form, "&", parse, "request_invalid"},
		{"smaller limit", json, `{"refresh_token":"T"}`, func(r *http.Request) {
			r.Body = http.MaxBytesReader(nil, r.Body, 4)
		}, "request_too_large"},
		{"cut off by the client", json, `{"refresh_token":"T"}`, func(r *http.Request) {
			r.Body = io.NopCloser(io.MultiReader(r.Body, iotest.ErrReader(io.ErrUnexpectedEOF)))
		}, "request_invalid"},
		{"broken", json, `{}`, func(r *http.Request) {
			r.Body = io.NopCloser(iotest.ErrReader(errors.New("it broke")))
		}, "request_invalid"},
		{"byte by byte", json, `{"refresh_token":"T"}`, func(r *http.Request) {
			r.Body = io.NopCloser(iotest.OneByteReader(r.Body))
		}, ""},
		{"nil", json, "", func(r *http.Request) { r.Body = nil }, "refresh_missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			auth := facetest.Must(httpauth.New(s.Authority, httpauth.Options{}))
			tokens, err := s.Authority.Issue(t.Context(), core.Login{Subject: "alice"})
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest("POST", "/", strings.NewReader(strings.ReplaceAll(tt.body, "T", tokens.RefreshToken)))
			r.Header.Set("Content-Type", tt.media)
			tt.before(r)
			w := httptest.NewRecorder()
			auth.Reissue(w, r)
			if got := answerOf(w); got.Code() != tt.code || (tt.code == "") != (got.Status == 200) {
				t.Errorf("answer: got %d %s, want the code %q", got.Status, got.Body, tt.code)
			}
		})
	}
}

// TestBodyReadNoFurther checks that a body without an end costs no memory.
func TestBodyReadNoFurther(t *testing.T) {
	auth := facetest.Must(httpauth.New(newServer(t).Authority, httpauth.Options{}))
	body := &endless{}
	r := httptest.NewRequest("POST", "/", body)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	auth.Reissue(w, r)
	if w.Code != http.StatusRequestEntityTooLarge || body.read > 32<<10 {
		t.Errorf("got %d after %d bytes, want 413 soon after 16 KiB", w.Code, body.read)
	}
}

// endless is a body that opens an array again and again.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '['
	}
	e.read += len(p)
	return len(p), nil
}
