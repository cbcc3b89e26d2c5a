package faults_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/labstack/echo/v4"
	"github.com/redis/go-redis/v9"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth"
	"github.com/ratchetauth/ratchet/ginauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
	"github.com/ratchetauth/ratchet/redisstore"
)

// staleness is that of the processes with a mirror.
const staleness = 500 * time.Millisecond

// processes is how many a fleet has.
const processes = 4

// kind is what a process of a fleet is like.
type kind struct {
	echo       bool
	mirror     bool
	defaults   bool // go-redis's own time limits, not those that we recommend
	revocation core.RevocationPolicy
}

func kinds() [processes]kind {
	return [processes]kind{
		{},
		{echo: true, mirror: true},
		{mirror: true, defaults: true},
		{echo: true, revocation: core.SessionRecord},
	}
}

// process is one process of a service as its clients see it.
type process struct {
	url string
	// sure is how long after its acknowledgement a revocation is refused here.
	sure time.Duration
}

// newStore returns the store of the i-th process on a client of its own.
func newStore(t testing.TB, i int, client redis.UniversalClient) core.Store {
	t.Helper()
	options := redisstore.Options{Logger: quiet()}
	if kinds()[i].mirror {
		options.Mirror.Staleness = staleness
	}
	store, err := redisstore.New(client, options)
	mustSucceed(t, err)
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// startProcess starts the i-th process of a fleet. It has no ReuseGrace, so that
// every try that is not recognised as such shows as a user who is logged out.
func startProcess(t testing.TB, i int, store core.Store, onEvent func(context.Context, core.Event)) *process {
	t.Helper()
	p := &process{}
	if kinds()[i].mirror {
		p.sure = staleness
	}
	key, err := core.NewHMACKey("fleet", []byte("0123456789abcdef0123456789abcdef"))
	mustSucceed(t, err)
	a, err := core.New(core.Config{
		Issuer: "test", Audience: []string{"api"}, Keys: []core.Key{key}, Store: store,
		ReuseGrace: core.Strict, MaxSessions: 1000, OnEvent: onEvent, Logger: quiet(),
		Revocation: kinds()[i].revocation,
	})
	mustSucceed(t, err)
	var handler http.Handler
	if kinds()[i].echo {
		handler = echoHandler(a)
	} else {
		handler = ginHandler(a)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

func ginHandler(a *core.Authority) http.Handler {
	auth := facetest.Must(ginauth.New(a, ginauth.Options{}))
	r := gin.New()
	r.POST("/auth/login", func(c *gin.Context) { auth.Login(c, core.Login{Subject: c.Query("user")}) })
	r.POST("/auth/reissue", auth.Reissue)
	r.POST("/auth/logout", auth.Logout)
	r.POST("/auth/logout-all", auth.LogoutAll)
	r.GET("/auth/sessions", auth.Sessions)
	r.DELETE("/auth/sessions/:id", func(c *gin.Context) { auth.RevokeSession(c, c.Param("id")) })
	r.GET("/api/me", auth.Require, func(c *gin.Context) {
		c.JSON(http.StatusOK, map[string]string{"user": ginauth.Claims(c).Subject()})
	})
	return r
}

func echoHandler(a *core.Authority) http.Handler {
	auth := facetest.Must(echoauth.New(a, echoauth.Options{}))
	e := echo.New()
	e.POST("/auth/login", func(c echo.Context) error { return auth.Login(c, core.Login{Subject: c.QueryParam("user")}) })
	e.POST("/auth/reissue", auth.Reissue)
	e.POST("/auth/logout", auth.Logout)
	e.POST("/auth/logout-all", auth.LogoutAll)
	e.GET("/auth/sessions", auth.Sessions)
	e.DELETE("/auth/sessions/:id", func(c echo.Context) error { return auth.RevokeSession(c, c.Param("id")) })
	e.GET("/api/me", func(c echo.Context) error {
		return c.JSON(http.StatusOK, map[string]string{"user": echoauth.Claims(c).Subject()})
	}, auth.Require)
	return e
}
