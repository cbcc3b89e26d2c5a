package ginauth_test

import (
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

// answerErrors is where the application's errors become answers.
func answerErrors(auth *ginauth.Auth) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Next()
		if len(c.Errors) > 0 && !c.Writer.Written() { // the library has answered its own
			auth.Error(c, facetest.ShopError(c.Errors.Last().Err))
		}
	}
}

func newShop(_ testing.TB, a *core.Authority, l facetest.Layout) http.Handler {
	auth := newAuth(a, ginauth.Options{Transport: l.Transport})
	engine := gin.New()
	r := engine.Group(l.Prefix, answerErrors(auth))
	r.POST("/auth/login", func(c *gin.Context) {
		login, err := facetest.ReadLogin(c.Request)
		if err != nil {
			c.Error(facetest.ErrNoUser)
			return
		}
		auth.Login(c, login)
	})
	r.POST("/auth/reissue", auth.Reissue)
	r.POST("/auth/logout", auth.Logout)
	r.GET("/api/me", auth.Require, func(c *gin.Context) { facetest.WriteClaims(c.Writer, ginauth.Claims(c)) })
	r.GET("/orders/:id", auth.Require, func(c *gin.Context) {
		if err := facetest.Order(c.Param("id")); err != nil {
			c.Error(err)
			return
		}
		c.JSON(http.StatusOK, gin.H{"customer": ginauth.Claims(c).Subject()})
	})
	return engine
}
