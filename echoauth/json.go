package echoauth

import (
	"github.com/labstack/echo/v4"

	"github.com/ratchetauth/ratchet/httpauth"
)

// ReadJSON reads the request's body, one JSON object of 16 KiB at most, with 16
// members and elements at most, however deep, into the struct that v points to:
// for handlers of the application, such as the one that checks a password. A
// member is required, and not null, unless its field is a pointer; an empty body
// has none. Unlike package encoding/json it refuses members that the struct does
// not have, and those that come twice, in whatever case, because what checks a
// request and what acts on it must not read different values.
//
// The errors are for [Auth.Error]: [core.ErrRequestTooLarge] (413),
// [core.ErrUnsupportedMediaType] for what is not application/json (415), and
// [core.ErrRequestInvalid] (400), which wraps what is wrong. Any other is the
// program's fault: a v that is no pointer to a struct, or a body of a known length
// that something has read before.
func ReadJSON(c echo.Context, v any) error { return httpauth.ReadJSON(c.Request(), v) }
