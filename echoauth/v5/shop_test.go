package echoauth_test

import (
	"net/http"
	"testing"

	"github.com/labstack/echo/v5"

	"github.com/ratchetauth/ratchet/config"
	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth/v5"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// TestShop plays an application that is configured from outside and maps its
// errors in one place.
func TestShop(t *testing.T) {
	settings, err := config.FromEnv(facetest.ShopEnvironment, config.Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	if got := settings.StoreName(); got != "memory" {
		t.Errorf("store: got %s, want memory", got)
	}
	layout := facetest.Layout{Prefix: facetest.ShopEnvironment("PATH_PREFIX"), Transport: settings.Transport}
	facetest.RunShop(t, newShop, layout, func(c *core.Config) { *c = settings.Core })
}

func newShop(_ testing.TB, a *core.Authority, l facetest.Layout) http.Handler {
	auth := newAuth(a, echoauth.Options{Transport: l.Transport})
	e := echo.New()
	// Here the application's errors become answers.
	e.HTTPErrorHandler = func(c *echo.Context, err error) { auth.HTTPErrorHandler(c, facetest.ShopError(err)) }
	r := e.Group(l.Prefix)
	r.POST("/auth/login", func(c *echo.Context) error {
		login, err := facetest.ReadLogin(c.Request())
		if err != nil {
			return facetest.ErrNoUser
		}
		return auth.Login(c, login)
	})
	r.POST("/auth/reissue", auth.Reissue)
	r.POST("/auth/logout", auth.Logout)
	r.GET("/api/me", func(c *echo.Context) error {
		facetest.WriteClaims(c.Response(), echoauth.Claims(c))
		return nil
	}, auth.Require)
	r.GET("/orders/:id", func(c *echo.Context) error {
		if err := facetest.Order(c.Param("id")); err != nil {
			return err
		}
		return c.JSON(http.StatusOK, map[string]any{"customer": echoauth.Claims(c).Subject()})
	}, auth.Require)
	return e
}
