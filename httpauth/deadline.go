package httpauth

import (
	"context"
	"net/http"
	"time"

	"github.com/ratchetauth/ratchet/core"
)

// No request waits for the store longer than 4 seconds, however many of its
// calls are slow. The check of an access token takes 2 at most, in redisstore,
// so that an endpoint behind the check has what is left.
const (
	inAll      = 3900 * time.Millisecond
	alone      = 3500 * time.Millisecond // without a check before
	afterCheck = 1900 * time.Millisecond
)

// limit returns the request with a context for the calls of one endpoint.
func limit(r *http.Request) (*http.Request, context.CancelFunc) {
	wait := alone
	if _, checked := core.FromContext(r.Context()); checked {
		wait = afterCheck
	}
	if o, ok := reissuedOnTheWay(r); ok {
		wait = inAll - o.spent
	}
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	return r.WithContext(ctx), cancel
}
