package httpauth_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/httpauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// FuzzReissue checks that no body is more than refused, and that what is
// refused for its form never reaches the store.
func FuzzReissue(f *testing.F) {
	const form, json = "application/x-www-form-urlencoded", "application/json"
	for _, body := range []string{
		``, `{}`, `null`, `{"refresh_token":"x"}`, `{"refresh_token":null,"refresh_token":""}`, `{"refresh_token":1}`,
		`{"a":[{"refresh_token":"x"}],"access_token":"y"}`, `{"refresh\u005ftoken":"\ud800"}`, `{}{}`, `[[[[`, "\xff\xfe{}",
	} {
		f.Add(json, body)
	}
	for _, body := range []string{
		`refresh_token=x`, `grant_type=refresh_token&refresh_token=x`, `grant_type=password`, `a=%zz`, `a;b`, `=&&=`, `refresh_token=x&refresh%5ftoken=y`,
	} {
		f.Add(form, body)
	}
	f.Add("", "x")
	f.Add("multipart/form-data; boundary=x", "--x--")
	f.Add("application/json; charset=\"", "{}")

	s := newServer(f)
	auth := facetest.Must(httpauth.New(s.Authority, httpauth.Options{}))
	f.Fuzz(func(t *testing.T, media, body string) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", media)
		w := httptest.NewRecorder()
		auth.Reissue(w, r)
		if !slices.Contains([]int{400, 401, 413, 415}, w.Code) {
			t.Errorf("status: got %d %s, want a refusal", w.Code, w.Body)
		}
		if n := s.Store.Calls(); n != 0 {
			t.Errorf("calls of the store: got %d, want none", n)
		}
	})
}

// FuzzAuthorization checks that no header but one with a good token passes
// Require, that Optional lets only other schemes pass, and that both agree on
// what a Bearer header is.
func FuzzAuthorization(f *testing.F) {
	for _, lines := range [][2]string{
		{"", ""}, {"Bearer", ""}, {"Bearer x", "Bearer y"}, {"bearer\tx", ""}, {"Basic x", "BEARER y"}, {"Bearer a, Bearer b", ""}, {"Bearer\u00a0x", ""},
		{"Bearer eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.e30.", ""},
	} {
		f.Add(lines[0], lines[1])
	}
	s := newServer(f)
	auth := facetest.Must(httpauth.New(s.Authority, httpauth.Options{}))
	f.Fuzz(func(t *testing.T, first, second string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Authorization"] = []string{first, second}
		w := httptest.NewRecorder()
		if _, ok := through(auth.Require, w, r); ok {
			t.Fatal("Require let it pass")
		}
		missing := answerOf(w).Code() == "token_missing"
		w = httptest.NewRecorder()
		if _, ok := through(auth.Optional, w, r); ok != missing {
			t.Errorf("Optional: got %v, but Require said that the token is missing: %v", ok, missing)
		}
		if !missing && w.Code != http.StatusBadRequest && w.Code != http.StatusUnauthorized {
			t.Errorf("status: got %d, want 400 or 401", w.Code)
		}
		if n := s.Store.Calls(); n != 0 {
			t.Errorf("calls of the store: got %d, want none", n)
		}
	})
}
