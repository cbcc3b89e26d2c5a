package echoauth_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth"
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
func answerErrors(auth *echoauth.Auth) echo.HTTPErrorHandler {
	return func(err error, c echo.Context) {
		switch {
		case errors.Is(err, errNoUser):
			err = fmt.Errorf("%w: %w", core.ErrBadCredentials, err)
		case errors.Is(err, errNotTheirs):
			err = fmt.Errorf("%w: %w", core.ErrForbidden, err)
		}
		auth.HTTPErrorHandler(err, c)
	}
}

func newShop(_ testing.TB, a *core.Authority, l facetest.Layout) http.Handler {
	auth := echoauth.New(a, echoauth.Options{Transport: l.Transport})
	e := echo.New()
	e.HTTPErrorHandler = answerErrors(auth)
	r := e.Group(l.Prefix)
	r.POST("/auth/login", func(c echo.Context) error {
		login, err := facetest.ReadLogin(c.Request())
		if err != nil {
			return errNoUser
		}
		return auth.Login(c, login)
	})
	r.POST("/auth/reissue", auth.Reissue)
	r.POST("/auth/logout", auth.Logout)
	r.GET("/api/me", func(c echo.Context) error {
		facetest.WriteClaims(c.Response(), echoauth.Claims(c))
		return nil
	}, auth.Require)
	r.GET("/orders/:id", func(c echo.Context) error {
		switch c.Param("id") {
		case "1":
			return c.JSON(http.StatusOK, echo.Map{"customer": echoauth.Claims(c).Subject()})
		case "2":
			return errNotTheirs
		}
		return errNoDatabase
	}, auth.Require)
	return e
}
