package suite_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/labstack/echo/v4"

	"github.com/ratchetauth/ratchet/echoauth"
	"github.com/ratchetauth/ratchet/ginauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
	"github.com/ratchetauth/ratchet/lab/bench/fixture"
	"github.com/ratchetauth/ratchet/lab/bench/peer"
)

// BenchmarkGin measures a Gin route bare, behind ginauth and behind gin-jwt,
// which revokes nothing. What a middleware adds is the difference to bare.
func BenchmarkGin(b *testing.B) {
	b.Run("bare", func(b *testing.B) { serveLoop(b, ginRoute(), "") })
	store := mirrorOf(b, pick(100_000, 1_000))
	for _, a := range algorithms(b) {
		authority := fixture.Authority(b, store, a)
		token := fixture.Login(b, authority, subject).AccessToken
		b.Run(a.Name+"/ours", func(b *testing.B) {
			serveLoop(b, ginRoute(facetest.Must(ginauth.New(authority, ginauth.Options{})).Require), token)
		})
		b.Run(a.Name+"/gin-jwt", func(b *testing.B) {
			middleware, err := peer.Gin(a.Name, a.Verification)
			if err != nil {
				b.Fatal(err)
			}
			serveLoop(b, ginRoute(middleware), token)
		})
	}
}

// BenchmarkEcho is BenchmarkGin for Echo, with echo-jwt, which revokes nothing
// either.
func BenchmarkEcho(b *testing.B) {
	b.Run("bare", func(b *testing.B) { serveLoop(b, echoRoute(), "") })
	store := mirrorOf(b, pick(100_000, 1_000))
	for _, a := range algorithms(b) {
		authority := fixture.Authority(b, store, a)
		token := fixture.Login(b, authority, subject).AccessToken
		b.Run(a.Name+"/ours", func(b *testing.B) {
			serveLoop(b, echoRoute(facetest.Must(echoauth.New(authority, echoauth.Options{})).Require), token)
		})
		b.Run(a.Name+"/echo-jwt", func(b *testing.B) {
			middleware, err := peer.Echo(a.Name, a.Verification)
			if err != nil {
				b.Fatal(err)
			}
			serveLoop(b, echoRoute(middleware), token)
		})
	}
}

func algorithms(b *testing.B) []fixture.Algorithm {
	return append([]fixture.Algorithm{fixture.HS256(b)}, fixture.Asymmetric(b)...)
}

// ginRoute returns an engine with one route behind the middleware.
func ginRoute(middleware ...gin.HandlerFunc) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.GET("/api/me", append(middleware, func(c *gin.Context) { c.Status(http.StatusNoContent) })...)
	return engine
}

// echoRoute is ginRoute for Echo.
func echoRoute(middleware ...echo.MiddlewareFunc) http.Handler {
	e := echo.New()
	e.GET("/api/me", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) }, middleware...)
	return e
}

// serveLoop serves one request again and again. The request and the writer
// are used anew, so that nothing is counted but the framework's and the
// middleware's own work.
func serveLoop(b *testing.B, h http.Handler, token string) {
	r := request(token)
	w := &writer{header: make(http.Header)}
	b.ReportAllocs()
	for b.Loop() {
		w.status = 0
		h.ServeHTTP(w, r)
		if w.status != http.StatusNoContent {
			b.Fatalf("got the status %d, want 204", w.status)
		}
	}
}

// request returns a request for the route, with a token unless it is empty.
func request(token string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/api/me", nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

// writer is a ResponseWriter that keeps the status only.
type writer struct {
	header http.Header
	status int
}

func (w *writer) Header() http.Header         { return w.header }
func (w *writer) WriteHeader(status int)      { w.status = status }
func (w *writer) Write(p []byte) (int, error) { return len(p), nil }
