package main

import (
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/gin-gonic/gin"
)

// recovered answers 500 for a handler that panics, and leaves the stack in the
// log. http.ErrAbortHandler, which Gin's own Recovery keeps to itself, and a panic
// after the answer has begun go on to net/http, which cuts the connection: half
// an answer must not look like a whole one.
func (a *app) recovered(c *gin.Context) {
	defer func() {
		value := recover()
		if value == nil {
			return
		}
		if value == http.ErrAbortHandler || c.Writer.Written() {
			panic(value)
		}
		a.auth.Error(c, fmt.Errorf("panic: %v\n%s", value, debug.Stack()))
	}()
	c.Next()
}
