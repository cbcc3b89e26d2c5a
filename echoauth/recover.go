package echoauth

import "github.com/labstack/echo/v4"

// Recover is middleware that answers 500 ("internal") for a handler that
// panics, and leaves the panic's value and the stack in the log. It comes before
// all other middleware of the application whose panics it shall answer.
//
// http.ErrAbortHandler, and a panic after the answer has begun, go on to
// net/http, which cuts the connection: half an answer must not look like a whole
// one.
func (a *Auth) Recover(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Response()
		w := &lastWriter{w: r.Writer} // Committed does not know of Flush
		r.Writer = w
		defer func() {
			if value := recover(); value != nil {
				r.Writer = w // what the handler has put in its place may never reach the client
				a.wire.Recovered(r, c.Request(), value, r.Committed || w.sent)
			}
		}()
		return next(c)
	}
}
