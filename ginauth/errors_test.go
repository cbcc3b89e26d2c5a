package ginauth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/ratchetauth/ratchet/core"
	"github.com/ratchetauth/ratchet/ginauth"
	"github.com/ratchetauth/ratchet/internal/facetest"
)

// own returns an Auth whose refusals the application answers.
func own(a *core.Authority, t ginauth.Transport, h facetest.ErrorHandler) *ginauth.Auth {
	auth := newAuth(a, ginauth.Options{Transport: t})
	auth.ErrorHandler = func(c *gin.Context, err error) { h(c.Writer, c.Request, err) }
	return auth
}

func TestErrorHandler(t *testing.T) {
	facetest.CheckErrorHandler(t, func(a *core.Authority, l facetest.Layout, h facetest.ErrorHandler) http.Handler {
		return mount(own(a, l.Transport, h), l)
	})
}

func TestOwnAnswers(t *testing.T) {
	facetest.CheckOwnAnswers(t, func(a *core.Authority, h facetest.ErrorHandler) http.Handler {
		engine := gin.New()
		engine.GET("/", own(a, ginauth.Transport{}, h).Require, func(*gin.Context) { t.Error("the next handler ran") })
		return engine
	})
}

// TestErrorHandlerOfGin checks what only Gin has for an error handler to answer
// with.
func TestErrorHandlerOfGin(t *testing.T) {
	for _, tt := range []struct {
		name   string
		h      gin.HandlerFunc
		status int
		body   string
	}{
		{"JSON twice", func(c *gin.Context) { c.JSON(404, "a"); c.Status(500) }, 404, `"a"`},
		{"AbortWithStatus twice", func(c *gin.Context) { c.AbortWithStatus(404); c.AbortWithStatus(500) }, 404, ""},
		{"Status", func(c *gin.Context) { c.Status(404) }, 404, ""},
		{"the status of the refusal", func(c *gin.Context) { c.String(c.Writer.Status(), "no") }, 401, "no"},
		{"Redirect", func(c *gin.Context) { c.Redirect(303, "/login") }, 303, "<a href=\"/login\">See Other</a>.\n\n"},
		{"Next", func(c *gin.Context) { c.Next() }, 401, ""},
		{"panic", func(*gin.Context) { panic("boom") }, 500, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			auth := newAuth(newAuthority(), ginauth.Options{})
			auth.ErrorHandler = func(c *gin.Context, _ error) { tt.h(c) }
			engine := gin.New()
			engine.Use(gin.RecoveryWithWriter(io.Discard))
			engine.GET("/", auth.Require, func(*gin.Context) { t.Error("the next handler ran") })
			if w := send(engine, "GET", "/", "", ""); w.Code != tt.status || w.Body.String() != tt.body {
				t.Errorf("got %d %q, want %d %q", w.Code, w.Body, tt.status, tt.body)
			}
		})
	}
}

// TestErrorHandlerWithoutRoute checks that Gin, too, writes nothing where the error
// handler has written nothing.
func TestErrorHandlerWithoutRoute(t *testing.T) {
	auth := newAuth(newAuthority(), ginauth.Options{})
	auth.ErrorHandler = func(*gin.Context, error) {}
	engine := gin.New()
	engine.NoRoute(func(c *gin.Context) { auth.Error(c, core.ErrNotFound) })
	if w := send(engine, "GET", "/", "", ""); w.Code != 404 || w.Body.Len() > 0 {
		t.Errorf("got %d %q, want 404 and no body", w.Code, w.Body)
	}
}

// TestErrorRecorded checks that middleware of the application, such as a logger,
// finds each refusal once in c.Errors, and the core.Error in it that was answered.
func TestErrorRecorded(t *testing.T) {
	plain := errors.New("the database is gone")
	for _, tt := range []struct {
		name string
		err  error
		want *core.Error
	}{
		{"core.Error", core.ErrForbidden, core.ErrForbidden},
		{"wrapped", fmt.Errorf("detail: %w", core.ErrForbidden), core.ErrForbidden},
		{"another", plain, core.ErrInternal},
		{"a deadline", fmt.Errorf("query: %w", context.DeadlineExceeded), core.ErrUnavailable},
		{"none", nil, core.ErrInternal},
	} {
		for _, handled := range []bool{false, true} {
			auth := newAuth(newAuthority(), ginauth.Options{})
			if handled {
				auth.ErrorHandler = func(c *gin.Context, err error) {
					if core.AsError(err) != tt.want || !c.IsAborted() {
						t.Errorf("%s: the handler got %v, aborted %t", tt.name, err, c.IsAborted())
					}
				}
			}
			engine := gin.New()
			engine.Use(func(c *gin.Context) {
				c.Next()
				if len(c.Errors) != 1 || core.AsError(c.Errors[0]) != tt.want || tt.err != nil && !errors.Is(c.Errors[0], tt.err) {
					t.Errorf("%s: got the errors %v, want one that is %v", tt.name, c.Errors, tt.want)
				}
			})
			engine.GET("/", func(c *gin.Context) { auth.Error(c, tt.err) }, func(*gin.Context) { t.Error("the next handler ran") })
			if w := send(engine, "GET", "/", "", ""); w.Code != tt.want.Status() || (w.Body.Len() == 0) != handled {
				t.Errorf("%s: got %d %q, want %d", tt.name, w.Code, w.Body, tt.want.Status())
			}
		}
	}
}
