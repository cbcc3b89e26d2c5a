package wire

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

type deadlineKey struct{}

// noteArrival keeps in the context when the request came, for what silent
// reissue leaves an endpoint of its time.
func noteArrival(ctx context.Context, at time.Time) context.Context {
	return context.WithValue(ctx, deadlineKey{}, at.Add(inAll))
}

// limit returns the request with a context for the calls of one endpoint.
func limit(r *http.Request) (*http.Request, context.CancelFunc) {
	end, ok := r.Context().Value(deadlineKey{}).(time.Time)
	if !ok {
		wait := alone
		if _, checked := core.FromContext(r.Context()); checked {
			wait = afterCheck
		}
		end = time.Now().Add(wait)
	}
	ctx, cancel := context.WithDeadline(r.Context(), end)
	return r.WithContext(ctx), cancel
}
