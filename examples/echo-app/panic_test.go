package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
)

// panicking is a body that panics.
type panicking struct{ value any }

func (p panicking) Read([]byte) (int, error) { panic(p.value) }

// breaking is a writer that panics once.
type breaking struct {
	http.ResponseWriter
	value any
}

func (b *breaking) Write(data []byte) (int, error) {
	if value := b.value; value != nil {
		b.value = nil
		panic(value)
	}
	return b.ResponseWriter.Write(data)
}

// TestPanic has a handler panic before the answer, and in it.
func TestPanic(t *testing.T) {
	s, err := config.FromEnv(func(string) string { return "" }, config.Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	s.Core.Logger = slog.New(slog.NewTextHandler(&log, nil))
	s.Core.Store = core.NewMemoryStore(core.MemoryOptions{})
	handler, err := newHandler(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	serve := func(w http.ResponseWriter, r *http.Request) (value any) {
		defer func() { value = recover() }()
		handler.ServeHTTP(w, r)
		return nil
	}

	w := httptest.NewRecorder()
	value := serve(w, httptest.NewRequest("POST", "/auth/login", panicking{"a fault"}))
	if value != nil || w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), `"code":"internal"`) {
		t.Errorf("before the answer: got %d %s, panic %v, want 500", w.Code, w.Body, value)
	}
	if !strings.Contains(log.String(), "a fault") || !strings.Contains(log.String(), "panic_test.go") {
		t.Errorf("the log has no stack: %s", log.String())
	}
	w = httptest.NewRecorder()
	value = serve(w, httptest.NewRequest("POST", "/auth/login", panicking{http.ErrAbortHandler}))
	if value != http.ErrAbortHandler || w.Body.Len() > 0 {
		t.Errorf("http.ErrAbortHandler: got %q, panic %v, want the same panic", w.Body, value)
	}
	value = serve(&breaking{httptest.NewRecorder(), io.ErrClosedPipe}, httptest.NewRequest("GET", "/healthz", nil))
	if value != io.ErrClosedPipe {
		t.Errorf("in the answer: got panic %v, want the same", value)
	}
}
