package httpauth_test

import (
	"net/http"
	"testing"

	"github.com/ratchetauth/ratchet/internal/facetest"
)

// TestTable checks the table without a framework, so that a row that fails
// here is this package's fault, and one that fails only there an adapter's.
func TestTable(t *testing.T) { facetest.Run(t, facetest.NetHTTP) }

func TestAccounts(t *testing.T) { facetest.RunAccounts(t, facetest.NetHTTP) }

// passage is a request that middleware has let pass.
type passage struct {
	Request *http.Request
	renewed bool // the answer carries new cookies
}

// through sends a request through middleware, to nothing behind it.
func through(middleware func(http.Handler) http.Handler, w http.ResponseWriter, r *http.Request) (p passage, ok bool) {
	middleware(http.HandlerFunc(func(behind http.ResponseWriter, r *http.Request) {
		p, ok = passage{r, behind != w}, true
	})).ServeHTTP(w, r)
	return p, ok
}
