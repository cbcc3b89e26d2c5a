package between

import (
	"bytes"
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	echo4 "github.com/labstack/echo/v4"
	middleware4 "github.com/labstack/echo/v4/middleware"
	echo5 "github.com/labstack/echo/v5"
	middleware5 "github.com/labstack/echo/v5/middleware"

	"github.com/ratchetauth/ratchet/echoauth"
	echoauth5 "github.com/ratchetauth/ratchet/echoauth/v5"
	"github.com/ratchetauth/ratchet/ginauth"
	"github.com/ratchetauth/ratchet/httpauth"
)

const limit = 5 * time.Second

// orders answers, or waits until the context of its request ends.
func orders(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Has("slow") {
		<-r.Context().Done()
		return
	}
	w.Write([]byte(httpauth.Claims(r).Subject()))
}

// TestTimeout has a time limit run out behind which a request was reissued. What
// holds an answer back drops the cookies with it if it stands before Require.
func TestTimeout(t *testing.T) {
	gin.SetMode(gin.ReleaseMode)
	for _, tt := range []struct {
		name    string
		handler func(*testing.T, *world) http.Handler
		lost    bool
	}{
		{"net/http TimeoutHandler before Require", func(_ *testing.T, w *world) http.Handler {
			return http.TimeoutHandler(w.auth.Require(http.HandlerFunc(orders)), limit, "timed out")
		}, true},
		{"net/http TimeoutHandler after Require", func(_ *testing.T, w *world) http.Handler {
			return limited(w.auth, http.HandlerFunc(orders))
		}, false},

		{"Echo v4 Timeout before Require", func(t *testing.T, w *world) http.Handler {
			return onEcho4(t, w, middleware4.TimeoutWithConfig(middleware4.TimeoutConfig{Timeout: limit}), true)
		}, true},
		{"Echo v4 Timeout after Require", func(t *testing.T, w *world) http.Handler {
			return onEcho4(t, w, middleware4.TimeoutWithConfig(middleware4.TimeoutConfig{Timeout: limit}), false)
		}, false},
		{"Echo v4 ContextTimeout before Require", func(t *testing.T, w *world) http.Handler {
			return onEcho4(t, w, middleware4.ContextTimeout(limit), true)
		}, false},
		{"Echo v4 ContextTimeout after Require", func(t *testing.T, w *world) http.Handler {
			return onEcho4(t, w, middleware4.ContextTimeout(limit), false)
		}, false},

		{"Echo v5 ContextTimeout before Require", func(t *testing.T, w *world) http.Handler {
			return onEcho5(t, w, middleware5.ContextTimeout(limit), true)
		}, false},
		{"Echo v5 ContextTimeout after Require", func(t *testing.T, w *world) http.Handler {
			return onEcho5(t, w, middleware5.ContextTimeout(limit), false)
		}, false},

		{"Gin, held back before Require", func(t *testing.T, w *world) http.Handler { return onGin(t, w, true) }, true},
		{"Gin, held back after Require", func(t *testing.T, w *world) http.Handler { return onGin(t, w, false) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, time.Now)
				b := w.login(t, "http://shop.example").inProcess(tt.handler(t, w))
				if got := b.send(t, b.request("GET", "/orders", "")); got.status != 200 || got.body != "alice" {
					t.Fatalf("after the login: got %d %s", got.status, got.body)
				}
				time.Sleep(expired) // takes no time here
				before := b.jar[refreshName]
				if got := b.send(t, b.request("GET", "/orders?slow", "")); got.status != 503 {
					t.Fatalf("at the limit: got %d %s, want 503", got.status, got.body)
				}
				synctest.Wait() // for a handler that its answer has left behind
				if n := w.count("session-reissued"); n != 1 {
					t.Fatalf("at the limit the session was reissued %d times, want 1", n)
				}
				if got := b.jar[refreshName] == before; got != tt.lost {
					t.Errorf("the new cookies were lost: got %t, want %t", got, tt.lost)
				}
				time.Sleep(late)
				want := 200
				if tt.lost {
					want = 401
				}
				if got := b.send(t, b.request("GET", "/orders", "")); got.status != want {
					t.Errorf("later: got %d %s, want %d", got.status, got.body, want)
				}
				w.checkTheft(t, tt.lost)
			})
		})
	}
}

func silent() httpauth.Options {
	return httpauth.Options{Transport: httpauth.Cookie(httpauth.CookieOptions{SilentReissue: true})}
}

func onEcho4(t *testing.T, w *world, limit echo4.MiddlewareFunc, before bool) http.Handler {
	auth, err := echoauth.New(w.authority, silent())
	if err != nil {
		t.Fatal(err)
	}
	chain := []echo4.MiddlewareFunc{auth.Require, limit}
	if before {
		chain = []echo4.MiddlewareFunc{limit, auth.Require}
	}
	e := echo4.New()
	e.GET("/orders", func(c echo4.Context) error {
		orders(c.Response(), c.Request())
		return c.Request().Context().Err()
	}, chain...)
	return e
}

func onEcho5(t *testing.T, w *world, limit echo5.MiddlewareFunc, before bool) http.Handler {
	auth, err := echoauth5.New(w.authority, silent())
	if err != nil {
		t.Fatal(err)
	}
	chain := []echo5.MiddlewareFunc{auth.Require, limit}
	if before {
		chain = []echo5.MiddlewareFunc{limit, auth.Require}
	}
	e := echo5.New()
	e.GET("/orders", func(c *echo5.Context) error {
		orders(c.Response(), c.Request())
		return c.Request().Context().Err()
	}, chain...)
	return e
}

func onGin(t *testing.T, w *world, before bool) http.Handler {
	auth, err := ginauth.New(w.authority, silent())
	if err != nil {
		t.Fatal(err)
	}
	chain := []gin.HandlerFunc{auth.Require, holdBack}
	if before {
		chain = []gin.HandlerFunc{holdBack, auth.Require}
	}
	r := gin.New()
	r.GET("/orders", append(chain, func(c *gin.Context) { orders(c.Writer, c.Request) })...)
	return r
}

// holdBack is Gin middleware that keeps an answer to itself until it is whole, and
// answers in its place if the limit runs out, as gin-contrib/timeout does.
func holdBack(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), limit)
	defer cancel()
	c.Request = c.Request.WithContext(ctx)
	w := c.Writer
	held := &heldWriter{ResponseWriter: w, header: make(http.Header), status: http.StatusOK}
	c.Writer = held
	c.Next()
	c.Writer = w
	if ctx.Err() != nil {
		c.String(http.StatusServiceUnavailable, "timed out")
		return
	}
	for name, values := range held.header {
		w.Header()[name] = values
	}
	w.WriteHeader(held.status)
	w.Write(held.body.Bytes())
}

type heldWriter struct {
	gin.ResponseWriter
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *heldWriter) Header() http.Header               { return w.header }
func (w *heldWriter) WriteHeader(status int)            { w.status = status }
func (w *heldWriter) WriteHeaderNow()                   {}
func (w *heldWriter) Write(p []byte) (int, error)       { return w.body.Write(p) }
func (w *heldWriter) WriteString(s string) (int, error) { return w.body.WriteString(s) }
