package echoauth_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// silentEcho returns an Echo with GET / behind Require.
func silentEcho(a *core.Authority, t echoauth.Transport, h echo.HandlerFunc, before ...echo.MiddlewareFunc) *echo.Echo {
	auth := newAuth(a, echoauth.Options{Transport: t})
	e := echo.New()
	e.Logger.SetOutput(io.Discard)
	e.Use(before...)
	e.GET("/", h, recovered, auth.Require)
	return e
}

// recovered answers a panic as Echo's Recover does.
func recovered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if r := recover(); r != nil {
				c.Error(fmt.Errorf("panic: %v", r))
			}
		}()
		return next(c)
	}
}

func TestNoStore(t *testing.T) {
	facetest.CheckNoStore(t, func(a *core.Authority, transport echoauth.Transport, h http.HandlerFunc) http.Handler {
		return silentEcho(a, transport, func(c echo.Context) error { h(c.Response(), c.Request()); return nil })
	})
}

func TestHandshake(t *testing.T) {
	facetest.CheckHandshake(t, func(a *core.Authority, transport echoauth.Transport, h http.HandlerFunc) http.Handler {
		return silentEcho(a, transport, func(c echo.Context) error { h(c.Response(), c.Request()); return nil })
	})
}

// TestNoStoreBelowEcho checks handlers that go past echo.Response.
func TestNoStoreBelowEcho(t *testing.T) {
	facetest.CheckNoStore(t, func(a *core.Authority, transport echoauth.Transport, h http.HandlerFunc) http.Handler {
		return silentEcho(a, transport, func(c echo.Context) error { h(c.Response().Writer, c.Request()); return nil })
	})
}

// TestNoStoreOfEcho checks what only Echo has for a handler to answer with.
func TestNoStoreOfEcho(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(file, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		status int
		body   string
		h      echo.HandlerFunc
	}{
		{"early hints", 200, "hello", func(c echo.Context) error {
			c.Response().Header().Set("Link", "</a.css>; rel=preload")
			c.Response().Writer.WriteHeader(103)
			c.Response().Header().Set("Cache-Control", "public")
			return c.String(200, "hello")
		}},
		{"JSON", 200, `{"a":1}`, func(c echo.Context) error { return c.JSON(200, echo.Map{"a": 1}) }},
		{"String", 200, "hello", func(c echo.Context) error { return c.String(200, "hello") }},
		{"Blob", 200, "hello", func(c echo.Context) error { return c.Blob(200, "text/plain", []byte("hello")) }},
		{"Stream", 200, "hello", func(c echo.Context) error { return c.Stream(200, "text/plain", strings.NewReader("hello")) }},
		{"Attachment", 200, "hello", func(c echo.Context) error { return c.Attachment(file, "a.txt") }},
		{"NoContent", 204, "", func(c echo.Context) error { return c.NoContent(204) }},
		{"Redirect", 302, "", func(c echo.Context) error { return c.Redirect(302, "/next") }},
		{"Flush", 200, "hello", func(c echo.Context) error {
			c.Response().Flush()
			_, err := io.WriteString(c.Response(), "hello")
			return err
		}},
		{"nothing", 200, "", func(echo.Context) error { return nil }},
		{"error", 500, `{"message":"Internal Server Error"}`, func(echo.Context) error { return errors.New("it broke") }},
		{"HTTPError", 418, `{"message":"tea"}`, func(echo.Context) error { return echo.NewHTTPError(418, "tea") }},
		{"error after a part", 200, "he", func(c echo.Context) error { return errors.Join(c.String(200, "he"), io.EOF) }},
		{"WrapHandler", 200, "hello", echo.WrapHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }))},
	} {
		for name, before := range map[string][]echo.MiddlewareFunc{"": nil, " under a writer": {withWriter}} {
			t.Run(tt.name+name, func(t *testing.T) {
				facetest.CheckKept(t, tt.status, tt.body, func(a *core.Authority, transport echoauth.Transport) http.Handler {
					return silentEcho(a, transport, func(c echo.Context) error {
						c.Response().Header().Set("Cache-Control", "public")
						return tt.h(c)
					}, before...)
				})
			})
		}
	}
}

// withWriter is middleware that puts its own writer below, and takes it away
// again before errors are answered, as middleware that compresses does.
func withWriter(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		below := c.Response().Writer
		c.Response().Writer = struct {
			http.ResponseWriter
			http.Flusher
		}{below, below.(http.Flusher)}
		defer func() { c.Response().Writer = below }()
		return spoiled(c.Response(), next(c))
	}
}

// spoiled returns the error, before whose answer it takes away what the header has.
func spoiled(w http.ResponseWriter, err error) error {
	if err != nil {
		w.Header().Del("Set-Cookie")
		w.Header().Set("Cache-Control", "public")
	}
	return err
}

// TestNoStoreOfTheRouter checks Require before routes that are not there.
func TestNoStoreOfTheRouter(t *testing.T) {
	facetest.CheckKept(t, 404, `{"message":"Not Found"}`, func(a *core.Authority, transport echoauth.Transport) http.Handler {
		e := echo.New()
		e.Use(newAuth(a, echoauth.Options{Transport: transport}).Require)
		return e
	})
}
