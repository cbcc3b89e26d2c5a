package ginauth_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/ginauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// silentEngine returns an engine with GET / behind Require.
func silentEngine(a *core.Authority, t ginauth.Transport, h gin.HandlerFunc) *gin.Engine {
	auth := newAuth(a, ginauth.Options{Transport: t})
	engine := gin.New()
	engine.Use(gin.RecoveryWithWriter(io.Discard))
	engine.GET("/", auth.Require, h)
	return engine
}

func TestNoStore(t *testing.T) {
	facetest.CheckNoStore(t, func(a *core.Authority, transport ginauth.Transport, h http.HandlerFunc) http.Handler {
		return silentEngine(a, transport, func(c *gin.Context) { h(c.Writer, c.Request) })
	})
}

func TestHandshake(t *testing.T) {
	facetest.CheckHandshake(t, func(a *core.Authority, transport ginauth.Transport, h http.HandlerFunc) http.Handler {
		return silentEngine(a, transport, func(c *gin.Context) { h(c.Writer, c.Request) })
	})
}

// TestNoStoreOfGin checks what only Gin has for a handler to answer with.
func TestNoStoreOfGin(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(file, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		status int
		body   string
		h      gin.HandlerFunc
	}{
		{"JSON", 200, `{"a":1}`, func(c *gin.Context) { c.JSON(200, gin.H{"a": 1}) }},
		{"String", 200, "hello", func(c *gin.Context) { c.String(200, "hello") }},
		{"Data", 200, "hello", func(c *gin.Context) { c.Data(200, "text/plain", []byte("hello")) }},
		{"DataFromReader", 200, "hello", func(c *gin.Context) {
			c.DataFromReader(200, 5, "text/plain", strings.NewReader("hello"), map[string]string{"Cache-Control": "public"})
		}},
		{"File", 200, "hello", func(c *gin.Context) { c.File(file) }},
		{"Stream", 200, "hello", func(c *gin.Context) {
			c.Stream(func(w io.Writer) bool { io.WriteString(w, "hello"); return false })
		}},
		{"SSEvent", 200, "event:a\n", func(c *gin.Context) { c.SSEvent("a", "b") }},
		{"Status", 204, "", func(c *gin.Context) { c.Status(204) }},
		{"Redirect", 302, "", func(c *gin.Context) { c.Redirect(302, "/next") }},
		{"AbortWithStatus", 403, "", func(c *gin.Context) { c.AbortWithStatus(403) }},
		{"AbortWithStatusJSON", 403, `{"a":1}`, func(c *gin.Context) { c.AbortWithStatusJSON(403, gin.H{"a": 1}) }},
		{"AbortWithError", 400, "", func(c *gin.Context) { c.AbortWithError(400, io.EOF) }},
		{"early hints", 200, "hello", func(c *gin.Context) {
			c.Header("Link", "</a.css>; rel=preload")
			c.Writer.WriteHeader(103)
			c.Writer.WriteHeaderNow()
			c.Header("Cache-Control", "public")
			c.Writer.WriteString("hello")
		}},
		{"WriteHeaderNow", 201, "", func(c *gin.Context) {
			c.Writer.WriteHeader(201)
			c.Header("Cache-Control", "public")
			c.Writer.WriteHeaderNow()
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			facetest.CheckKept(t, tt.status, tt.body, func(a *core.Authority, transport ginauth.Transport) http.Handler {
				return silentEngine(a, transport, func(c *gin.Context) { c.Header("Cache-Control", "public"); tt.h(c) })
			})
		})
	}
}

// TestNoStoreOfTheEngine checks Require before routes that are not there: Gin
// answers after the chain.
func TestNoStoreOfTheEngine(t *testing.T) {
	facetest.CheckKept(t, 404, "404 page not found", func(a *core.Authority, transport ginauth.Transport) http.Handler {
		engine := gin.New()
		engine.Use(newAuth(a, ginauth.Options{Transport: transport}).Require)
		return engine
	})
}

// TestNoStoreWithPanic checks middleware that makes nothing of a panic: Gin
// sends the header when the chain is over.
func TestNoStoreWithPanic(t *testing.T) {
	facetest.CheckKept(t, http.StatusOK, "", func(a *core.Authority, transport ginauth.Transport) http.Handler {
		engine := gin.New()
		engine.Use(func(c *gin.Context) {
			defer func() {
				if recover() == nil {
					t.Error("the handler did not panic")
				}
			}()
			c.Next()
		})
		engine.GET("/", newAuth(a, ginauth.Options{Transport: transport}).Require, func(c *gin.Context) {
			c.Header("Cache-Control", "public")
			panic("handler")
		})
		return engine
	})
}
