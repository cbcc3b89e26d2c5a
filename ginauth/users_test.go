package ginauth_test

import (
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/ginauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// TestUnguarded checks that a route without Require is served to nobody.
func TestUnguarded(t *testing.T) {
	facetest.CheckUnguarded(t, func(a *core.Authority) http.Handler {
		engine := gin.New()
		mountUsers(engine.Group("/admin/users/:user"), newAuth(a, ginauth.Options{}))
		return engine
	})
}
