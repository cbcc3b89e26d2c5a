package echoauth_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/labstack/echo/v5"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth/v5"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// silentEcho returns an Echo with GET / behind Require.
func silentEcho(a *core.Authority, t echoauth.Transport, h echo.HandlerFunc, before ...echo.MiddlewareFunc) *echo.Echo {
	auth := newAuth(a, echoauth.Options{Transport: t})
	e := echo.New()
	e.Logger = slog.New(slog.DiscardHandler)
	e.Use(before...)
	e.GET("/", h, recovered, auth.Require)
	return e
}

// recovered answers a panic as Echo's Recover does.
func recovered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c *echo.Context) (err error) {
		defer func() {
			if r := recover(); r != nil {
				c.Echo().HTTPErrorHandler(c, fmt.Errorf("panic: %v", r))
			}
		}()
		return next(c)
	}
}

func TestNoStore(t *testing.T) {
	facetest.CheckNoStore(t, func(a *core.Authority, transport echoauth.Transport, h http.HandlerFunc) http.Handler {
		return silentEcho(a, transport, func(c *echo.Context) error { h(c.Response(), c.Request()); return nil })
	})
}

func TestHandshake(t *testing.T) {
	facetest.CheckHandshake(t, func(a *core.Authority, transport echoauth.Transport, h http.HandlerFunc) http.Handler {
		return silentEcho(a, transport, func(c *echo.Context) error { h(c.Response(), c.Request()); return nil })
	})
}

// TestNoStoreBelowEcho checks handlers that go past echo.Response.
func TestNoStoreBelowEcho(t *testing.T) {
	facetest.CheckNoStore(t, func(a *core.Authority, transport echoauth.Transport, h http.HandlerFunc) http.Handler {
		return silentEcho(a, transport, func(c *echo.Context) error {
			r, err := echo.UnwrapResponse(c.Response())
			if err != nil {
				return err
			}
			h(r.ResponseWriter, c.Request())
			return nil
		})
	})
}

// TestNoStoreOfEcho checks what only Echo has for a handler to answer with.
func TestNoStoreOfEcho(t *testing.T) {
	files := fstest.MapFS{"a.txt": {Data: []byte("hello")}}
	for _, tt := range []struct {
		name   string
		status int
		body   string
		h      echo.HandlerFunc
	}{
		{"early hints", 200, "hello", func(c *echo.Context) error {
			c.Response().Header().Set("Link", "</a.css>; rel=preload")
			if r, err := echo.UnwrapResponse(c.Response()); err == nil {
				r.ResponseWriter.WriteHeader(103)
			}
			c.Response().Header().Set("Cache-Control", "public")
			return c.String(200, "hello")
		}},
		{"JSON", 200, `{"a":1}`, func(c *echo.Context) error { return c.JSON(200, map[string]any{"a": 1}) }},
		{"String", 200, "hello", func(c *echo.Context) error { return c.String(200, "hello") }},
		{"Blob", 200, "hello", func(c *echo.Context) error { return c.Blob(200, "text/plain", []byte("hello")) }},
		{"Stream", 200, "hello", func(c *echo.Context) error { return c.Stream(200, "text/plain", strings.NewReader("hello")) }},
		{"FileFS", 200, "hello", func(c *echo.Context) error { return c.FileFS("a.txt", files) }},
		{"NoContent", 204, "", func(c *echo.Context) error { return c.NoContent(204) }},
		{"Redirect", 302, "", func(c *echo.Context) error { return c.Redirect(302, "/next") }},
		{"Flush", 200, "hello", func(c *echo.Context) error {
			if err := http.NewResponseController(c.Response()).Flush(); err != nil {
				return err
			}
			_, err := io.WriteString(c.Response(), "hello")
			return err
		}},
		{"nothing", 200, "", func(*echo.Context) error { return nil }},
		{"error", 500, `{"message":"Internal Server Error"}`, func(*echo.Context) error { return errors.New("it broke") }},
		{"HTTPError", 418, `{"message":"tea"}`, func(*echo.Context) error { return echo.NewHTTPError(418, "tea") }},
		{"error after a part", 200, "he", func(c *echo.Context) error { return errors.Join(c.String(200, "he"), io.EOF) }},
		{"WrapHandler", 200, "hello", echo.WrapHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }))},
	} {
		for name, before := range map[string][]echo.MiddlewareFunc{"": nil, " under a writer": {wrapped}, " under one that hides Echo's": {hidden}, " buffered": {buffered}} {
			t.Run(tt.name+name, func(t *testing.T) {
				facetest.CheckKept(t, tt.status, tt.body, func(a *core.Authority, transport echoauth.Transport) http.Handler {
					return silentEcho(a, transport, func(c *echo.Context) error {
						c.Response().Header().Set("Cache-Control", "public")
						return tt.h(c)
					}, before...)
				})
			})
		}
	}
}

// wrapped is middleware with a writer of its own around Echo's, as BodyDump has.
func wrapped(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c *echo.Context) error {
		below := c.Response()
		defer c.SetResponse(below)
		c.SetResponse(&wrapper{ResponseWriter: below})
		return spoiled(below, next(c))
	}
}

type wrapper struct{ http.ResponseWriter }

func (w *wrapper) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// hidden is middleware whose writer does not say what is below it.
func hidden(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c *echo.Context) error {
		below := c.Response()
		defer c.SetResponse(below)
		c.SetResponse(struct {
			http.ResponseWriter
			http.Flusher
		}{below, below.(http.Flusher)})
		return next(c)
	}
}

// buffered is middleware that sends nothing before the handler is done, and then
// with the header of that moment, as middleware that compresses does.
func buffered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c *echo.Context) error {
		below := c.Response()
		buffer := &bufferer{wrapper: wrapper{below}}
		defer func() {
			c.SetResponse(below)
			if buffer.status != 0 {
				below.WriteHeader(buffer.status)
			}
			if buffer.body.Len() > 0 {
				io.Copy(below, &buffer.body)
			}
		}()
		c.SetResponse(buffer)
		return next(c)
	}
}

type bufferer struct {
	wrapper
	status int
	body   bytes.Buffer
}

func (b *bufferer) WriteHeader(status int)         { b.status = status }
func (b *bufferer) Write(data []byte) (int, error) { return b.body.Write(data) }
func (b *bufferer) Flush()                         {}

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
