package echoauth_test

import (
	"net/http"
	"testing"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/echoauth/v5"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// TestUnguarded checks that a route without Require is served to nobody.
func TestUnguarded(t *testing.T) {
	facetest.CheckUnguarded(t, func(a *core.Authority) http.Handler {
		e := newEcho()
		mountUsers(e.Group(""), newAuth(a, echoauth.Options{}))
		return e
	})
}
