package ginauth_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/ginauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// TestShop plays an application that is configured from outside and maps its
// errors in one place.
func TestShop(t *testing.T) {
	environment := map[string]string{
		"TRANSPORT":    "hybrid",
		"MAX_SESSIONS": "1",
		"ACCESS_TTL":   "5m",
		"IDLE_TTL":     "24h",
		"SESSION_TTL":  "48h",
		"REDIS_PREFIX": "shop:", // and no REDIS_URL
		"PATH_PREFIX":  "/shop/v1",
	}
	settings, err := config.FromEnv(func(name string) string { return environment[name] }, config.Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	if got := settings.StoreName(); got != "memory" {
		t.Errorf("store: got %s, want memory", got)
	}
	layout := facetest.Layout{Prefix: environment["PATH_PREFIX"], Transport: settings.Transport}
	facetest.RunShop(t, newShop, layout, func(c *core.Config) { *c = settings.Core })
}

var (
	errNoUser     = errors.New("no such user")
	errNotTheirs  = errors.New("not the customer's")
	errNoDatabase = errors.New("the database is gone")
)

// answerErrors is where the application's errors become answers.
func answerErrors(auth *ginauth.Auth) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Next()
		if len(c.Errors) == 0 {
			return
		}
		err := c.Errors.Last().Err
		switch {
		case errors.Is(err, errNoUser):
			err = fmt.Errorf("%w: %w", core.ErrBadCredentials, err)
		case errors.Is(err, errNotTheirs):
			err = fmt.Errorf("%w: %w", core.ErrForbidden, err)
		}
		auth.Error(c, err)
	}
}

func newShop(_ testing.TB, a *core.Authority, l facetest.Layout) http.Handler {
	auth := ginauth.New(a, ginauth.Options{Transport: l.Transport})
	engine := gin.New()
	r := engine.Group(l.Prefix, answerErrors(auth))
	r.POST("/auth/login", func(c *gin.Context) {
		login, err := facetest.ReadLogin(c.Request)
		if err != nil {
			c.Error(errNoUser)
			return
		}
		auth.Login(c, login)
	})
	r.POST("/auth/reissue", auth.Reissue)
	r.POST("/auth/logout", auth.Logout)
	r.GET("/api/me", auth.Require, func(c *gin.Context) { facetest.WriteClaims(c.Writer, ginauth.Claims(c)) })
	r.GET("/orders/:id", auth.Require, func(c *gin.Context) {
		switch c.Param("id") {
		case "1":
			c.JSON(http.StatusOK, gin.H{"customer": ginauth.Claims(c).Subject()})
		case "2":
			c.Error(errNotTheirs)
		default:
			c.Error(errNoDatabase)
		}
	})
	return engine
}
