package echoauth_test

import (
	"net/http"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// TestUnguarded checks that a route without Require is served to nobody.
func TestUnguarded(t *testing.T) {
	facetest.CheckUnguarded(t, func(a *core.Authority) http.Handler {
		e := echo.New()
		mountUsers(e.Group(""), newAuth(a, echoauth.Options{}))
		return e
	})
}
