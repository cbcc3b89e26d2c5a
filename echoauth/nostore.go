package echoauth

import (
	"github.com/labstack/echo/v4"

	"github.com/ratchetauth/ratchet/httpauth"
)

// keepFromCaches keeps an answer from caches whatever the handler says,
// because it carries new cookies. What it returns is to be called after the
// handler, for one that has written nothing.
func keepFromCaches(r *echo.Response, n *httpauth.Renewal) (after func()) {
	keep := func() {
		if !r.Committed {
			n.Keep(r.Header())
		}
	}
	r.Before(keep)                                      // for what is written after the handler, by whichever writer is in place then
	r.Writer = &lastWriter{w: r.Writer, before: n.Keep} // for what goes past Before, as Flush does
	return keep
}
