package ginauth

import "github.com/gin-gonic/gin"

// Recover is middleware that answers 500 ("internal") for a handler that
// panics, and leaves the panic's value and the stack in the log. It comes before
// all other middleware of the application whose panics it shall answer.
//
// http.ErrAbortHandler, and a panic after the answer has begun, go on to
// net/http, which cuts the connection: half an answer must not look like a whole
// one.
func (a *Auth) Recover(c *gin.Context) {
	w := c.Writer // what the handler has put in its place may never reach the client
	defer func() {
		if value := recover(); value != nil {
			c.Abort()
			c.Writer = w
			a.wire.Recovered(w, c.Request, value, w.Written())
		}
	}()
	c.Next()
}
